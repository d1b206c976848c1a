"""What is stored beside the log: its totals hour by hour, and the hours of entries that are not signatures."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.database import to_hour
from petition.letters.models import Letter
from petition.sealing.models import Milestone, Sealing
from petition.signing.models import Round


def totals(rounds: Iterable[Round]) -> tuple[int, int]:
    """Signatures and withdrawals in the log, without those of annulled rounds."""
    counted = [row for row in rounds if is_counted(row)]
    return sum(row.signatures for row in counted), sum(row.withdrawals for row in counted)


def is_counted(row: Round) -> bool:
    """Whether the count has a round's signatures: until the log says that it was annulled."""
    return row.annulled is None or not row.is_annulment_logged


def history(session: Session, letter: Letter) -> list[Sealing]:
    """The letter's history, oldest first."""
    return list(session.scalars(select(Sealing).where(Sealing.letter_id == letter.id).order_by(Sealing.hour)))


def write_history(
    session: Session, letter: Letter, moment: datetime, signed: int, withdrawn: int, size: int | None
) -> None:
    """One row for each hour whose updates changed a number, with the log's size after the last of them.

    Logs of version 1 have no sizes in their history.
    """
    newest = session.scalar(
        select(Sealing).where(Sealing.letter_id == letter.id).order_by(Sealing.hour.desc()).limit(1)
    )
    is_same = (signed, withdrawn) == ((newest.signatures, newest.withdrawals) if newest is not None else (0, 0))
    if newest is not None and newest.hour >= to_hour(moment):
        newest.signatures, newest.withdrawals, newest.size = signed, withdrawn, size
    elif not is_same:
        row = Sealing(letter_id=letter.id, hour=to_hour(moment), signatures=signed, withdrawals=withdrawn, size=size)
        session.add(row)


def note_milestones(
    session: Session, letter: Letter, entries: list[Mapping[str, Any]], first: int, moment: datetime
) -> None:
    """Store the hour of each entry that is neither a signature nor a withdrawal, for people who read the log."""
    for place, entry in enumerate(entries):
        if entry["type"] not in ("signature", "withdrawal"):
            session.add(Milestone(letter_id=letter.id, entry=first + place, hour=to_hour(moment)))
