"""Lifts what changes between two sealings off its tables and puts it back sorted, so no page shows what came when.

Deleting and inserting is not enough on SQLite: which pages a table grew into, and in what order they were freed,
follows from the order of arrival, and a table's first page keeps pointers to rows that are gone. So the tables are
emptied completely, and the file is cut back to the pages that it had before anyone came. The log grows from there, and
signatures that still wait are written last. If the same people come in another order, the bytes are the same.
On PostgreSQL what one transaction writes has one xmin; ``forget_order`` does the rest.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from petition.database import cut_back

Row = dict[str, Any]
LEAST_SMOOTHED = 64 * 1024
"""Bytes."""


class LiftedRows:
    """The rows of some tables, keyed by letter and a hash, off their tables until they are put back."""

    def __init__(self, session: Session, letter_id: str, *tables: type[Any]) -> None:
        """Lift a letter's rows, which no one else may write to meanwhile; on SQLite all other letters' rows too."""
        self._session = session
        self._rows: dict[type[Any], list[Row]] = {}
        self._others: dict[type[Any], list[Row]] = {}
        session.flush()
        whole = session.get_bind().dialect.name == "sqlite"
        for table in tables:
            rows = self._take(table, None if whole else letter_id)
            self._rows[table] = [row for row in rows if row["letter_id"] == letter_id]
            self._others[table] = [row for row in rows if row["letter_id"] != letter_id]
        if whole:
            self._smooth(tables[0])

    def _take(self, table: type[Any], letter_id: str | None) -> list[Row]:
        here = table.__table__
        query, removal = select(here), delete(here)
        if letter_id is not None:
            query, removal = query.where(here.c.letter_id == letter_id), removal.where(here.c.letter_id == letter_id)
        rows = [dict(row) for row in self._session.execute(query).mappings()]
        self._session.execute(removal)
        return in_key_order(table, rows)

    def _smooth(self, table: type[Any]) -> None:
        """Cut the file back, and write over the pages that it had: one of them has listed the others.

        How many are written over follows from the rows that were lifted, not from the pages that they took.
        """
        cut_back(self._session)
        lifted = [row for rows in (*self._rows.values(), *self._others.values()) for row in rows]
        values = (value for row in lifted for value in row.values() if isinstance(value, bytes | str))
        size = LEAST_SMOOTHED + 3 * sum(map(len, values))
        here = table.__table__
        blank: list[ColumnElement[Any]] = [
            func.zeroblob(size) if column.name == _key(table)[-1] else literal("") for column in here.c
        ]
        self._session.execute(insert(here).from_select(list(here.c), select(*blank)))
        self._session.execute(delete(here))
        cut_back(self._session)

    def rows(self, table: type[Any]) -> list[Row]:
        """The letter's rows of a table, by their keys."""
        return self._rows[table]

    def put_back(self, kept: Mapping[type[Any], Iterable[Row]]) -> None:
        """Write what is kept of the letter's rows, and all other letters' rows, in the order of their keys."""
        self._session.flush()
        for table, others in self._others.items():
            rows = in_key_order(table, [*others, *kept.get(table, ())])
            if rows:
                self._session.execute(insert(table.__table__), rows)


def _key(table: type[Any]) -> list[str]:
    """The names of a table's key: the letter's, and that of a hash."""
    return [column.name for column in table.__table__.primary_key]


def in_key_order(table: type[Any], rows: Iterable[Row]) -> list[Row]:
    letter_id, key = _key(table)
    return sorted(rows, key=lambda row: (row[letter_id], bytes(row[key])))
