"""Writing a letter: its words, their preview, and the numbers that the organizers choose."""

import os
import re
from typing import Any

from flask import redirect, request

from petition.errors import Refusal, TextChanged
from petition.letters.drafting import DEFAULT_K, Rules, draft, rolls_of, save, set_rules
from petition.letters.life import ALONE, DRAFT, own_letter
from petition.letters.models import Letter, Organizer
from petition.letters.text import Words, canonical, digest, read_words
from petition.letters.versions import newest_version, words_of
from petition.web.context import now, say, session
from petition.web.forms import LetterForm, RulesForm
from petition.web.organize import Answer, bp, desk_page, for_organizers

FIELDS = ("title", "recipient", "employer", "body", "language")


@bp.get("/letters/new")
@for_organizers
def begin(organizer: Organizer) -> Answer:
    """An empty letter."""
    return _page(LetterForm(), None)


@bp.post("/letters/new")
@for_organizers
def create(organizer: Organizer) -> Answer:
    """Keep the first version, or show the preview."""
    form = LetterForm()
    try:
        words = _words(form)
        if request.form.get("do") == "preview":
            return _page(form, None, preview=words)
        if not words.title:
            return _page(form, None, refusal=say("Give the letter a title, so that you find it again.")), 400
        letter = draft(session(), organizer, words, moment=now(), random=os.urandom)
    except Refusal as refusal:
        return _page(form, None, refusal=say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{letter.slug}/", 303)


@bp.get("/letters/<slug>/write")
@for_organizers
def edit(organizer: Organizer, slug: str) -> Answer:
    """The newest version, ready to be changed."""
    letter = own_letter(session(), slug, organizer)
    return _page(_form_of(letter), letter)


@bp.post("/letters/<slug>/write")
@for_organizers
def keep(organizer: Organizer, slug: str) -> Answer:
    """Keep a new version, or show the preview; if somebody else saved meanwhile, show both."""
    letter = own_letter(session(), slug, organizer)
    form = LetterForm()
    try:
        words = _words(form)
        if request.form.get("do") == "preview":
            return _page(form, letter, preview=words)
        based_on = int(form.based_on.data) if re.fullmatch("[0-9]{1,9}", form.based_on.data or "") else 0
        save(session(), letter, organizer, words, based_on=based_on, moment=now(), note=form.note.data or "")
    except TextChanged as refusal:
        session().rollback()
        return _conflict_page(form, letter, say(refusal.sentence, **refusal.values)), refusal.status
    except Refusal as refusal:
        session().rollback()
        return _page(form, letter, refusal=say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{slug}/", 303)


def _words(form: LetterForm) -> Words:
    """What was typed; the demands are one on each line."""
    typed = {name: getattr(form, name).data or "" for name in FIELDS}
    demands = (form.demands.data or "").splitlines()
    return read_words(typed["title"], typed["recipient"], typed["employer"], typed["body"], demands, typed["language"])


def _form_of(letter: Letter) -> LetterForm:
    version = newest_version(session(), letter)
    kept: dict[str, Any] = {name: getattr(version, name) for name in FIELDS}
    return LetterForm(data={**kept, "demands": "\n".join(version.demands), "based_on": str(version.number)})


def _conflict_page(form: LetterForm, letter: Letter, why: str) -> str:
    """Both texts: what was typed stays in the form, and saving it again puts it on top of the newer version."""
    newest = newest_version(session(), letter)
    form.based_on.raw_data = None
    form.based_on.data = str(newest.number)
    return _page(form, letter, refusal=why, theirs=words_of(newest))


def _page(
    form: LetterForm,
    letter: Letter | None,
    *,
    refusal: str | None = None,
    preview: Words | None = None,
    theirs: Words | None = None,
) -> str:
    shown = {"form": form, "letter": letter, "refusal": refusal, "preview": preview, "theirs": theirs}
    return desk_page("organize/write.html", **shown, is_draft=letter is None or letter.state == DRAFT)


@bp.get("/letters/<slug>/preview")
@for_organizers
def preview(organizer: Organizer, slug: str) -> Answer:
    """The letter as its readers will see it, with its digest."""
    letter = own_letter(session(), slug, organizer)
    words = words_of(newest_version(session(), letter))
    text_sha256 = letter.text_sha256 or digest(canonical(words))
    return desk_page("organize/preview.html", letter=letter, words=words, text_sha256=text_sha256)


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
    )
