"""Updates in steps: what arrives is in a file of its own on SQLite, and a log names the update that is at work"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ORDERED_BY_KEY = {"sqlite_with_rowid": False}
ARRIVING = {
    "pending": '"commit"',
    "tombstone": '"commit"',
    "withdrawal": '"commit"',
    "arrived_answer": "key",
    "arrived_name": "key",
}


def upgrade() -> None:
    with op.batch_alter_table("log", table_kwargs=ORDERED_BY_KEY) as log:
        log.add_column(sa.Column("preparing", sa.String(length=32), nullable=True))
    _move("main", "waiting")


def downgrade() -> None:
    _move("waiting", "main")
    with op.batch_alter_table("log", table_kwargs=ORDERED_BY_KEY) as log:
        log.drop_column("preparing")


def _move(here: str, there: str) -> None:
    """Move the tables in which rows arrive to another of SQLite's files, in the order of their keys."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for table, key in ARRIVING.items():
        query = f"SELECT sql FROM {here}.sqlite_master WHERE name = '{table}'"  # noqa: S608 - none of it is typed
        definition = connection.exec_driver_sql(query).scalar_one()
        op.execute(definition.replace("CREATE TABLE ", f"CREATE TABLE {there}.", 1))
        rows = f"SELECT * FROM {here}.{table} ORDER BY letter_id, {key}"  # noqa: S608
        op.execute(f"INSERT INTO {there}.{table} {rows}")
        op.execute(f"DROP TABLE {here}.{table}")
    _cut_back(connection)


def _cut_back(connection: sa.Connection) -> None:
    """Give back the pages of petition.db that became free; the driver frees one a statement."""
    before = -1
    while (left := connection.exec_driver_sql("PRAGMA main.freelist_count").scalar_one()) not in (0, before):
        before = left
        for _ in range(left):
            connection.exec_driver_sql("PRAGMA main.incremental_vacuum(1)")
