"""History and log as streams: with any number of signatures, memory stays the same and no one waits.

SQLite, whose readers hold up its writers, is asked for a stretch at a time, each in a moment of its own: no entry ever
changes, and of the history only the newest hour does. PostgreSQL gives all of it in one go. The driver's rows become
lines as they are: objects around them would cost several times what reading does.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from sqlalchemy import Engine, func, select

from petition.letters.models import Letter
from petition.publishing.data.exports import history_columns, table
from petition.sealing.models import Log, Sealing

AT_ONCE = 1_000
"""How many rows are in memory at a time."""
Rows = list[tuple[Any, ...]]
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
    size = log_size(engine, letter_id)
    query = "SELECT number, data FROM entry WHERE letter_id = ? AND number > ? AND number < ? ORDER BY number"
    for rows in _stretches(engine, query, letter_id, -1, size):
        yield b"".join([b"%b\n" % data for _, data in rows]), len(rows)


def history_csv(engine: Engine, letter_id: str) -> Pieces:
    """``history.csv``, its header first."""
    with engine.connect() as connection:
        version = connection.scalar(select(Letter.log_version).where(Letter.id == letter_id)) or 1
    yield table(history_columns(version), ()), 0
    hour = "hour" if engine.dialect.name == "sqlite" else "to_char(hour, 'YYYY-MM-DD HH24:MI')"
    columns = f"{hour}, signatures, withdrawals, size"
    query = f"SELECT {columns} FROM sealing WHERE letter_id = ? AND hour > ? ORDER BY hour"  # noqa: S608
    for rows in _stretches(engine, query, letter_id, "0001-01-01"):
        yield "".join([_line(*row) for row in rows]).encode(), len(rows)


def _line(hour: str, signatures: int, withdrawals: int, size: int | None) -> str:
    """A line of ``history.csv``; the hour comes as the database writes it, its date first, then its time."""
    end = "" if size is None else f",{size}"
    return f"{hour[:10]}T{hour[11:16]}Z,{signatures},{withdrawals},{signatures - withdrawals}{end}\r\n"


def _stretches(engine: Engine, query: str, letter_id: str, before: Any, *more: Any) -> Iterator[Rows]:
    """The rows of a query, in the order of their first column, whose values all come after ``before``."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            while rows := driver.execute(f"{query} LIMIT {AT_ONCE}", (letter_id, before, *more)).fetchall():
                yield rows
                before = rows[-1][0]
        else:
            query, values = query.replace("?", "%s"), (letter_id, before, *more)
            with driver.cursor() as cursor, closing(_streamed(cursor, query, values)) as stream:
                while rows := list(islice(stream, AT_ONCE)):
                    yield rows


def _streamed(cursor: Any, query: str, values: tuple[Any, ...]) -> Any:
    """A generator of rows from PostgreSQL. With an older library of its own, they come one by one."""
    from psycopg import capabilities

    size = AT_ONCE if capabilities.has_stream_chunked() else 1
    return cursor.stream(query, values, binary=True, size=size)
