"""Writes a backup into an empty site: first into tables of the version that made it, which are then upgraded.

Then it ends what must not go on: rounds without their secrets, logs that may be older than the published one.
"""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, LargeBinary, MetaData, Table, func, insert, select, update

from petition.config import Settings
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.merkle import Tiles, leaf_hash
from petition.database import WAITING_FILE, Databases, files_of
from petition.errors import BadShape, Conflict, Refusal
from petition.issuing.models import Batch, IssuingRound
from petition.issuing.secrets import RoundSecrets
from petition.letters.models import Letter
from petition.letters.states import CLOSED, SIGNABLE
from petition.operations.backup import Backup, snapshot
from petition.operations.migration import alembic_config, known_revisions, migrating, revision_in
from petition.operations.schema import METADATA
from petition.operations.secrets_folder import adopt_folder
from petition.private_files import written_beside
from petition.sealing.models import Entry, Log, Tile
from petition.signing.models import ShownName
from petition.signing.names import ON_PAGES, RESTORED

AT_ONCE = 2000


def require_known(backup: Backup, scripts: Path | None = None) -> None:
    """Refuse a backup that a newer version made."""
    for chain in METADATA:
        if backup.revisions.get(chain) not in known_revisions(chain, scripts):
            raise Conflict(
                "This backup was made by version %(program)s, which is newer than this one. Install version "
                "%(program)s, and restore with it. Nothing was changed.",
                program=backup.program,
            )


def require_empty(databases: Databases) -> None:
    """Refuse to restore where anything is."""
    for chain, metadata in METADATA.items():
        with snapshot(databases.engine(chain)) as connection:
            for table in metadata.sorted_tables:
                if connection.execute(select(func.count()).select_from(table)).scalar_one():
                    raise Conflict(
                        "There is a site here already. Restore into an empty data folder (PETITION_DATA), or empty "
                        "databases. Nothing was changed."
                    )


def restore(settings: Settings, databases: Databases, backup: Backup, scripts: Path | None = None) -> list[str]:
    """Write a backup into an empty, migrated site; returns the slugs of the letters whose logs are held from now on.

    Rounds come back without their keys, as ended: at most as many tokens were issued as codes were made.
    """
    require_known(backup, scripts)
    require_empty(databases)
    tiles = [row for log in backup.rows["petition"][Log.__tablename__] for row in _tiles(backup, log)]
    with migrating(databases.petition) as petition, migrating(databases.issuer) as issuer:  # which commits first
        _write(issuer, "issuer", backup, scripts)
        _end_rounds(issuer)
        _write(petition, "petition", backup, scripts, {Tile.__tablename__: tiles})
        held = _hold(petition)
        put_secret(settings.secret_file, backup.secret)
    adopt_folder(settings, databases, backup.secret)
    secrets = RoundSecrets(settings.rounds_folder, backup.secret)
    for row in backup.rows["issuer"][IssuingRound.__tablename__]:
        if secrets.exists(row["letter_id"], row["number"]):
            secrets.destroy(row["letter_id"], row["number"])
    shutil.rmtree(settings.public_folder, ignore_errors=True)
    return held


def _write(
    connection: Connection, chain: str, backup: Backup, scripts: Path | None, more: dict[str, Any] | None = None
) -> None:
    """Make the tables, empty at the newest version, as the backup's version had them; fill them, and upgrade them."""
    from alembic import command

    config = alembic_config(chain, connection, scripts)
    if revision_in(connection) != backup.revisions[chain]:
        command.downgrade(config, "base")
        command.upgrade(config, backup.revisions[chain])
    tables = MetaData()
    tables.reflect(connection)
    if WAITING_FILE in files_of(connection):
        tables.reflect(connection, schema=WAITING_FILE)
    rows = {**backup.rows[chain], **(more or {})}
    for table in tables.sorted_tables:
        _fill(connection, table, rows.pop(table.name, []))
    if any(rows.values()):
        raise BadShape(
            "The backup is damaged: it has rows of tables that its version did not have. Nothing was changed."
        )
    command.upgrade(config, "head")


def _fill(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        try:
            values = [{name: _value(table.c[name].type, value) for name, value in row.items()} for row in part]
        except (KeyError, ValueError):
            raise BadShape("The backup is damaged: a row does not fit its table. Nothing was changed.") from None
        connection.execute(insert(table), values)


def _value(kind: Any, value: Any) -> Any:
    """A value as the database takes it."""
    if not isinstance(value, str) or not isinstance(kind, LargeBinary | DateTime | Date):
        return value
    if isinstance(kind, LargeBinary):
        return from_b64url(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _tiles(backup: Backup, log: dict[str, Any]) -> list[dict[str, Any]]:
    """All tiles of a log, made again from its entries; refuses entries that are not those that were signed for."""
    entries = backup.rows["petition"][Entry.__tablename__]
    datas = [from_b64url(row["data"]) for row in entries if row["letter_id"] == log["letter_id"]]
    tree = Tiles(0, {})
    found = tree.append(leaf_hash(data) for data in datas)
    if tree.size != log["size"] or b64_root(tree.root()) != log["checkpoint"].split("\n")[2]:
        raise BadShape("The backup is damaged: a log's entries are not those of its checkpoint. Nothing was changed.")
    return [
        {"letter_id": log["letter_id"], "level": level, "number": number, "hashes": b64url(hashes)}
        for (level, number), hashes in sorted(found.items())
    ]


def b64_root(root: bytes) -> str:
    """A root as a checkpoint writes it."""
    text = b64url(root).replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)


def _end_rounds(connection: Connection) -> None:
    """End the rounds. How many codes were exchanged since the backup is unknown: of codes on paper, at most all; of
    emailed codes, only the backup's number is known."""
    codes = (
        select(func.coalesce(func.sum(Batch.made), 0))
        .where(Batch.letter_id == IssuingRound.letter_id, Batch.round == IssuingRound.number)
        .scalar_subquery()
    )
    connection.execute(
        update(IssuingRound)
        .where(IssuingRound.issued.is_(None))
        .values(issued=codes + IssuingRound.mailed, is_lost=True)
    )


def _hold(connection: Connection) -> list[str]:
    living = select(Letter.id).where(Letter.state.in_({*SIGNABLE, CLOSED}))
    connection.execute(update(Log).where(Log.letter_id.in_(living)).values(is_held=True))
    connection.execute(update(ShownName).where(ShownName.state.in_(ON_PAGES)).values(state=RESTORED))
    connection.execute(update(Letter).values(names_shown=0))
    held = select(Letter.slug).join(Log, Log.letter_id == Letter.id).where(Log.is_held)
    return list(connection.scalars(held.order_by(Letter.slug)))


def put_secret(path: Path, secret: bytes) -> None:
    """Put the master secret in its place; another one that is there is kept beside it."""
    if path.exists() and path.read_bytes() == secret:
        return
    try:
        with written_beside(path, secret) as part:
            if path.exists():
                path.rename(path.with_name(f"{path.name}.before-restore"))
            part.rename(path)
    except OSError as error:
        raise Refusal("%(path)s cannot be written: %(why)s.", path=str(path), why=error.strerror) from None
