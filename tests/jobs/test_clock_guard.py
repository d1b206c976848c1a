"""A clock that is wrong closes nothing, destroys nothing and leaves no hour in a log."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from petition.cli import main
from petition.jobs.clock_guard import ClockGuard
from petition.scheduler_record import SchedulerRecord
from petition.sealing.models import Log, Milestone, Sealing
from tests.conftest import Clock
from tests.jobs.machine import Machine, run_scheduler
from tests.operations.test_doctor import environ_of
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(clock)


@pytest.fixture
def record(tmp_path: Path) -> SchedulerRecord:
    return SchedulerRecord(tmp_path)


def a_guard(machine: Machine, record: SchedulerRecord, newest: datetime | None = None) -> ClockGuard:
    return ClockGuard(machine.clock, machine.seconds, newest, record)


def believes(guard: ClockGuard, machine: Machine, *, hours: float) -> bool:
    """Whether the clock is believed after some hours, looked at each minute."""
    for _ in range(round(hours * 60)):
        machine.pass_time(hours=1 / 60)
        believed = guard.is_believed()
    return believed


# The clock


def test_a_clock_that_goes_as_time_passes_is_believed(machine: Machine, record: SchedulerRecord) -> None:
    guard = a_guard(machine, record)
    assert guard.is_believed()
    machine.pass_time(hours=100)

    assert guard.is_believed()


@pytest.mark.parametrize(("hours", "believed"), [(0.9, True), (1.1, False), (720, False), (-720, True)])
def test_a_clock_that_jumps_ahead_by_more_than_an_hour_is_in_doubt(
    machine: Machine, record: SchedulerRecord, hours: float, believed: bool
) -> None:
    guard = a_guard(machine, record)
    guard.is_believed()
    machine.clock.pass_time(hours=hours)

    assert (guard.is_believed(), record.is_clock_in_doubt) == (believed, not believed)


def test_small_steps_add_up_to_no_jump(machine: Machine, record: SchedulerRecord) -> None:
    guard = a_guard(machine, record)
    for _ in range(5):
        assert guard.is_believed()
        machine.clock.pass_time(minutes=40)


def test_a_clock_that_is_set_back_to_the_time_is_believed_at_once(machine: Machine, record: SchedulerRecord) -> None:
    guard = a_guard(machine, record)
    guard.is_believed()
    machine.clock.pass_time(days=30)
    guard.is_believed()
    machine.clock.pass_time(days=-30)

    assert guard.is_believed()
    assert not record.is_clock_in_doubt


def test_a_clock_in_doubt_is_believed_when_it_has_gone_steadily_for_six_hours(
    machine: Machine, record: SchedulerRecord, caplog: pytest.LogCaptureFixture
) -> None:
    guard = a_guard(machine, record)
    guard.is_believed()
    machine.clock.pass_time(days=30)

    assert not guard.is_believed()
    assert not believes(guard, machine, hours=5.9)
    assert believes(guard, machine, hours=0.2)
    assert [line.getMessage().split(":")[0] for line in caplog.records] == ["the clock is in doubt"]


def test_another_jump_begins_the_six_hours_anew(machine: Machine, record: SchedulerRecord) -> None:
    guard = a_guard(machine, record)
    guard.is_believed()
    machine.clock.pass_time(days=30)
    assert not believes(guard, machine, hours=5)
    machine.clock.pass_time(days=-20)

    assert not believes(guard, machine, hours=5.9)
    assert believes(guard, machine, hours=0.2)


@pytest.mark.parametrize(("hours", "believed"), [(25, True), (27, False), (720, False), (-720, True)])
def test_a_start_long_after_the_newest_hour_is_in_doubt(
    machine: Machine, record: SchedulerRecord, hours: float, believed: bool
) -> None:
    newest = machine.clock() - timedelta(hours=hours)

    assert a_guard(machine, record, newest).is_believed() == believed


def test_a_start_with_nothing_that_goes_on_is_not_in_doubt(machine: Machine, record: SchedulerRecord) -> None:
    assert a_guard(machine, record, None).is_believed()


def test_doubt_outlives_a_restart(machine: Machine, record: SchedulerRecord) -> None:
    first = a_guard(machine, record)
    first.is_believed()
    machine.clock.pass_time(hours=3)
    first.is_believed()
    second = a_guard(machine, record, machine.clock())

    assert not second.is_believed()


def test_a_person_ends_the_doubt(machine: Machine, record: SchedulerRecord) -> None:
    guard = a_guard(machine, record)
    guard.is_believed()
    machine.clock.pass_time(days=30)
    guard.is_believed()

    assert record.believe_clock()
    assert guard.is_believed()


def test_doubt_that_cannot_be_noted_is_not_taken_for_ended(machine: Machine, tmp_path: Path) -> None:
    guard = a_guard(machine, SchedulerRecord(tmp_path / "gone"))
    guard.is_believed()
    machine.clock.pass_time(days=30)

    assert [guard.is_believed() for _ in range(3)] == [False] * 3


# The scheduler on it


def a_letter_about_to_close(campaign: Campaign) -> str:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 3)
    campaign.codes(letter, 5)
    campaign.announce_close(letter)
    return letter


def left_of(campaign: Campaign, letter: str) -> tuple[str, bool, int, datetime | None]:
    """What a wrong clock must not change: the state, the round's secret, the log's size, the hour of its update."""
    [log] = campaign.rows(Log, letter)
    secret = campaign.settings.rounds_folder / f"{letter}-1"
    return campaign.letter_row(letter).state, secret.exists(), log.size, log.updated


def test_a_jump_by_a_month_closes_nothing_and_destroys_no_secret(campaign: Campaign, machine: Machine) -> None:
    letter = a_letter_about_to_close(campaign)
    before, set_at = left_of(campaign, letter), machine.clock()
    run_scheduler(campaign, machine, hours=4, then={0.6: lambda: machine.clock.pass_time(days=30)})
    after = left_of(campaign, letter)

    assert machine.clock() - set_at > timedelta(days=30)
    assert after == before


def test_after_six_steady_hours_what_is_due_is_done(campaign: Campaign, machine: Machine) -> None:
    letter = a_letter_about_to_close(campaign)
    run_scheduler(campaign, machine, hours=8, then={0.6: lambda: machine.clock.pass_time(days=30)})

    assert left_of(campaign, letter)[:2] == ("closed", False)


def test_a_start_after_a_long_time_waits_until_the_host_says_that_the_clock_is_right(
    campaign: Campaign, machine: Machine
) -> None:
    letter = a_letter_about_to_close(campaign)
    before = left_of(campaign, letter)
    machine.pass_time(hours=240)
    seen = []

    def say_so() -> None:
        seen.append(left_of(campaign, letter))
        seen.append(SchedulerRecord(campaign.settings.data).believe_clock())

    run_scheduler(campaign, machine, hours=3, then={2: say_so})

    assert seen == [before, True]
    assert left_of(campaign, letter)[:2] == ("closed", False)


def test_petition_seal_says_that_the_clock_is_right(campaign: Campaign) -> None:
    record = SchedulerRecord(campaign.settings.data)
    record.doubt_clock()
    said = CliRunner().invoke(main, ["seal"], env=environ_of(campaign), catch_exceptions=False)

    assert said.exit_code == 0
    assert "believes this machine's clock" in said.stderr
    assert not record.is_clock_in_doubt


def test_a_clock_that_was_set_back_waits_for_no_hour_of_before(campaign: Campaign, machine: Machine) -> None:
    letter = campaign.a_published_letter(k=3, updates="hourly")
    machine.pass_time(hours=20)
    run_scheduler(campaign, machine, hours=10, then={0.5: lambda: machine.clock.pass_time(hours=-12)})

    [log] = campaign.rows(Log, letter)
    assert log.updated is not None
    assert timedelta(0) <= machine.clock() - log.updated < timedelta(hours=1, minutes=1)


def test_after_the_clock_was_ahead_updates_go_on_and_no_entry_has_an_earlier_hour(
    campaign: Campaign, machine: Machine
) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    machine.clock.pass_time(days=30)
    campaign.tick()
    ahead = max(row.hour for row in campaign.rows(Sealing, letter))
    machine.clock.pass_time(days=-30)
    for _ in range(3):
        campaign.sign_all(letter, 3)
        campaign.codes(letter, 1)
        machine.clock.pass_time(days=1)
        campaign.tick()

    assert campaign.types(letter).count("signature") == 12
    assert {row.hour for row in campaign.rows(Sealing, letter)} == {ahead}
    hours = [row.hour for row in sorted(campaign.rows(Milestone, letter), key=lambda row: row.entry)]
    assert hours == sorted(hours)
    assert len(hours) > 3


def test_after_the_clock_was_ahead_a_set_time_is_done_once(campaign: Campaign, machine: Machine) -> None:
    campaign.a_published_letter(k=3)
    machine.clock.pass_time(days=30)
    campaign.tick()
    machine.clock.pass_time(days=-30)
    done = []
    for _ in range(24):
        machine.clock.pass_time(hours=1)
        done.append(len(campaign.tick()))

    assert sum(done) == 2  # at once, since nobody knows which set times were missed, and at the next one
