"""Which of several hosts does what happens by itself: one at a time, by a lease in PostgreSQL.

The lease is an advisory lock of a session of its own. The server keeps that in memory, so nothing is written while it
is held: a row that said every few seconds that its holder lives would be a clock beside the numbers of transactions,
and would date each signature that waits. When the holder is gone, or says nothing for a minute, the server ends its
session, and another host takes over.

A holder that was paused may come back later and not know it. So the next holder raises a number in both databases, and
every transaction of the holder begins with a look at it (fencing). One that began before is waited for.
"""

import os
import secrets
import struct
import threading
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from petition.database import UNSUPPORTED, Databases, engine_for, is_unsupported
from petition.logs import log
from petition.operations.secrets_folder import LEADER, SecretsFolder

EVERY = 5.0
"""Seconds between two looks of a host: so long it may take until another one takes over."""
SILENT_SECONDS = 60
"""After so long a silence the server takes a session for dead; a host that was paused has lost the lease."""
STUCK_SECONDS = 600
"""How long a transaction of the holder may stand still."""
LOCK_SECONDS = 5
LOOKS_PER_MARK = 6
STEPS_A_TERM = 2**20
"""Numbers rise by chance: where a failover lost the newest one, no other holder gets the same."""
PATIENCE = {"idle_session_timeout": SILENT_SECONDS, "tcp_keepalives_idle": SILENT_SECONDS, "lock_timeout": LOCK_SECONDS}


class LeaseLost(Exception):
    """Another host does what happens by itself now; this transaction was not begun."""


class Lease(Protocol):
    """The right to do what happens by itself."""

    def is_mine(self) -> bool:
        """Whether this host has it now."""

    def keep(self, stop: threading.Event) -> None:
        """Take it when it is free, and hold it, in a thread of its own; ``stop`` ends the thread."""

    def release(self) -> None:
        """Let another host have it, once what was begun is done."""


class OnlyHost:
    """SQLite has one host, whose processes keep apart by locks on files."""

    def is_mine(self) -> bool:
        """Always."""
        return True

    def keep(self, stop: threading.Event) -> None:
        """Nothing to be done."""

    def release(self) -> None:
        """Nothing to be done."""


def lease_for(databases: Databases, rounds_folder: Path) -> Lease:
    """How hosts of these databases agree who does what happens by itself. The engines are fenced from now on."""
    if databases.petition.dialect.name == "sqlite":
        return OnlyHost()
    return SharedLease(databases, SecretsFolder(rounds_folder))


class SharedLease:
    """The lease of hosts that share PostgreSQL. ``seconds`` is how long it sleeps between two looks."""

    def __init__(self, databases: Databases, folder: SecretsFolder, seconds: float = EVERY) -> None:
        self._urls = [engine.url.render_as_string(hide_password=False) for engine in _both(databases)]
        self._folder = folder
        self._seconds = seconds
        self._lock = threading.Lock()
        self._line: Connection | None = None
        self._number: int | None = None
        self._marks: list[int] = []
        self._looks = 0
        self._is_told = self._has_waited = False
        for engine in _both(databases):
            event.listen(engine, "connect", _end_when_stuck)
            event.listen(engine, "begin", self._require_mine)
            engine.dispose()  # what is connected already was not told

    @property
    def number(self) -> int | None:
        """The number under which this host had it at the last look; None if it had not."""
        return self._number

    def is_mine(self) -> bool:
        """Whether this host had it at the last look."""
        return self._number is not None

    def keep(self, stop: threading.Event) -> None:
        """Look every few seconds in a thread of its own."""
        self.look()
        threading.Thread(target=self._keep, args=(stop,), name="lease", daemon=True).start()

    def _keep(self, stop: threading.Event) -> None:
        while not stop.wait(self._seconds):
            self.look()

    def look(self) -> None:
        """Take the lease if it is free; show the server that this host lives."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        try:
            self._line = self._line or _connected(self._urls[0])
            if self._number is not None:
                self._line.execute(text("SELECT 1"))
            elif self._folder_fits(self._line):
                self._take(self._line)
            if self._number is not None:
                self._mark(self._line)
        except (SQLAlchemyError, OSError) as error:
            self._give_up(error)

    def _take(self, line: Connection) -> None:
        if not _try_lock(line, LEADER):
            self._has_waited = True
            return
        self._number = self._next_number(line)
        if self._has_waited:
            self._has_waited = False
            log.warning("another host is gone: this one does what happens by itself from now on")

    def release(self) -> None:
        """Let another host have it."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        self._number, line, self._line = None, self._line, None
        self._marks, self._looks = [], 0
        if line is not None:
            engine = line.engine
            line.invalidate()
            line.close()
            engine.dispose()

    def _give_up(self, error: Exception) -> None:
        had = self._number is not None
        self._release()
        if had:
            log.warning("this host no longer does what happens by itself", extra={"kind": type(error).__name__})

    def _folder_fits(self, line: Connection) -> bool:
        fits = self._folder.is_shared_with_leader(line)
        if not fits and not self._is_told:
            log.error("the folder of secrets is not the one that the other hosts use; see petition doctor")
        self._is_told = not fits
        return fits

    def _next_number(self, line: Connection) -> int:
        """A number above all earlier ones, written to both databases; a holder that is slower than another loses."""
        issuer = _connected(self._urls[1])
        try:
            sides = (line, issuer)
            number = max(_number_of(side) for side in sides) + 1 + secrets.randbelow(STEPS_A_TERM)
            for side in sides:
                side.execute(text("UPDATE host_lease SET number = :number WHERE number < :number"), {"number": number})
        finally:
            issuer.close()
            issuer.engine.dispose()
        return number

    def _mark(self, line: Connection) -> None:
        """Prove now and then by another lock, whose number is in the folder of secrets, which folder is in use."""
        if self._looks % LOOKS_PER_MARK == 0:
            mark = int(struct.unpack(">q", os.urandom(8))[0])
            line.execute(text("SELECT pg_advisory_lock(:mark)"), {"mark": mark})
            self._folder.write_mark(mark)
            self._marks.append(mark)
            if len(self._marks) > 2:
                line.execute(text("SELECT pg_advisory_unlock(:mark)"), {"mark": self._marks.pop(0)})
        self._looks += 1

    def _require_mine(self, connection: Connection) -> None:
        """At the beginning of each transaction that may write. The next holder waits until the transaction ends."""
        if connection.get_execution_options().get("petition_reads"):
            return
        number = connection.exec_driver_sql("SELECT number FROM host_lease FOR SHARE").scalar_one()
        if number != self._number:
            raise LeaseLost


def _both(databases: Databases) -> tuple[Engine, Engine]:
    return databases.petition, databases.issuer


def _number_of(side: Connection) -> int:
    return int(side.execute(text("SELECT number FROM host_lease")).scalar_one())


def _connected(url: str) -> Connection:
    """A connection of its own, on which each statement is a transaction, and which the server ends after a silence."""
    connection = engine_for(url).connect().execution_options(isolation_level="AUTOCOMMIT")
    for name, seconds in PATIENCE.items():
        _try(connection, f"SET {name} = '{seconds}s'")
    return connection


def _try(connection: Connection, statement: str) -> None:
    """Run a statement; older servers, and engines that only speak PostgreSQL's protocol, may not have the setting."""
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if not is_unsupported(error):
            raise


def _try_lock(line: Connection, number: int) -> bool:
    """Whether the lock is held now. Where the engine has none, only one host may run the scheduler; doctor says so."""
    try:
        return bool(line.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar_one())
    except DBAPIError as error:
        if not is_unsupported(error):
            raise
        return True


def _end_when_stuck(driver: Any, _record: object) -> None:
    """Have the server end a transaction of a paused holder, so that its rows are free again."""
    from psycopg import Error

    try:
        driver.execute(f"SET idle_in_transaction_session_timeout = '{STUCK_SECONDS}s'")
        driver.commit()
    except Error as error:
        if error.sqlstate not in UNSUPPORTED:
            raise
        driver.rollback()
