"""A database that can't be reached: logged once when it goes and once when it is back, for any number of visitors.

A line for each visitor would be a record of visits, since the journal adds the time.
"""

import contextlib
import os
import sqlite3
import threading
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from petition.database import Databases
from petition.logs import log, log_error

MARK, LIMITS_MARK = "database-away", "limits-away"
"""Files in the data folder that say so: of the databases, and of the server where several hosts count limits."""
AWAY_SQLSTATES = ("08", "57P", "25006")
"""Connection exceptions; the server shuts down, crashed, or takes no connections yet; it became a replica."""
AWAY_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN})
FIRST_BYTE = 0xFF
"""SQLite's extended codes have the plain one in their lowest byte."""


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that a database cannot be asked at this moment; not that what was asked is wrong."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", 0)
        return code & FIRST_BYTE in AWAY_SQLITE
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(AWAY_SQLSTATES)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


class Outages:
    """Notes when databases go and come back, for all processes of a data folder together."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self._mark = folder / MARK
        self._is_away = False
        self._lock = threading.Lock()
        for engine in (databases.petition, databases.issuer):
            event.listen(engine, "connect", self._connected)

    def note(self, error: BaseException, **fields: str | None) -> None:
        """A database was found to be away: the first process that finds it says so."""
        with self._lock:
            self._is_away = True
            with contextlib.suppress(OSError):
                os.close(os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                log_error("a database is away", error, **fields)

    def _connected(self, *_: object) -> None:
        if not self._is_away:
            return
        with self._lock:
            self._is_away = False
            with contextlib.suppress(OSError):
                self._mark.unlink()
                log.warning("the database is back")


def forget_outage(folder: Path) -> None:
    """At the start: what a process that was killed had noted is over."""
    for mark in (MARK, LIMITS_MARK):
        (folder / mark).unlink(missing_ok=True)
