"""What happens by itself, and when."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from petition.coordination import rounds, updates
from petition.database import to_hour
from petition.jobs import scheduler
from petition.jobs.scheduler import tick
from petition.letters.models import Letter
from petition.scheduler_record import LastRun, SchedulerRecord
from petition.sealing.models import Log, Milestone
from tests.conftest import Clock
from tests.jobs.machine import Machine, run_scheduler
from tests.walks import Campaign


def state(campaign: Campaign, letter: str) -> str:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).state


def test_a_tick_seals_every_letter_that_takes_signatures(campaign: Campaign) -> None:
    letters = [campaign.an_open_letter(k=3), campaign.a_published_letter(k=3)]
    draft = campaign.a_draft()
    for letter in letters:
        campaign.sign_all(letter, 5)
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]

    assert list(campaign.tick().values()) == ["3 signatures, 4 entries"] * 2
    assert state(campaign, draft) == "draft"


def test_a_tick_closes_what_is_due_and_nothing_sooner(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 3)
    campaign.announce_close(letter)
    clock.pass_time(hours=23, minutes=59)
    assert "closed" not in next(iter(campaign.tick().values()))
    assert state(campaign, letter) == "published"
    clock.pass_time(minutes=1)

    assert next(iter(campaign.tick().values())).startswith("closed, 3 signatures")
    assert state(campaign, letter) == "closed"


def test_a_tick_brings_out_withdrawals_after_the_end(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    tokens = campaign.sign_all(letter, 3)
    campaign.close_letter(letter)
    campaign.withdraw(letter, tokens[0])
    campaign.clock.pass_time(days=2)  # type: ignore[attr-defined]
    campaign.tick()

    assert campaign.types(letter)[-1] == "withdrawal"


def test_a_letter_that_fails_does_not_keep_the_others_from_theirs(campaign: Campaign) -> None:
    broken, sound = campaign.an_open_letter(slug="a"), campaign.an_open_letter(slug="b")
    for letter in (broken, sound):
        campaign.codes(letter, 1)
    with Session(campaign.databases.petition) as session:
        session.get_one(Log, broken).private_key = b"damaged"
        session.commit()
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]

    assert campaign.tick() == {
        "a": "failed: ValueError",
        "b": "0 signatures, 1 entries",
    }


def test_a_tick_finishes_a_closing_that_a_crash_cut_off(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 3)
    campaign.announce_close(letter)
    clock.pass_time(days=1)
    rounds.destroy_now(campaign.services, letter)
    campaign.tick()

    assert state(campaign, letter) == "closed"
    assert campaign.types(letter)[-5:] == ["issued", *["signature"] * 3, "closed"]


def test_two_ticks_at_one_moment_do_it_once(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    clock.pass_time(days=1)
    done = [campaign.tick() for _ in range(2)]

    assert [len(one) for one in done] == [1, 0]
    assert campaign.types(letter).count("signature") == 3


@pytest.mark.parametrize(("updates", "hours"), [("daily", [4]), ("hourly", [10, 11, 12])])
def test_between_set_times_nothing_is_due_however_often_the_clock_is_asked(
    campaign: Campaign, clock: Clock, updates: str, hours: list[int]
) -> None:
    letter = campaign.an_open_letter(k=3, updates=updates)
    done = []
    for _ in range(24 * 4 if updates == "daily" else 3 * 4):
        clock.pass_time(minutes=15)
        if campaign.tick():
            done.append(clock().hour)

    assert done == hours
    assert campaign.types(letter) == ["letter", "round"]


def test_an_update_that_was_missed_is_done_once_when_the_scheduler_is_back(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    clock.pass_time(days=3, minutes=20)

    assert [list(campaign.tick().values()) for _ in range(3)] == [["3 signatures, 4 entries"], [], []]


def test_before_anything_is_sealed_what_must_go_goes(campaign: Campaign, clock: Clock) -> None:
    letter, sizes = campaign.an_open_letter(k=3), list[int]()
    campaign.codes(letter, 1)
    tick(campaign.services, (4,), clock(), before=lambda: sizes.append(0))
    clock.pass_time(days=1)
    tick(campaign.services, (4,), clock(), before=lambda: sizes.append(len(campaign.entries(letter))))

    assert sizes == [2]
    assert len(campaign.entries(letter)) == 3


def test_the_scheduler_ticks_at_once_then_at_each_set_time_and_stops_when_told(
    campaign: Campaign, clock: Clock
) -> None:
    letter = campaign.a_published_letter(k=3, updates="hourly")
    campaign.codes(letter, 1)
    clock.pass_time(hours=1, minutes=20)
    run_scheduler(campaign, Machine(clock), hours=1, then={0.5: lambda: campaign.codes(letter, 1)})

    told = {entry["made"]: row.hour.hour for entry, row in told_at(campaign, letter) if entry["type"] == "codes"}
    assert told == {1: 10, 2: 11}


def test_a_scheduler_for_one_letter_leaves_the_others_alone_and_is_not_taken_for_the_scheduler(
    campaign: Campaign, clock: Clock
) -> None:
    letters = [campaign.a_published_letter(k=3, slug=slug) for slug in ("mine", "other")]
    for letter in letters:
        campaign.codes(letter, 1)
    before = [len(told_at(campaign, letter)) for letter in letters]
    clock.pass_time(days=1)
    run_scheduler(campaign, Machine(clock), hours=1, only="mine")

    assert [len(told_at(campaign, letter)) for letter in letters] == [before[0] + 1, before[1]]
    assert SchedulerRecord(campaign.settings.data).read() is None


def test_a_scheduler_that_overslept_updates_as_of_now(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3, updates="hourly")
    machine = Machine(clock)
    run_scheduler(campaign, machine, hours=5, then={0.5: lambda: machine.pass_time(hours=3)})

    [log] = campaign.rows(Log, letter)
    assert log.updated is not None
    assert clock() - log.updated <= timedelta(hours=1, minutes=1)


def told_at(campaign: Campaign, letter: str) -> list[tuple[dict[str, Any], Milestone]]:
    """Entries about rounds and codes, with when they were told."""
    entries = campaign.entries(letter)
    return [(entries[row.entry], row) for row in campaign.rows(Milestone, letter)]


@pytest.mark.parametrize(
    ("module", "name", "duty"),
    [
        (scheduler, "keep_dates", "dates"),
        (scheduler, "forget_spent_passwords", "spent passwords and forms"),
        (scheduler, "collect", "witnesses"),
        (updates, "tidy", "tidying"),
    ],
)
def test_a_database_error_in_one_duty_ends_none_of_the_others(
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: Any,
    name: str,
    duty: str,
) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]
    monkeypatch.setattr(module, name, away)
    done = tick(campaign.services, (4,), campaign.clock())

    assert list(done.done.values()) == ["3 signatures, 4 entries"]
    assert [(name, type(error)) for name, error in done.errors] == [(duty, OperationalError)]


def test_the_clock_logs_what_failed_without_its_values_and_goes_on(
    campaign: Campaign, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduler, "keep_dates", away)
    run_scheduler(campaign, Machine(clock), hours=5.2)

    assert len(caplog.records) > 3
    assert {(vars(line)["duty"], vars(line)["kind"]) for line in caplog.records} == {("dates", "OperationalError")}
    assert "visitor" not in caplog.text
    last = SchedulerRecord(campaign.settings.data).read()
    assert last == LastRun(to_hour(clock()), ["dates (a database was away or full)"])


def test_what_the_scheduler_leaves_for_the_doctor_holds_nothing_of_a_letter(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    clock.pass_time(hours=20)
    run_scheduler(campaign, Machine(clock), hours=1.2)
    [path] = campaign.settings.data.glob("scheduler.json")

    assert json.loads(path.read_text()) == {"hour": to_hour(clock()).isoformat(), "failed": []}
    assert path.stat().st_mtime % 3600 == 0
    assert path.stat().st_mode & 0o077 == 0


def away(*_: Any, **__: Any) -> None:
    raise OperationalError("a statement with a visitor's value", {}, Exception("the disk is gone"))
