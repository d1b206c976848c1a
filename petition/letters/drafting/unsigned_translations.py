"""Translations that are not part of what is signed: editors add, replace and delete them at any time.

They are outside ``letter.md``, so they are in no hash, no pin and no signature. Nothing is stored of when they were
written, or by whom.
"""

import hashlib
import json
from dataclasses import asdict, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.errors import GONE, TOO_MANY, Conflict, NotFound, Obstructed, TextChanged, TooLong
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Letter, UnsignedTranslation
from petition.letters.states import WITHDRAWN
from petition.letters.text.completeness import gaps_in
from petition.letters.text.letter_text import MOST_TRANSLATIONS, ONE_IN_EACH, LetterText, Translation

_ = str


def unsigned_translations(session: Session, letter: Letter) -> tuple[Translation, ...]:
    """All that are stored, in the order of their languages' codes."""
    here = select(UnsignedTranslation).where(UnsignedTranslation.letter_id == letter.id)
    return tuple(_value(row) for row in session.scalars(here.order_by(UnsignedTranslation.language)))


def unsigned_translation(session: Session, letter: Letter, language: str) -> Translation | None:
    """The one in a language."""
    row = session.get(UnsignedTranslation, (letter.id, language), populate_existing=True)
    return _value(row) if row is not None else None


def shown_translations(session: Session, letter: Letter, words: LetterText) -> tuple[Translation, ...]:
    """Those that readers see: they fit the letter's ``words``, which have no text of their own in that language.

    A draft may have changed since they were written.
    """
    found = unsigned_translations(session, letter)
    return tuple(one for one in found if one.language not in words.languages and is_complete(words, one))


def is_complete(words: LetterText, translation: Translation) -> bool:
    """Whether a translation has what the letter has: a title, a text, as many demands, no other sources."""
    return not any(gaps_in(words.with_translation(translation), translation.language))


def in_unsigned(words: LetterText, translation: Translation) -> LetterText:
    """The letter as it reads in an unsigned translation."""
    return replace(words, translations=(translation,)).in_language(translation.language)


def fingerprint(translation: Translation | None) -> str:
    """What an editor began with, so that no one overwrites what they have not seen: SHA-256 in hex; "" for nothing."""
    if translation is None:
        return ""
    return hashlib.sha256(json.dumps(asdict(translation), sort_keys=True).encode()).hexdigest()


def save_unsigned(session: Session, letter: Letter, translation: Translation, *, based_on: str) -> None:
    """Add a translation, or replace the one in its language. Refuses one that is not finished, and with TextChanged if
    another one than ``based_on`` (a fingerprint) is stored by now."""
    words = _words_to_translate(session, letter, translation.language)
    found = list(gaps_in(words.with_translation(translation), translation.language))
    if found:
        raise Obstructed(found)
    stored = unsigned_translation(session, letter, translation.language)
    if stored == translation:
        return
    if fingerprint(stored) != based_on:
        raise TextChanged("Someone just saved a newer version. Nothing you wrote is lost.")
    others = unsigned_translations(session, letter)
    if stored is None and translation.language.casefold() in {one.language.casefold() for one in others}:
        raise Conflict(ONE_IN_EACH)
    if stored is None and len(others) >= MOST_TRANSLATIONS:
        raise TooLong(TOO_MANY, most=MOST_TRANSLATIONS)
    values = {**asdict(translation), "demands": list(translation.demands)}
    session.merge(UnsignedTranslation(letter_id=letter.id, **values))
    letter.edition += 1
    session.flush()


def delete_unsigned(session: Session, letter: Letter, language: str) -> None:
    """Delete a translation; its page is gone at once. Copies that readers made stay."""
    _require_not_taken_down(session, letter)
    if unsigned_translation(session, letter, language) is None:
        raise NotFound(GONE)
    here = (UnsignedTranslation.letter_id == letter.id, UnsignedTranslation.language == language)
    session.execute(delete(UnsignedTranslation).where(*here))
    letter.edition += 1
    session.flush()


def _words_to_translate(session: Session, letter: Letter, language: str) -> LetterText:
    _require_not_taken_down(session, letter)
    words = text_of(newest_version(session, letter))
    require_not_signed(words, language)
    return words


def require_not_signed(words: LetterText, language: str) -> None:
    """Refuse a language that the letter itself has: readers would find two texts, one of them signed."""
    if language.casefold() in {code.casefold() for code in words.languages}:
        raise Conflict("The letter already has a signed text in this language.")


def _require_not_taken_down(session: Session, letter: Letter) -> None:
    session.refresh(letter, with_for_update=True)
    if letter.state == WITHDRAWN:
        raise Conflict("This letter was taken down for good.")


def _value(row: UnsignedTranslation) -> Translation:
    return Translation(row.language, row.title, row.recipient, row.body, tuple(row.demands))
