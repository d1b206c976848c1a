"""Writing a letter: its text and a preview.

Every press of a button first saves what is in the form, only for the organizer who typed it.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request

from petition.errors import BadShape, Refusal, TextChanged
from petition.letters.access import own_letter, readable_letter
from petition.letters.drafting.drafts import save as save_version
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import forget_working_copy, keep_working_copy, working_copy
from petition.letters.models import Letter, Organizer, Version
from petition.letters.states import DRAFT, require_draft
from petition.letters.text.letter_text import LetterText
from petition.publishing.cache import PACKAGE
from petition.web.desk.access import Answer, bp, for_organizers
from petition.web.desk.actions import PressedTwice, organizer_action, pressed_twice, refused, require_first_press, saved
from petition.web.desk.beginning import begin_letter, template_fields
from petition.web.desk.conflicts import conflict_page
from petition.web.desk.editor_form import (
    Fields,
    Wrong,
    based_on,
    fields_of,
    is_blank,
    rearranged,
    same_text,
    text_from_fields,
    typed,
)
from petition.web.desk.editor_page import KEPT, SAME, render_editor, unsaved_text
from petition.web.shared.context import language, now, session


@bp.get("/letters/new")
@for_organizers
def begin(organizer: Organizer) -> Answer:
    """An empty letter, or what was typed of one and not saved; with ``?from=template`` one to start from."""
    kept = working_copy(session(), organizer, None)
    if kept is None and request.args.get("from") == "template":
        return render_editor({**template_fields(), "language": language()}, None)
    return render_editor(kept or {}, None, is_unsaved=kept is not None)


@bp.post("/letters/new")
@for_organizers
def create(organizer: Organizer) -> Answer:
    """Keep the first version, or show what was typed: previewed, or rearranged."""
    fields, act = typed(), request.form.get("do", "preview")
    if act != "save":
        return _go_on(organizer, None, fields, act)
    words, wrong = text_from_fields(fields, LetterText())
    if not words.title and not any(one.place == "title" for one in wrong):
        wrong = [BadShape("Give the letter a title.").about("title"), *wrong]
    if wrong:
        return _shown(organizer, None, fields, words, wrong)
    try:
        require_first_press()
        letter = begin_letter(organizer, words)
    except PressedTwice:
        return pressed_twice("/organize/")
    except Refusal as refusal:
        return refused(refusal, lambda: render_editor(fields, None))
    forget_working_copy(session(), organizer, None)
    return saved(f"/organize/letters/{letter.slug}/")


def _shown(organizer: Organizer, letter: Letter | None, fields: Fields, words: LetterText, wrong: Wrong) -> Answer:
    """The form with all that is wrong with it, and the preview of the rest."""
    kept = _keep_typed(organizer, letter, fields)
    return render_editor(fields, letter, preview=words, kept=kept, wrong=wrong), wrong[0].status if wrong else 200


def _once_locked(organizer: Organizer, slug: str) -> str:
    """What was sent, or else what was typed before the text was locked, or its organizer was made a commenter, for
    them to copy."""
    letter = readable_letter(session(), slug, organizer)
    unsaved = unsaved_text(organizer, letter) or {}
    fields = typed() or unsaved
    if not fields:
        own_letter(session(), slug, organizer)
    kept = KEPT if same_text(fields, unsaved) else ""
    return render_editor(fields, letter, is_unsaved=bool(unsaved), kept=kept)


@bp.get("/letters/<slug>/write")
@organizer_action(_once_locked)
def edit(organizer: Organizer, slug: str) -> Answer:
    """The newest version, ready to edit, or what was typed and not saved; once it is locked, the page to read it."""
    letter = own_letter(session(), slug, organizer)
    unsaved = unsaved_text(organizer, letter)
    if unsaved is None and letter.state != DRAFT:
        return redirect(f"/organize/letters/{slug}/preview", 303)
    require_draft(letter)
    newest = newest_version(session(), letter)
    fields = unsaved or fields_of(text_of(newest), newest.number)
    return render_editor(fields, letter, is_unsaved=unsaved is not None)


@bp.post("/letters/<slug>/write")
@organizer_action(_once_locked)
def save(organizer: Organizer, slug: str) -> Answer:
    """Keep a new version, or show what was typed: previewed, rearranged; beside a newer version where they collide."""
    fields, act = typed(), request.form.get("do", "preview")
    letter = (readable_letter if act == "forget" else own_letter)(session(), slug, organizer)
    if act != "forget":
        require_draft(letter)
    if act != "save":
        return _go_on(organizer, letter, fields, act)
    words, wrong = text_from_fields(fields, _began_with(letter, fields))
    if wrong:
        return _shown(organizer, letter, fields, words, wrong)
    kept = _keep_typed(organizer, letter, fields)
    try:
        how: Any = {"based_on": based_on(fields), "moment": now(), "note": fields.get("note", "")}
        version = save_version(session(), letter, organizer, words, **how)
        forget_working_copy(session(), organizer, letter)
    except TextChanged as refusal:
        return refused(refusal, lambda: conflict_page(letter, words, fields))
    except Refusal as refusal:
        return refused(refusal, lambda: render_editor(fields, letter, kept=kept))
    return saved(after_saving(version))


def after_saving(version: Version) -> str:
    """The letter's home; or what was merged, to be read once."""
    if version.merged_with is None:
        return ""
    return f"differences?before={version.merged_with}&after={version.number}"


def _began_with(letter: Letter, fields: Mapping[str, str]) -> LetterText:
    """The version that a form began with, whose translations it does not change."""
    found = session().get(Version, (letter.id, based_on(fields)))
    return text_of(found or newest_version(session(), letter))


def _go_on(organizer: Organizer, letter: Letter | None, fields: Fields, act: str) -> Answer:
    """Keep what was typed, and show it as a press of a button leaves it."""
    if act == "forget":
        forget_working_copy(session(), organizer, letter)
        session().commit()
        return redirect(request.path, 303)
    fields = rearranged(fields, act)
    words, wrong = text_from_fields(fields, _began_with(letter, fields) if letter else LetterText())
    return _shown(organizer, letter, fields, words, wrong)


def _keep_typed(organizer: Organizer, letter: Letter | None, fields: Fields) -> str:
    """Keep what was typed, unless it is what is saved; whether it is at the desk."""
    newest = newest_version(session(), letter) if letter else None
    if newest is None and is_blank(fields):
        forget_working_copy(session(), organizer, letter)
        kept = ""
    elif newest and same_text(fields, fields_of(text_of(newest), newest.number)):
        forget_working_copy(session(), organizer, letter)
        kept = SAME
    else:
        kept = KEPT if keep_working_copy(session(), organizer, letter, fields) else ""
    session().commit()
    return kept


@bp.get("/write.js")
@for_organizers
def script(organizer: Organizer) -> Answer:
    """The script that saves and previews while an organizer types, with the same form and the same button."""
    return Response((PACKAGE / "static" / "write.js").read_bytes(), mimetype="text/javascript")
