"""Forms that were sent, so that pressing twice makes one thing"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_form",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent_form")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("spent_form")
