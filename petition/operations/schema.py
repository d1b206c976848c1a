"""Compares a database's real tables with the models: a revision number alone proves nothing."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, text

from petition.database import WAITING_FILE, IssuerBase, PetitionBase, files_of

NOT_OURS = frozenset({"alembic_version", "migration_lock", "host_lease"})
MOST_NAMED = 3
METADATA: dict[str, MetaData] = {"petition": PetitionBase.metadata, "issuer": IssuerBase.metadata}
"""The models' tables, by the name of their chain of revisions."""


def differences(engine: Engine, metadata: MetaData) -> list[str]:
    """What a database has otherwise than the models, each in a few words; empty where nothing differs."""
    with engine.connect().execution_options(petition_reads=True) as connection:
        found = changes(connection, metadata)
        return sorted({*(_in_words(one) for one in _flat(found)), *_numbered(connection, metadata)})


def changes(connection: Connection, metadata: MetaData) -> list[Any]:
    """What would have to change in a database to have the models' tables, as Alembic says it."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    options = {"compare_type": True, "compare_server_default": True, "include_name": _is_ours, "include_schemas": True}
    placed = _placed(metadata, connection.dialect.name)
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), placed))


@cache
def _placed(metadata: MetaData, dialect: str) -> MetaData:
    """The models' tables, each in its file."""
    placed = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        is_beside = dialect == "sqlite" and "file" in table.info
        table.to_metadata(placed, **({"schema": table.info["file"]} if is_beside else {}))
    return placed


def named(found: list[str]) -> str:
    """The first few differences as a sentence may name them."""
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    if kind == "schema":
        return name in (None, WAITING_FILE)
    return not (kind == "table" and name in NOT_OURS)


def _flat(found: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Alembic puts the changes of one column into a list of their own."""
    for one in found:
        yield from one if isinstance(one, list) else [one]


def _in_words(change: tuple[Any, ...]) -> str:
    """A change that would be needed, as what is there instead."""
    match change:
        case ("add_table", table):
            return f"there is no table {table.name}"
        case ("remove_table", table):
            return f"there is a table {table.name}"
        case ("add_column", _, table, column):
            return f"{table} has no {column.name}"
        case ("remove_column", _, table, column):
            return f"{table} has a {column.name}"
        case (str(kind), _, str(table), str(column), *_) if kind.startswith("modify_"):
            return f"{table}.{column} has another {kind.removeprefix('modify_')}"
        case (str(kind), constraint, *_):
            return f"{constraint.table.name} has other keys ({kind.replace('_', ' ')})"
    return "something else"


def _numbered(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """SQLite's tables that count their rows, and so keep the order of writing, which Alembic does not look at."""
    if connection.dialect.name != "sqlite":
        return
    definitions: dict[str, str] = {}
    for file in files_of(connection):
        query = f"SELECT name, sql FROM {file}.sqlite_master WHERE type = 'table'"  # noqa: S608 - SQLite's own names
        found = connection.execute(text(query))
        definitions |= {row.name: row.sql.upper() for row in found}
    for name in metadata.tables:
        if name in definitions and "WITHOUT ROWID" not in definitions[name]:
            yield f"{name} counts its rows"
