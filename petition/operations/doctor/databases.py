"""Both databases: whether they answer, are of this version, and keep no order of writing."""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from petition.config import Settings
from petition.operations.doctor.files import database_files
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.reasons import why_refused
from petition.operations.lost_files import has_bytes, lost_file
from petition.operations.migration import at_head
from petition.operations.schema import METADATA, differences, named

PRAGMAS = {"journal_mode": "truncate", "synchronous": 2, "secure_delete": 1}


def check_files(settings: Settings) -> Iterator[Finding]:
    """Whether the files of SQLite databases are there. Nothing is said of those that are."""
    try:
        lost = lost_file(settings)
    except SQLAlchemyError:  # it can't be read: told when it is opened
        lost = None
    missing = [path for path in database_files(settings) if not has_bytes(path)]
    if lost is not None:
        yield Finding("databases", WRONG, lost.what, lost.remedy)
    elif missing:
        what = f"{missing[0]} is missing or empty."
        mend = "A new site makes its databases with: petition run. If there was one here, check PETITION_DATA."
        yield Finding("databases", WRONG, what, mend)


def check_database(chain: str, engine: Engine) -> Iterator[Finding]:
    """Whether a database answers, and is what this version needs."""
    try:
        head = at_head(engine, chain)
    except SQLAlchemyError as error:
        what = f"The database of {chain} does not answer: {why_refused(error)}."
        yield Finding("databases", WRONG, what, "Start it, or correct its address: petition config shows it.")
        return
    if not head:
        what = f"The database of {chain} is not of this version."
        yield Finding("databases", WRONG, what, "petition run upgrades it, and copies it before.")
        return
    found = differences(engine, METADATA[chain])
    if found:
        what = f"The tables of {chain} are not those of this version: {named(found)}."
        mend = (
            "A version between two releases may have made them. Restore a backup into an empty folder, or install the "
            "version that made them and take a backup with it."
        )
        yield Finding("databases", WRONG, what, mend)
        return
    yield from _sqlite(chain, engine) if engine.dialect.name == "sqlite" else _postgresql(chain)


def _sqlite(chain: str, engine: Engine) -> Iterator[Finding]:
    with engine.connect().execution_options(petition_reads=True) as connection:
        for pragma, wanted in PRAGMAS.items():
            value = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
            if value != wanted:
                what = f"{chain}.db runs with {pragma}={value}, not {wanted}: it may keep the order of writing."
                yield Finding("databases", WRONG, what, "Stop everything else that opens it, then start petition anew.")
    yield Finding("databases", OK, f"{chain}.db answers, is of this version, and keeps no order of writing.")


def _postgresql(chain: str) -> Iterator[Finding]:
    yield Finding("databases", OK, f"The database of {chain} answers and is of this version.")
    yield Finding(
        "databases",
        NOTE,
        f"PostgreSQL's own write-ahead log ({chain}) keeps order and moments of writing as long as it is retained.",
        "Keep it short: no archiving, no replication slots, small wal_keep_size. Or use SQLite, if you fear seizure.",
    )
