"""Keeps a wrong clock from destroying anything: what cannot be undone waits until the clock can be believed.

Docs: docs/decisions/0026-a-wrong-clock-must-not-destroy.md says why the times are as they are.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from petition.logs import log
from petition.scheduler_record import SchedulerRecord

JUMP = timedelta(hours=1).total_seconds()
"""Seconds by which the clock may run ahead of the time that has passed."""
AWAY = timedelta(hours=26)
"""How long after the newest stored hour a start may be: updates run once a day at least."""
STEADY = timedelta(hours=6).total_seconds()
"""Seconds for which a clock in doubt must go steadily until it is believed."""


def seconds_passed() -> float:
    """Seconds since the machine started. Nobody can set this clock; on Linux it counts suspended time too."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class ClockGuard:
    """Says whether the machine's clock can be believed.

    What is compared is the offset: how far the clock stands ahead of the seconds that have passed. ``newest`` is the
    newest hour that the site has stored, if it has anything that goes on. Doubt is noted in the record, where it
    outlives a restart; ``petition seal`` ends it there.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        seconds: Callable[[], float],
        newest: datetime | None,
        record: SchedulerRecord,
    ) -> None:
        self.now = now
        self._seconds = seconds
        self._record = record
        self._highest = math.inf
        if newest is not None:
            self._highest = (newest + AWAY).timestamp() - seconds()
        if record.is_clock_in_doubt:
            self._highest = -math.inf
        self._is_in_doubt = self._is_noted = False
        self._steady_offset = self._steady_since = 0.0

    def is_believed(self) -> bool:
        """Whether what cannot be undone may be done now. Ask often: a jump shows between two looks."""
        passed = self._seconds()
        offset = self.now().timestamp() - passed
        if offset > self._highest and not self._may_end_doubt(offset, passed):
            return False
        self._highest = offset + JUMP
        self._is_in_doubt = self._is_noted = False
        self._record.believe_clock()
        return True

    def _may_end_doubt(self, offset: float, passed: float) -> bool:
        if not self._is_in_doubt:
            self._is_in_doubt = True
            log.error("the clock is in doubt: nothing is counted or closed; see petition doctor")
            self._begin_steady(offset, passed)
        if self._is_noted and not self._record.is_clock_in_doubt:
            return True  # the host ran petition seal
        self._is_noted = self._record.doubt_clock()
        if abs(offset - self._steady_offset) > JUMP:
            self._begin_steady(offset, passed)
        return passed - self._steady_since >= STEADY

    def _begin_steady(self, offset: float, passed: float) -> None:
        self._steady_offset, self._steady_since = offset, passed
