"""Reports: anyone may tell the site's host that a letter does harm.

Who sent a report is not stored, and when only to the hour. The host decides, and says publicly why a letter was taken
down.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.database import changed
from petition.errors import BadShape, Conflict, NotFound
from petition.letters.models import Letter, Report
from petition.letters.text.letter_text import several_lines
from petition.randomness import Random

MOST_OF_A_LETTER = 200
MOST = 2_000
"""No one would read more, and reports must not fill the disk."""


@dataclass(frozen=True)
class Reported:
    """A report, as the host reads it."""

    key: str
    slug: str
    hour: datetime
    text: str


def report(session: Session, letter: Letter, text: str, *, moment: datetime, random: Random) -> None:
    """Store a report; refuses one without words, and more than anyone would read.

    The same words about the same letter are stored once: its sender may have pressed twice.
    """
    text = several_lines(text, "report")
    if not text:
        raise BadShape("Say what is wrong with this letter.")
    session.refresh(letter, with_for_update=True)
    same = select(Report.key).where(Report.letter_id == letter.id, Report.text == text)
    if session.scalars(same).first() is not None:
        return
    of_letter = select(func.count()).select_from(Report).where(Report.letter_id == letter.id)
    of_site = select(func.count()).select_from(Report)
    if session.scalars(of_letter).one() >= MOST_OF_A_LETTER or session.scalars(of_site).one() >= MOST:
        raise Conflict("Too many reports are waiting to be read. Come back in a few days.")
    session.add(Report(key=random(8).hex(), letter_id=letter.id, hour=moment, text=text))
    session.flush()


def reports(session: Session, slug: str | None = None) -> list[Reported]:
    """All reports, or those about one letter: by letter, then by hour."""
    found = select(Report, Letter.slug).join(Letter, Letter.id == Report.letter_id)
    if slug is not None:
        found = found.where(Letter.slug == slug)
    rows = session.execute(found.order_by(Letter.slug, Report.hour, Report.key))
    return [Reported(row.Report.key, row.slug, row.Report.hour, row.Report.text) for row in rows]


def remove_report(session: Session, key: str) -> None:
    """Delete a report that was dealt with."""
    if changed(session, delete(Report).where(Report.key == key)) != 1:
        raise NotFound("There is no report %(key)s. See: petition report list", key=key)
