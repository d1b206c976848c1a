"""Rounds that open at a set time or have lost their secret; recalled batches look the same whatever was used"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORDERED_BY_KEY = {"sqlite_with_rowid": False}


def upgrade() -> None:
    with op.batch_alter_table("issuing_round", table_kwargs=ORDERED_BY_KEY) as round_:
        round_.add_column(sa.Column("opens", sa.DateTime(), nullable=True))
        round_.add_column(sa.Column("is_lost", sa.Boolean(), nullable=True))
    op.execute("UPDATE issuing_round SET is_lost = (1 = 0)")
    op.execute("UPDATE batch SET voided = made WHERE voided > 0")
    with op.batch_alter_table("issuing_round", table_kwargs=ORDERED_BY_KEY) as round_:
        round_.alter_column("is_lost", existing_type=sa.Boolean(), nullable=False)
    _keep_no_statistics()


def downgrade() -> None:
    """For trying."""
    with op.batch_alter_table("issuing_round", table_kwargs=ORDERED_BY_KEY) as round_:
        round_.drop_column("is_lost")
        round_.drop_column("opens")


def _keep_no_statistics() -> None:
    """PostgreSQL's planner copies values into its statistics, where nothing that is deleted here would be deleted.

    Every lookup is by key, so none are needed. Giving a column its own type again drops what was copied already.
    """
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    columns = connection.execute(
        sa.text(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS kind FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
            "AND c.relnamespace = current_schema()::regnamespace "
            "AND c.relname NOT IN ('alembic_version', 'migration_lock')"
        )
    ).all()
    try:
        with connection.begin_nested():
            for table, column, kind in columns:
                op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {kind}')
                op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STATISTICS 0')
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in ("0A000", "42601"):  # an engine that keeps none of this kind
            raise
