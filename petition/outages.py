"""What goes wrong while visitors are served: told at most once an hour, for any number of visitors.

A line for each visitor would be a record of visits, since the journal adds the time.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from petition.database import Databases, to_hour
from petition.logs import Hourly, log, log_error, place_of

LIMITS_MARK = "limits-away"
"""A file in the data folder that says so of the server where several hosts count limits."""
OUTAGES_LOGGED = "told"
"""A folder in the data folder with an empty file for each line that was logged; its time is the hour."""
AWAY, BACK = "a database is away", "the database is back"
AWAY_SQLSTATES = ("08", "25006", "40", "53", "55P03", "57", "58")
"""Connection exceptions; it became a replica; it gave up after all tries; it has no room, memory or connections left;
a lock took too long; an operator or a time limit stepped in; its disk failed (PostgreSQL's Appendix A)."""
LOCKED_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
AWAY_SQLITE = LOCKED_SQLITE | {
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
}  # fmt: skip
"""Also a full disk, a disk that fails or only reads, and files that were removed under the program."""
FIRST_BYTE = 0xFF
"""SQLite's extended codes have the plain one in their lowest byte."""


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that a database cannot do it at this moment; not that what was asked is wrong."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error) in AWAY_SQLITE
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(AWAY_SQLSTATES)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def is_locked(error: DBAPIError) -> bool:
    """Whether SQLite only waited too long for someone else who writes."""
    return _sqlite_code(error) in LOCKED_SQLITE


def _sqlite_code(error: DBAPIError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & FIRST_BYTE


def _code_of(error: BaseException) -> str | None:
    """The code that a database gives for an error, such as SQLITE_FULL or 53100."""
    original = getattr(error, "orig", None)
    return getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)


class Outages:
    """Logs what goes wrong for visitors, each line once an hour for all processes of a data folder together."""

    def __init__(self, databases: Databases, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder / OUTAGES_LOGGED
        self._now = now
        self._hourly = Hourly()
        self._is_away = False
        self._lock = threading.Lock()
        for engine in (databases.petition, databases.issuer):
            if engine.dialect.name != "sqlite":  # whose files can be opened on a full disk too
                event.listen(engine, "connect", self._connected)

    def note(self, error: BaseException, endpoint: str | None) -> None:
        """A visitor met an error: a database is away, or the program failed."""
        if is_away(error):
            self._is_away = True
            self._tell(AWAY, lambda: log_error(AWAY, error, why=_code_of(error)))
        else:
            what = f"{type(error).__name__} {place_of(error)} {endpoint}"
            self._tell(what, lambda: log_error("failed", error, endpoint=endpoint))

    def _connected(self, *_: object) -> None:
        if self._is_away:
            self._is_away = False
            self._tell(BACK, lambda: log.warning(BACK))

    def _tell(self, what: str, say: Callable[[], object]) -> None:
        moment, mark = self._now(), self._folder / hashlib.sha256(what.encode()).hexdigest()[:16]
        with self._lock:
            if self._hourly.is_due(what, moment) and _is_first(mark, to_hour(moment)):
                say()


def _is_first(mark: Path, hour: datetime) -> bool:
    """Leave a mark for this hour; whether no other process had. Where none can be left, each is the first."""
    try:
        mark.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if hour <= datetime.fromtimestamp(mark.stat().st_mtime, UTC) < hour + timedelta(hours=1):
                return False
            mark.unlink()
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.utime(mark, (hour.timestamp(), hour.timestamp()))
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def forget_outage(folder: Path) -> None:
    """At the start: what a process that was killed had noted is over."""
    (folder / LIMITS_MARK).unlink(missing_ok=True)
    shutil.rmtree(folder / OUTAGES_LOGGED, ignore_errors=True)
