"""Versions of a letter: each save keeps the text, its author, the hour and a note."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.errors import NotFound
from petition.letters.models import Letter, Organizer, Version
from petition.letters.text.letter_text import LetterText, Translation, one_line
from petition.letters.text.sources import Source

PAGE_SIZE = 50


def make_version(
    letter: Letter,
    number: int,
    words: LetterText,
    organizer: Organizer,
    moment: datetime,
    note: str,
    merged_with: int | None = None,
) -> Version:
    """The row for a text that was saved."""
    return Version(
        letter_id=letter.id,
        number=number,
        title=words.title,
        recipient=words.recipient,
        employer=words.employer,
        body=words.body,
        demands=list(words.demands),
        language=words.language,
        sources=[asdict(source) for source in words.sources],
        translations=[asdict(translation) for translation in words.translations],
        author=organizer.name,
        saved=moment,
        note=one_line(note, "note"),
        merged_with=merged_with,
    )


def newest_version(session: Session, letter: Letter) -> Version:
    """The newest version; from opening on, the frozen one."""
    return session.scalars(
        select(Version).where(Version.letter_id == letter.id).order_by(Version.number.desc()).limit(1)
    ).one()


def text_of(version: Version) -> LetterText:
    """A version's text as a value."""
    return LetterText(
        title=version.title,
        recipient=version.recipient,
        employer=version.employer,
        body=version.body,
        demands=tuple(version.demands),
        language=version.language,
        sources=tuple(Source(**source) for source in version.sources),
        translations=tuple(_translation_of(row) for row in version.translations),
    )


def _translation_of(row: dict[str, Any]) -> Translation:
    return Translation(**{**row, "demands": tuple(row["demands"])})


def version_of(session: Session, letter: Letter, number: int) -> Version:
    """A version by its number; NotFound if there is none."""
    found = session.get(Version, (letter.id, number)) if 0 < number < 2**31 else None
    if found is None:
        raise NotFound("This letter has no version %(number)s.", number=number)
    return found


def versions_of(session: Session, letter: Letter, before: int | None = None) -> list[Version]:
    """Up to PAGE_SIZE versions, newest first: those before a number, or the newest."""
    query = select(Version).where(Version.letter_id == letter.id).order_by(Version.number.desc()).limit(PAGE_SIZE)
    return list(session.scalars(query if before is None else query.where(Version.number < before)))
