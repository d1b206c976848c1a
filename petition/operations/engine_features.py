"""What a database lacks that PostgreSQL has: engines that only speak its protocol may refuse it (SQLSTATE 0A000)."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from petition.database import UNSUPPORTED, is_unsupported

Probe = Callable[[Connection], object]


def _clusters(connection: Connection) -> None:
    connection.execute(text("CREATE TEMPORARY TABLE feature_probe (id integer CONSTRAINT pk_probe PRIMARY KEY)"))
    connection.execute(text("CLUSTER feature_probe USING pk_probe"))


def _asks(statement: str) -> Probe:
    return lambda connection: connection.execute(text(statement)).all()


def _copies(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT (FORMAT BINARY)") as copy:
        list(copy.rows())


FEATURES: tuple[tuple[str, Probe, str, str], ...] = (
    (
        "CLUSTER",
        _clusters,
        "has no CLUSTER: its tables are not rewritten in the order of their keys.",
        "Find out whether it keeps removed rows, or the order of writing. This program doesn't know this engine.",
    ),
    (
        "xmin",
        _asks("SELECT count(DISTINCT xmin::text) FROM migration_lock"),
        "keeps no xmin: codes are not rewritten together.",
        "Find out whether it keeps who wrote a row, or when. This program doesn't know this engine.",
    ),
    (
        "advisory locks",
        _asks("SELECT pg_try_advisory_xact_lock(1)"),
        "has no advisory locks: several hosts can't agree who does what happens by itself.",
        "Run the scheduler on one host only; on the others: petition run --only server",
    ),
    (
        "pg_locks",
        _asks("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
        "doesn't list its locks: a copy of the folder of secrets is not found out.",
        "Look yourself that all hosts mount one folder.",
    ),
    (
        "SKIP LOCKED",
        _asks("SELECT id FROM migration_lock FOR UPDATE SKIP LOCKED"),
        "can't skip locked rows: /readyz waits for them.",
        "Nothing needs to be done.",
    ),
    (
        "COPY",
        _copies,
        "can't copy rows out: history.csv and log.jsonl are read a thousand rows at a time.",
        "Nothing needs to be done.",
    ),
)
"""By name: how to try it, what follows where it is missing, and what to do about that."""


def missing_features(engine: Engine) -> Iterator[tuple[str, str]]:
    """What follows from each feature that is missing, and what to do. What was tried is rolled back."""
    for _, probe, follows, mend in FEATURES:
        if not _has(engine, probe):
            yield follows, mend


def _has(engine: Engine, probe: Probe) -> bool:
    with engine.connect() as connection:
        try:
            probe(connection)
        except Exception as error:  # of SQLAlchemy, or of the driver itself
            if not _is_missing(error):
                raise
            return False
        finally:
            connection.rollback()
    return True


def _is_missing(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return is_unsupported(error)
    return getattr(error, "sqlstate", None) in UNSUPPORTED
