"""One encrypted file with everything that a site must not lose, and nothing that it promised to forget.

In it: both databases and the master secret. Not in it: round secrets and what they open (private keys of rounds,
hashes of codes), waiting signatures, answers that have not settled, locked names, waiting email. A backup must not
outlive a promise. So after a restore, codes need a new round, signers who waited to be counted send their saved
signature again, and signers with a locked name, or with answers that came last, give them again with their receipt.
Withdrawn and sealed commits are in it: they keep a spent token spent.

The file is age (passphrase), so that ``age -d`` opens it too. Inside are lines of JSON: a head, then for each table
its columns and its rows in the order of their keys, which says nothing of the order of their writing. Both kinds of
database write and read the same lines.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    false,
    func,
    select,
)

from petition.config import SECRET_BYTES
from petition.crypto.encodings import b64url, from_b64url, hour
from petition.database import Databases, Padded, PetitionBase, to_hour
from petition.errors import BadShape, Conflict, Refusal
from petition.issuing.models import UNSPENT, VOIDED, Code, IssuingRound, Outbox
from petition.letters.models import Invitation, NamesKey, SignIn
from petition.operations.migration import head_of
from petition.operations.schema import METADATA
from petition.private_files import written_beside
from petition.sealing.models import Entry, Log, Tile
from petition.signing.models import Answer, ArrivedAnswer, ArrivedName, LockedName, Pending, Sealed

FORMAT = 1
MAGIC = b"age-encryption.org/v1"
LEFT_OUT = {
    Pending.__tablename__, Tile.__tablename__, Code.__tablename__, Outbox.__tablename__, SignIn.__tablename__,
    Invitation.__tablename__, ArrivedName.__tablename__, LockedName.__tablename__, ArrivedAnswer.__tablename__,
}  # fmt: skip
"""Signatures and answers that wait: in a backup, one person's answers would be beside each other. Names that no one
may read yet, or ever. What can be made again (tiles), or can't be used any more (codes without their round's secret).
Who is signed in. One-time links: those used since would work again."""
AT_ONCE = 2000
PADDED_TO = 2**16
"""Bytes. The size of a backup must not tell someone who can't open it when a signer came."""


@dataclass(frozen=True)
class Backup:
    """A backup, decrypted and read: the head, the master secret, each table's rows."""

    program: str
    revisions: dict[str, str]
    made: str
    secret: bytes = field(repr=False)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = field(repr=False)
    """By chain and table; bytes, dates and hours are still text."""


# Writing


def back_up(databases: Databases, secret: bytes, *, moment: datetime, program: str = "") -> bytes:
    """Everything that a backup holds, not encrypted yet. petition.db is read before issuer.db, each in one snapshot,
    while the site goes on: so the issuer's numbers are never behind the signatures that rest on them.

    ``program`` is our version.
    """
    head = {
        "petition": "backup",
        "format": FORMAT,
        "program": program,
        "revisions": {chain: head_of(chain) for chain in METADATA},
        "made": hour(to_hour(moment)),
        "secret": b64url(secret),
    }
    lines = [head]
    with snapshot(databases.petition) as connection:
        lines += _tables(connection, "petition", but=Entry.__tablename__)
        sizes = connection.execute(select(Log.letter_id, Log.size)).all()
    with snapshot(databases.petition) as connection:  # entries never change, so reading them holds no one up
        lines += _entries(connection, {row.letter_id: row.size for row in sizes})
    with snapshot(databases.issuer) as connection:
        lines += _tables(connection, "issuer")
    lines.append({"end": len(lines)})
    data = b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)
    return data[:-1] + b" " * (-len(data) % PADDED_TO) + b"\n"


def encrypt(plain: bytes, passphrase: str) -> bytes:
    """The file: age, with a key from the passphrase (scrypt); takes a second or two, and so does each guess."""
    _require_passphrase(passphrase)
    return bytes(pyrage.passphrase.encrypt(plain, passphrase))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and sees a single moment."""
    how = {"petition_reads": True} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**how) as connection:
        yield connection
        connection.rollback()


def _tables(connection: Connection, chain: str, but: str = "") -> Iterator[Any]:
    for table in METADATA[chain].sorted_tables:
        if table.name not in {*LEFT_OUT, but}:
            yield _heading(chain, table)
            for row in connection.execute(select(table).where(~_left_out(table)).order_by(*table.primary_key)):
                yield [_written(value) for value in _kept(connection, table, row._mapping).values()]


def _left_out(table: Table) -> ColumnElement[bool]:
    """Rows that are not in a backup: answers that were taken back, and what an update at work has not published."""
    if table.name == Answer.__tablename__:
        return table.c.option == ""
    if table.name == Sealed.__tablename__:
        return table.c.entry >= select(Log.size).where(Log.letter_id == table.c.letter_id).scalar_subquery()
    return false()


def _kept(connection: Connection, table: Table, row: Any) -> dict[str, Any]:
    """A row as a backup has it: of a round never the private key, even locked. Its codes are left out, so how many
    mailed ones were exchanged is kept with it."""
    values = {column.name: _stored(column, row[column]) for column in table.columns}
    if table.name == Log.__tablename__:
        values["preparing"] = None
    if table.name == NamesKey.__tablename__ and not values["is_open"]:  # an announcement may be void by tomorrow
        values["private_key"] = values["opens"] = None
    if table.name == IssuingRound.__tablename__:
        values["private_key"] = None
        of_round = (Code.letter_id == values["letter_id"], Code.round == values["number"], Code.batch.is_(None))
        used = select(func.count()).select_from(Code).where(*of_round, Code.request.not_in((UNSPENT, VOIDED)))
        values["mailed"] = values["mailed"] or connection.scalar(used)
    return values


def _stored(column: Column[Any], value: Any) -> Any:
    """A value as the database has it, so that it can be written back as it was."""
    return column.type.padded(value) if isinstance(column.type, Padded) else value


def _entries(connection: Connection, sizes: dict[str, int]) -> Iterator[Any]:
    table = PetitionBase.metadata.tables[Entry.__tablename__]
    yield _heading("petition", table)
    for letter_id, size in sorted(sizes.items()):
        within = (table.c.letter_id == letter_id) & (table.c.number < size)
        for row in connection.execute(select(table).where(within).order_by(table.c.number)):
            yield [_written(value) for value in row]


def _heading(chain: str, table: Table) -> dict[str, Any]:
    return {"database": chain, "table": table.name, "columns": [column.name for column in table.columns]}


def _written(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return b64url(bytes(value))
    return value.isoformat() if isinstance(value, date) else value  # a datetime is a date as well


def put_file(path: Path, data: bytes) -> None:
    """Write the file whole or not at all, readable by its owner only; replaces nothing but an older backup."""
    if path.exists() and not _is_encrypted(path):
        raise Conflict("%(path)s is something else than a backup. Choose another name.", path=str(path))
    try:
        with written_beside(path, data) as part:
            part.replace(path)
    except OSError as error:
        raise Refusal("%(path)s cannot be written: %(why)s.", path=str(path), why=error.strerror) from None


def _is_encrypted(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


# Reading


def decrypt(data: bytes, passphrase: str) -> bytes:
    """What was encrypted; refuses a wrong passphrase, a damaged file, and one that was never a backup."""
    _require_passphrase(passphrase)
    if not data.startswith(MAGIC):
        raise BadShape("This file is no backup of this program: it is not encrypted with age.")
    try:
        return bytes(pyrage.passphrase.decrypt(data, passphrase))
    except pyrage.DecryptError:
        raise BadShape(
            "The backup does not open: the passphrase is another one, or the file is damaged. Nothing was changed."
        ) from None


def read_backup(plain: bytes) -> Backup:
    """Read a decrypted backup; refuses anything that is not whole. Changes nothing."""
    try:
        return _read(plain)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, UnboundLocalError):
        raise BadShape("This file opens, but it is no backup of this program. Nothing was changed.") from None


def _require_passphrase(passphrase: str) -> None:
    if not passphrase:
        raise BadShape("Give a passphrase: six random words or more, kept apart from the file.")


def _read(plain: bytes) -> Backup:
    lines = [json.loads(line) for line in plain.splitlines()]
    head, last = lines[0], lines[-1]
    if head["petition"] != "backup" or last != {"end": len(lines) - 1}:
        raise ValueError
    if head["format"] != FORMAT:
        raise Conflict(
            "This backup is of version %(program)s, which is newer. Install it first.", program=head["program"]
        )
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {chain: defaultdict(list) for chain in METADATA}
    for line in lines[1:-1]:
        if isinstance(line, dict):
            table, columns = rows[line["database"]][line["table"]], line["columns"]
        else:
            table.append(dict(zip(columns, line, strict=True)))
    secret = from_b64url(head["secret"])
    if len(secret) < SECRET_BYTES:
        raise ValueError
    return Backup(head["program"], head["revisions"], head["made"], secret, rows)
