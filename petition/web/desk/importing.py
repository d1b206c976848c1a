"""Taking a text from a file into the form: .docx, .odt, .md or .txt."""

from dataclasses import replace

from flask import redirect, request

from petition.errors import BadShape
from petition.letters.access import own_letter
from petition.letters.drafting.drafts import save
from petition.letters.drafting.importing.files import Imported
from petition.letters.drafting.importing.process import import_file
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import keep_working_copy
from petition.letters.models import Letter, Organizer
from petition.letters.states import DRAFT, require_draft
from petition.letters.text.letter_text import LetterText, checked
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import organizer_action, require_first_press, saved
from petition.web.desk.beginning import begin_letter
from petition.web.desk.editor_form import fields_of
from petition.web.desk.editor_page import KEPT, SAME, render_editor, unsaved_text
from petition.web.shared.context import now, say, session


@bp.get("/letters/import")
@for_organizers
def ask_file(organizer: Organizer) -> Answer:
    """Choose a file for a new letter."""
    return _page(organizer)


@bp.get("/letters/<slug>/import")
@for_organizers
def ask_file_for(organizer: Organizer, slug: str) -> Answer:
    """Choose a file whose text replaces the letter's; once that is locked, the page to read it."""
    if own_letter(session(), slug, organizer).state != DRAFT:
        return redirect(f"/organize/letters/{slug}/preview", 303)
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str = "") -> str:
    letter = own_letter(session(), slug, organizer) if slug else None
    is_unsaved = unsaved_text(organizer, letter) is not None
    return desk_page("organize/import.html", letter=letter, is_unsaved=is_unsaved)


@bp.post("/letters/import")
@organizer_action(_page, again="/organize/")
def import_new(organizer: Organizer) -> Answer:
    """Show the text in the form, to be read and saved."""
    imported = _read()
    require_first_press()
    return _import(organizer, None, imported)


@bp.post("/letters/<slug>/import")
@organizer_action(_page, again="")
def import_over(organizer: Organizer, slug: str) -> Answer:
    """The same for a letter that there is."""
    require_draft(own_letter(session(), slug, organizer))
    imported = _read()
    require_first_press()
    letter = own_letter(session(), slug, organizer)
    require_draft(letter)
    return _import(organizer, letter, imported)


def _read() -> Imported:
    """The file that was sent. Reading takes a while, so the database is released first."""
    session().rollback()
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadShape("Choose a file first.")
    return import_file(file.filename, file.stream.read())


def _import(organizer: Organizer, letter: Letter | None, imported: Imported) -> Answer:
    if imported.words.translations:
        return _with_translations(organizer, letter, imported)
    return _in_form(organizer, letter, imported)


def _in_form(organizer: Organizer, letter: Letter | None, imported: Imported) -> Answer:
    newest = newest_version(session(), letter) if letter else None
    before = text_of(newest) if newest else LetterText()
    fields = fields_of(_filled(imported, before), newest.number if newest else 0)
    kept = keep_working_copy(session(), organizer, letter, fields)
    session().commit()
    return render_editor(fields, letter, kept=KEPT if kept else "", left_out=_told(imported)), 200


def _filled(imported: Imported, before: LetterText) -> LetterText:
    """What a file does not say of title, recipient, employer and language stays as it was."""
    words = imported.words
    texts = {name: getattr(words, name) or getattr(before, name) for name in ("title", "recipient", "employer")}
    return replace(words, **texts, language=imported.language or before.language)


def _told(imported: Imported) -> list[str]:
    told = [say(one.sentence, count=one.count, words=one.words) for one in imported.omissions]
    if imported.settings:
        names = ", ".join(dict.fromkeys(name for name, _ in imported.settings))
        told.append(say("Settings, which you choose under “Review”: %(names)s", names=names))
    return told


def _with_translations(organizer: Organizer, letter: Letter | None, imported: Imported) -> Answer:
    """A whole letter in several languages is saved as it is: one form could not hold it.

    What is not in it as in the file is listed above the form of the letter that was saved.
    """
    if letter is None:
        letter = begin_letter(organizer, imported.words)
    else:
        newest = newest_version(session(), letter)
        whole = checked(_filled(imported, text_of(newest)))
        note = say("From a file")
        save(session(), letter, organizer, whole, based_on=newest.number, moment=now(), note=note)
    told = _told(imported)
    if not told:
        return saved(f"/organize/letters/{letter.slug}/")
    session().commit()
    version = newest_version(session(), letter)
    return render_editor(fields_of(text_of(version), version.number), letter, kept=SAME, left_out=told), 200
