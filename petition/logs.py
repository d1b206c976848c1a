"""Log lines as JSON, one for each thing that went wrong: what kind of error, where in the program, and nothing else.

No line holds a value that an error was raised with, since that may be a visitor's. No line holds a time: the service
manager's journal adds one.
"""

import json
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import Counter

FIELDS = ("kind", "place", "endpoint", "duty", "why")
"""What a line may say beside its event: the error's class, file and line, the endpoint's name in the program, the
duty of the scheduler, and a reason that the program itself has words for."""
OURS = "petition"
SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the processes of a site count together."""
ROOT = Path(__file__).parents[1]
log = logging.getLogger(OURS)


class JsonLines(logging.Formatter):
    """A record as a line of JSON. Messages of other libraries are logged without the values in them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        is_ours = record.name.split(".")[0] == OURS
        told = {"level": record.levelname.lower(), "event": record.getMessage() if is_ours else str(record.msg)}
        if not is_ours:
            told["logger"] = record.name
        if record.exc_info and record.exc_info[1] is not None:
            told |= {"kind": type(record.exc_info[1]).__name__, "place": place_of(record.exc_info[1])}
        told |= {name: str(getattr(record, name)) for name in FIELDS if hasattr(record, name)}
        return json.dumps(told, ensure_ascii=False)


def configure() -> None:
    """Let everything that this process logs, and what ends it or one of its threads, become lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    sys.excepthook = _tell_end
    threading.excepthook = _tell_thread


def granian_config() -> dict[str, Any]:
    """The same for granian, which configures its own loggers."""
    return {
        "formatters": {"lines": {"()": "petition.logs.JsonLines"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "loggers": {"_granian": {"handlers": ["lines"], "level": "WARNING", "propagate": False}},
    }


def place_of(error: BaseException) -> str:
    """The innermost line of this program's own code that was running: where to look, and nothing else."""
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    own = [f"{path.relative_to(ROOT)}:{line}" for path, line in lines if path.is_relative_to(ROOT / "petition")]
    return own[-1] if own else "?"


def log_error(event: str, error: BaseException, **fields: str | None) -> None:
    """A line about an error; ``fields`` are of FIELDS."""
    known = {"kind": type(error).__name__, "place": place_of(error)}
    count_error(known["kind"])
    log.error(event, extra=known | {name: value for name, value in fields.items() if value is not None})


class Hourly:
    """Lets each line through once an hour, where a line for each visitor would be a record of visits."""

    def __init__(self) -> None:
        self._told: dict[str, datetime] = {}

    def is_due(self, line: str, moment: datetime) -> bool:
        """Whether a line was not let through in the hour of a moment yet; now it is."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if self._told.get(line) == hour:
            return False
        self._told[line] = hour
        return True


@contextmanager
def errors_counted_together() -> Iterator[None]:
    """The processes that are started meanwhile count their errors in one folder, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="petition-metrics-") as folder:
        os.environ[SHARED_COUNTS] = folder
        try:
            yield
        finally:
            del os.environ[SHARED_COUNTS]


def count_error(kind: str) -> None:
    """Add one to the errors of a kind, which all processes of a site count together, where its host asks for it."""
    if SHARED_COUNTS in os.environ:
        errors_counter().labels(kind).inc()


@cache
def errors_counter() -> "Counter":
    """The counter of this process; prometheus-client finds the shared folder by itself."""
    from prometheus_client import CollectorRegistry, Counter

    return Counter("petition_errors", "Errors in the log, by kind.", ["kind"], registry=CollectorRegistry())


def _tell_end(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log_error("the process ends", error)


def _tell_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        log_error("a thread ends", failed.exc_value)
