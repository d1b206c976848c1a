"""Several hosts on one PostgreSQL: whether their folder of secrets is one, and who does what happens by itself."""

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from petition.config import Settings
from petition.database import Databases
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.replication import check_replication
from petition.operations.doctor.server_log import check_server_log
from petition.operations.engine_features import missing_features
from petition.operations.secrets_folder import is_led, problem

AREA = "hosts"
MOUNT_IT = "Mount the shared folder, then run this again on every host."
CHECK_SCHEDULER = "Is the scheduler running? systemctl status petition-scheduler, or: petition run"


def check_hosts(settings: Settings, databases: Databases, master: bytes) -> Iterator[Finding]:
    """Nothing is said of SQLite, which has one host."""
    if databases.petition.dialect.name == "sqlite":
        return
    for chain in ("petition", "issuer"):
        for what, mend in missing_features(databases.engine(chain)):
            yield Finding("databases", NOTE, f"The database of {chain} {what}", mend)
        yield from check_replication(settings, chain, databases.engine(chain))
        yield from check_server_log(chain, databases.engine(chain))
    found = problem(settings, databases, master)
    if found:
        yield Finding(AREA, WRONG, found, MOUNT_IT)
        return
    yield Finding(AREA, OK, f"{settings.rounds_folder} is the folder that these databases belong to.")
    with suppress(SQLAlchemyError):
        yield (
            _led()
            if is_led(databases.petition)
            else Finding(AREA, NOTE, "No host runs the scheduler now.", CHECK_SCHEDULER)
        )


def _led() -> Finding:
    return Finding(AREA, OK, "One host has the lease: it counts, closes and sends email.")
