"""Where group answers and names go from where they arrived: so many at a time that none stands out, sorted.

What arrived since is rewritten whole at each sealing, what settled is not, so a sealing costs what came and not what
is there. A table that grows keeps on its pages, roughly, which rows it got together: with at least K others of the
same field, written in the order of their keys, a row says no more of its signer than the log does. What was taken
back of it goes first, in that order too (signing/blanks.py). The last to come may be fewer: so when the letter closes
its rows are written anew, all of them, in the order of their keys.
"""

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.sealing.rewriting import Lifted, Row
from petition.signing.appearances import ANSWERS, NAMES
from petition.signing.blanks import clear, is_blank

AT_ONCE = 5000
"""Rows that are in memory together."""


def settle(session: Session, letter: Letter, lifted: Lifted, *, everything: bool = False) -> dict[type[Any], list[Row]]:
    """Move each field's answers, and the names, if at least K of them arrived; what is to be put back of the rest."""
    kept: dict[type[Any], list[Row]] = {}
    for arrived, settled in (ANSWERS, NAMES):
        rows = lifted.rows(arrived)
        clear(session, letter.id, settled, [row["key"] for row in rows])
        rows = [row for row in rows if not is_blank(row)]
        if everything:
            _write_anew(session, letter.id, settled, rows)
            kept[arrived] = []
            continue
        kinds = [row.get("field") for row in rows]
        moving = {kind for kind in kinds if kinds.count(kind) >= letter.k}
        moved = [row for row, kind in zip(rows, kinds, strict=True) if kind in moving]
        kept[arrived] = [row for row, kind in zip(rows, kinds, strict=True) if kind not in moving]
        if moved:
            session.execute(insert(settled), moved)
    return kept


def _write_anew(session: Session, letter_id: str, table: type[Any], more: list[Row]) -> None:
    """Take a letter's rows off a table and put them back with some more, in the order of their keys, part by part."""
    here = table.__table__
    last = b""
    while True:
        after = (here.c.letter_id == letter_id, here.c.key > last)
        found = session.execute(select(here).where(*after).order_by(here.c.key).limit(AT_ONCE)).mappings()
        part = [{**row, "key": bytes(row["key"])} for row in found]
        is_last = len(part) < AT_ONCE
        end = None if is_last else part[-1]["key"]
        part += [row for row in more if row["key"] > last and (end is None or row["key"] <= end)]
        session.execute(delete(here).where(*after, *(() if end is None else (here.c.key <= end,))))
        if part:
            session.execute(insert(table), sorted(part, key=lambda row: row["key"]))
        if end is None:
            return
        last = end
