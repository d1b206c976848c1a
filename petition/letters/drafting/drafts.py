"""Drafts: every save is a version, and no typed word is ever lost."""

import re
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_letter_id
from petition.errors import TOO_MANY, BadShape, Conflict, Refusal, TextChanged
from petition.i18n import Translator
from petition.letters.drafting.merging import merge
from petition.letters.drafting.settings import DEFAULT_K, DEFAULT_ROLL, rolls_of
from petition.letters.drafting.transliteration import in_latin
from petition.letters.drafting.versions import make_version, newest_version, text_of
from petition.letters.models import (
    Approval,
    Authorship,
    Comment,
    Field,
    HostApproval,
    Invitation,
    Letter,
    Option,
    Organizer,
    Roll,
    UnsignedTranslation,
    Version,
    WorkingCopy,
)
from petition.letters.states import DRAFT, require_draft
from petition.letters.text.letter_text import LetterText, checked
from petition.randomness import Random

MOST_DRAFTS = 5
"""Drafts of one organizer, on a site that anyone may use."""
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")


def draft(
    session: Session, organizer: Organizer, words: LetterText, *, moment: datetime, random: Random, slug: str = ""
) -> Letter:
    """Start a letter with its first version. Without ``slug``, the address is made from the title."""
    if slug:
        _require_slug(slug)
    letter = Letter(
        id=new_letter_id(random),
        slug=slug or _free_slug(session, words.title),
        state=DRAFT,
        k=DEFAULT_K,
        title=words.title,
    )
    session.add(letter)
    _require_free(session, letter.slug)
    session.add(Authorship(letter_id=letter.id, organizer_id=organizer.id))
    session.add(Roll(letter_id=letter.id, id=DEFAULT_ROLL, name=_default_roll_name(words), position=0))
    session.add(make_version(letter, 1, words, organizer, moment, ""))
    session.flush()
    return letter


def choose_slug(session: Session, letter: Letter, typed: str) -> None:
    """Give a draft another address. Spaces, capitals and letters of other scripts are forgiven."""
    session.refresh(letter, with_for_update=True)  # the letter may be opening at this moment
    require_draft(letter)
    slug = _slug_of(typed)
    _require_slug(slug)
    letter.slug = slug
    _require_free(session, slug)


def _require_slug(slug: str) -> None:
    if not SLUG.match(slug):
        raise BadShape("Use 1 to 60 lowercase letters a–z, digits and hyphens.").about("address")


def _require_free(session: Session, slug: str) -> None:
    """Write the letter; the database says whether another one has its address."""
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("The address %(slug)s is taken. Choose another one.", slug=slug).about("address") from None


def _slug_of(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", in_latin(text)).strip("-")


def _free_slug(session: Session, title: str) -> str:
    base = _slug_of(title)[:50].strip("-") or "letter"
    taken = set(session.scalars(select(Letter.slug).where(Letter.slug.startswith(base, autoescape=True))))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def require_room(session: Session, organizer: Organizer) -> None:
    """On a site that anyone may use, no one has more than a few drafts at a time."""
    drafts = select(func.count()).select_from(Letter).join(Authorship, Authorship.letter_id == Letter.id)
    mine = session.scalars(drafts.where(Authorship.organizer_id == organizer.id, Letter.state == DRAFT)).one()
    if mine >= MOST_DRAFTS:
        raise Conflict(TOO_MANY, most=MOST_DRAFTS)


def save(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    words: LetterText,
    *,
    based_on: int,
    moment: datetime,
    note: str = "",
) -> Version:
    """Save a new version; a text without changes makes none.

    If there is a newer version than ``based_on``, the two are merged where they do not collide. Where they do, or if
    ``based_on`` is not a version, refuses with TextChanged: nothing is overwritten, and the organizer sees both.
    """
    session.refresh(letter, with_for_update=True)  # the letter may be opening at this moment
    require_draft(letter)
    newest = newest_version(session, letter)
    if text_of(newest) == words:
        return newest
    merged_with = None
    if newest.number != based_on:
        words, merged_with = _merged(session, letter, words, based_on, newest), newest.number
    version = make_version(letter, newest.number + 1, words, organizer, moment, note, merged_with)
    session.add(version)
    try:
        session.flush()
    except IntegrityError:
        raise TextChanged("Someone just saved a newer version. Nothing you wrote is lost.") from None
    letter.title = words.title
    _name_default_roll(session, letter, words, newest)
    return version


def _merged(session: Session, letter: Letter, words: LetterText, based_on: int, newest: Version) -> LetterText:
    base = session.get(Version, (letter.id, based_on))
    refusal = TextChanged(
        "%(author)s just saved a newer version. Both are below. Nothing is lost.",
        author=newest.author,
    )
    if base is None:
        raise refusal
    merged, collisions = merge(text_of(base), words, text_of(newest))
    if collisions:
        raise refusal
    try:
        return checked(merged)
    except Refusal:  # each was short enough, the merged text is not
        raise refusal from None


def _name_default_roll(session: Session, letter: Letter, words: LetterText, previous: Version) -> None:
    rolls = rolls_of(session, letter)
    if len(rolls) == 1 and rolls[0].name.strip() == _default_roll_name(text_of(previous)):
        rolls[0].name = _default_roll_name(words)


def _default_roll_name(words: LetterText) -> str:
    """The name of the one roll until organizers choose another, in the letter's language."""
    return Translator(words.language).say("Workers of %(employer)s", employer=words.employer).strip()


def delete_draft(session: Session, letter: Letter) -> None:
    """Delete a draft with all its versions. Refused once the letter is open."""
    require_draft(letter)
    for table in (
        Version, UnsignedTranslation, Comment, Approval, HostApproval, Invitation, Authorship, Roll, Option, Field,
        WorkingCopy,
    ):  # fmt: skip
        session.execute(delete(table).where(table.letter_id == letter.id))
    session.execute(delete(Letter).where(Letter.id == letter.id))
