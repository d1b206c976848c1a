"""Two small files in the data folder: what the scheduler last did, and whether it waits because of the clock.

They hold hours, duties of the program and kinds of errors, nothing of a letter and nothing of a signer. A thief who
takes the machine learns no more from them than from the hours of updates in the log, which are public. They are in no
backup.
"""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from petition.database import blur_times, to_hour
from petition.private_files import written_beside

LAST_RUN, DOUBT = "scheduler.json", "clock-in-doubt"


@dataclass(frozen=True)
class LastRun:
    """The hour in which the scheduler last looked what is due, and what failed then: duties with kinds of errors."""

    hour: datetime
    failed: Sequence[str] = ()


class SchedulerRecord:
    """The files of a data folder. Several processes may use them."""

    def __init__(self, folder: Path) -> None:
        self._last_run = folder / LAST_RUN
        self._doubt = folder / DOUBT

    def write(self, run: LastRun) -> None:
        """Replace what is known of the run before."""
        told = {"hour": to_hour(run.hour).isoformat(), "failed": list(run.failed)}
        with written_beside(self._last_run, json.dumps(told).encode()) as part:
            part.replace(self._last_run)
        blur_times(self._last_run)

    def read(self) -> LastRun | None:
        """What is known of the last run; None if there was none here."""
        try:
            told: Mapping[str, Any] = json.loads(self._last_run.read_bytes())
            return LastRun(datetime.fromisoformat(told["hour"]), told["failed"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def is_clock_in_doubt(self) -> bool:
        """Whether the scheduler waits until the clock can be believed."""
        return self._doubt.exists()

    def doubt_clock(self) -> bool:
        """Note the doubt for the doctor; whether that could be written."""
        with contextlib.suppress(OSError):
            os.close(os.open(self._doubt, os.O_WRONLY | os.O_CREAT, 0o600))
            blur_times(self._doubt)
            return True
        return False

    def believe_clock(self) -> bool:
        """The clock is right after all; whether it was in doubt."""
        was_in_doubt = self.is_clock_in_doubt
        self._doubt.unlink(missing_ok=True)
        return was_in_doubt
