"""What PostgreSQL itself writes down beside the tables: with some of its settings, when people come.

A table keeps hours. A server's log that names each statement, or a time for each transaction, undoes that.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from petition.database import is_unsupported
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding

SILENT = {
    "log_checkpoints": "off",
    "log_connections": "off",
    "log_disconnections": "off",
    "log_duration": "off",
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_statement": "none",
    "log_transaction_sample_rate": "0",
    "track_commit_timestamp": "off",
}
"""By setting, the value with which it keeps no moment of a visitor's (docs/hosting.md has them to be copied)."""
ON_BY_DEFAULT = frozenset({"log_checkpoints"})
"""Tells in which five minutes something was written, since version 15 unless it is switched off."""
UNDEFINED_TABLE = "42P01"
SWITCH_OFF = "As its administrator: {commands} and restart PostgreSQL. Delete the logs that it has."


def check_server_log(chain: str, engine: Engine) -> Iterator[Finding]:
    """Whether the server of a database keeps when people come."""
    with engine.connect().execution_options(petition_reads=True) as connection:
        found = _talkative(connection)
    for level, names in ((WRONG, found.keys() - ON_BY_DEFAULT), (NOTE, found.keys() & ON_BY_DEFAULT)):
        if names:
            told = ", ".join(f"{name} = {found[name]}" for name in sorted(names))
            commands = " ".join(f"ALTER SYSTEM SET {name} = '{SILENT[name]}';" for name in sorted(names))
            what = f"PostgreSQL ({chain}) writes down when people come: {told}."
            yield Finding("databases", level, what, SWITCH_OFF.format(commands=commands))
    if not found:
        yield Finding("databases", OK, f"PostgreSQL ({chain}) writes down no moments beside its write-ahead log.")


def _talkative(connection: Connection) -> dict[str, str]:
    """The settings that are not silent, with their values; none where the engine doesn't tell its settings."""
    try:
        rows = connection.execute(text("SELECT name, setting FROM pg_settings")).all()
    except DBAPIError as error:
        if not is_unsupported(error) and getattr(error.orig, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        connection.rollback()
        return {}
    return {row.name: row.setting for row in rows if row.setting not in (SILENT.get(row.name, row.setting), "")}
