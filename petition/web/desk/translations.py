"""The letter in several languages: one of them is binding, all of them are frozen together."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, request

from petition.errors import Conflict, NotFound, Refusal, TextChanged
from petition.i18n import letter_languages
from petition.letters.access import own_letter, readable_letter
from petition.letters.drafting.drafts import save
from petition.letters.drafting.unsigned_translations import (
    require_not_signed,
    shown_translations,
    unsigned_translations,
)
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import forget_working_copy, working_copy
from petition.letters.models import Letter, Organizer, Version
from petition.letters.states import DRAFT
from petition.letters.text.letter_text import LANGUAGE_TAG, LetterText, Translation, checked, language_code
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import organizer_action, refused, saved
from petition.web.desk.conflicts import conflict_page
from petition.web.desk.editor import after_saving
from petition.web.desk.editor_form import (
    Fields,
    based_on,
    fields_of_translation,
    invisible_in,
    rearranged,
    same_text,
    translation_form,
    translation_in,
    typed,
)
from petition.web.desk.editor_page import is_editor, keep_typed
from petition.web.shared.context import now, session

_ = str
NO_TRANSLATION = _("This letter has no translation into this language.")


@bp.get("/letters/<slug>/translations")
@for_organizers
def translations(organizer: Organizer, slug: str) -> Answer:
    """The letter's languages, and those that can be added."""
    return _list(organizer, slug)


def _list(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    words = text_of(newest_version(session(), letter))
    unsigned = unsigned_translations(session(), letter)
    taken = {*words.languages, *(one.language for one in unsigned)}
    return desk_page(
        "organize/translations.html",
        letter=letter,
        words=words,
        more={code: name for code, name in letter_languages().items() if code not in words.languages},
        unsigned=unsigned,
        shown={one.language for one in shown_translations(session(), letter, words)},
        more_unsigned={code: name for code, name in letter_languages().items() if code not in taken},
        is_draft=letter.state == DRAFT,
    )


@bp.post("/letters/<slug>/translations")
@organizer_action(_list)
def begin_translation(organizer: Organizer, slug: str) -> Answer:
    """Go to the form of a language that was chosen or typed."""
    own_letter(session(), slug, organizer)
    return redirect(f"/organize/letters/{slug}/translations/{_asked_for()}", 303)


@bp.post("/letters/<slug>/translations/unsigned")
@organizer_action(_list)
def begin_unsigned_translation(organizer: Organizer, slug: str) -> Answer:
    """Go to the form of a translation that is not signed, in a language that was chosen or typed."""
    code, letter = _asked_for(), own_letter(session(), slug, organizer)
    require_not_signed(text_of(newest_version(session(), letter)), code)
    return redirect(f"/organize/letters/{slug}/translations/unsigned/{code}", 303)


def _asked_for() -> str:
    return language_code(request.form.get("code", "").strip() or request.form.get("language", ""))


@bp.get("/letters/<slug>/translations/<language>")
@for_organizers
def translate(organizer: Organizer, slug: str, language: str) -> Answer:
    """A translation, ready to edit beside the binding text; or what was typed of it and not saved."""
    letter = own_letter(session(), slug, organizer)
    _require_code(language)
    newest = newest_version(session(), letter)
    if language == newest.language:
        raise NotFound(NO_TRANSLATION)
    fields = fields_of_translation(_find(text_of(newest), language), newest.number)
    kept = working_copy(session(), organizer, letter, language)
    is_unsaved = kept is not None and not same_text(kept, fields)
    return _page(letter, language, kept if kept and is_unsaved else fields, is_unsaved=is_unsaved)


def _as_typed(organizer: Organizer, slug: str, language: str) -> str:
    """What was sent, for an organizer to copy who was made a commenter meanwhile."""
    letter = readable_letter(session(), slug, organizer)
    _require_code(language)
    return _page(letter, language, typed())


@bp.post("/letters/<slug>/translations/<language>")
@organizer_action(_as_typed)
def save_translation(organizer: Organizer, slug: str, language: str) -> Answer:
    """Keep a new version of the letter with this translation; or show what was typed; or take the translation out."""
    letter = own_letter(session(), slug, organizer)
    _require_code(language)
    newest = newest_version(session(), letter)
    fields, act = typed(), request.form.get("do", "preview")
    if act == "forget":
        forget_working_copy(session(), organizer, letter, language)
        session().commit()
        return redirect(request.path, 303)
    fields = rearranged(fields, act)
    now_saved = fields_of_translation(_find(text_of(newest), language), newest.number)
    kept = keep_typed(organizer, letter, fields, now_saved, language)
    before = text_of(session().get(Version, (letter.id, based_on(fields))) or newest)
    words = before
    try:
        if language == before.language:
            raise Conflict(NO_TRANSLATION)
        words = before.without(language) if act == "out" else _with(before, fields, language)
        if act not in ("save", "out"):
            shown = words.in_language(language) if act == "preview" else None
            return _page(letter, language, fields, preview=shown, kept=kept)
        how: Any = {"based_on": based_on(fields), "moment": now(), "note": fields.get("note", "")}
        version = save(session(), letter, organizer, words, **how)
        forget_working_copy(session(), organizer, letter, language)
    except TextChanged as refusal:
        return refused(refusal, lambda: conflict_page(letter, words, fields, language))
    except Refusal as refusal:
        return refused(refusal, lambda: _page(letter, language, fields, kept=kept))
    return saved(after_saving(version) or "translations")


def _require_code(language: str) -> None:
    if not LANGUAGE_TAG.fullmatch(language):
        raise NotFound(NO_TRANSLATION)


def _find(words: LetterText, language: str) -> Translation:
    found = (one for one in words.translations if one.language == language)
    return next(found, Translation(language, demands=("",) * len(words.demands)))


def _with(before: LetterText, fields: Mapping[str, str], language: str) -> LetterText:
    return checked(before.with_translation(translation_in(fields, language)))


def _page(
    letter: Letter,
    language: str,
    fields: Fields | Mapping[str, str],
    *,
    preview: LetterText | None = None,
    is_unsaved: bool = False,
    kept: str = "",
) -> str:
    newest = newest_version(session(), letter)
    return desk_page(
        "organize/translate.html",
        letter=letter,
        part=language,
        part_path=language,
        form=translation_form(fields),
        binding=text_of(newest),
        preview=preview,
        is_unsaved=is_unsaved,
        kept=kept,
        left_out=(),
        invisible=invisible_in(fields),
        newer=newest if newest.number != based_on(fields) else None,
        may_save=letter.state == DRAFT and is_editor(letter),
    )
