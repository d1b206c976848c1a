"""A machine with two clocks, and a scheduler that runs on them as quickly as it can."""

import threading
from collections.abc import Callable

from sqlalchemy.orm import Session

from petition.jobs.clock_guard import ClockGuard
from petition.jobs.scheduler import watch
from petition.scheduler_record import SchedulerRecord
from petition.sealing.update_hours import newest_stored_hour
from tests.conftest import Clock
from tests.walks import Campaign

HOUR = 3600.0


class Machine:
    """The clock that people set, and the seconds that pass whatever they do."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.passed = 500_000.0

    def seconds(self) -> float:
        return self.passed

    def pass_time(self, *, hours: float) -> None:
        self.clock.pass_time(hours=hours)
        self.passed += hours * HOUR


class Pauses(threading.Event):
    """Lets the time that the scheduler waits pass at once; does something after some hours, and ends after the last."""

    def __init__(self, machine: Machine, hours: float, then: dict[float, Callable[[], object]]) -> None:
        super().__init__()
        self._machine = machine
        self._end = machine.passed + hours * HOUR
        self._left = sorted((machine.passed + after * HOUR, act) for after, act in then.items())

    def wait(self, timeout: float | None = None) -> bool:
        self._machine.pass_time(hours=(timeout or 0) / HOUR)
        while self._left and self._machine.passed >= self._left[0][0]:
            self._left.pop(0)[1]()
        if self._machine.passed >= self._end:
            self.set()
        return self.is_set()


def run_scheduler(
    campaign: Campaign,
    machine: Machine,
    *,
    hours: float,
    then: dict[float, Callable[[], object]] | None = None,
    only: str | None = None,
) -> None:
    """Start the scheduler, for one letter or for all, let it run for some hours, and end it; ``then`` says what happens
    after how many hours."""
    record = SchedulerRecord(campaign.settings.data)
    with Session(campaign.databases.reading) as session:
        guard = ClockGuard(machine.clock, machine.seconds, newest_stored_hour(session), record)
    watch(campaign.services, campaign.settings.seal_at, guard, Pauses(machine, hours, then or {}), record, only=only)
