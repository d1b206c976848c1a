"""Loading is permission: each loader gives a letter only to those who may have it.

A letter that may not be seen answers exactly like one that never was.
"""

import re
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from petition.crypto.codes import ALPHABET, LETTER_ID_LENGTH, as_meant
from petition.errors import Forbidden, NotFound, Over
from petition.letters.models import Authorship, Letter, Organizer
from petition.letters.states import DRAFT, EDITOR, PUBLIC, WITHDRAWN
from petition.prepared import Prepared

_ = str
AnyLetter = TypeVar("AnyLetter", Letter, Row[Any])
"""A letter, or a row that has its columns: rules hold for both."""
LISTED_AT, UNLISTED_AT = "letters/", "s/"
"""How the path of a letter begins: with the part that everyone may know, or with one that only its holders know."""
SHORT_LENGTH = 16
_SLUG = re.compile(r"[a-z0-9-]{1,80}")
_SHORT = re.compile(rf"[{ALPHABET}]{{{SHORT_LENGTH}}}")
_HIGHEST = ALPHABET[-1] * (LETTER_ID_LENGTH - SHORT_LENGTH)
NO_SUCH_LETTER = _("We can't find this letter. Check the link; it may have been taken down.")


def short_code(letter: Letter) -> str:
    """The unlisted address's last part: random, and public only once the letter is."""
    return letter.id[:SHORT_LENGTH]


def unlisted_path(letter: Letter) -> str:
    """The path that a letter has from opening on, for good: it is printed, in files, and what clients use."""
    return f"{UNLISTED_AT}{short_code(letter)}"


def path_of(letter: Letter) -> str:
    """The path of a letter that may be shared now: public, or unlisted."""
    return f"{LISTED_AT}{letter.slug}" if letter.state in PUBLIC else unlisted_path(letter)


def is_unlisted(path: str) -> bool:
    """Whether a request came by the path that only people with the letter's link know."""
    return path.startswith(UNLISTED_AT)


def meant_by(path: str) -> str | None:
    """The one spelling of a letter's path; None for what can be none.

    A slug is taken as it is. An unlisted address is read like a code: typed in any case, with or without hyphens.
    """
    if path.startswith(LISTED_AT):
        return path if _SLUG.fullmatch(path.removeprefix(LISTED_AT)) else None
    short = as_meant(path.removeprefix(UNLISTED_AT)) if path.startswith(UNLISTED_AT) and len(path) < 100 else ""
    return f"{UNLISTED_AT}{short}" if _SHORT.fullmatch(short) else None


_COLUMNS: Any = Letter.__table__.c
_WAS_PUBLIC = and_(_COLUMNS.state == WITHDRAWN, _COLUMNS.was_public)
READABLE_AT = {
    LISTED_AT: (_COLUMNS.slug == bindparam("given"), or_(*(_COLUMNS.state == each for each in PUBLIC), _WAS_PUBLIC)),
    UNLISTED_AT: (
        _COLUMNS.id.between(bindparam("given"), bindparam("last")),  # which the key's index finds
        func.substr(_COLUMNS.id, 1, SHORT_LENGTH) == bindparam("given"),
        _COLUMNS.state != DRAFT,
    ),
}
"""The conditions for letters that people may read, by the kind of their path.

The database leaves out what may not be seen, so that a hidden letter costs no more than one that never was.
"""
_LETTERS = {kind: select(Letter).where(*where) for kind, where in READABLE_AT.items()}
_STATES = {
    kind: Prepared(
        select(*(_COLUMNS[name] for name in ("id", "state", "log_version", "withdrawn_reason", "taken_down"))).where(
            *where
        )
    )
    for kind, where in READABLE_AT.items()
}


def readable_at(path: str) -> tuple[str, dict[str, str]] | None:
    """The kind of a path, and the values for its conditions; None if it can't be the path of a letter."""
    meant = meant_by(path)
    if meant is None:
        return None
    if not is_unlisted(meant):
        return LISTED_AT, {"given": meant.removeprefix(LISTED_AT)}
    short = meant.removeprefix(UNLISTED_AT)
    return UNLISTED_AT, {"given": short, "last": short + _HIGHEST}


def _of_slug(session: Session, slug: str) -> Letter | None:
    """A letter, no matter who asks. Only possible slugs reach the database, which may not bear other bytes."""
    return session.scalar(select(Letter).where(Letter.slug == slug)) if _SLUG.fullmatch(slug) else None


def public_letter(session: Session, slug: str) -> Letter:
    """A letter that everyone may read; Over with its reason if it was public and has been withdrawn."""
    return letter_at(session, f"{LISTED_AT}{slug}")


def letter_at(session: Session, path: str) -> Letter:
    """A letter, for people who have its path: ``letters/SLUG`` once it is public, ``s/…`` from opening on.

    NotFound for all others; Over with its reason once it is withdrawn.
    """
    found = readable_at(path)
    return require_readable(session.scalar(_LETTERS[found[0]], found[1]) if found is not None else None)


def letter_state_at(connection: Connection, path: str) -> Row[Any]:
    """As ``letter_at``, with a letter's id and what its state depends on alone: for what many people do at once."""
    found = readable_at(path)
    row: Row[Any] | None = _STATES[found[0]].first(connection, found[1]) if found is not None else None
    return require_readable(row)


def require_readable(letter: AnyLetter | None) -> AnyLetter:
    """What ``readable_at`` found, unless that is nothing or a letter that was withdrawn."""
    if letter is None:
        raise NotFound(NO_SUCH_LETTER)
    if letter.state == WITHDRAWN:
        raise Over(_why_withdrawn(letter), reason=letter.withdrawn_reason or "–")
    return letter


def _why_withdrawn(letter: Letter | Row[Any]) -> str:
    if letter.taken_down:
        return _("This site's host took this letter down. Their reason: %(reason)s")
    if letter.withdrawn_reason:
        return _("The organizers took this letter down. Their reason: %(reason)s")
    return _("The organizers took this letter down.")


def own_letter(session: Session, slug: str, organizer: Organizer) -> Letter:
    """A letter that this organizer edits; one that they do not work on answers like one that never was."""
    letter, role = _of_organizer(session, slug, organizer)
    if role != EDITOR:
        raise Forbidden("You can read and comment. To change the letter, ask an editor.")
    return letter


def readable_letter(session: Session, slug: str, organizer: Organizer) -> Letter:
    """A letter that this organizer may read and comment on, as an editor or a commenter."""
    return _of_organizer(session, slug, organizer)[0]


def may_edit(session: Session, letter: Letter, organizer: Organizer) -> bool:
    """Whether an organizer who reads a letter may also change it. Pages offer it by this; loaders enforce it."""
    authorship = session.get(Authorship, (letter.id, organizer.id))
    return authorship is not None and authorship.role == EDITOR


def _of_organizer(session: Session, slug: str, organizer: Organizer) -> tuple[Letter, str]:
    letter = _of_slug(session, slug)
    authorship = None if letter is None else session.get(Authorship, (letter.id, organizer.id))
    if letter is None or authorship is None:
        raise NotFound(NO_SUCH_LETTER)
    return letter, authorship.role


def hosted_letter(session: Session, slug: str) -> Letter:
    """Any letter, for the host who types a command on this machine."""
    letter = _of_slug(session, slug)
    if letter is None:
        raise NotFound("There is no letter %(slug)s here. See: petition letter list", slug=slug)
    return letter


def own_letters(session: Session, organizer: Organizer) -> list[Letter]:
    """All letters of an organizer, by slug."""
    mine = select(Letter).join(Authorship, Authorship.letter_id == Letter.id)
    return list(session.scalars(mine.where(Authorship.organizer_id == organizer.id).order_by(Letter.slug)))


def hosted_letters(session: Session) -> list[Letter]:
    """All letters, by slug, for the operator and the scheduler."""
    return list(session.scalars(select(Letter).order_by(Letter.slug)))


def published_letters(session: Session) -> list[Letter]:
    """All public letters, newest first, then by slug."""
    public = select(Letter).where(Letter.state.in_(PUBLIC))
    return list(session.scalars(public.order_by(Letter.published.desc(), Letter.slug)))
