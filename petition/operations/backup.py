"""One encrypted file with everything that a site must not lose, and nothing that it promised to forget.

In it: both databases and the master secret. Not in it: round secrets and what they open (private keys of rounds,
hashes of codes), signatures that wait, names that are locked, mail that waits. A backup must not outlive a promise, so
after a restore codes need a new round, whoever waited to be counted sends the saved signature again, and whoever had
locked a name gives it again with the receipt. Withdrawn and sealed commits
are in it: they are what keeps a spent token spent.

The file is age (passphrase), so that ``age -d`` opens it too. Inside are lines of JSON: a head, then for each table
its columns and its rows in the order of their keys, which says nothing of the order of their writing. Both kinds of
database write and read the same lines.
"""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    Table,
    TypeDecorator,
    func,
    insert,
    select,
    update,
)

from petition.config import SECRET_BYTES, Settings
from petition.crypto.encodings import b64url, from_b64url, hour
from petition.crypto.merkle import Tiles, leaf_hash
from petition.database import Databases, IssuerBase, PetitionBase
from petition.errors import BadShape, Conflict, Refusal
from petition.issuing.models import UNSPENT, VOIDED, Batch, Code, IssuingRound, Outbox
from petition.issuing.secrets import RoundSecrets
from petition.letters.models import Invitation, Letter, NamesKey, SignIn, to_hour
from petition.letters.states import CLOSED, SIGNABLE
from petition.migration import head_of
from petition.sealing.models import Entry, Log, Tile
from petition.signing.models import ArrivedName, LockedName, Pending, ShownName
from petition.signing.names import HELD, ON_PAGES

FORMAT = 1
MAGIC = b"age-encryption.org/v1"
CHAINS = {"petition": PetitionBase.metadata, "issuer": IssuerBase.metadata}
LEFT_OUT = {
    Pending.__tablename__, Tile.__tablename__, Code.__tablename__, Outbox.__tablename__, SignIn.__tablename__,
    Invitation.__tablename__, ArrivedName.__tablename__, LockedName.__tablename__,
}  # fmt: skip
"""Who waits, and names that nobody may read yet, or ever; what can be made again (tiles), or not be used any more
(codes without their round's secret); who is signed in; one-time links, of which those used since would work again."""
AT_ONCE = 2000


@dataclass(frozen=True)
class Backup:
    """A backup, decrypted and read: the head, the master secret, each table's rows."""

    program: str
    revisions: dict[str, str]
    made: str
    secret: bytes
    rows: dict[str, dict[str, list[dict[str, Any]]]]
    """By chain and table."""


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
        "revisions": {chain: head_of(chain) for chain in CHAINS},
        "made": hour(to_hour(moment)),
        "secret": b64url(secret),
    }
    lines = [head]
    with snapshot(databases.petition) as connection:
        lines += _tables(connection, "petition", but=Entry.__tablename__)
        sizes = connection.execute(select(Log.letter_id, Log.size)).all()
    with snapshot(databases.petition) as connection:  # entries never change, so they need not hold up anybody
        lines += _entries(connection, {row.letter_id: row.size for row in sizes})
    with snapshot(databases.issuer) as connection:
        lines += _tables(connection, "issuer")
    lines.append({"end": len(lines)})
    return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def encrypt(plain: bytes, passphrase: str) -> bytes:
    """The file: age, with a key from the passphrase (scrypt); takes a second or two, for whoever guesses too."""
    _require_passphrase(passphrase)
    return bytes(pyrage.passphrase.encrypt(plain, passphrase))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and sees one moment."""
    how = {"petition_reads": True} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**how) as connection:
        yield connection
        connection.rollback()


def _tables(connection: Connection, chain: str, but: str = "") -> Iterator[Any]:
    for table in CHAINS[chain].sorted_tables:
        if table.name not in {*LEFT_OUT, but}:
            yield _heading(chain, table)
            for row in connection.execute(select(table).order_by(*table.primary_key)):
                yield [_written(value) for value in _kept(connection, table, row._mapping).values()]


def _kept(connection: Connection, table: Table, row: Any) -> dict[str, Any]:
    """A row as it is kept: of a round never the private key, locked though it is; its codes are left out, so how many
    mailed ones were exchanged is kept with it."""
    values = {column.name: row[column] for column in table.columns}
    if table.name == NamesKey.__tablename__ and not values["is_open"]:  # an announcement may be void by tomorrow
        values["private_key"] = values["opens"] = None
    if table.name == IssuingRound.__tablename__:
        values["private_key"] = None
        of_round = (Code.letter_id == values["letter_id"], Code.round == values["number"], Code.batch.is_(None))
        used = select(func.count()).select_from(Code).where(*of_round, Code.request.not_in((UNSPENT, VOIDED)))
        values["mailed"] = values["mailed"] or connection.scalar(used)
    return values


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
    """Write the file whole or not at all, for its owner alone; replaces nothing but an older backup."""
    if path.exists() and not _is_encrypted(path):
        raise Conflict("%(path)s is something else than a backup. Choose another name.", path=str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Refusal("%(path)s cannot be written: %(why)s.", path=str(path), why=error.strerror) from None
    finally:
        part.unlink(missing_ok=True)


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
        raise Conflict("This backup is of version %(program)s, which is newer. Install it first.", **head)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {chain: defaultdict(list) for chain in CHAINS}
    for line in lines[1:-1]:
        if isinstance(line, dict):
            chain, table = line["database"], CHAINS[line["database"]].tables[line["table"]]
            columns = [table.columns[name] for name in line["columns"]]
        else:
            values = zip(columns, line, strict=True)
            rows[chain][table.name].append({column.name: _value(column, value) for column, value in values})
    secret = from_b64url(head["secret"])
    if len(secret) < SECRET_BYTES:
        raise ValueError
    return Backup(head["program"], head["revisions"], head["made"], secret, rows)


def _value(column: Any, value: Any) -> Any:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    if value is None or not isinstance(kind, LargeBinary | DateTime | Date):
        return value
    if isinstance(kind, LargeBinary):
        return from_b64url(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else datetime.fromisoformat(value)


# Restoring


def require_known(backup: Backup) -> None:
    """Refuse a backup that another version made, whose tables are others."""
    if backup.revisions != {chain: head_of(chain) for chain in CHAINS}:
        raise Conflict(
            "This backup was made by version %(program)s, whose tables are others than this version's. Install "
            "version %(program)s, restore, and then upgrade. Nothing was changed.",
            program=backup.program,
        )


def require_empty(databases: Databases) -> None:
    """Refuse to restore where anything is."""
    for chain, engine in (("petition", databases.petition), ("issuer", databases.issuer)):
        with snapshot(engine) as connection:
            for table in CHAINS[chain].sorted_tables:
                if connection.execute(select(func.count()).select_from(table)).scalar_one():
                    raise Conflict(
                        "There is a site here already. Restore into an empty data folder (PETITION_DATA), or empty "
                        "databases. Nothing was changed."
                    )


def restore(settings: Settings, databases: Databases, backup: Backup) -> list[str]:
    """Write a backup into an empty, migrated site; returns the slugs of the letters whose logs are held from now on.

    Rounds come back without their keys, as ended: at most as many tokens were issued as codes were made.
    """
    require_known(backup)
    require_empty(databases)
    tiles = [row for log in backup.rows["petition"][Log.__tablename__] for row in _tiles(backup, log)]
    with closing(databases.issuer.connect()) as issuer, closing(databases.petition.connect()) as petition:
        _insert(issuer, "issuer", backup)
        _end_rounds(issuer)
        _insert(petition, "petition", backup)
        _in_parts(petition, PetitionBase.metadata.tables[Tile.__tablename__], tiles)
        held = _hold(petition)
        put_secret(settings.secret_file, backup.secret)
        issuer.commit()
        petition.commit()
    secrets = RoundSecrets(settings.rounds_folder, backup.secret)
    for row in backup.rows["issuer"][IssuingRound.__tablename__]:
        if secrets.exists(row["letter_id"], row["number"]):
            secrets.destroy(row["letter_id"], row["number"])
    shutil.rmtree(settings.public_folder, ignore_errors=True)
    return held


def _tiles(backup: Backup, log: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """All tiles of a log, made again from its entries; refuses entries that are not those that were signed for."""
    datas = [
        row["data"] for row in backup.rows["petition"][Entry.__tablename__] if row["letter_id"] == log["letter_id"]
    ]
    tree = Tiles(0, {})
    found = tree.append(leaf_hash(data) for data in datas)
    if tree.size != log["size"] or b64_root(tree.root()) != log["checkpoint"].split("\n")[2]:
        raise BadShape("The backup is damaged: a log's entries are not those of its checkpoint. Nothing was changed.")
    return [
        {"letter_id": log["letter_id"], "level": level, "number": number, "hashes": hashes}
        for (level, number), hashes in sorted(found.items())
    ]


def b64_root(root: bytes) -> str:
    """A root as it stands in a checkpoint."""
    text = b64url(root).replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)


def _insert(connection: Connection, chain: str, backup: Backup) -> None:
    for table in CHAINS[chain].sorted_tables:
        _in_parts(connection, table, backup.rows[chain][table.name])


def _in_parts(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(insert(table), rows[start : start + AT_ONCE])


def _end_rounds(connection: Connection) -> None:
    """Nobody can tell how many codes were exchanged since: of those on paper at most all; of mailed ones nobody knows
    more than the backup."""
    codes = (
        select(func.coalesce(func.sum(Batch.made - Batch.voided), 0))
        .where(Batch.letter_id == IssuingRound.letter_id, Batch.round == IssuingRound.number)
        .scalar_subquery()
    )
    connection.execute(
        update(IssuingRound).where(IssuingRound.issued.is_(None)).values(issued=codes + IssuingRound.mailed)
    )


def _hold(connection: Connection) -> list[str]:
    living = select(Letter.id).where(Letter.state.in_({*SIGNABLE, CLOSED}))
    connection.execute(update(Log).where(Log.letter_id.in_(living)).values(is_held=True))
    connection.execute(update(ShownName).where(ShownName.state.in_(ON_PAGES)).values(state=HELD))
    connection.execute(update(Letter).values(names_shown=0))
    held = select(Letter.slug).join(Log, Log.letter_id == Letter.id).where(Log.is_held)
    return list(connection.scalars(held.order_by(Letter.slug)))


def put_secret(path: Path, secret: bytes) -> None:
    """Put the master secret in its place; another one that is there is kept beside it."""
    if path.exists() and path.read_bytes() == secret:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            path.rename(path.with_name(f"{path.name}.before-restore"))
        part.rename(path)
    except OSError as error:
        raise Refusal("%(path)s cannot be written: %(why)s.", path=str(path), why=error.strerror) from None
    finally:
        part.unlink(missing_ok=True)
