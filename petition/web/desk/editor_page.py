"""The page on which a letter is written."""

from collections.abc import Iterable, Mapping, Sequence

from flask import g

from petition.errors import Refusal
from petition.letters.access import may_edit
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import forget_working_copy, keep_working_copy, working_copy
from petition.letters.models import Letter, Organizer
from petition.letters.states import DRAFT
from petition.letters.text.letter_text import LetterText
from petition.web.desk.access import desk_page
from petition.web.desk.editor_form import Fields, based_on, fields_of, invisible_in, letter_form, mark_wrong, same_text
from petition.web.shared.context import session

KEPT, SAME = "kept", "same"


def is_editor(letter: Letter | None) -> bool:
    """Whether the one who writes may save: their role can change while they write."""
    return letter is None or may_edit(session(), letter, g.organizer)


def unsaved_text(organizer: Organizer, letter: Letter | None) -> Mapping[str, str] | None:
    """What an organizer typed of a letter and did not save; without ``letter``, of a new one."""
    kept = working_copy(session(), organizer, letter)
    if kept is None or letter is None:
        return kept
    newest = newest_version(session(), letter)
    return None if same_text(kept, fields_of(text_of(newest), newest.number)) else kept


def keep_typed(organizer: Organizer, letter: Letter, fields: Fields, saved: Fields, part: str) -> str:
    """Keep what was typed of a translation, unless it is what is ``saved``; whether it is at the desk."""
    if same_text(fields, saved):
        forget_working_copy(session(), organizer, letter, part)
        kept = SAME
    else:
        kept = KEPT if keep_working_copy(session(), organizer, letter, fields, part) else ""
    session().commit()
    return kept


def render_editor(
    fields: Mapping[str, str],
    letter: Letter | None,
    *,
    preview: LetterText | None = None,
    is_unsaved: bool = False,
    kept: str = "",
    wrong: Iterable[Refusal] = (),
    left_out: Sequence[str] = (),
) -> str:
    """The form with what was typed; with its preview, and with what else there is to know about it.

    ``kept`` says whether it is at the desk: as a working copy (KEPT), as the newest version (SAME), or not.
    """
    newest = newest_version(session(), letter) if letter else None
    form = letter_form(fields)
    return desk_page(
        "organize/write.html",
        problems=mark_wrong(form, wrong),
        form=form,
        letter=letter,
        preview=preview,
        is_unsaved=is_unsaved,
        kept=kept,
        left_out=left_out,
        invisible=invisible_in(fields),
        newer=newest if newest and newest.number != based_on(fields) else None,
        may_save=is_editor(letter) and (letter is None or letter.state == DRAFT),
    )
