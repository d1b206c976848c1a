"""What happens by itself, and when."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.jobs.scheduler import next_time, tick, watch
from petition.letters.models import Letter
from petition.sealing.models import Log, Milestone
from tests.conftest import Clock
from tests.walks import Campaign

SECONDS = st.floats(0, 10**8)


def state(campaign: Campaign, letter: str) -> str:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).state


@pytest.mark.parametrize(
    ("minutes", "now", "then"),
    [
        ((0,), "14:00", "15:00"),
        ((0,), "14:59", "15:00"),
        ((0, 30), "14:00", "14:30"),
        ((0, 30), "14:30", "15:00"),
        ((59,), "14:59", "15:59"),
        ((0,), "23:30", "00:00"),
    ],
)
def test_the_next_set_time_is_after_this_moment(minutes: tuple[int, ...], now: str, then: str) -> None:
    day = datetime(2026, 12, 31, tzinfo=UTC)
    expected = day.replace(hour=int(then[:2]), minute=int(then[3:]))

    found = next_time(minutes, day.replace(hour=int(now[:2]), minute=int(now[3:])))
    assert found == (expected if then > now else expected + timedelta(days=1))


@given(st.sets(st.integers(0, 59), min_size=1), SECONDS)
def test_a_set_time_is_never_more_than_an_hour_away(minutes: set[int], seconds: float) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    found = next_time(tuple(sorted(minutes)), moment)

    assert timedelta(0) < found - moment <= timedelta(hours=1)
    assert found.minute in minutes
    assert (found.second, found.microsecond) == (0, 0)


def test_a_tick_seals_every_letter_that_takes_signatures(campaign: Campaign) -> None:
    letters = [campaign.an_open_letter(k=3), campaign.a_published_letter(k=3)]
    draft = campaign.a_draft()
    for letter in letters:
        campaign.sign_all(letter, 5)

    assert list(tick(campaign.services, campaign.clock()).values()) == ["3 signatures, 4 entries"] * 2
    assert state(campaign, draft) == "draft"


def test_a_tick_closes_what_is_due_and_nothing_sooner(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 2)
    campaign.announce_close(letter)
    clock.pass_time(hours=23, minutes=59)
    assert "closed" not in next(iter(tick(campaign.services, clock()).values()))
    assert state(campaign, letter) == "published"
    clock.pass_time(minutes=1)

    assert next(iter(tick(campaign.services, clock()).values())).startswith("closed, 2 signatures")
    assert state(campaign, letter) == "closed"


def test_a_tick_brings_out_withdrawals_after_the_end(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    tokens = campaign.sign_all(letter, 2)
    campaign.close_letter(letter)
    campaign.withdraw(letter, tokens[0])
    tick(campaign.services, campaign.clock())

    assert campaign.types(letter)[-1] == "withdrawal"


def test_a_letter_that_fails_does_not_keep_the_others_from_theirs(
    campaign: Campaign, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = campaign.an_open_letter(slug="a"), campaign.an_open_letter(slug="b")
    for letter in (broken, sound):
        campaign.codes(letter, 1)
    with Session(campaign.databases.petition) as session:
        session.get_one(Log, broken).private_key = b"damaged"
        session.commit()

    assert tick(campaign.services, campaign.clock()) == {
        "a": "failed: ValueError",
        "b": "0 signatures, 1 entries",
    }
    assert [record.message for record in caplog.records] == ["sealing failed"]


def test_a_tick_finishes_a_closing_that_a_crash_cut_off(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 2)
    campaign.announce_close(letter)
    clock.pass_time(days=1)
    rounds.destroy_now(campaign.services, letter)
    tick(campaign.services, clock())

    assert state(campaign, letter) == "closed"
    assert campaign.types(letter)[-4:] == ["issued", "signature", "signature", "closed"]


def test_two_ticks_at_one_moment_do_it_once(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    for _ in range(2):
        tick(campaign.services, clock())

    assert campaign.types(letter).count("signature") == 3


def test_the_clock_ticks_at_once_then_at_each_set_time_and_stops_when_told(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.codes(letter, 1)
    stop, asked = threading.Event(), count(1)

    def now() -> datetime:
        """Once for the first tick, once to see when the next is due; then it is due; then all is told to stop."""
        match next(asked):
            case 1 | 2:
                return clock()
            case 3:
                campaign.codes(letter, 1)
                clock.pass_time(hours=1)
            case _:
                stop.set()
        return clock()

    watch(campaign.services, (0,), now, stop)
    told = {entry["made"]: row.hour.hour for entry, row in told_at(campaign, letter) if entry["type"] == "codes"}
    assert told == {1: 9, 2: 10}


def told_at(campaign: Campaign, letter: str) -> list[tuple[dict[str, Any], Milestone]]:
    """Entries about rounds and codes, with when they were told."""
    entries = campaign.entries(letter)
    return [(entries[row.entry], row) for row in campaign.rows(Milestone, letter)]
