"""What the host must approve before a letter goes on, on sites that ask for it."""

from sqlalchemy.orm import Session

from petition.errors import Conflict
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import HostApproval, Letter
from petition.letters.states import DRAFT, OPEN, PUBLISHED
from petition.letters.text.letter_text import canonical, digest

STATE_AFTER = {"start": OPEN, "publish": PUBLISHED}
"""The step that waits for the host, by what the site asks to be approved."""
BEFORE = {OPEN: (DRAFT,), PUBLISHED: (DRAFT, OPEN)}


def approve_letter(session: Session, letter: Letter) -> None:
    """Approve the text as it is now; a draft that changes later needs another look."""
    if letter.state not in (DRAFT, OPEN):
        raise Conflict("This letter is already public, or over.")
    session.merge(HostApproval(letter_id=letter.id, text_sha256=_digest(session, letter)))
    session.flush()


def awaited_step(session: Session, letter: Letter, asks_for: str) -> str:
    """The step of a letter that still waits for the host; empty for none."""
    step = STATE_AFTER.get(asks_for, "")
    if not step or letter.state not in BEFORE[step]:
        return ""
    found = session.get(HostApproval, letter.id)
    return step if found is None or found.text_sha256 != _digest(session, letter) else ""


def _digest(session: Session, letter: Letter) -> str:
    return letter.text_sha256 or digest(canonical(text_of(newest_version(session, letter))))
