"""What the host approved, on sites that anybody may use"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_approval",
        sa.Column("letter_id", sa.String(length=26), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_host_approval_letter_id_letter"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_host_approval")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("host_approval")
