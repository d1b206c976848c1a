"""Version 2 of the log, rounds of at least K, unlisted addresses

Letters that version 0.1.0 opened keep their log (version 1). Numbers that only organizers see are kept rounded from
now on, and so is a shown name's state in a single character, so that a row never changes its length.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORDERED_BY_KEY = {"sqlite_with_rowid": False}
STATES = {"shown": "s", "leaving": "l", "hiding": "h", "hidden": "x", "unreadable": "u", "held": "r"}


def upgrade() -> None:
    _letter()
    _round()
    _names()
    with op.batch_alter_table("log", table_kwargs=ORDERED_BY_KEY) as log:
        log.add_column(sa.Column("updated", sa.DateTime(), nullable=True))
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    op.execute(sa.update(sa.table("log", sa.column("updated", sa.DateTime()))).values(updated=hour))
    with op.batch_alter_table("sealing", table_kwargs=ORDERED_BY_KEY) as sealing:
        sealing.add_column(sa.Column("size", sa.Integer(), nullable=True))
    _keep_no_statistics()


def _letter() -> None:
    with op.batch_alter_table("letter", table_kwargs=ORDERED_BY_KEY) as letter:
        letter.drop_column("secret")
        letter.add_column(sa.Column("log_version", sa.Integer(), nullable=True))
        letter.add_column(sa.Column("updates", sa.String(length=6), nullable=True))
        letter.add_column(sa.Column("pinned", sa.JSON(), nullable=True))
    op.execute(
        "UPDATE letter SET log_version = CASE WHEN state = 'draft' THEN 2 ELSE 1 END, "
        "updates = CASE WHEN state = 'draft' THEN 'daily' ELSE 'hourly' END"
    )
    with op.batch_alter_table("letter", table_kwargs=ORDERED_BY_KEY) as letter:
        letter.alter_column("log_version", existing_type=sa.Integer(), nullable=False)
        letter.alter_column("updates", existing_type=sa.String(length=6), nullable=False)


def _round() -> None:
    new = ("is_ended", "has_enough", "has_issued_enough")
    with op.batch_alter_table("round", table_kwargs=ORDERED_BY_KEY) as round_:
        for name in new:
            round_.add_column(sa.Column(name, sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE round SET spent = spent - spent % 5, undelivered = undelivered - undelivered % 5, "
        "is_ended = (issued IS NOT NULL), has_enough = (1 = 0), has_issued_enough = (1 = 0)"
    )
    op.execute("UPDATE round SET spent = 0 WHERE spent < (SELECT k FROM letter WHERE letter.id = letter_id)")
    op.execute(
        "UPDATE round SET undelivered = 0 WHERE undelivered < (SELECT k FROM letter WHERE letter.id = letter_id)"
    )
    with op.batch_alter_table("round", table_kwargs=ORDERED_BY_KEY) as round_:
        for name in new:
            round_.alter_column(name, existing_type=sa.Boolean(), nullable=False)


def _names() -> None:
    with op.batch_alter_table("names_key", table_kwargs=ORDERED_BY_KEY) as names_key:
        names_key.add_column(sa.Column("is_over", sa.Boolean(), nullable=True))
    op.execute("UPDATE names_key SET is_over = (public_key IS NULL)")
    with op.batch_alter_table("names_key", table_kwargs=ORDERED_BY_KEY) as names_key:
        names_key.alter_column("is_over", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("hidden_name", table_kwargs=ORDERED_BY_KEY) as hidden_name:
        hidden_name.add_column(sa.Column("key", sa.LargeBinary(length=32), nullable=True))
    op.execute(
        "UPDATE hidden_name SET key = (SELECT shown_name.key FROM shown_name WHERE shown_name.letter_id = "
        "hidden_name.letter_id AND shown_name.hidden = hidden_name.number)"
    )
    for word, letter in STATES.items():
        op.execute(sa.text("UPDATE shown_name SET state = :new WHERE state = :old").bindparams(new=letter, old=word))
    with op.batch_alter_table("shown_name", table_kwargs=ORDERED_BY_KEY) as shown_name:
        shown_name.drop_column("hidden")


def downgrade() -> None:
    """For trying. Version 0.1.0 can't go on with letters that were opened since."""
    with op.batch_alter_table("shown_name", table_kwargs=ORDERED_BY_KEY) as shown_name:
        shown_name.add_column(sa.Column("hidden", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE shown_name SET hidden = (SELECT max(number) FROM hidden_name WHERE shown_name.letter_id = "
        "hidden_name.letter_id AND shown_name.key = hidden_name.key)"
    )
    for word, letter in STATES.items():
        op.execute(sa.text("UPDATE shown_name SET state = :new WHERE state = :old").bindparams(new=word, old=letter))
    dropped = {
        "hidden_name": ["key"],
        "names_key": ["is_over"],
        "round": ["is_ended", "has_enough", "has_issued_enough"],
        "sealing": ["size"],
        "log": ["updated"],
        "letter": ["log_version", "updates", "pinned"],
    }
    for table, columns in dropped.items():
        with op.batch_alter_table(table, table_kwargs=ORDERED_BY_KEY) as altered:
            for column in columns:
                altered.drop_column(column)
    with op.batch_alter_table("letter", table_kwargs=ORDERED_BY_KEY) as letter:
        letter.add_column(sa.Column("secret", sa.String(length=26), nullable=True))
    op.execute("UPDATE letter SET secret = lower(substr(id, 1, 16))")
    with op.batch_alter_table("letter", table_kwargs=ORDERED_BY_KEY) as letter:
        letter.alter_column("secret", existing_type=sa.String(length=26), nullable=False)


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
