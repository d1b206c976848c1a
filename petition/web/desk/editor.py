"""Writing a letter: its words, their preview, and the numbers that the organizers choose.

Every press of a button keeps what stands in the form, for whoever typed it alone, before anything else is done.
"""

import os
from collections.abc import Mapping

from flask import Response, redirect, request

from petition.errors import Refusal, TextChanged
from petition.letters.access import own_letter
from petition.letters.drafting.drafts import draft, save
from petition.letters.drafting.settings import DEFAULT_K, Rules, rolls_of, set_rules
from petition.letters.drafting.versions import newest_version, words_of
from petition.letters.drafting.working_copies import forget_working_copy, keep_working_copy, working_copy
from petition.letters.models import Letter, Organizer, Version
from petition.letters.states import ALONE
from petition.letters.text.letter_text import Words
from petition.publishing.cache import PACKAGE
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.conflicts import conflict_page
from petition.web.desk.editor_form import Fields, based_on, fields_of, rearranged, same_text, typed, words_in
from petition.web.desk.editor_page import KEPT, SAME, write_page
from petition.web.shared.context import now, say, session
from petition.web.shared.forms import RulesForm


@bp.get("/letters/new")
@for_organizers
def begin(organizer: Organizer) -> Answer:
    """An empty letter, or what was typed of one and not saved."""
    kept = working_copy(session(), organizer, None)
    return write_page(kept or {}, None, is_unsaved=kept is not None)


@bp.post("/letters/new")
@for_organizers
def create(organizer: Organizer) -> Answer:
    """Keep the first version, or show what was typed: previewed, or rearranged."""
    fields, act = typed(), request.form.get("do", "preview")
    if act != "save":
        return _go_on(organizer, None, fields, act)
    try:
        words = words_in(fields, Words())
        if not words.title:
            return write_page(fields, None, refusal=say("Give the letter a title, so that you find it again.")), 400
        letter = draft(session(), organizer, words, moment=now(), random=os.urandom)
        forget_working_copy(session(), organizer, None)
    except Refusal as refusal:
        session().rollback()
        return write_page(fields, None, refusal=say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{letter.slug}/", 303)


@bp.get("/letters/<slug>/write")
@for_organizers
def edit(organizer: Organizer, slug: str) -> Answer:
    """The newest version ready to be changed, or what was typed and not saved."""
    letter = own_letter(session(), slug, organizer)
    newest = newest_version(session(), letter)
    fields = fields_of(words_of(newest), newest.number)
    kept = working_copy(session(), organizer, letter)
    is_unsaved = kept is not None and not same_text(kept, fields)
    return write_page(kept if kept and is_unsaved else fields, letter, is_unsaved=is_unsaved)


@bp.post("/letters/<slug>/write")
@for_organizers
def keep(organizer: Organizer, slug: str) -> Answer:
    """Keep a new version, or show what was typed: previewed, rearranged; beside a newer version where they collide."""
    letter = own_letter(session(), slug, organizer)
    fields, act = typed(), request.form.get("do", "preview")
    if act != "save":
        return _go_on(organizer, letter, fields, act)
    kept = _keep_typed(organizer, letter, fields)
    words = None
    try:
        words = words_in(fields, _began_with(letter, fields))
        version = save(
            session(), letter, organizer, words, based_on=based_on(fields), moment=now(), note=fields.get("note", "")
        )
        forget_working_copy(session(), organizer, letter)
    except TextChanged as refusal:
        session().rollback()
        assert words is not None
        return conflict_page(letter, words, fields, refusal), refusal.status
    except Refusal as refusal:
        session().rollback()
        why = say(refusal.sentence, **refusal.values)
        return write_page(fields, letter, refusal=why, kept=kept), refusal.status
    session().commit()
    return redirect(after_saving(letter, version), 303)


def after_saving(letter: Letter, version: Version) -> str:
    """The letter's desk; or what was put together, to be read once."""
    desk = f"/organize/letters/{letter.slug}/"
    if version.merged_with is None:
        return desk
    return f"{desk}differences?before={version.merged_with}&after={version.number}"


def _began_with(letter: Letter, fields: Mapping[str, str]) -> Words:
    """The version that a form began with, whose translations it does not change."""
    found = session().get(Version, (letter.id, based_on(fields)))
    return words_of(found or newest_version(session(), letter))


def _go_on(organizer: Organizer, letter: Letter | None, fields: Fields, act: str) -> Answer:
    """Keep what was typed, and show it as a press of a button leaves it."""
    if act == "forget":
        forget_working_copy(session(), organizer, letter)
        session().commit()
        return redirect(request.path, 303)
    fields = rearranged(fields, act)
    kept = _keep_typed(organizer, letter, fields)
    try:
        words = words_in(fields, _began_with(letter, fields) if letter else Words())
    except Refusal as refusal:
        why = say(refusal.sentence, **refusal.values)
        return write_page(fields, letter, refusal=why, kept=kept), refusal.status
    return write_page(fields, letter, preview=words if act == "preview" else None, kept=kept)


def _keep_typed(organizer: Organizer, letter: Letter | None, fields: Fields) -> str:
    """Keep what was typed, unless it is what is saved; whether it is at the desk."""
    newest = newest_version(session(), letter) if letter else None
    if newest and same_text(fields, fields_of(words_of(newest), newest.number)):
        forget_working_copy(session(), organizer, letter)
        kept = SAME
    else:
        kept = KEPT if keep_working_copy(session(), organizer, letter, fields) else ""
    session().commit()
    return kept


@bp.get("/write.js")
@for_organizers
def script(organizer: Organizer) -> Answer:
    """Keeps and previews while somebody types, with the same form and the same button."""
    return Response((PACKAGE / "static" / "write.js").read_bytes(), mimetype="text/javascript")


@bp.get("/letters/<slug>/rules")
@for_organizers
def rules(organizer: Organizer, slug: str) -> Answer:
    """K, goal and threshold."""
    letter = own_letter(session(), slug, organizer)
    form = RulesForm(obj=letter)
    form.rolls.data = "\n".join(roll.name for roll in rolls_of(session(), letter))
    form.single.data = letter.k == ALONE
    form.k.data = DEFAULT_K if letter.k == ALONE else letter.k
    return desk_page("organize/rules.html", letter=letter, form=form, refusal=None)


@bp.post("/letters/<slug>/rules")
@for_organizers
def keep_rules(organizer: Organizer, slug: str) -> Answer:
    """Keep them."""
    letter = own_letter(session(), slug, organizer)
    form = RulesForm()
    try:
        if not form.validate():
            return desk_page("organize/rules.html", letter=letter, form=form, refusal=None), 400
        set_rules(session(), letter, _rules_of(form, letter))
    except Refusal as refusal:
        session().rollback()
        why = say(refusal.sentence, **refusal.values)
        return desk_page("organize/rules.html", letter=letter, form=form, refusal=why), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{slug}/", 303)


def _rules_of(form: RulesForm, letter: Letter) -> Rules:
    """What was chosen; a field that was not sent stays as it is."""
    return Rules(
        k=ALONE if form.single.data else form.k.data,
        timing=form.timing.data if "timing" in request.form else letter.timing,
        rolls=tuple((form.rolls.data or "").splitlines()),
        issuing_days=form.issuing_days.data or letter.issuing_days,
        pause_hours=form.pause_hours.data or letter.pause_hours,
        goal=form.goal.data,
        threshold=form.threshold.data,
        contact=form.contact.data or "" if "contact" in request.form else letter.contact or "",
    )
