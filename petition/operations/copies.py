"""Copies of both databases from just before an upgrade, so that the upgrade can be undone.

They are made without the order of writing where that is possible (SQLite), for their owner alone. Undoing an upgrade
is possible until anything is sealed: a log that went back and grows again would be a second log of the same letter.
So the copies live exactly as long: the next set time wipes them before it seals, and with them the signatures that
waited, the codes that were used since, and everything that was withdrawn or hidden meanwhile.

A file of facts says what was copied. It is written last and deleted first: copies without it are of no use, because
they are not finished, or are being wiped.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from petition.config import Settings
from petition.database import Databases, files_of, waiting_beside
from petition.errors import Conflict, Refusal
from petition.operations.migration import CHAIN_NAMES
from petition.private_files import written_beside

FOLDER = "before-upgrade"
FACTS = "facts.json"
TOOL_SECONDS = 3600
DROP_TABLES = """
DO $$ DECLARE one text; BEGIN
    FOR one IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = current_schema()
    LOOP EXECUTE 'DROP TABLE ' || one || ' CASCADE'; END LOOP;
END $$
"""
"""For PostgreSQL. The program may not own its schema, but it owns its tables."""
Revisions: TypeAlias = Mapping[str, str | None]
"""By chain."""


class NotCopied(Refusal):
    """The databases could not be copied, so nothing was upgraded."""

    status = 500


def folder_of(settings: Settings) -> Path:
    """Where the copies are."""
    return settings.data / FOLDER


def make_copies(settings: Settings, databases: Databases, now: Revisions, heads: Revisions) -> None:
    """Copy both databases into the data folder, before they go from some revisions to others.

    petition.db is copied before issuer.db, so that the issuer's numbers are never behind the signatures.
    """
    folder = folder_of(settings)
    forget_copies(settings, databases)
    try:
        folder.mkdir(mode=0o700)
        for chain in CHAIN_NAMES:
            _copy(databases.engine(chain), folder / _name(databases.engine(chain), chain))
        files = sorted(path.name for path in folder.iterdir())
        facts = {"from": now, "to": heads, "logs": log_sizes(databases), "files": files}
        with written_beside(folder / FACTS, json.dumps(facts).encode()) as part:
            part.replace(folder / FACTS)
        _sync_folder(folder)
        _sync_folder(folder.parent)
    except (OSError, DatabaseError, sqlite3.Error) as error:
        forget_copies(settings, databases)
        raise NotCopied(
            "The databases were not copied (%(why)s), so they were not upgraded. Nothing was changed. Is there room "
            "where %(folder)s is? If you made a copy yourself: petition upgrade --no-copy",
            why=str(getattr(error, "orig", error)),
            folder=str(folder),
        ) from None
    except NotCopied:
        forget_copies(settings, databases)
        raise


def is_begun(settings: Settings, now: Revisions, heads: Revisions) -> bool:
    """Whether an upgrade to these heads was cut off after it had changed a database; the copies are from before."""
    facts = _facts(settings)
    return facts is not None and facts["to"] == heads and facts["from"] != now


def forget_copies(settings: Settings, databases: Databases) -> bool:
    """Overwrite and delete the copies; says whether there were any. Killed meanwhile, the next call goes on.

    So too what a rollback that was killed left beside the databases.
    """
    folder = folder_of(settings)
    if not folder.is_dir():
        return False
    if (folder / FACTS).exists():
        _wipe(folder / FACTS)
        _sync_folder(folder)  # before a copy is damaged, nothing may be left that says that it can be put back
    for path in (*folder.iterdir(), *filter(Path.exists, _parts(databases))):
        _wipe(path)
    folder.rmdir()
    return True


def put_back(settings: Settings, databases: Databases) -> dict[str, str]:
    """Put the copies in the place of the databases; gives the revisions that these have now.

    Refused where ``require_copies`` refuses. Killed meanwhile, it is finished by doing it again.
    """
    facts, copied = require_copies(settings, databases)
    folder = folder_of(settings)
    for chain in CHAIN_NAMES:
        engine = databases.engine(chain)
        _put_back(engine, folder / _name(engine, chain), copied)
    forget_copies(settings, databases)
    return dict(facts["from"])


def require_copies(settings: Settings, databases: Databases) -> tuple[dict[str, Any], list[str]]:
    """The facts of copies that can be put back, and the names of the copies. Changes nothing.

    Refused where anything was sealed since: what is published can't be unpublished. Refused as well where there is no
    copy, or a copy is damaged.
    """
    facts = _facts(settings)
    if facts is None:
        raise Conflict(
            "There is no copy from before an upgrade: the first count update after it deletes it, and so does going "
            "back. To go back further, restore a backup into an empty folder."
        )
    if log_sizes(databases) != facts["logs"]:
        raise Conflict(
            "A letter's log has grown since the upgrade, so going back would make a second log of the same letter. "
            "Restore a backup into an empty folder, and take over the newest published log: petition restore --help"
        )
    folder = folder_of(settings)
    copied = facts.get("files") or _all_names(databases)
    damaged = [name for name in copied if not _is_whole(folder / name)]
    if damaged:
        raise Conflict(
            "These copies from before the upgrade are missing or overwritten: %(names)s. Nothing was changed. To go "
            "back, restore a backup into an empty folder: petition restore --help",
            names=", ".join(damaged),
        )
    return facts, copied


def log_sizes(databases: Databases) -> dict[str, int]:
    """How many entries each letter's log has, at any revision; empty if there is no table of logs yet."""
    with databases.reading.connect() as connection:
        return {row.letter_id: row.size for row in connection.execute(text("SELECT letter_id, size FROM log"))}


def _facts(settings: Settings) -> dict[str, Any] | None:
    """What was copied; None if there are no copies that can be put back.

    Facts that are no JSON count as none. Either they were being overwritten, or the power failed while a version that
    did not write them whole or not at all was writing them, so before it upgraded anything.
    """
    try:
        found: dict[str, Any] = json.loads((folder_of(settings) / FACTS).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found


def _all_names(databases: Databases) -> list[str]:
    """The names of the copies of all files that the databases have, for facts that don't list them."""
    names = []
    for chain in CHAIN_NAMES:
        engine = databases.engine(chain)
        with engine.connect() as connection:
            files = files_of(connection) or ["main"]
        names += [_beside(Path(_name(engine, chain)), file).name for file in files]
    return names


def _is_whole(copy: Path) -> bool:
    """Whether a copy is there and no one began to overwrite it: no database and no dump begins with a zero byte."""
    if not copy.is_file():
        return False
    with copy.open("rb") as file:
        return file.read(1) != b"\0"


def _name(engine: Engine, chain: str) -> str:
    return f"{chain}.db" if engine.dialect.name == "sqlite" else f"{chain}.sql"


def _copy(engine: Engine, path: Path) -> None:
    _write(path, b"")
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            for file in files_of(connection):
                _copy_file(connection, file, path)
    else:
        _dump(engine, path)
        _sync(path)


def _copy_file(connection: Connection, file: str, path: Path) -> None:
    """Copy one file of an SQLite database; each table is written in the order of its keys."""
    place = _beside(path, file)
    if file != "main":
        _write(place, b"")
    driver = connection.connection.driver_connection
    assert driver is not None
    connection.rollback()
    driver.execute(f"VACUUM {file} INTO ?", (str(place),))
    _sync(place)


def _beside(path: Path, file: str) -> Path:
    """Where the copy of a file of an SQLite database is, by the copy of its first one."""
    return path if file == "main" else waiting_beside(str(path))


def _sync(path: Path) -> None:
    with path.open("rb") as opened:
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the disk keep which files are in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some file systems can't be asked to; SQLite goes on there as well
        os.fsync(descriptor)
    os.close(descriptor)


def _dump(engine: Engine, path: Path) -> None:
    with path.open("wb") as file:
        _run_tool(engine, ["pg_dump", "--no-owner", "--no-privileges"], stdout=file.fileno())


def _put_back(engine: Engine, path: Path, copied: Collection[str]) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:  # finishes what a crash left, so that no journal is applied to the copy
            places = files_of(connection)
        engine.dispose()
        for file, place in places.items():
            copy = _beside(path, file)
            data = copy.read_bytes() if copy.name in copied else b""  # a file that was not there before
            _put_file_back(place, data)
        return
    how = ["-qX", "-v", "ON_ERROR_STOP=1", "--single-transaction", "--command", DROP_TABLES, "--file", str(path)]
    try:
        _run_tool(engine, ["psql", *how])
    except NotCopied as failed:
        raise Refusal(
            "The databases were not put back: %(why)s. Mend that, then run it again: petition rollback",
            why=failed.values["why"],
        ) from None


def _parts(databases: Databases) -> list[Path]:
    """Where files of an SQLite database are written before they are put in its place."""
    found = []
    for chain in CHAIN_NAMES:
        with databases.engine(chain).connect() as connection:
            found += [_part(place) for place in files_of(connection).values()]
    return found


def _part(place: Path) -> Path:
    return place.with_name(f".{place.name}.before")


def _put_file_back(place: Path, data: bytes) -> None:
    part = _part(place)
    part.unlink(missing_ok=True)
    _write(part, data)
    with place.open("r+b") as replaced:  # it has signatures that waited and codes that were used since the upgrade
        part.replace(place)
        _sync_folder(place.parent)  # the copy is wiped afterwards
        _overwrite(replaced.fileno(), os.fstat(replaced.fileno()).st_size)


def _run_tool(engine: Engine, command: list[str], stdout: int = subprocess.DEVNULL) -> None:
    """Run one of PostgreSQL's own programs on a database. The password is in no list of processes."""
    tool = shutil.which(command[0])
    if tool is None:
        raise NotCopied(
            "A PostgreSQL database is copied by one of its own programs: %(why)s. Nothing was upgraded. Install it, or "
            "make a copy yourself and run: petition upgrade --no-copy",
            why=f"{command[0]} was not found (Debian: postgresql-client)",
        )
    url = engine.url.set(drivername="postgresql", password=None).render_as_string()
    environ = os.environ | ({"PGPASSWORD": str(engine.url.password)} if engine.url.password else {})
    done = subprocess.run(
        [tool, *command[1:], "--dbname", url],
        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=environ, timeout=TOOL_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotCopied(
            "The database was not copied: %(why)s. Nothing was upgraded. The tool must be of the server's version or "
            "newer. If you made a copy yourself: petition upgrade --no-copy",
            why=f"{command[0]} failed ({said[-1] if said else f'exit {done.returncode}'})",
        )


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _wipe(path: Path) -> None:
    with path.open("r+b") as file:
        _overwrite(file.fileno(), os.fstat(file.fileno()).st_size)
    path.unlink()


def _overwrite(descriptor: int, size: int) -> None:
    for start in range(0, size, 2**20):
        os.pwrite(descriptor, bytes(min(2**20, size - start)), start)
    os.fsync(descriptor)
