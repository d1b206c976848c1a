"""Brings the databases from one version of the program to the next: two chains of revisions (Alembic).

The revisions of a release never change (a test has their hashes). Every change of a table is a revision of its own.
Alembic is loaded only for an upgrade: most starts find the newest revisions, and it is a fifth of what they load.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from petition.database import Databases, make_waiting_file, place_of

if TYPE_CHECKING:
    from alembic.config import Config

CHAIN_NAMES = ("petition", "issuer")
"""In the order in which they are upgraded."""


def alembic_config(chain: str, connection: Connection | None = None, scripts: Path | None = None) -> "Config":
    """Alembic's settings for a chain, ``petition`` or ``issuer``; ``scripts`` is another folder of both chains."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder_of(chain, scripts)).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head_of(chain: str, scripts: Path | None = None) -> str:
    """The newest revision of a chain."""
    return known_revisions(chain, scripts)[-1]


@cache
def known_revisions(chain: str, scripts: Path | None = None) -> list[str]:
    """All revisions of a chain, oldest first: their files' names begin with them."""
    files = (_folder_of(chain, scripts) / "versions").glob("*.py")
    return sorted(path.name.partition("_")[0] for path in files)


def _folder_of(chain: str, scripts: Path | None) -> Path:
    return (scripts or place_of("migrations")) / chain


def revision_of(engine: Engine) -> str | None:
    """The revision that a database has; None for an empty one."""
    with engine.connect().execution_options(petition_reads=True) as connection:
        return revision_in(connection)


def revision_in(connection: Connection) -> str | None:
    """As ``revision_of``, within a transaction."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def at_head(engine: Engine, chain: str) -> bool:
    """Whether the database has the newest revision of its chain."""
    return revision_of(engine) == head_of(chain)


def migrate_both(databases: Databases, lock_folder: Path) -> None:
    """Bring both databases to the newest revision, without any copy of what they were. If several processes ask at
    once, one does it."""
    for chain in CHAIN_NAMES:
        engine = databases.engine(chain)
        with alone(engine, chain, lock_folder):
            upgrade_chain(engine, chain)


def upgrade_chain(engine: Engine, chain: str, scripts: Path | None = None) -> None:
    """Run the revisions that are missing, in one transaction: killed meanwhile, the database stays as it was."""
    from alembic import command

    if chain == "petition":
        make_waiting_file(engine)
    with migrating(engine) as connection:
        command.upgrade(alembic_config(chain, connection, scripts), "head")


@contextlib.contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection on which tables may be rebuilt; it commits at the end.

    To change most of a table SQLite needs another table, into which the rows are copied, before the old one is
    dropped. Where foreign keys are enforced, dropping it deletes the rows that refer to it. So they are not enforced
    meanwhile, and checked at the end.
    """
    with engine.connect() as connection, _foreign_keys_off(connection):
        yield connection
        _require_no_orphans(connection)
        connection.commit()


@contextlib.contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")  # which SQLite ignores once a transaction has begun
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def _require_no_orphans(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        found = {row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}
        if found:
            raise RuntimeError(f"The upgrade would leave rows of {', '.join(sorted(found))} that refer to nothing.")


@contextlib.contextmanager
def alone(engine: Engine, chain: str, lock_folder: Path) -> Iterator[None]:
    """Hold off every other process that wants to upgrade this database."""
    if engine.dialect.name == "sqlite":
        with (lock_folder / f"migrate-{chain}.lock").open("w") as file:
            os.chmod(file.fileno(), 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    else:
        _make_lock_row(engine)
        with engine.connect() as connection:
            connection.execute(text("SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE"))
            yield


def _make_lock_row(engine: Engine) -> None:
    make_one_row(engine, "migration_lock")


def make_one_row(engine: Engine, table: str, columns: str = "") -> None:
    """Make a table of one row that several processes share, on PostgreSQL; no revision and no backup has it.

    Several first starts may race here; the one that loses finds the table made.
    """
    also = f", {columns}" if columns else ""
    for statement in (
        f"CREATE TABLE IF NOT EXISTS {table} (id integer NOT NULL PRIMARY KEY{also})",
        f"INSERT INTO {table} (id) VALUES (1) ON CONFLICT DO NOTHING",  # noqa: S608
    ):
        with contextlib.suppress(IntegrityError), engine.begin() as connection:
            connection.execute(text(statement))
