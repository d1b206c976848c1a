"""Writing a letter: every save is a version, and nothing that somebody typed is ever lost."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_letter_id
from petition.errors import BadShape, Conflict, TextChanged
from petition.letters.life import DRAFT, LEAST_K, MOST_K
from petition.letters.models import Authorship, Letter, Organizer, Roll, Version
from petition.letters.text import Words, one_line

Random = Callable[[int], bytes]
DEFAULT_K = 10
DEFAULT_ROLL = "workers"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")


def draft(
    session: Session, organizer: Organizer, words: Words, *, moment: datetime, random: Random, slug: str = ""
) -> Letter:
    """Begin a letter with its first version; the address is made from the title unless one is given."""
    if slug and not SLUG.match(slug):
        raise BadShape("The address may have small letters a–z, digits and hyphens, 1 to 60 of them.")
    letter = Letter(
        id=new_letter_id(random),
        slug=slug or _free_slug(session, words.title),
        secret=new_letter_id(random)[:16].lower(),
        state=DRAFT,
        k=DEFAULT_K,
        title=words.title,
    )
    session.add(letter)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("The address %(slug)s is taken. Choose another one.", slug=slug) from None
    session.add(Authorship(letter_id=letter.id, organizer_id=organizer.id))
    session.add(Roll(letter_id=letter.id, id=DEFAULT_ROLL, name=f"Workers of {words.employer}", position=0))
    session.add(_version(letter, 1, words, organizer, moment, ""))
    session.flush()
    return letter


def _free_slug(session: Session, title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "letter"
    taken = set(session.scalars(select(Letter.slug).where(Letter.slug.startswith(base, autoescape=True))))
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def _version(letter: Letter, number: int, words: Words, organizer: Organizer, moment: datetime, note: str) -> Version:
    return Version(
        letter_id=letter.id,
        number=number,
        title=words.title,
        recipient=words.recipient,
        employer=words.employer,
        body=words.body,
        demands=list(words.demands),
        language=words.language,
        author=organizer.name,
        saved=moment,
        note=one_line(note, "note"),
    )


def save(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    words: Words,
    *,
    based_on: int,
    moment: datetime,
    note: str = "",
) -> Version:
    """Keep a new version. If somebody saved a newer one than ``based_on``, refuses with TextChanged: nothing is
    overwritten, and whoever typed has both before them."""
    demand_draft(letter)
    newest = newest_version(session, letter)
    if words_of(newest) == words:
        return newest
    if newest.number != based_on:
        raise TextChanged(
            "%(author)s saved a newer version while you were writing. Both are below; nothing of yours is lost.",
            author=newest.author,
        )
    version = _version(letter, newest.number + 1, words, organizer, moment, note)
    session.add(version)
    try:
        session.flush()
    except IntegrityError:
        raise TextChanged("Somebody saved a newer version at this very moment. Nothing of yours is lost.") from None
    letter.title = words.title
    _name_default_roll(session, letter, words)
    return version


def _name_default_roll(session: Session, letter: Letter, words: Words) -> None:
    roll = session.get(Roll, (letter.id, DEFAULT_ROLL))
    if roll is not None:
        roll.name = f"Workers of {words.employer}"


def newest_version(session: Session, letter: Letter) -> Version:
    """The version that counts; from opening on it is the frozen one."""
    return session.scalars(
        select(Version).where(Version.letter_id == letter.id).order_by(Version.number.desc()).limit(1)
    ).one()


def words_of(version: Version) -> Words:
    """A version's text as a value."""
    return Words(
        title=version.title,
        recipient=version.recipient,
        employer=version.employer,
        body=version.body,
        demands=tuple(version.demands),
        language=version.language,
    )


def set_rules(session: Session, letter: Letter, *, k: int, goal: int | None, threshold: int | None) -> None:
    """K is frozen at opening; goal and threshold are not."""
    if not LEAST_K <= k <= MOST_K:
        raise BadShape("K must be from %(least)s to %(most)s.", least=LEAST_K, most=MOST_K)
    if k != letter.k:
        demand_draft(letter)
    letter.k, letter.goal, letter.threshold = k, goal, threshold
    letter.edition += 1
    session.flush()


def rolls_of(session: Session, letter: Letter) -> list[Roll]:
    """The letter's rolls, in their order."""
    return list(session.scalars(select(Roll).where(Roll.letter_id == letter.id).order_by(Roll.position)))


def delete_draft(session: Session, letter: Letter) -> None:
    """A draft may be deleted, with all its versions; anything later cannot."""
    demand_draft(letter)
    for table in (Version, Authorship, Roll):
        session.execute(delete(table).where(table.letter_id == letter.id))
    session.execute(delete(Letter).where(Letter.id == letter.id))


def demand_draft(letter: Letter) -> None:
    """The text may change only in a draft: a changed letter is a new letter."""
    if letter.state != DRAFT:
        raise Conflict("This letter is open, so its text can't change any more. A changed letter is a new letter.")
