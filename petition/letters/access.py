"""Loading is permission: each loader gives a letter only to those who may have it.

A letter that may not be seen answers exactly like one that never was.
"""

import hmac
import re
from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from petition.errors import Forbidden, NotFound, Over
from petition.letters.models import Authorship, Letter, Organizer
from petition.letters.states import EDITOR, PUBLIC, SIGNABLE, WITHDRAWN

_ = str
AnyLetter = TypeVar("AnyLetter", Letter, Row[Any])
"""A letter, or a row that has its columns: rules hold for both."""
_SLUG = re.compile(r"[a-z0-9-]{1,80}")
_ADDRESS = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]*)-(?P<secret>[a-z0-9]{16})")
NO_SUCH_LETTER = _("There is no such letter. Check the address: every character counts.")


def _of_slug(session: Session, slug: str) -> Letter | None:
    """A letter whoever asks; what can be no slug is not asked of the database, which may not bear its bytes."""
    return session.scalar(select(Letter).where(Letter.slug == slug)) if _SLUG.fullmatch(slug) else None


def public_letter(session: Session, slug: str) -> Letter:
    """A letter that everybody may read; Over with its reason if it was public and has been withdrawn."""
    return _require_public(_of_slug(session, slug))


def _require_public(letter: AnyLetter | None) -> AnyLetter:
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
            return _require_public(letter)
    return _require_public(by_slug.get(address))


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
