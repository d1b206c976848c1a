"""History and log as streams: with any number of signatures, memory stays the same and no one waits.

SQLite, whose readers hold up its writers, is asked for a stretch at a time, each in a moment of its own: no entry ever
changes, and of the history only the newest hour does. PostgreSQL copies all of it in one go (COPY … TO STDOUT, in
binary). Nothing passes through objects of the ORM.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import islice
from typing import Any

from sqlalchemy import Engine, func, select

from petition.database import UNSUPPORTED
from petition.letters.models import Letter
from petition.publishing.data.exports import history_columns, history_row, table
from petition.publishing.figures.counts import Row
from petition.sealing.models import Entry, Log, Sealing

AT_ONCE = 1_000
"""How many rows are in memory at a time."""
Pieces = Iterator[tuple[bytes, int]]
"""Bytes to be written one after the other, each with how many rows it has."""


def log_size(engine: Engine, letter_id: str) -> int:
    """How many entries a letter's log has; none before it is open."""
    with engine.connect() as connection:
        return connection.scalar(select(Log.size).where(Log.letter_id == letter_id)) or 0


def history_size(engine: Engine, letter_id: str) -> int:
    """How many hours a letter's history has."""
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Sealing).where(Sealing.letter_id == letter_id)) or 0


def log_jsonl(engine: Engine, letter_id: str) -> Pieces:
    """``log.jsonl``: the bytes of each entry as they are hashed, a line feed after each."""
    if can_copy(engine):
        query = "SELECT data FROM entry WHERE letter_id = %s AND number < %s ORDER BY number"
        rows = _copied(engine, query, (letter_id, log_size(engine, letter_id)), "bytea")
    else:
        rows = islice(_asked(engine, Entry, letter_id, Entry.number, Entry.data), log_size(engine, letter_id))
    while piece := [row[-1] for row in islice(rows, AT_ONCE)]:
        yield b"\n".join([*piece, b""]), len(piece)


def history_csv(engine: Engine, letter_id: str) -> Pieces:
    """``history.csv``, its header first."""
    with engine.connect() as connection:
        version = connection.scalar(select(Letter.log_version).where(Letter.id == letter_id)) or 1
    yield table(history_columns(version), ()), 0
    if can_copy(engine):
        query = "SELECT hour, signatures, withdrawals, size FROM sealing WHERE letter_id = %s ORDER BY hour"
        rows = _copied(engine, query, (letter_id,), "timestamp", "int4", "int4", "int4")
    else:
        columns = (Sealing.hour, Sealing.signatures, Sealing.withdrawals, Sealing.size)
        rows = _asked(engine, Sealing, letter_id, *columns)
    while piece := [history_row(Row(at.replace(tzinfo=UTC), *numbers)) for at, *numbers in islice(rows, AT_ONCE)]:
        yield table(None, piece), len(piece)


def can_copy(engine: Engine) -> bool:
    """Whether the database copies rows out. Engines that only speak PostgreSQL's protocol may not."""
    if engine.dialect.name != "postgresql":
        return False
    from psycopg import Error

    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT (FORMAT BINARY)") as copy:
                return list(copy.rows()) != []
    except Error as error:
        if error.sqlstate in UNSUPPORTED:
            return False
        raise


def _asked(engine: Engine, model: Any, letter_id: str, key: Any, *columns: Any) -> Iterator[Sequence[Any]]:
    """Columns of a letter's rows, the key first, in the key's order: a stretch at a time."""
    query = select(key, *columns).where(model.letter_id == letter_id).order_by(key).limit(AT_ONCE)
    stretch = query
    while True:
        with engine.connect() as connection:
            rows = connection.execute(stretch).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        stretch = query.where(key > rows[-1][0])


def _copied(engine: Engine, query: str, values: tuple[Any, ...], *types: str) -> Iterator[Sequence[Any]]:
    """The rows of a query as PostgreSQL copies them out."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", values) as copy:
            copy.set_types(types)
            yield from copy.rows()
