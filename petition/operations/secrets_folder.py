"""Whether the folder of round secrets is the one of these databases, and the very one that the other hosts use.

Hosts of one site share PostgreSQL and one folder. A host with a folder of its own would tell signers that the secrets
of their round are gone; one with a copy would keep secrets after they were destroyed. So the folder has a random name
in a file. The database keeps only what derives from that name and the master secret, which tells nothing of either. A
copy has the same name; it is found out while another host is at work, which holds a lock whose number, another one
every half minute, is in a file of the folder.
"""

import contextlib
import os
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from petition.config import Settings
from petition.crypto.boxes import derive
from petition.database import Databases, is_unsupported
from petition.errors import Conflict
from petition.operations.migration import make_one_row
from petition.private_files import written_beside

NAME, MARK = "folder-name", "leader-mark"
OWN_FILES = frozenset({NAME, MARK})
NAME_BYTES = 32
TABLE, COLUMNS = "host_lease", "number bigint NOT NULL DEFAULT 0, folder varchar(64)"
LEADER = int.from_bytes(b"petition", "big")
"""The advisory lock of the host that does what happens by itself."""
LEADER_LOCK_HELD = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid)"""
TRIES, PAUSE = 3, 1.0
"""How often a mark that does not fit is read again: it may just have been replaced."""


class SecretsFolder:
    """The folder's name and the holder's mark in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self) -> bytes | None:
        """The folder's random name; None if it has none."""
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / NAME).read_bytes()
        return None

    def make_name(self) -> bytes:
        """Give it a name, unless another host just did."""
        with (
            written_beside(self._folder / NAME, os.urandom(NAME_BYTES)) as part,
            contextlib.suppress(FileExistsError),
        ):
            os.link(part, self._folder / NAME)
        return (self._folder / NAME).read_bytes()

    def write_mark(self, mark: int) -> None:
        """Replace the number of the lock by which the holder of the lease shows that it uses this folder."""
        with written_beside(self._folder / MARK, str(mark).encode()) as part:
            part.replace(self._folder / MARK)

    def is_shared_with_leader(self, connection: Connection) -> bool:
        """Whether the host that has the lease uses this very folder; true where no host has it, or none can say."""
        for left in range(TRIES)[::-1]:
            if not _is_held(connection, LEADER) or _is_held(connection, self._mark()):
                return True
            time.sleep(PAUSE if left else 0)
        return False

    def _mark(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self._folder / MARK).read_bytes())
        return None


def _is_held(connection: Connection, number: int | None) -> bool:
    """Whether some session of this database holds an advisory lock."""
    if number is None:
        return False
    low, high = number & 0xFFFFFFFF, number >> 32 & 0xFFFFFFFF
    try:
        return bool(connection.execute(text(LEADER_LOCK_HELD), {"high": high, "low": low}).scalar_one())
    except DBAPIError as error:
        if not is_unsupported(error):
            raise
        connection.rollback()
        return False


def is_led(engine: Engine) -> bool:
    """Whether some host of several has the lease."""
    if engine.dialect.name == "sqlite":
        return False
    with engine.connect().execution_options(petition_reads=True) as connection:
        return _is_held(connection, LEADER)


def problem(settings: Settings, databases: Databases, master: bytes) -> str:
    """What keeps this host from serving with its folder of secrets; empty if nothing does. Changes nothing."""
    engine, folder = databases.petition, SecretsFolder(settings.rounds_folder)
    if engine.dialect.name == "sqlite":
        return ""
    known = _known(engine)
    if known is not None and known != _fingerprint(folder.name(), master):
        return (
            f"The folder {settings.secrets} doesn't hold the secrets of this site's databases: its master secret or "
            f"{settings.rounds_folder} is another one. All hosts of a site share one folder. Mount it there, or "
            "let PETITION_SECRETS name it. If the old one is lost for good: petition adopt"
        )
    with engine.connect().execution_options(petition_reads=True) as connection:
        if not folder.is_shared_with_leader(connection):
            return (
                f"The folder {settings.rounds_folder} isn't the one that another host of this site uses now: one of "
                "the two is a copy. A copy would keep secrets after they were destroyed. Mount one folder on all "
                "hosts, and delete the other."
            )
    return ""


def require_folder(settings: Settings, databases: Databases, master: bytes) -> None:
    """Refuse to work with a folder of secrets that isn't this site's. The first one that is used becomes the site's."""
    engine = databases.petition
    if engine.dialect.name == "sqlite":
        return
    _make_rows(databases)
    if _known(engine) is None:
        _adopt(settings, engine, master, "folder IS NULL")
    found = problem(settings, databases, master)
    if found:
        raise Conflict("%(found)s", found=found)


def adopt_folder(settings: Settings, databases: Databases, master: bytes) -> None:
    """Make this host's folder the site's, because the one before is lost."""
    if databases.petition.dialect.name != "sqlite":
        _make_rows(databases)
        _adopt(settings, databases.petition, master, "true")


def is_adopted(engine: Engine) -> bool:
    """Whether the databases belong to a folder of secrets already."""
    return engine.dialect.name != "sqlite" and _known(engine) is not None


def _make_rows(databases: Databases) -> None:
    for engine in (databases.petition, databases.issuer):
        if not _has_row(engine):
            make_one_row(engine, TABLE, COLUMNS)


def _has_row(engine: Engine) -> bool:
    with engine.connect().execution_options(petition_reads=True) as connection:
        if not inspect(connection).has_table(TABLE):
            return False
        return connection.execute(text("SELECT id FROM host_lease")).first() is not None


def _adopt(settings: Settings, engine: Engine, master: bytes, where: str) -> None:
    folder = _fingerprint(SecretsFolder(settings.rounds_folder).make_name(), master)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE host_lease SET folder = :folder WHERE {where}"), {"folder": folder})  # noqa: S608


def _fingerprint(name: bytes | None, master: bytes) -> str | None:
    """What the database knows of a folder."""
    return None if not name else derive(master, "petition-folder-v1", name).hex()


def _known(engine: Engine) -> str | None:
    with engine.connect().execution_options(petition_reads=True) as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        found: str | None = connection.execute(text("SELECT folder FROM host_lease")).scalar_one_or_none()
        return found
