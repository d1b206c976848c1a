"""Translations that are not part of what is signed, written beside the letter that is."""

from collections.abc import Mapping

from flask import redirect, request

from petition.errors import NOTHING_HERE, NotFound, Refusal, TextChanged
from petition.letters.access import own_letter, readable_letter
from petition.letters.drafting.unsigned_translations import (
    delete_unsigned,
    fingerprint,
    in_unsigned,
    save_unsigned,
    unsigned_translation,
)
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import forget_working_copy, unsigned_part, working_copy
from petition.letters.models import Letter, Organizer
from petition.letters.states import WITHDRAWN
from petition.letters.text.letter_text import LANGUAGE_TAG, LetterText, Translation
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import asks_first, organizer_action, refused, saved
from petition.web.desk.editor_form import (
    Fields,
    fields_of_translation,
    invisible_in,
    rearranged,
    same_text,
    translation_in,
    typed,
    unsigned_form,
)
from petition.web.desk.editor_page import is_editor, keep_typed
from petition.web.shared.context import session

WHERE = "/letters/<slug>/translations/unsigned/<language>"


@bp.get(WHERE)
@for_organizers
def translate_unsigned(organizer: Organizer, slug: str, language: str) -> Answer:
    """The translation, ready to edit beside what is signed; or what was typed of it and not saved."""
    letter = own_letter(session(), slug, organizer)
    _require_other(letter, language)
    fields = _fields(unsigned_translation(session(), letter, language), language)
    kept = working_copy(session(), organizer, letter, unsigned_part(language))
    is_unsaved = kept is not None and not same_text(kept, fields)
    return _page(letter, language, kept if kept and is_unsaved else fields, is_unsaved=is_unsaved)


def _as_typed(organizer: Organizer, slug: str, language: str) -> str:
    """What was sent, for an organizer to copy who was made a commenter meanwhile."""
    letter = readable_letter(session(), slug, organizer)
    _require_other(letter, language)
    return _page(letter, language, typed())


@bp.post(WHERE)
@organizer_action(_as_typed)
def save_unsigned_translation(organizer: Organizer, slug: str, language: str) -> Answer:
    """Add or replace the translation; or show what was typed, and keep it for its organizer."""
    letter = own_letter(session(), slug, organizer)
    _require_other(letter, language)
    act = request.form.get("do", "preview")
    if act == "forget":
        forget_working_copy(session(), organizer, letter, unsigned_part(language))
        session().commit()
        return redirect(request.path, 303)
    fields = rearranged(typed(), act)
    now_saved = _fields(unsigned_translation(session(), letter, language), language)
    kept = keep_typed(organizer, letter, fields, now_saved, unsigned_part(language))
    try:
        translation = translation_in(fields, language)
        if act != "save":
            shown = in_unsigned(_words(letter), translation) if act == "preview" else None
            return _page(letter, language, fields, preview=shown, kept=kept)
        save_unsigned(session(), letter, translation, based_on=fields.get("based_on", ""))
        forget_working_copy(session(), organizer, letter, unsigned_part(language))
    except TextChanged as refusal:
        return refused(refusal, lambda: _page_of_both(letter, language, fields))
    except Refusal as refusal:
        return refused(refusal, lambda: _page(letter, language, fields, kept=kept))
    return saved("translations")


def _deleting_page(organizer: Organizer, slug: str, language: str) -> str:
    letter = own_letter(session(), slug, organizer)
    if not LANGUAGE_TAG.fullmatch(language) or unsigned_translation(session(), letter, language) is None:
        raise NotFound(NOTHING_HERE)
    return desk_page("organize/confirm/delete-translation.html", letter=letter, part=language)


@asks_first(f"{WHERE}/delete", _deleting_page)
def delete_unsigned_translation(organizer: Organizer, slug: str, language: str) -> Answer:
    """Delete the translation and its page."""
    letter = own_letter(session(), slug, organizer)
    delete_unsigned(session(), letter, language)
    forget_working_copy(session(), organizer, letter, unsigned_part(language))
    return saved("translations")


def _require_other(letter: Letter, language: str) -> None:
    """Refuse what is no language's code, and languages in which the letter is signed."""
    if not LANGUAGE_TAG.fullmatch(language) or language in _words(letter).languages:
        raise NotFound(NOTHING_HERE)


def _words(letter: Letter) -> LetterText:
    return text_of(newest_version(session(), letter))


def _fields(stored: Translation | None, language: str) -> Fields:
    return {**fields_of_translation(stored or Translation(language), 0), "based_on": fingerprint(stored)}


def _page_of_both(letter: Letter, language: str, fields: Mapping[str, str]) -> str:
    """What was typed, above what someone else saved meanwhile; saving once more replaces it."""
    theirs = unsigned_translation(session(), letter, language)
    return _page(letter, language, {**fields, "based_on": fingerprint(theirs)}, theirs=theirs or Translation(language))


def _page(
    letter: Letter,
    language: str,
    fields: Fields | Mapping[str, str],
    *,
    preview: LetterText | None = None,
    is_unsaved: bool = False,
    kept: str = "",
    theirs: Translation | None = None,
) -> str:
    return desk_page(
        "organize/translate-unsigned.html",
        letter=letter,
        part=language,
        part_path=f"unsigned/{language}",
        form=unsigned_form(fields),
        binding=_words(letter),
        preview=preview,
        is_unsaved=is_unsaved,
        kept=kept,
        left_out=(),
        invisible=invisible_in(fields),
        newer=None,
        theirs=theirs,
        is_stored=unsigned_translation(session(), letter, language) is not None,
        may_save=letter.state != WITHDRAWN and is_editor(letter),
    )
