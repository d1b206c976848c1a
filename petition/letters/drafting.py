"""Writing a letter: every save is a version, and nothing that somebody typed is ever lost."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_letter_id
from petition.errors import BadShape, Conflict, Refusal, TextChanged
from petition.letters.life import ALONE, DRAFT, LEAST_K, MOST_K, TIMINGS, TOGETHER, is_possible
from petition.letters.merging import merge
from petition.letters.models import (
    Approval,
    Authorship,
    Comment,
    Field,
    Invitation,
    Letter,
    Option,
    Organizer,
    Roll,
    Version,
    WorkingCopy,
)
from petition.letters.text import Words, checked, one_line
from petition.letters.versions import make_version, newest_version, words_of

Random = Callable[[int], bytes]
DEFAULT_K = 10
MOST_ROLLS = 20
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
        raise Conflict("The address %(slug)s is taken. Choose another one.", slug=letter.slug) from None
    session.add(Authorship(letter_id=letter.id, organizer_id=organizer.id))
    session.add(Roll(letter_id=letter.id, id=DEFAULT_ROLL, name=f"Workers of {words.employer}", position=0))
    session.add(make_version(letter, 1, words, organizer, moment, ""))
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
    """Keep a new version; one that says nothing new is none.

    If somebody saved a newer one than ``based_on``, the two are put together where they don't touch. Where they do,
    or if ``based_on`` is no version, refuses with TextChanged: nothing is overwritten, and whoever typed has both
    before them.
    """
    session.refresh(letter, with_for_update=True)  # it may be opening at this moment
    demand_draft(letter)
    newest = newest_version(session, letter)
    if words_of(newest) == words:
        return newest
    merged_with = None
    if newest.number != based_on:
        words, merged_with = _merged(session, letter, words, based_on, newest), newest.number
    version = make_version(letter, newest.number + 1, words, organizer, moment, note, merged_with)
    session.add(version)
    try:
        session.flush()
    except IntegrityError:
        raise TextChanged("Somebody saved a newer version at this very moment. Nothing of yours is lost.") from None
    letter.title = words.title
    _name_default_roll(session, letter, words, newest)
    return version


def _merged(session: Session, letter: Letter, words: Words, based_on: int, newest: Version) -> Words:
    base = session.get(Version, (letter.id, based_on))
    refusal = TextChanged(
        "%(author)s saved a newer version while you were writing. Both are below; nothing of yours is lost.",
        author=newest.author,
    )
    if base is None:
        raise refusal
    merged, collisions = merge(words_of(base), words, words_of(newest))
    if collisions:
        raise refusal
    try:
        return checked(merged)
    except Refusal:  # each of them fitted, both together are too long
        raise refusal from None


def _name_default_roll(session: Session, letter: Letter, words: Words, previous: Version) -> None:
    rolls = rolls_of(session, letter)
    if len(rolls) == 1 and rolls[0].name == f"Workers of {previous.employer}":
        rolls[0].name = f"Workers of {words.employer}"


@dataclass(frozen=True)
class Rules:
    """What the organizers choose besides the words. K, timing and rolls are frozen at opening; the rest is not."""

    k: int = DEFAULT_K
    timing: str = TOGETHER
    rolls: tuple[str, ...] = ()
    """The rolls' names; empty for one roll, named after the employer."""
    issuing_days: int = 7
    pause_hours: int = 24
    goal: int | None = None
    threshold: int | None = None
    contact: str = ""
    """For journalists; public, on the press page alone."""


def set_rules(session: Session, letter: Letter, rules: Rules) -> None:
    """Keep the rules; refuses numbers out of range, and a change of what is frozen."""
    session.refresh(letter, with_for_update=True)
    if not is_possible(rules.k):
        raise BadShape("K must be from %(least)s to %(most)s.", least=LEAST_K, most=MOST_K)
    if rules.k == ALONE and len([name for name in rules.rolls if name.strip()]) > 1:
        raise BadShape("A statement by one person has one line under “Who may sign”.")
    if rules.timing not in TIMINGS:
        raise BadShape("The timing must be “together” or “apart”.")
    if not (1 <= rules.issuing_days <= 365 and 1 <= rules.pause_hours <= 24 * 30):
        raise BadShape("Codes are exchanged for 1 to 365 days, and the pause is 1 to 720 hours.")
    if (rules.k, rules.timing) != (letter.k, letter.timing):
        demand_draft(letter)
    _set_rolls(session, letter, rules.rolls)
    letter.k, letter.timing = rules.k, rules.timing
    letter.issuing_days, letter.pause_hours = rules.issuing_days, rules.pause_hours
    letter.goal, letter.threshold = rules.goal, rules.threshold
    letter.contact = one_line(rules.contact, "contact") or None
    letter.edition += 1
    session.flush()


def _set_rolls(session: Session, letter: Letter, names: tuple[str, ...]) -> None:
    """The rolls by their names, in their order; none means one, named after the employer."""
    wanted = [one_line(name, "title") for name in names if name.strip()]
    present = [roll.name for roll in rolls_of(session, letter)]
    if not wanted or wanted == present:
        return
    demand_draft(letter)
    if len(wanted) > MOST_ROLLS or len(set(wanted)) != len(wanted):
        raise BadShape("Give at most %(most)s rolls, each with a name of its own.", most=MOST_ROLLS)
    session.execute(delete(Roll).where(Roll.letter_id == letter.id))
    for position, name in enumerate(wanted):
        roll_id = DEFAULT_ROLL if position == 0 else f"{DEFAULT_ROLL}-{position + 1}"
        session.add(Roll(letter_id=letter.id, id=roll_id, name=name, position=position))
    session.flush()
    present_ids = {roll.id for roll in rolls_of(session, letter)}
    letter.mail_domains = {roll: domains for roll, domains in letter.mail_domains.items() if roll in present_ids}


def rolls_of(session: Session, letter: Letter) -> list[Roll]:
    """The letter's rolls, in their order."""
    return list(session.scalars(select(Roll).where(Roll.letter_id == letter.id).order_by(Roll.position)))


def delete_draft(session: Session, letter: Letter) -> None:
    """A draft may be deleted, with all its versions; anything later cannot."""
    demand_draft(letter)
    for table in (Version, Comment, Approval, Invitation, Authorship, Roll, Option, Field, WorkingCopy):
        session.execute(delete(table).where(table.letter_id == letter.id))
    session.execute(delete(Letter).where(Letter.id == letter.id))


def demand_draft(letter: Letter) -> None:
    """The text may change only in a draft: a changed letter is a new letter."""
    if letter.state != DRAFT:
        raise Conflict("This letter is open, so its text can't change any more. A changed letter is a new letter.")
