"""Working copies: what an organizer has typed but not saved, kept for them alone.

A crash of the browser or the server loses only the last seconds. No one else sees a working copy, and it is not a
version. It is deleted once it is saved or discarded, or once the letter is deleted or over.
"""

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter, Organizer, WorkingCopy

NEW_LETTER = ""
MOST_CHARACTERS = 1_000_000
"""More than any form that could be saved. Anything larger stays in the browser, where it can be shortened."""


def unsigned_part(language: str) -> str:
    """The part for a translation that is not signed: as long as its code, and no code begins with a capital."""
    return language[:1].upper() + language[1:]


def keep_working_copy(
    session: Session, organizer: Organizer, letter: Letter | None, fields: Mapping[str, str], part: str = ""
) -> bool:
    """Store the contents of a form, replacing what was stored before; False if they are too long.

    ``letter`` is None for a letter that does not exist yet; ``part`` is the language of a translation, or what
    ``unsigned_part`` makes of it.
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
    """The stored form of an organizer, or None."""
    found = session.get(WorkingCopy, (organizer.id, letter.id if letter else NEW_LETTER, part))
    return found.fields if found is not None else None


def forget_working_copy(session: Session, organizer: Organizer, letter: Letter | None, part: str = "") -> None:
    """Delete one working copy."""
    place = (WorkingCopy.organizer_id == organizer.id, WorkingCopy.part == part)
    session.execute(delete(WorkingCopy).where(WorkingCopy.letter_id == (letter.id if letter else NEW_LETTER), *place))


def forget_working_copies(session: Session, letter_id: str) -> None:
    """Delete all working copies of a letter."""
    session.execute(delete(WorkingCopy).where(WorkingCopy.letter_id == letter_id))


def who_is_typing(session: Session, letter: Letter) -> list[str]:
    """The names of organizers with unsaved changes to a letter."""
    names = select(Organizer.name).join(WorkingCopy, WorkingCopy.organizer_id == Organizer.id)
    return list(session.scalars(names.where(WorkingCopy.letter_id == letter.id).distinct().order_by(Organizer.name)))
