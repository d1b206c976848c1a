"""Whether PostgreSQL's changes leave its machine: replicas, slots that keep its log, archives of it.

Each of them keeps when every code was used and every signature came (docs/threat-model.md, "With replicas").
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from petition.config import Settings
from petition.database import is_unsupported
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding

AREA = "replicas"
FACTS = {
    "a replica is connected": "SELECT count(*) FROM pg_stat_replication",
    "a replication slot keeps its log": "SELECT count(*) FROM pg_replication_slots",
    "its log is archived": "SELECT count(*) FROM pg_settings WHERE name = 'archive_mode' AND setting <> 'off'",
    "it is a replica itself": "SELECT pg_is_in_recovery()::int",
}
WEAKER = "a thief of one machine learns in which order and when codes were used and signatures came"


def check_replication(settings: Settings, chain: str, engine: Engine) -> Iterator[Finding]:
    """Names the weaker profile, and demands that the site's pages tell of it."""
    with engine.connect().execution_options(petition_reads=True) as connection:
        found = [fact for fact, query in FACTS.items() if _is_so(connection, query)]
    if found and settings.is_replicated:
        what = f"Replicated ({chain}: {', '.join(found)}): {WEAKER}. The promises page tells it."
        yield Finding(AREA, NOTE, what, "Keep logs as short as the replicas allow, on encrypted disks.")
    elif found:
        what = f"{chain}: {', '.join(found)}, so {WEAKER}. This site's promises page doesn't tell it."
        yield Finding(AREA, WRONG, what, "End the replication, or set PETITION_REPLICATED=yes.")
    elif settings.is_replicated:
        yield Finding(AREA, NOTE, f"{chain}: no replica is seen, but PETITION_REPLICATED is set.", "Is one away?")
    else:
        yield Finding(AREA, OK, f"{chain}: no replica, no replication slot, no archive of its log.")


def _is_so(connection: Connection, query: str) -> bool:
    try:
        return bool(connection.execute(text(query)).scalar_one())
    except DBAPIError as error:
        if not is_unsupported(error) and getattr(error.orig, "sqlstate", None) != "42P01":
            raise
        connection.rollback()
        return False
