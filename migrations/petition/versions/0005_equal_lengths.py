"""Answers and name steps of one length each, so that one that is overwritten does not show by its length"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORDS = (
    ("answer", "option", 40),
    ("arrived_answer", "option", 40),
    ("locked_name", "step", 24),
    ("arrived_name", "step", 24),
)


def upgrade() -> None:
    for name, word, length in WORDS:
        column = sa.column(word, sa.String())
        padded = sa.func.substr(column.op("||")(" " * length), 1, length)
        op.execute(sa.table(name, column).update().values({word: padded}))


def downgrade() -> None:
    for name, word, _ in WORDS:
        column = sa.column(word, sa.String())
        op.execute(sa.table(name, column).update().values({word: sa.func.rtrim(column)}))
