"""The organizers' page of names: which steps a letter offers, who can unlock them, unlocking, and hiding fake ones."""

import re
from typing import Any

from flask import redirect, request
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from petition.coordination.facts import facts_of
from petition.crypto.appearance_steps import NAMED, NAMED_AT, name_step, number_of
from petition.errors import BadShape, Refusal
from petition.letters.access import own_letter
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.names_keys import (
    MOST_MONTHS,
    announce_unlocking,
    choose_name_steps,
    grant,
    key_holders,
    unlock_named,
    void_announcement,
    who_can_unlock,
)
from petition.letters.states import DRAFT
from petition.publishing.figures.collation import place
from petition.publishing.figures.names import naming
from petition.signing.models import ShownName
from petition.signing.names import SHOWN, hide
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import now, say, session, site
from petition.web.shared.limits import SIGNING_IN, limiter

_ = str
MOST_FOUND = 100
"""Names on the page of those to be hidden; whoever seeks one types a part of it."""


class NameStepsForm(FlaskForm):
    """Which steps that show names a letter offers."""

    named = BooleanField(_("Signers may show their names at once"))
    numbers = StringField(
        _("Signers may show their names once so many have signed"),
        description=_("Up to five numbers, for example: 50, 200. Leave it empty for none."),
    )
    months = IntegerField(
        _("Months after which names leave the pages, once the letter is closed"),
        [InputRequired(_("Give a number of months.")), NumberRange(1, MOST_MONTHS, _("Give a number from 1 to 60."))],
    )


class UnlockForm(FlaskForm):
    """An act that only the passphrase allows."""

    passphrase = PasswordField(_("Your passphrase"), [InputRequired(_("Type your passphrase.")), Length(max=1000)])


class GrantForm(UnlockForm):
    """Give the names keys to somebody."""

    organizer = SelectField(_("To whom"), validate_choice=False)


@bp.get("/letters/<slug>/names")
@for_organizers
def names(organizer: Organizer, slug: str) -> Answer:
    """How the letter deals with names."""
    return _page(own_letter(session(), slug, organizer), organizer)


def _page(
    letter: Letter, organizer: Organizer, form: NameStepsForm | None = None, refusal: Refusal | None = None
) -> str:
    holders, held = key_holders(session(), letter.id), who_can_unlock(session(), letter.id)
    granting = GrantForm(formdata=None)
    granting.organizer.choices = [(one.id, one.name) for one in holders if one.id not in held]
    return desk_page(
        "organize/names.html",
        letter=letter,
        naming=naming(session(), letter),
        count=facts_of(session(), letter, site().settings.url).sealed,
        can_unlock=[one.name for one in holders if one.id in held],
        is_holder=organizer.id in held,
        form=form or _filled(letter),
        unlocking=UnlockForm(formdata=None),
        granting=granting,
        refusal=say(refusal.sentence, **refusal.values) if refusal else None,
    )


def _filled(letter: Letter) -> NameStepsForm:
    numbers = ", ".join(str(number) for step in letter.name_steps if (number := number_of(step)) is not None)
    named = NAMED in letter.name_steps
    return NameStepsForm(formdata=None, data={"named": named, "numbers": numbers, "months": letter.names_months})


@bp.post("/letters/<slug>/names")
@for_organizers
def choose_names(organizer: Organizer, slug: str) -> Answer:
    """Keep which steps are offered; only in a draft."""
    letter = own_letter(session(), slug, organizer)
    form = NameStepsForm()
    try:
        if letter.state == DRAFT and not form.validate():
            return _page(letter, organizer, form), 400
        numbers, months = _numbers(form.numbers.data or ""), form.months.data or 0
        choose_name_steps(session(), letter, named=form.named.data, numbers=numbers, months=months)
    except Refusal as refusal:
        session().rollback()
        return _page(own_letter(session(), slug, organizer), organizer, form, refusal), refusal.status
    session().commit()
    return _to_page(slug)


def _numbers(typed: str) -> list[int]:
    parts = [part for part in re.split(r"[\s,;]+", typed) if part]
    if not all(re.fullmatch("[0-9]{1,9}", part) for part in parts):
        raise BadShape("Give numbers with commas between them, for example: 50, 200.")
    return [int(part) for part in parts]


def _to_page(slug: str) -> Answer:
    return redirect(f"/organize/letters/{slug}/names", 303)


def _act(slug: str, organizer: Organizer, form: FlaskForm, act: Any) -> Answer:
    """Check the form's shape, do it, and go back to the page; a refusal stands on the page."""
    letter = own_letter(session(), slug, organizer)
    try:
        if not form.validate():
            raise BadShape("Type your passphrase.")
        act(letter)
    except Refusal as refusal:
        session().rollback()
        letter = own_letter(session(), slug, organizer)
        return _page(letter, organizer, refusal=refusal), refusal.status
    session().commit()
    return _to_page(slug)


@bp.post("/letters/<slug>/names/unlock")
@limiter.limit(SIGNING_IN)
@for_organizers
def unlock_names(organizer: Organizer, slug: str) -> Answer:
    """Let the names that are to be shown at once be shown, from the next update on."""
    form = UnlockForm()

    def act(letter: Letter) -> None:
        if letter.published is None:
            raise BadShape("Names are unlocked when the letter is published, or after that.")
        unlock_named(session(), letter, organizer, form.passphrase.data, master=site().master)

    return _act(slug, organizer, form, act)


@bp.post("/letters/<slug>/names/<int:number>/announce")
@limiter.limit(SIGNING_IN)
@for_organizers
def announce_names(organizer: Organizer, slug: str, number: int) -> Answer:
    """Announce that the names of an N are shown a day from now."""
    form = UnlockForm()

    def act(letter: Letter) -> None:
        announce_unlocking(
            session(),
            letter,
            organizer,
            form.passphrase.data,
            number,
            count=facts_of(session(), letter, site().settings.url).sealed,
            moment=now(),
            master=site().master,
        )

    return _act(slug, organizer, form, act)


@bp.post("/letters/<slug>/names/<int:number>/void")
@for_organizers
def void_names(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take an announcement back."""
    return _act(
        slug, organizer, FlaskForm(), lambda letter: void_announcement(session(), letter, name_step(NAMED_AT, number))
    )


@bp.post("/letters/<slug>/names/grant")
@limiter.limit(SIGNING_IN)
@for_organizers
def grant_names(organizer: Organizer, slug: str) -> Answer:
    """Give another organizer the names keys."""
    form = GrantForm()
    to = form.organizer.data or ""
    return _act(slug, organizer, form, lambda letter: grant(session(), letter, organizer, form.passphrase.data, to))


@bp.get("/letters/<slug>/names/shown")
@for_organizers
def shown_names_list(organizer: Organizer, slug: str) -> Answer:
    """The names that the public sees, to be searched; each can be hidden."""
    return _shown(own_letter(session(), slug, organizer), None)


def _shown(letter: Letter, refusal: Refusal | None) -> str:
    sought = request.values.get("q", "").strip()[:200]
    query = select(ShownName).where(ShownName.letter_id == letter.id, ShownName.state == SHOWN)
    if sought:
        query = query.where(ShownName.name.icontains(sought, autoescape=True))
    language = newest_version(session(), letter).language
    found = sorted(session().scalars(query), key=lambda row: place(row.name, language))
    return desk_page(
        "organize/shown-names.html",
        letter=letter,
        names=[(row.key.hex(), row.name, row.title) for row in found[:MOST_FOUND]],
        more=max(0, len(found) - MOST_FOUND),
        sought=sought,
        typed=request.form,
        refusal=say(refusal.sentence, **refusal.values) if refusal else None,
    )


@bp.post("/letters/<slug>/names/hide")
@for_organizers
def hide_name(organizer: Organizer, slug: str) -> Answer:
    """Hide a fake name, with a public reason."""
    letter = own_letter(session(), slug, organizer)
    key = request.form.get("key", "")
    try:
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise BadShape("Choose a name from the list.")
        hide(session(), letter, bytes.fromhex(key), request.form.get("reason", ""))
    except Refusal as refusal:
        session().rollback()
        return _shown(own_letter(session(), slug, organizer), refusal), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{slug}/names/shown", 303)
