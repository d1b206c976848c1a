"""Answers and names that a signer takes back: overwritten at once, deleted by the next sealing.

Settled rows are on pages that are not rewritten. On SQLite, a row that leaves such a page by itself leaves a trace of
which row left first. So the row stays, blank and of the same length, until a sealing deletes all rows that were taken
back since the last one, in the order of their keys. All words take the same length, so a blank doesn't show by its
length what it was. A blank row that arrives names the row to delete.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from petition.crypto.locked_names import LOCKED_SIZE
from petition.database import SessionOrConnection

BLANK = ""
LONGEST_WORD = 40
"""Of the ids of fields and options, and of steps, in ASCII characters."""
AT_ONCE = 500
AnyRow = dict[str, Any]


def blank(row: AnyRow) -> AnyRow:
    """A row that only says that its key must be cleared."""
    if "locked" in row:
        return {**row, "step": BLANK, "locked": b""}
    return {**row, "option": BLANK}


def is_blank(row: AnyRow) -> bool:
    """Whether what the row said was taken back."""
    return not (row["step"] if "locked" in row else row["option"])


def write_over(session: SessionOrConnection, letter_id: str, table: type[Any], keys: Iterable[bytes]) -> None:
    """Blank settled rows; each keeps its length, and so its place."""
    columns = table.__table__.c
    word = columns["step"] if "locked" in columns else columns["option"]
    blanks: dict[str, Any] = {word.name: BLANK}
    if "locked" in columns:
        blanks["locked"] = bytes(LOCKED_SIZE)
    session.execute(update(table).where(table.letter_id == letter_id, table.key.in_(list(keys))).values(blanks))


def clear(session: Session, letter_id: str, table: type[Any], keys: Iterable[bytes]) -> None:
    """Delete rows that settled, if there are any under these keys, in the order of the keys."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        session.execute(delete(table).where(table.letter_id == letter_id, table.key.in_(some)))
