"""Working copies: what an organizer typed and has not saved yet, kept for them alone.

A crash of the browser or of the server loses no more than the last seconds. Nobody else is shown it, it is no
version, and it is gone once it is saved, thrown away, or the letter is deleted or over.
"""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter, Organizer, WorkingCopy

NEW_LETTER = ""
MOST_CHARACTERS = 1_000_000
"""More than any form that could be saved: what is larger is kept in the browser alone, where it can be shortened."""


def keep_working_copy(
    session: Session, organizer: Organizer, letter: Letter | None, fields: Mapping[str, str], part: str = ""
) -> bool:
    """Keep what stands in a form, in the place of what was kept before; False if it is too much.

    ``letter`` is None for one that is not begun; ``part`` the language of a translation.
    """
    if sum(map(len, fields.values())) > MOST_CHARACTERS:
        return False
    kept = WorkingCopy(
        organizer_id=organizer.id,
        letter_id=letter.id if letter else NEW_LETTER,
        part=part,
        fields={name: value.replace("\0", "\ufffd") for name, value in fields.items()},
    )
    session.merge(kept)
    session.flush()
    return True


def working_copy(
    session: Session, organizer: Organizer, letter: Letter | None, part: str = ""
) -> Mapping[str, str] | None:
    """What was kept for an organizer, or None."""
    found = session.get(WorkingCopy, (organizer.id, letter.id if letter else NEW_LETTER, part))
    return found.fields if found is not None else None


def forget_working_copy(session: Session, organizer: Organizer, letter: Letter | None, part: str = "") -> None:
    """Throw one away."""
    place = (WorkingCopy.organizer_id == organizer.id, WorkingCopy.part == part)
    session.execute(delete(WorkingCopy).where(WorkingCopy.letter_id == (letter.id if letter else NEW_LETTER), *place))


def forget_working_copies(session: Session, letter_id: str) -> None:
    """Throw away all of a letter's, whoever typed them."""
    session.execute(delete(WorkingCopy).where(WorkingCopy.letter_id == letter_id))


def who_is_typing(session: Session, letter: Letter) -> list[str]:
    """The names of those who typed something on a letter and have not saved it."""
    names = select(Organizer.name).join(WorkingCopy, WorkingCopy.organizer_id == Organizer.id)
    return list(session.scalars(names.where(WorkingCopy.letter_id == letter.id).distinct().order_by(Organizer.name)))
