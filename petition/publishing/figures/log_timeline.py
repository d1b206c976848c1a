"""What the log says, in order: rounds, codes, destroyed keys, annulments and the end, each with its hour."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.sealing.models import Entry, Milestone


@dataclass(frozen=True)
class Chapter:
    """An entry of the log that is not a signature: its number, its hour, and its members as in the log."""

    number: int
    hour: datetime
    entry: dict[str, Any]


def chapters(session: Session, letter: Letter) -> list[Chapter]:
    """All of them, oldest first."""
    here = and_(Entry.letter_id == Milestone.letter_id, Entry.number == Milestone.entry)
    rows = session.execute(
        select(Milestone.entry, Milestone.hour, Entry.data)
        .join(Entry, here)
        .where(Milestone.letter_id == letter.id)
        .order_by(Milestone.entry)
    )
    return [Chapter(row.entry, row.hour, json.loads(row.data)) for row in rows]
