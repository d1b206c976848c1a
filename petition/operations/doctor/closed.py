"""What must be gone after a letter has closed, and whether it is. It only looks, and changes nothing.

Rows are one thing, bytes another. SQLite writes zeros over what it deletes (secure_delete). So a free page with other
bytes is reported, and so is a journal that isn't empty.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from petition.config import Settings
from petition.database import Databases, files_of
from petition.issuing.models import Code, IssuingRound, Outbox
from petition.issuing.secrets import RoundSecrets
from petition.letters.access import hosted_letter
from petition.letters.models import Letter, NamesKey, NamesKeyCopy
from petition.letters.states import CLOSED, WITHDRAWN
from petition.operations.doctor.checks import NOTE, OK, WRONG, Finding
from petition.operations.doctor.databases import check_files
from petition.signing.models import ArrivedAnswer, ArrivedName, LockedName, Pending, Tombstone

AREA = "closed"
JOURNALS = ("-journal", "-wal", "-shm")
PETITION_ROWS: dict[str, type[Any]] = {
    "signatures that wait": Pending,
    "commits of signatures withdrawn before they were sealed": Tombstone,
    "answers that wait": ArrivedAnswer,
    "locked names that wait": ArrivedName,
    "locked names": LockedName,
    "boxes of names keys": NamesKeyCopy,
}
ISSUER_ROWS: dict[str, type[Any]] = {"codes": Code, "mails that wait": Outbox}
AGAIN = "The next set time deletes it: petition seal does so now. If it stays, tell the project."


def check_after_close(settings: Settings, slug: str) -> Iterator[Finding]:
    """Everything that a closed letter promised to forget, each with whether it is gone."""
    files = list(check_files(settings))
    if files:
        yield from files
        return
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        with Session(databases.reading) as session:
            letter = hosted_letter(session, slug)
            if letter.state not in (CLOSED, WITHDRAWN):
                what = f"{slug} is {letter.state}: what is to be forgotten is forgotten when it closes."
                yield Finding(AREA, WRONG, what, f"petition letter close {slug}")
                return
            yield from _rows(session, letter, PETITION_ROWS)
            yield from _names_keys(session, letter)
        with Session(databases.reading_issuer) as issuer:
            yield from _rows(issuer, letter, ISSUER_ROWS)
            yield from _round_keys(issuer, settings, letter)
        for name, engine in (("petition.db", databases.petition), ("issuer.db", databases.issuer)):
            yield from _bytes(name, engine)
        yield from _kept_pages(settings, letter)
    finally:
        databases.dispose()
    mend = "Make a new one with petition backup, and delete those that are older."
    yield Finding(
        AREA, NOTE, "A backup that was made before still holds shown names, and keys that need a passphrase.", mend
    )


def _rows(session: Session, letter: Letter, tables: dict[str, type[Any]]) -> Iterator[Finding]:
    for what, table in tables.items():
        count = session.scalar(select(func.count()).select_from(table).where(table.letter_id == letter.id))
        if count:
            yield Finding(AREA, WRONG, f"{letter.slug}: {count} {what} are still there.", AGAIN)
        else:
            yield Finding(AREA, OK, f"{letter.slug}: no {what}.")


def _names_keys(session: Session, letter: Letter) -> Iterator[Finding]:
    rows = session.scalars(select(NamesKey).where(NamesKey.letter_id == letter.id)).all()
    left = [row.step for row in rows if not row.is_over or row.private_key is not None]
    if left:
        yield Finding(AREA, WRONG, f"{letter.slug}: names keys are still there ({', '.join(left)}).", AGAIN)
    else:
        yield Finding(AREA, OK, f"{letter.slug}: no names key.")


def _round_keys(issuer: Session, settings: Settings, letter: Letter) -> Iterator[Finding]:
    rows = issuer.scalars(select(IssuingRound).where(IssuingRound.letter_id == letter.id)).all()
    secrets = RoundSecrets(settings.rounds_folder, b"")
    keys = [str(row.number) for row in rows if row.private_key is not None]
    files = [str(row.number) for row in rows if secrets.exists(letter.id, row.number)]
    for what, left in (("private keys of rounds", keys), ("round secrets", files)):
        if left:
            yield Finding(AREA, WRONG, f"{letter.slug}: {what} are still there ({', '.join(left)}).", AGAIN)
        else:
            yield Finding(AREA, OK, f"{letter.slug}: no {what}.")


# Bytes


def _bytes(name: str, engine: Engine) -> Iterator[Finding]:
    if engine.dialect.name != "sqlite":
        what = f"The bytes of {name} are PostgreSQL's: its write-ahead log keeps what was deleted while it is retained."
        yield Finding(AREA, NOTE, what, "Keep it short, and take no image of its disk.")
        return
    with engine.connect().execution_options(petition_reads=True) as connection:
        for path in _held(connection):
            yield from _bytes_of(path)


def _bytes_of(path: Path) -> Iterator[Finding]:
    """What the bytes of a file tell that nobody writes to meanwhile."""
    name = path.name
    left = sum(1 for _ in _unclean_free_pages(path.read_bytes()))
    journals = [path.name + end for end in JOURNALS if _has_bytes(path.with_name(path.name + end))]
    if left:
        what = f"{name}: {left} free pages are not zeros."
        yield Finding(AREA, WRONG, what, "Back up, and restore into an empty folder: that makes the file anew.")
    else:
        yield Finding(AREA, OK, f"{name}: every free page is zeros.")
    if journals:
        yield Finding(AREA, WRONG, f"{', '.join(journals)} holds what was written last.", "Run it again in a moment.")
    else:
        yield Finding(AREA, OK, f"{name}: its journal is empty.")


def _held(connection: Connection) -> list[Path]:
    """The files of a database, held so that no one writes to them."""
    files = files_of(connection)
    for file in files:
        connection.exec_driver_sql(f"SELECT count(*) FROM {file}.sqlite_master").scalar_one()  # noqa: S608
    return list(files.values())


def _has_bytes(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _unclean_free_pages(raw: bytes) -> Iterator[int]:
    """Free pages that hold more than the list of the others (SQLite's file format, 1.5)."""
    size = struct.unpack_from(">H", raw, 16)[0]
    size = 65536 if size == 1 else size
    trunk = struct.unpack_from(">I", raw, 32)[0]
    while trunk:
        start = (trunk - 1) * size
        after, count = struct.unpack_from(">II", raw, start)
        leaves = struct.unpack_from(f">{count}I", raw, start + 8)
        if raw[start + 8 + 4 * count : start + size].strip(b"\0"):
            yield trunk
        yield from (leaf for leaf in leaves if raw[(leaf - 1) * size : leaf * size].strip(b"\0"))
        trunk = after


def _kept_pages(settings: Settings, letter: Letter) -> Iterator[Finding]:
    """Pages of editions before the last two must be gone from the public folder."""
    folder = settings.public_folder / letter.id
    editions = [int(path.name) for path in folder.iterdir() if path.name.isdecimal()] if folder.is_dir() else []
    old = [edition for edition in editions if edition < letter.edition]
    if old and letter.names_gone:
        what = f"{letter.slug}: kept pages of {len(old)} older editions may still show names."
        yield Finding(AREA, WRONG, what, f"Delete {folder}; the server makes what it needs.")
    else:
        yield Finding(AREA, OK, f"{letter.slug}: no kept page holds what is to be forgotten.")
