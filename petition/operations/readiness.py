"""Whether a site can do its work now: what ``/readyz`` answers. It says nothing about a letter or a visitor."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from petition.config import Settings
from petition.database import BUSY_SECONDS, Databases, is_unsupported
from petition.operations.doctor.files import TOO_LITTLE
from petition.operations.migration import CHAIN_NAMES, at_head
from petition.operations.schema import METADATA, differences
from petition.operations.secrets_folder import problem
from petition.operations.startup import misfits, missing_rounds
from petition.outages import is_away, is_locked
from petition.sealing.update_hours import overdue_letters

ANSWER_SECONDS, SLOW_SECONDS = 2.0, 60.0
"""How long an answer is reused: anyone may ask, and comparing all tables takes a third of a second."""
WRITE_SECONDS = 2
OUT_OF_REACH = "the database does not answer, or can't be written"
Look = Callable[[], list[str]]


class Readiness:
    """Looks at a site, and remembers for a moment what it found."""

    def __init__(
        self,
        settings: Settings,
        databases: Databases,
        master: bytes,
        now: Callable[[], datetime],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._databases = databases
        self._master = master
        self._now = now
        self._seconds = seconds
        self._known: dict[str, tuple[float, list[str]]] = {}

    def problems(self) -> list[str]:
        """What keeps the site from its work, a line each; empty if nothing does."""
        return self._remembered("answer", ANSWER_SECONDS, lambda: list(self._look()))

    def _look(self) -> Iterator[str]:
        for chain in CHAIN_NAMES:
            yield from _tried(chain, partial(self._database, chain))
        yield from _tried("keys", lambda: self._remembered("keys", SLOW_SECONDS, lambda: list(self._keys())))
        yield from _tried("updates", lambda: list(self._updates()))
        if shutil.disk_usage(self._settings.data).free < TOO_LITTLE:
            yield f"disk: less than {TOO_LITTLE // 2**20} MB are free"

    def _database(self, chain: str) -> Iterator[str]:
        engine = self._databases.engine(chain)
        if not at_head(engine, chain):
            yield "not at the newest revision"
            return
        if self._remembered(f"tables of {chain}", SLOW_SECONDS, lambda: differences(engine, METADATA[chain])):
            yield "its tables are not those of this version; see petition doctor"
        _require_writable(engine)

    def _keys(self) -> Iterator[str]:
        if problem(self._settings, self._databases, self._master):
            yield "the folder of secrets is not this site's, or a copy; see petition doctor"
        if misfits(self._databases, self._master):
            yield "a log's key does not open; see petition doctor"
        if list(missing_rounds(self._settings, self._databases)):
            yield "the secret of an open round is missing; see petition doctor"

    def _updates(self) -> Iterator[str]:
        with contextlib.suppress(SQLAlchemyError), Session(self._databases.reading) as session:  # told above
            if overdue_letters(session, self._settings.seal_at, self._now()):
                yield "the last one is overdue; see petition doctor"

    def _remembered(self, name: str, for_seconds: float, look: Look) -> list[str]:
        known = self._known.get(name)
        if known is None or self._seconds() - known[0] > for_seconds:
            known = self._known[name] = (self._seconds(), look())
        return known[1]


def _tried(name: str, look: Callable[[], Iterable[str]]) -> Iterator[str]:
    try:
        yield from (f"{name}: {problem}" for problem in look())
    except Exception as error:  # whatever the driver raises, the answer is "not ready"
        yield f"{name}: {OUT_OF_REACH if is_away(error) else 'this check failed; see petition doctor'}"


def _require_writable(engine: Engine) -> None:
    """Write, and take it back. A database that another writer holds can be written."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            _require_row_lock(connection)
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA busy_timeout={WRITE_SECONDS * 1000}")
        try:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        except OperationalError as error:
            if not is_locked(error):
                raise
        finally:
            connection.rollback()
            if not connection.invalidated:
                driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _require_row_lock(connection: Connection) -> None:
    try:
        connection.execute(text("SELECT id FROM migration_lock FOR UPDATE SKIP LOCKED"))
    except DBAPIError as error:
        if not is_unsupported(error):
            raise
        connection.rollback()
        connection.execute(text("SELECT id FROM migration_lock FOR UPDATE"))
