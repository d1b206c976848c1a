"""Two databases that never meet: their bases, engines and statements. Upgrades: ``petition.operations.migration``.

SQLite runs with a truncated rollback journal and full syncs, never a write-ahead log: a write-ahead log
keeps the order and the moments of what was written (protocol, section 7).
"""

import contextlib
import os
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Engine,
    ExceptionContext,
    Executable,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session

from petition.prepared import fail_again, run_by_driver

T = TypeVar("T")
SessionOrConnection = Session | Connection
"""What runs statements. A bare connection costs less than a session: for what many people do at once."""
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_SECONDS = 30
CONNECT_SECONDS = 5
"""How long a server may take to answer before it counts as away."""
HOUR_NS = 3600 * 10**9
LOCK_SECONDS = 1
POOL = 16
"""Connections that stay open: as many as a worker of the server has threads. Opening one costs more than a question."""
NO_ATIME = getattr(os, "O_NOATIME", 0)
TRIES = 10
"""How often a transaction is begun that the database asks to be done again."""
LOCK_NOT_AVAILABLE = "55P03"
UNSUPPORTED = frozenset({"0A000", "42601", "42703", "42704", "42883"})
"""How engines that only speak PostgreSQL's protocol refuse what they lack: a feature, a syntax, a column, a setting, a
function (SQLSTATE, PostgreSQL's Appendix A)."""
SQLITE_PRAGMAS = (
    "journal_mode=TRUNCATE",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "temp_store=MEMORY",
)
UNORDERED: dict[str, Any] = {"sqlite_with_rowid": False}
WAITING_FILE = "waiting"
"""SQLite's name for the file beside petition.db that has the tables in which rows arrive (decision 34)."""
TAKE_LOCK = f"DELETE FROM {WAITING_FILE}.tombstone WHERE 0"  # noqa: S608
"""Deletes nothing: it takes the lock of that file alone, where BEGIN IMMEDIATE would take those of both."""
READ_FIRST = "SELECT 1 FROM main.sqlite_master LIMIT 1"
"""Takes the lock of petition.db for reading, until the transaction ends."""
FIRST_TO_ARRIVE = "pending"
"""A table that older versions, without that file, have in petition.db."""
IN_WAITING_FILE: dict[str, Any] = {**UNORDERED, "info": {"file": WAITING_FILE}}
"""For those tables."""


class Hour(TypeDecorator[datetime]):
    """A moment in UTC, cut to its hour: no time finer than that is stored anywhere."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Cut to the hour; stored without a zone, always UTC."""
        return None if value is None else to_hour(value).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Back in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Padded(TypeDecorator[str]):
    """A word that takes as many bytes as any other: when it is overwritten, its length says nothing of it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """With spaces behind it."""
        return None if value is None else self.padded(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Without them."""
        return None if value is None else value.rstrip(" ")

    def padded(self, word: str) -> str:
        """A word as it is stored; words are ASCII."""
        return word.ljust(cast(int, cast(String, self.impl).length))


def to_hour(moment: datetime) -> datetime:
    """The beginning of the hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


class PetitionBase(MappedAsDataclass, DeclarativeBase, kw_only=True, repr=False, eq=False):
    """Tables of petition.db: letters, signatures, the log. Knows nothing of codes."""

    metadata = MetaData(naming_convention=NAMING)


class IssuerBase(MappedAsDataclass, DeclarativeBase, kw_only=True, repr=False, eq=False):
    """Tables of issuer.db: rounds' private keys and hashed codes. Knows nothing of signatures."""

    metadata = MetaData(naming_convention=NAMING)


class Databases:
    """Both databases, opened; ``petition`` and ``issuer`` write, ``reading`` and ``reading_issuer`` only read.

    ``arriving`` writes nothing but what arrives. On SQLite it takes the right to write of that file alone, which keeps
    off everyone else who writes, but no one who reads the other file; and a commit of one file costs half.
    """

    def __init__(self, petition_url: str, issuer_url: str) -> None:
        self.petition = engine_for(petition_url, waits=True)
        self.issuer = engine_for(issuer_url)
        reads: dict[str, Any] = {"petition_reads": True}
        if self.petition.dialect.name == "postgresql":  # all statements see one moment, as on SQLite
            reads |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self.reading = self.petition.execution_options(**reads)
        self.reading_issuer = self.issuer.execution_options(petition_reads=True)
        self.arriving = self.petition.execution_options(petition_arrives=True)

    def engine(self, chain: str) -> Engine:
        """The engine of a chain of revisions, ``petition`` or ``issuer``, that writes."""
        return self.petition if chain == "petition" else self.issuer

    def dispose(self) -> None:
        """Close all connections."""
        self.petition.dispose()
        self.issuer.dispose()


def engine_for(url: str, *, waits: bool = False) -> Engine:
    """An engine for SQLite or PostgreSQL. Values of statements never enter logs or error messages.

    With ``waits``, SQLite has a second file for what arrives.
    """
    is_sqlite = url.startswith("sqlite")
    has_own = is_sqlite or "connect_timeout" in url
    patience: dict[str, Any] = {} if has_own else {"connect_args": {"connect_timeout": CONNECT_SECONDS}}
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=not is_sqlite, pool_size=POOL, **patience)
    event.listen(engine, "do_execute", fail_again)
    event.listen(engine, "handle_error", _hide_details)
    if engine.dialect.name == "sqlite":
        _make_no_second_file(engine)
        event.listen(engine, "handle_error", _leave_lost_file)
        event.listen(engine, "connect", _configure_sqlite)
        if waits:
            event.listen(engine, "connect", _attach_waiting)
        event.listen(engine, "begin", partial(_begin_sqlite, waits))
        event.listen(engine, "checkin", _end_transaction)
        event.listen(engine, "checkin", partial(_blur_times, engine.url.database or ""))
    return engine


def _hide_details(context: ExceptionContext) -> None:
    """Keep the first line of what a driver says: PostgreSQL's further ones quote the row."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0],)


def _make_no_second_file(engine: Engine) -> None:
    """Only the first connection may make the file. One that is lost later must be missed, not made anew and empty."""
    is_opened = threading.Event()

    def open_it(_dialect: Dialect, _record: Any, words: list[Any], options: dict[str, Any]) -> None:
        options["uri"] = True
        if is_opened.is_set() and not words[0].startswith(("file:", ":memory:")):
            words[0] = _existing(Path(words[0]))

    event.listen(engine, "do_connect", open_it)
    event.listen(engine, "connect", lambda *_: is_opened.set())


def _existing(path: Path) -> str:
    """A file for SQLite that must be there."""
    return f"{path.absolute().as_uri()}?mode=rw"


def _leave_lost_file(context: ExceptionContext) -> None:
    """Where another file is in the place of one that is open, all connections are made anew."""
    if getattr(context.original_exception, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        context.is_disconnect = True


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late to take the write lock
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:  # later it would take the write lock
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
        _keep_private(cursor)
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _attach_waiting(connection: Any, _record: Any) -> None:
    """Open the second file of petition.db with it. Its tables are found under their plain names.

    A new site makes it. An older version's site gets it when it is upgraded (``make_waiting_file``).
    """
    cursor = connection.cursor()
    main = cursor.execute("PRAGMA database_list").fetchone()[2]
    tables = {row[0] for row in cursor.execute("SELECT name FROM main.sqlite_master")}
    is_new, path = not tables, waiting_beside(main)
    if main and (is_new or path.exists() or FIRST_TO_ARRIVE not in tables):
        place = str(path) if is_new else _existing(path)
    else:
        place = ":memory:"
    cursor.execute(f"ATTACH DATABASE ? AS {WAITING_FILE}", (place,))
    if main and is_new:
        path.chmod(0o600)
    for pragma in SQLITE_PRAGMAS[:3]:
        cursor.execute(f"PRAGMA {WAITING_FILE}.{pragma}")
    cursor.close()


def make_waiting_file(engine: Engine) -> None:
    """Make the second file of a petition.db of a version that had none."""
    with engine.connect().execution_options(petition_reads=True) as connection:
        files = files_of(connection)
    if files and WAITING_FILE not in files:
        waiting_beside(str(files["main"])).touch(0o600)
        engine.dispose()


def waiting_beside(database: str) -> Path:
    """Where the second file of a database is: petition-waiting.db beside petition.db."""
    path = Path(database)
    return path.with_name(f"{path.stem}-{WAITING_FILE}{path.suffix}")


def files_of(connection: Connection) -> dict[str, Path]:
    """The files of an SQLite database by SQLite's names for them, ``main`` and, where there is one, ``waiting``."""
    if connection.dialect.name != "sqlite":
        return {}
    listed = connection.exec_driver_sql("PRAGMA database_list").all()
    return {name: Path(path) for _, name, path in listed if path}


def _keep_private(cursor: Any) -> None:
    """Make a new database file readable by its owner only, wherever it is; its journal inherits that."""
    path = Path(cursor.execute("PRAGMA database_list").fetchone()[2])
    if path.is_file():
        path.chmod(0o600)


def _blur_times(database: str, _connection: Any, _record: Any) -> None:
    """A copy of the files must not show when the last person came."""
    if database:
        blur_times(*_written_with(database))


@lru_cache(maxsize=8)
def _written_with(database: str) -> tuple[Path, ...]:
    """The files that a transaction on a database may write: both files and their journals."""
    files = database, str(waiting_beside(database))
    return tuple(Path(f"{file}{end}") for file in files for end in ("", "-journal"))


def blur_times(*files: Path) -> None:
    """Cut the times of files to the hour. The file system still keeps when they were changed (ctime)."""
    for file in files:
        with contextlib.suppress(OSError):  # one that is not there, or is not ours
            found = os.stat(file)  # noqa: PTH116 - costs less than the path's own
            if found.st_mtime_ns % HOUR_NS or found.st_atime_ns % HOUR_NS:
                hour = min(found.st_mtime_ns, time.time_ns()) // HOUR_NS * HOUR_NS
                os.utime(file, ns=(hour, hour))


def read_unnoticed(path: Path) -> bytes:
    """A file's bytes. Where the system can do that (Linux, for files of our own), it keeps no time of the reading;
    elsewhere the hour."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | NO_ATIME)
    except PermissionError:  # someone else's file, or none that we may read
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read()
    if not NO_ATIME:
        blur_times(path)
    return data


def _begin_sqlite(has_waiting: bool, connection: Connection) -> None:
    """Begin a transaction with the locks that it needs. Of two files, petition.db always comes first.

    A commit takes the lock of petition.db, then that of the second file. Someone who had read the second file alone,
    and now wanted to read petition.db, would wait for the one who commits, who would wait for the reader.
    """
    options = connection.get_execution_options()
    reads, arrives = options.get("petition_reads", False), options.get("petition_arrives", False)
    if not (reads or arrives):
        run_by_driver(connection, "BEGIN IMMEDIATE")
        return
    run_by_driver(connection, "BEGIN")
    if arrives:
        run_by_driver(connection, TAKE_LOCK)
    elif has_waiting:
        run_by_driver(connection, READ_FIRST)


def _end_transaction(connection: Any, _record: Any) -> None:
    """A commit that had to give up, because someone read for too long, leaves SQLite's transaction open."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def changed(session: SessionOrConnection, statement: Executable, values: dict[str, Any] | None = None) -> int:
    """Run an INSERT, UPDATE or DELETE; how many rows it changed, as the database says."""
    keeping = {"preserve_rowcount": True}  # else PostgreSQL's driver has forgotten it after an INSERT
    return cast("CursorResult[Any]", session.execute(statement, values, execution_options=keeping)).rowcount


def insert_once(session: Session, table: type[Any], values: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken; the database is the judge. Says whether it was inserted."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return changed(session, insert(table).values(values).on_conflict_do_nothing()) == 1


def is_race_lost(error: DBAPIError) -> bool:
    """Whether the database asks to retry the transaction (SQLSTATE 40001, 40P01)."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def is_unsupported(error: DBAPIError) -> bool:
    """Whether the database refuses because it lacks something that PostgreSQL has."""
    return getattr(error.orig, "sqlstate", None) in UNSUPPORTED


def retried(act: Callable[[], T], forget: Callable[[], object] = lambda: None) -> T:
    """The result of an act that begins and commits its own transactions, repeated as often as the database asks.

    Databases that abort in order to serialize ask for this: PostgreSQL if set to do so, and distributed ones.
    ``forget`` closes what the failed try had open. Pauses between tries are short and random, so that rivals part.
    """
    for attempt in range(TRIES - 1):
        try:
            return act()
        except DBAPIError as error:
            if not is_race_lost(error):
                raise
            forget()
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - no secret
    return act()


def forget_order(engine: Engine, *tables: str) -> list[str]:
    """Rewrite PostgreSQL's tables in the order of their keys, after their rows were rewritten in one transaction.

    Returns the tables in which removed rows are left all the same. A vacuum would leave removed rows on their pages,
    in the order of their writing, until something is written over them. If another session holds a table for long,
    the table waits for the next try, so that signers needn't wait. So does a table whose removed rows another session
    still sees, such as a dump that began earlier (protocol, section 7).
    """
    if engine.dialect.name != "postgresql":
        return []
    return [table for table in tables if not _is_rewritten(engine, table)]


def _is_rewritten(engine: Engine, table: str) -> bool:
    """Rewrite one table; returns whether no removed row is left in it. Engines without a heap leave none."""
    told: list[str] = []
    try:
        with engine.begin() as connection:
            driver = cast(Any, connection.connection.driver_connection)
            hear = lambda notice: told.append(notice.message_detail or "")  # noqa: E731
            driver.add_notice_handler(hear)
            try:
                connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
                connection.execute(text(f"CLUSTER (VERBOSE) {table} USING pk_{table}"))
            finally:
                driver.remove_notice_handler(hear)
    except DBAPIError as error:
        if is_unsupported(error):
            return True
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    # “12 dead row versions cannot be removed yet. CPU: …”, in the server's language.
    left = [int(number) for detail in told for number in re.findall("[0-9]+", detail.partition(".")[0])]
    return not any(left)


def compact(engine: Engine, file: str = "main") -> None:
    """Rewrite a small file of an SQLite database in the order of its keys, so that pages hold no order of writing."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            connection.rollback()
            assert driver is not None
            driver.execute(f"VACUUM {file}")


def place_of(name: str) -> Path:
    """Folder of ``templates`` or ``migrations``: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
