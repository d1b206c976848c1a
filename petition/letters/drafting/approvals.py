"""Approvals: each applies to exactly one version, so the next save needs new ones."""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.errors import Conflict, TextChanged
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Approval, Authorship, Letter, Organizer
from petition.letters.states import require_draft


def approve(session: Session, letter: Letter, organizer: Organizer, version: int) -> None:
    """Approve a version. Refused with TextChanged if a newer one exists, which the organizer has not read."""
    session.refresh(letter, with_for_update=True)
    require_draft(letter)
    newest = newest_version(session, letter)
    if newest.number != version:
        raise TextChanged("%(author)s saved a newer version. Read it, then approve that one.", author=newest.author)
    session.merge(Approval(letter_id=letter.id, version=version, organizer_id=organizer.id))
    session.flush()


def withdraw_approval(session: Session, letter: Letter, organizer: Organizer) -> None:
    """Withdraw an approval. Possible only in a draft."""
    require_draft(letter)
    mine = (Approval.letter_id == letter.id, Approval.organizer_id == organizer.id)
    session.execute(delete(Approval).where(*mine))


def approvals_of(session: Session, letter: Letter, version: int) -> list[Organizer]:
    """The organizers who approve a version and still work on the letter, by name."""
    here = (Approval.letter_id == letter.id, Approval.version == version)
    return list(
        session.scalars(
            select(Organizer)
            .join(Approval, Approval.organizer_id == Organizer.id)
            .join(Authorship, (Authorship.organizer_id == Organizer.id) & (Authorship.letter_id == letter.id))
            .where(*here)
            .order_by(Organizer.name)
        )
    )


def require_approvals(session: Session, letter: Letter, needed: int) -> None:
    """Set how many approvals opening needs. Refuses more than the letter has organizers."""
    require_draft(letter)
    here = select(func.count()).select_from(Authorship).where(Authorship.letter_id == letter.id)
    people = session.scalars(here).one()
    if not 0 <= needed <= people:
        raise Conflict(
            "You can't require more approvals than there are people (%(people)s).",
            people=people,
        )
    letter.approvals = needed
    session.flush()
