"""Statements for what many people do at once: written with SQLAlchemy, compiled once, run by the driver itself.

That leaves out most of what running a statement costs. SQLAlchemy's events, errors and values stay.
"""

from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Values = Mapping[str, Any]
_FAILED = "petition_failed"


def run_by_driver(
    connection: Connection, sql: str, values: Any = (), *, many: bool = False
) -> tuple[Sequence[Any], int]:
    """Run SQL within the connection's transaction: the rows as the driver gives them, and how many it changed.

    With ``many``, once for each of a list of values.
    """
    try:
        cursor = connection.connection.cursor()
        for tell in connection.engine.dispatch.before_cursor_execute:
            sql, values = tell(connection, cursor, sql, values, None, many)
        (cursor.executemany if many else cursor.execute)(sql, values)
        return cursor.fetchall() if cursor.description else [], cursor.rowcount
    except connection.dialect.loaded_dbapi.Error as error:
        try:
            connection.exec_driver_sql(sql, execution_options={_FAILED: error})
        except DBAPIError as raised:
            raised.orig = error  # of a connection that the server closed, SQLAlchemy would only learn that it is closed
            raise
        raise


def fail_again(_cursor: Any, _sql: str, _values: Any, context: Any) -> None:
    """For the event ``do_execute`` of each engine: raise what a statement raised that the driver ran itself.

    So it is SQLAlchemy that makes its own error of it, and gives up a connection that is lost.
    """
    error = context.execution_options.get(_FAILED)
    if error is not None:
        raise error


class Prepared:
    """A statement that takes its values by name. None of them is a list."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, session: Session | Connection, values: Values) -> list[Any]:
        """The rows of a SELECT: named tuples, as SQLAlchemy's rows are."""
        connection, compiled = self._ready(session)
        rows, _ = run_by_driver(connection, compiled.sql, compiled.bound(values))
        return [compiled.row(row) for row in rows]

    def first(self, session: Session | Connection, values: Values) -> Any:
        """The first row of a SELECT, or None."""
        return next(iter(self.all(session, values)), None)

    def changed(self, session: Session | Connection, values: Values) -> int:
        """Run an INSERT, UPDATE or DELETE; how many rows it changed, as the database says."""
        connection, compiled = self._ready(session)
        return run_by_driver(connection, compiled.sql, compiled.bound(values))[1]

    def run_many(self, session: Session | Connection, rows: Iterable[Values]) -> None:
        """Run an INSERT for each row."""
        connection, compiled = self._ready(session)
        run_by_driver(connection, compiled.sql, [compiled.bound(row) for row in rows], many=True)

    def _ready(self, session: Session | Connection) -> tuple[Connection, "_Compiled"]:
        """A connection with a transaction, and the statement for its kind of database."""
        if isinstance(session, Session):
            session.flush()
            connection = session.connection()
        else:
            connection = session
            if not connection.in_transaction():
                connection.begin()
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, connection.dialect)
        return connection, self._compiled[name]


class _Compiled:
    """A statement for one kind of database, and how values go in and come out there."""

    def __init__(self, statement: Select[Any] | CompoundSelect[Any] | UpdateBase, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        binds = {name: compiled.binds[name] for name in compiled.params}
        if any(bind.expanding for bind in binds.values()):
            raise ValueError("A list of values must be written out, value by value.")
        self.sql = str(compiled)
        self._order = compiled.positiontup
        self._into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        self._fixed = {name: bind.value for name, bind in binds.items() if not bind.required}
        columns = {} if isinstance(statement, UpdateBase) else dict(statement.selected_columns)
        self._named: Any = namedtuple("Row", columns)  # type: ignore[misc] # noqa: PYI024
        read = (each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns.values())
        self._out_of = [(place, out_of) for place, out_of in enumerate(read) if out_of is not None]

    def bound(self, values: Values) -> Any:
        """Values as the driver takes them."""
        given = {**self._fixed, **values}
        found = {name: given[name] if into is None else into(given[name]) for name, into in self._into.items()}
        return found if self._order is None else [found[name] for name in self._order]

    def row(self, stored: Iterable[Any]) -> Any:
        """A row from what the driver gives."""
        found = list(stored)
        for place, out_of in self._out_of:
            found[place] = out_of(found[place])
        return self._named(*found)
