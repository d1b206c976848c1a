"""The organizers of a letter: invitations, roles, transfer of access, and the names that the public may see.

An invitation gives access to one letter. It never opens an existing account, which may lead to other letters.
Organizers who lost their password come back with a new account, and their access is transferred to it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url
from petition.database import changed
from petition.errors import GONE, TOO_MANY, BadShape, Conflict, NotFound, Over
from petition.letters.models import Approval, Authorship, Invitation, Letter, NamesKeyCopy, Organizer, WorkingCopy
from petition.letters.organizers.accounts import INVITATION_LASTS
from petition.letters.organizers.names_keys import forget_names_key
from petition.letters.states import COMMENTER, EDITOR, ROLES
from petition.letters.text.letter_text import one_line
from petition.randomness import Random

MOST_MEMBERS = 50
MOST_INVITATIONS = 50
LONGEST_NAME = 100
USED = "This link was used or is too old. Ask the person who gave it to you for a new one."


@dataclass(frozen=True)
class Member:
    """An organizer of a letter, with their role."""

    organizer_id: str
    name: str
    role: str
    shown_as: str
    can_unlock: bool
    """Whether they hold the letter's names keys."""


def members(session: Session, letter: Letter) -> list[Member]:
    """All organizers of a letter, by name."""
    rows = session.execute(
        select(Authorship, Organizer)
        .join(Organizer, Organizer.id == Authorship.organizer_id)
        .where(Authorship.letter_id == letter.id)
        .order_by(Organizer.name)
    ).all()
    holders = set(session.scalars(select(NamesKeyCopy.organizer_id).where(NamesKeyCopy.letter_id == letter.id)))
    return [
        Member(who.id, who.name, authorship.role, authorship.shown_as, who.id in holders) for authorship, who in rows
    ]


def displayed_names(session: Session, letter_id: str) -> list[str]:
    """The names that organizers chose to show, in alphabetical order."""
    chosen = select(Authorship.shown_as).where(Authorship.letter_id == letter_id, Authorship.shown_as != "")
    return sorted(session.scalars(chosen), key=lambda name: (name.casefold(), name))


def show_as(session: Session, letter: Letter, organizer: Organizer, name: str) -> None:
    """Set the name under which an organizer appears on the letter's page; empty for none."""
    name = one_line(name, "title")
    if len(name) > LONGEST_NAME:
        raise BadShape("Choose a name of at most %(most)s characters.", most=LONGEST_NAME)
    _authorship(session, letter, organizer.id).shown_as = name
    letter.edition += 1
    session.flush()


# Invitations


def invite(
    session: Session, letter: Letter, role: str, *, moment: datetime, random: Random, replaces: str | None = None
) -> str:
    """Make a one-time link and return its secret: access for someone new, or in place of the organizer ``replaces``."""
    session.execute(delete(Invitation).where(Invitation.letter_id == letter.id, Invitation.until < moment))
    if replaces is not None:
        role = _authorship(session, letter, replaces).role
        _require_another_holder(session, letter, replaces)
        session.execute(delete(Invitation).where(Invitation.letter_id == letter.id, Invitation.replaces == replaces))
    if role not in ROLES:
        raise BadShape("Choose editor or reviewer.")
    if len(invitations(session, letter, moment=moment)) >= MOST_INVITATIONS:
        raise Conflict(TOO_MANY, most=MOST_INVITATIONS)
    secret = b64url(random(24))
    until = moment + INVITATION_LASTS
    session.add(Invitation(key=_key(secret), letter_id=letter.id, role=role, until=until, replaces=replaces))
    session.flush()
    return secret


def invitations(session: Session, letter: Letter, *, moment: datetime) -> list[Invitation]:
    """Links to a letter that still work, newest first."""
    good = (Invitation.letter_id == letter.id, Invitation.until >= moment)
    return list(session.scalars(select(Invitation).where(*good).order_by(Invitation.until.desc(), Invitation.key)))


def cancel_invitation(session: Session, letter: Letter, key: bytes) -> None:
    """Cancel a link; canceling it again changes nothing."""
    session.execute(delete(Invitation).where(Invitation.key == key, Invitation.letter_id == letter.id))


def invitation(session: Session, secret: str, *, moment: datetime) -> tuple[Invitation, Letter]:
    """What a link offers. Refuses with Over if it was used, canceled, expired or never existed."""
    row = session.get(Invitation, _key(secret))
    if row is None or row.until < moment:
        raise Over(USED)
    return row, session.get_one(Letter, row.letter_id)


def role_offered(session: Session, row: Invitation) -> str:
    """The role that a link gives; where it transfers someone's access, the role that they have now."""
    present = session.get(Authorship, (row.letter_id, row.replaces)) if row.replaces is not None else None
    return row.role if present is None else present.role


def accept(session: Session, secret: str, organizer: Organizer, *, moment: datetime) -> Letter:
    """Give an organizer the access that a link offers; this uses up the link.

    Those who have access already keep theirs, except that a commenter may become an editor.
    """
    row, letter = invitation(session, secret, moment=moment)
    session.refresh(letter, with_for_update=True)
    role, replaces = role_offered(session, row), row.replaces
    present = session.get(Authorship, (letter.id, organizer.id))
    if present is not None and (replaces == organizer.id or present.role == EDITOR or role == COMMENTER):
        raise Conflict("You already work on this letter. The link still works for others.")
    if replaces is not None:
        _require_another_holder(session, letter, replaces)
    session.expunge(row)
    if changed(session, delete(Invitation).where(Invitation.key == _key(secret))) != 1:
        raise Over(USED)
    if replaces is not None and session.get(Authorship, (letter.id, replaces)) is not None:
        _leave(session, letter, replaces)
    add_member(session, letter, organizer, role)
    return letter


def add_member(session: Session, letter: Letter, organizer: Organizer, role: str) -> None:
    """Add an organizer to a letter. Names keys are granted separately, by someone who holds them."""
    if len(members(session, letter)) >= MOST_MEMBERS:
        raise Conflict(TOO_MANY, most=MOST_MEMBERS)
    session.merge(Authorship(letter_id=letter.id, organizer_id=organizer.id, role=role))
    session.flush()


# Roles and leaving


def set_role(session: Session, letter: Letter, organizer_id: str, role: str) -> None:
    """Change a role. The last editor stays one, and so does the last editor who holds the names keys.

    A former editor loses the names keys. Links that they may have made stop working, but the one that transfers their
    own access.
    """
    if role not in ROLES:
        raise BadShape("Choose editor or reviewer.")
    session.refresh(letter, with_for_update=True)
    authorship = _authorship(session, letter, organizer_id)
    if role != EDITOR:
        _require_another_editor(session, letter, organizer_id)
        _require_another_holder(session, letter, organizer_id)
        forget_names_key(session, letter.id, organizer_id)
        others = Invitation.replaces.is_distinct_from(organizer_id)
        session.execute(delete(Invitation).where(Invitation.letter_id == letter.id, others))
    authorship.role = role
    session.flush()


def remove(session: Session, letter: Letter, organizer_id: str) -> None:
    """Remove an organizer. Refused for the last editor and for the last holder of the names keys."""
    session.refresh(letter, with_for_update=True)
    _authorship(session, letter, organizer_id)
    _require_another_editor(session, letter, organizer_id)
    _require_another_holder(session, letter, organizer_id)
    _leave(session, letter, organizer_id)


def _leave(session: Session, letter: Letter, organizer_id: str) -> None:
    """Delete all that belongs to a membership: names keys, approvals, displayed name, unsaved text.

    No one knows who made a link, so all unused ones go: none leads back a person who left.
    """
    session.execute(delete(Invitation).where(Invitation.letter_id == letter.id))
    for table, column in (
        (NamesKeyCopy, NamesKeyCopy.organizer_id),
        (Approval, Approval.organizer_id),
        (WorkingCopy, WorkingCopy.organizer_id),
        (Authorship, Authorship.organizer_id),
    ):
        session.execute(delete(table).where(table.letter_id == letter.id, column == organizer_id))
    letter.edition += 1
    session.flush()


def _authorship(session: Session, letter: Letter, organizer_id: str) -> Authorship:
    found = session.get(Authorship, (letter.id, organizer_id))
    if found is None:
        raise NotFound(GONE)
    return found


def _require_another_editor(session: Session, letter: Letter, organizer_id: str) -> None:
    others = (Authorship.letter_id == letter.id, Authorship.role == EDITOR, Authorship.organizer_id != organizer_id)
    if not session.scalars(select(func.count()).select_from(Authorship).where(*others)).one():
        raise Conflict("A letter needs an editor. Make someone else an editor first.")


def _require_another_holder(session: Session, letter: Letter, organizer_id: str) -> None:
    editors = select(Authorship.organizer_id).where(Authorship.letter_id == letter.id, Authorship.role == EDITOR)
    held = (NamesKeyCopy.letter_id == letter.id, NamesKeyCopy.organizer_id.in_(editors))
    if set(session.scalars(select(NamesKeyCopy.organizer_id).where(*held))) == {organizer_id}:
        raise Conflict("Give the key to the names to another editor first.")


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"petition-seat-v1" + secret.encode()).digest()
