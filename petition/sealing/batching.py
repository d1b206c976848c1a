"""Moves group answers and names from where they arrived: sorted, and enough at a time that none stands out.

What arrived since is rewritten whole at each sealing, what settled is not, so a sealing costs what came and not what
is there. A table that grows keeps on its pages, roughly, which rows it got together: with at least K others of the
same round and field, written in the order of their keys, a row says no more of its signer than the log does. What was
taken back of it goes first, in that order too (signing/erasure.py). The last to come may be fewer: so when the letter
has closed, all its rows are written anew with them, in the order of their keys.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.sealing.log import log_of
from petition.sealing.steps import Steps, stretches
from petition.signing.appearances import ANSWER_TABLES, ARRIVALS, NAME_TABLES, Tables
from petition.signing.erasure import clear, is_blank

Row = dict[str, Any]
Kind = tuple[int, str | None, str | None]
"""A round, and a field or a step."""
AT_ONCE = 5000
"""Rows that are in memory together, and written by one transaction."""
PAUSE = 0.2
"""Seconds between two of them: people who wait to sign another letter ask SQLite again within a tenth."""


def settle(steps: Steps, letter: Letter, *, without: Collection[int] = ()) -> None:
    """Move each field's answers, and each step's names, if at least K of a round arrived; the rest stays.

    Names of a step that shows at once leave for the list, so those of other steps can't be their crowd. Rows of the
    rounds ``without`` go.
    """
    for arrived, settled in (ANSWER_TABLES, NAME_TABLES):
        moving = {kind for kind, count in _kinds(steps, arrived, letter.id, without).items() if count >= letter.k}
        for stretch in stretches(steps, arrived, letter.id, *_rest(arrived)):
            rows = [dict(row._mapping) for row in stretch]
            clear(steps.session, letter.id, settled, [row["key"] for row in rows])
            moved = [row for row in rows if not is_blank(row) and _kind(row) in moving]
            over = [row for row in rows if is_blank(row) or row["round"] in without]
            clear(steps.session, letter.id, arrived, [row["key"] for row in (*moved, *over)])
            if moved:
                steps.session.execute(insert(settled), moved)


def _rest(table: type[Any]) -> list[Any]:
    """All columns but the key, which comes first."""
    return [column for column in table.__table__.c if column.name != "key"]


def _kind(row: Row) -> Kind:
    return row["round"], row.get("field"), row.get("step")


def _kinds(steps: Steps, table: type[Any], letter_id: str, without: Collection[int]) -> Counter[Kind]:
    """How many rows of each kind arrived."""
    found: Counter[Kind] = Counter()
    small = [column for column in _rest(table) if column.name != "locked"]
    for stretch in stretches(steps, table, letter_id, *small):
        rows = [dict(row._mapping) for row in stretch]
        found.update(_kind(row) for row in rows if row.get("step", row.get("option")) and row["round"] not in without)
    return found


def is_settled(session: Session, letter_id: str) -> bool:
    """Whether nothing of a letter is left where it arrived."""
    return not any(session.scalar(select(table).where(table.letter_id == letter_id).limit(1)) for table in ARRIVALS)


def settle_rest(petition: Engine, letter_id: str, pause: Callable[[float], object] = time.sleep) -> None:
    """Rewrite a closed letter's answers and names, together with the last to come, which were too few to settle.

    Part by part, so that no one who signs another letter waits long. Stopped in between, it is to be done again.
    """
    for tables in (ANSWER_TABLES, NAME_TABLES):
        last: bytes | None = b""
        while last is not None:
            with Session(petition) as session:
                log_of(session, letter_id, alone=True)
                session.get_one(Letter, letter_id, with_for_update=True)  # no one changes an answer meanwhile
                last = _rewrite_part(session, letter_id, tables, last)
                session.commit()
            if last is not None:
                pause(PAUSE)


def _rewrite_part(session: Session, letter_id: str, tables: Tables, last: bytes) -> bytes | None:
    """Rewrite the settled rows after a key, with what arrived; returns the last one's key, None at the end."""
    arrived, settled = (table.__table__ for table in tables)

    def after(table: Any, end: bytes | None = None) -> tuple[Any, ...]:
        here = (table.c.letter_id == letter_id, table.c.key > last)
        return here if end is None else (*here, table.c.key <= end)

    first = select(settled.c.key).where(*after(settled)).order_by(settled.c.key).offset(AT_ONCE - 1).limit(1)
    end = session.scalar(first)
    rows: dict[bytes, Row] = {}
    for table in (settled, arrived):  # what arrived takes the place of what was taken back
        found = session.execute(select(table).where(*after(table, end))).mappings().all()
        rows |= {bytes(row["key"]): dict(row) for row in found}
        session.execute(delete(table).where(*after(table, end)))
    kept = [rows[key] for key in sorted(rows) if not is_blank(rows[key])]
    if kept:
        session.execute(insert(settled), kept)
    return end
