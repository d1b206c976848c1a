"""Where a letter stands, what may come next, and what stands in the way of it.

Loading is permission: each loader gives a letter only to whom it may be given, and a letter that may not be
seen answers exactly like one that never was.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from petition.database import changed
from petition.errors import Conflict, Forbidden, NotFound, Obstructed, Over, Refusal
from petition.letters.models import Authorship, Letter, Organizer, Version, to_hour
from petition.letters.readiness import gaps
from petition.letters.versions import words_of
from petition.letters.working_copies import forget_working_copies

_ = str
"""Marks a word for translators."""

DRAFT, OPEN, PUBLISHED, CLOSED, WITHDRAWN = _("draft"), _("open"), _("published"), _("closed"), _("withdrawn")
STEPS = {
    (DRAFT, OPEN),
    (OPEN, PUBLISHED),
    (PUBLISHED, CLOSED),
    (OPEN, WITHDRAWN),
    (PUBLISHED, WITHDRAWN),
    (CLOSED, WITHDRAWN),
}
SIGNABLE = frozenset({OPEN, PUBLISHED})
PUBLIC = frozenset({PUBLISHED, CLOSED})
NOTICE = timedelta(days=1)
"""Closing is announced so long ahead."""
LEAST_K, MOST_K = 3, 50
ALONE = 1
"""K of a statement by one person: nobody is hidden among others, so its page warns before it is chosen."""
EDITOR, COMMENTER = _("editor"), _("commenter")
ROLES = (EDITOR, COMMENTER)
TOGETHER, APART = "together", "apart"
TIMINGS = (TOGETHER, APART)
CODE, MAIL = "code", "mail"
ROUTES = (CODE, MAIL)
"""How people show that they work there: a code from a colleague, or one mailed to the work address."""
AnyLetter = TypeVar("AnyLetter", Letter, Row[Any])
"""A letter, or a row that has its columns: rules hold for both."""
_SLUG = re.compile(r"[a-z0-9-]{1,80}")
_ADDRESS = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]*)-(?P<secret>[a-z0-9]{16})")
NO_SUCH_LETTER = _("There is no such letter. Check the address: every character counts.")


@dataclass(frozen=True)
class Facts:
    """What the rules need to know from outside the letter, as values."""

    site_url: str | None = None
    sealed: int = 0
    waiting: int = 0
    key_holders: int = 0
    """Organizers who have a key pair, so that names keys can be boxed for them."""
    sends_mail: bool = False
    approvals: int = 0
    """Organizers who approve of the newest version."""


def steps_from(state: str) -> list[str]:
    """The states that may come next."""
    return sorted(to for (start, to) in STEPS if start == state)


def obstacles(letter: Letter, version: Version | None, step: str, facts: Facts) -> list[Refusal]:
    """Everything that stands in the way of a step, each with its remedy; the page shows it, the step enforces it."""
    if (letter.state, step) not in STEPS:
        return [Conflict("A letter that is %(state)s cannot become %(step)s.", state=letter.state, step=step)]
    if step == OPEN:
        return _obstacles_to_opening(letter, version, facts)
    if step == PUBLISHED and letter.threshold and facts.sealed < letter.threshold:
        return [
            Conflict(
                "By your own rule %(threshold)s must have signed before this letter is published; "
                "%(sealed)s are counted so far.",
                threshold=letter.threshold, sealed=facts.sealed,
            )
        ]  # fmt: skip
    return []


def _obstacles_to_opening(letter: Letter, version: Version | None, facts: Facts) -> list[Refusal]:
    found: list[Refusal] = []
    missing = [
        field for field in ("title", "recipient", "employer", "body") if version is None or not getattr(version, field)
    ]
    sentences = {
        "title": _("The letter has no title yet. Write one."),
        "recipient": _("It is not said to whom the letter goes. Write the recipient."),
        "employer": _("It is not said which employer this is about. Write the employer."),
        "body": _("The letter has no text yet. Write it."),
    }
    found.extend(Conflict(sentences[field]) for field in missing)
    found.extend(gaps(words_of(version)) if version is not None else ())
    if not is_possible(letter.k):
        found.append(Conflict("K must be from %(least)s to %(most)s.", least=LEAST_K, most=MOST_K))
    if letter.name_steps and not facts.key_holders:
        found.append(
            Conflict(
                "This letter shows names, and nobody could ever unlock them: no organizer of it has a passphrase yet. "
                "Choose one with your one-time link."
            )
        )
    if facts.approvals < letter.approvals:
        found.append(
            Conflict(
                "By your own rule %(needed)s of you must approve of the newest version; %(given)s did so far. "
                "Everybody can approve under “People”.",
                needed=letter.approvals, given=facts.approvals,
            )
        )  # fmt: skip
    if facts.site_url is None:
        found.append(
            Conflict(
                "This site does not know its public address yet, and signatures are tied to it. "
                "Whoever runs the site must set PETITION_URL."
            )
        )
    return [*found, *_obstacles_of_mail(letter, facts)]


def _obstacles_of_mail(letter: Letter, facts: Facts) -> Iterable[Refusal]:
    if MAIL not in letter.routes:
        return
    if not facts.sends_mail:
        yield Conflict(
            "This site sends no mail, but codes are to go out by mail. Whoever runs the site must set PETITION_MAIL; "
            "or choose codes on paper."
        )
    if letter.k == ALONE:
        yield Conflict("A statement by one person has one code. Hand it out on paper: anybody could have one mailed.")
    if not letter.mail_domains:
        yield Conflict("It is not said which mail addresses may ask for a code. Give the employer's domains.")


def is_possible(k: int) -> bool:
    """Whether K is in the protocol's range, or one, for a statement by one person."""
    return k == ALONE or LEAST_K <= k <= MOST_K


def demand_step(letter: Letter, version: Version | None, step: str, facts: Facts) -> None:
    """Refuse with everything that stands in the way of a step."""
    found = obstacles(letter, version, step, facts)
    if found:
        raise Obstructed(found)


def move(session: Session, letter: Letter, to: str) -> None:
    """The one writer of a letter's state: of two who try the same step, one wins."""
    if (letter.state, to) not in STEPS:
        raise Conflict("A letter that is %(state)s cannot become %(step)s.", state=letter.state, step=to)
    session.flush()
    moved = changed(
        session,
        update(Letter)
        .where(Letter.id == letter.id, Letter.state == letter.state)
        .values(state=to, edition=Letter.edition + 1),
    )
    if moved != 1:
        raise Conflict("Somebody else changed this letter at the same moment. Please look again.")
    if to in (CLOSED, WITHDRAWN):
        forget_working_copies(session, letter.id)
    session.refresh(letter)


def announce_close(session: Session, letter: Letter, *, moment: datetime, now: bool, facts: Facts) -> None:
    """Say a day ahead when the letter closes; at once only where nobody's signature waits."""
    demand_step(letter, None, CLOSED, facts)
    if now and facts.waiting:
        raise Conflict(
            "Signatures are waiting to be counted, so closing must be announced a day ahead. Close without “now”."
        )
    letter.closes = moment if now else full_hour_after(moment + NOTICE)
    letter.edition += 1
    session.flush()


def full_hour_after(moment: datetime) -> datetime:
    """The moment itself if it is a full hour, else the next one: a day's notice is never cut short."""
    return moment if moment == to_hour(moment) else to_hour(moment) + timedelta(hours=1)


# Loading


def _of_slug(session: Session, slug: str) -> Letter | None:
    """A letter whoever asks; what can be no slug is not asked of the database, which may not bear its bytes."""
    return session.scalar(select(Letter).where(Letter.slug == slug)) if _SLUG.fullmatch(slug) else None


def public_letter(session: Session, slug: str) -> Letter:
    """A letter that everybody may read; Over with its reason if it was public and has been withdrawn."""
    return _demand_public(_of_slug(session, slug))


def _demand_public(letter: AnyLetter | None) -> AnyLetter:
    if letter is None or not (letter.state in PUBLIC or (letter.state == WITHDRAWN and letter.was_public)):
        raise NotFound(NO_SUCH_LETTER)
    if letter.state == WITHDRAWN:
        if letter.taken_down:
            raise Over(
                "Whoever runs this site has taken this letter down. They say: %(reason)s",
                reason=letter.withdrawn_reason,
            )
        raise Over("The organizers have withdrawn this letter. They say: %(reason)s", reason=letter.withdrawn_reason)
    return letter


def letter_to_sign(session: Session, address: str) -> Letter:
    """A letter for whoever has its address: the public one, or the unguessable one once it is open."""
    slugs = slugs_in(address)
    found = session.scalars(select(Letter).where(Letter.slug.in_(slugs))) if slugs else ()
    return signable_at(address, found)


def slugs_in(address: str) -> list[str]:
    """The slugs that an address may mean, whole and without a secret; none if it can be no address."""
    match = _ADDRESS.fullmatch(address)
    return [slug for slug in (address, match["slug"] if match else address) if _SLUG.fullmatch(slug)]


def signable_at(address: str, letters: Iterable[AnyLetter]) -> AnyLetter:
    """Of the letters with a slug that is in an address, the one that the address lets its visitor sign."""
    by_slug = {letter.slug: letter for letter in letters}
    match = _ADDRESS.fullmatch(address)
    letter = by_slug.get(match["slug"]) if match else None
    if match and letter is not None and hmac.compare_digest(letter.secret, match["secret"]):
        if letter.state in SIGNABLE:
            return letter
        if letter.was_public:
            return _demand_public(letter)
    return _demand_public(by_slug.get(address))


def is_secret_address(letter: Letter, address: str) -> bool:
    """Whether somebody came by the unguessable address."""
    return address != letter.slug


def address_of(letter: Letter) -> str:
    """The last part of the letter's address as it may be told now: public, or unguessable."""
    return letter.slug if letter.state in PUBLIC else f"{letter.slug}-{letter.secret}"


def own_letter(session: Session, slug: str, organizer: Organizer) -> Letter:
    """A letter that this organizer edits; one that they do not work on answers like one that never was."""
    letter, role = _of_organizer(session, slug, organizer)
    if role != EDITOR:
        raise Forbidden("You can read this letter and comment on it. To change anything, ask one of its editors.")
    return letter


def readable_letter(session: Session, slug: str, organizer: Organizer) -> Letter:
    """A letter that this organizer may read and comment on, as an editor or a commenter."""
    return _of_organizer(session, slug, organizer)[0]


def may_edit(session: Session, letter: Letter, organizer: Organizer) -> bool:
    """Whether somebody who reads a letter may also change it: for what a page offers; loaders enforce it."""
    seat = session.get(Authorship, (letter.id, organizer.id))
    return seat is not None and seat.role == EDITOR


def _of_organizer(session: Session, slug: str, organizer: Organizer) -> tuple[Letter, str]:
    letter = _of_slug(session, slug)
    seat = None if letter is None else session.get(Authorship, (letter.id, organizer.id))
    if letter is None or seat is None:
        raise NotFound(NO_SUCH_LETTER)
    return letter, seat.role


def hosted_letter(session: Session, slug: str) -> Letter:
    """Any letter, for whoever runs the machine and types a command on it."""
    letter = _of_slug(session, slug)
    if letter is None:
        raise NotFound("There is no letter %(slug)s here. See: petition letter list", slug=slug)
    return letter


def own_letters(session: Session, organizer: Organizer) -> list[Letter]:
    """All letters of an organizer, by slug."""
    mine = select(Letter).join(Authorship, Authorship.letter_id == Letter.id)
    return list(session.scalars(mine.where(Authorship.organizer_id == organizer.id).order_by(Letter.slug)))


def hosted_letters(session: Session) -> list[Letter]:
    """All letters, by slug, for the operator and the clock."""
    return list(session.scalars(select(Letter).order_by(Letter.slug)))


def published_letters(session: Session) -> list[Letter]:
    """All public letters, newest first, then by slug."""
    public = select(Letter).where(Letter.state.in_(PUBLIC))
    return list(session.scalars(public.order_by(Letter.published.desc(), Letter.slug)))
