"""Where group answers and names go from where they arrived: so many at a time that none stands out, sorted.

What arrived since is rewritten whole at each sealing, what settled is not, so a sealing costs what came and not what
is there. A table that grows keeps on its pages, roughly, which rows it got together: with at least K others of the
same field, written in the order of their keys, a row says no more of its signer than the log does.
"""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.sealing.rewriting import Lifted, Row
from petition.signing.appearances import ANSWERS, NAMES


def settle(session: Session, letter: Letter, lifted: Lifted, *, everything: bool = False) -> dict[type[Any], list[Row]]:
    """Move each field's answers, and the names, if at least K of them arrived; what is to be put back of the rest."""
    kept: dict[type[Any], list[Row]] = {}
    for arrived, settled in (ANSWERS, NAMES):
        rows = lifted.rows(arrived)
        kinds = [row.get("field") for row in rows]
        moving = {kind for kind in kinds if everything or kinds.count(kind) >= letter.k}
        moved = [row for row, kind in zip(rows, kinds, strict=True) if kind in moving]
        kept[arrived] = [row for row, kind in zip(rows, kinds, strict=True) if kind not in moving]
        if moved:
            session.execute(insert(settled), moved)
    return kept
