"""The organizers' page of names: which steps a letter offers, who can unlock them, unlocking, and hiding fake ones."""

import re
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, StringField

from petition.crypto.appearance_steps import NAMED, NAMED_AT, name_step, number_of
from petition.errors import GONE, BadShape, NotFound
from petition.letters.access import own_letter
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.accounts import short_id
from petition.letters.organizers.names_keys import (
    LEAST_N,
    MOST_MONTHS,
    MOST_N,
    MOST_NUMBERS,
    WHICH_NUMBERS,
    announce_unlocking,
    choose_name_steps,
    grant,
    key_holders,
    unlock_named,
    void_announcement,
    who_can_unlock,
)
from petition.letters.states import require_draft
from petition.publishing.figures.collation import place
from petition.publishing.figures.names import naming
from petition.signing.names import find_on_pages, find_shown, hide
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import about, as_sent, asks_first, organizer_action, saved, sent
from petition.web.desk.forms import A_PASSWORD
from petition.web.desk.services import facts
from petition.web.desk.steps import ReasonForm
from petition.web.shared.context import now, session, site
from petition.web.shared.forms import Between, small_number
from petition.web.shared.limits import limiter, organizer_key, signing_in

_ = str
MOST_FOUND = 100
"""Names on the page for hiding names; organizers type a part of a name to find it."""


class NameStepsForm(FlaskForm):
    """Which steps that show names a letter offers."""

    named = BooleanField(_("People may also show their name right away"))
    numbers = StringField(
        _("People may show their name once this many have signed"),
        description=_("Up to five numbers, such as 50, 200. Optional."),
    )
    months = IntegerField(
        _("Months to keep names after closing"),
        [Between(1, MOST_MONTHS)],
    )


class UnlockForm(FlaskForm):
    """An act that only the passphrase allows."""

    passphrase = PasswordField(_("Your password"), A_PASSWORD)


class GrantForm(UnlockForm):
    """Give the names keys to an editor."""

    organizer = SelectField(_("Addressed to"), validate_choice=False)


@bp.get("/letters/<slug>/names")
@for_organizers
def names(organizer: Organizer, slug: str) -> Answer:
    """How the letter deals with names."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    holders, held = key_holders(session(), letter.id), who_can_unlock(session(), letter.id)
    granting = as_sent(GrantForm)
    granting.organizer.choices = [(one.id, f"{one.name} ({short_id(one)})") for one in holders if one.id not in held]
    return desk_page(
        "organize/names.html",
        letter=letter,
        naming=naming(session(), letter),
        count=facts(letter).sealed,
        can_unlock=[one.name for one in holders if one.id in held],
        is_holder=organizer.id in held,
        form=as_sent(NameStepsForm, data=_kept(letter)),
        unlocking=UnlockForm(formdata=None),
        granting=granting,
    )


def _kept(letter: Letter) -> dict[str, object]:
    numbers = ", ".join(str(number) for step in letter.name_steps if (number := number_of(step)) is not None)
    return {"named": NAMED in letter.name_steps, "numbers": numbers, "months": letter.names_months}


@bp.post("/letters/<slug>/names")
@organizer_action(_page)
def choose_names(organizer: Organizer, slug: str) -> Answer:
    """Keep which steps are offered; only in a draft."""
    letter = own_letter(session(), slug, organizer)
    require_draft(letter)
    form = sent(NameStepsForm())
    choose_name_steps(
        session(), letter, named=form.named.data, numbers=_numbers(form.numbers.data or ""), months=form.months.data
    )
    return saved("names")


def _numbers(typed: str) -> list[int]:
    numbers = [small_number(part) for part in re.split(r"[\s,;]+", typed) if part]
    if None in numbers:
        raise BadShape(WHICH_NUMBERS, most=MOST_NUMBERS, least=LEAST_N, largest=f"{MOST_N:,}").about("numbers")
    return [number for number in numbers if number is not None]


def _revealing_page(organizer: Organizer, slug: str, number: int = 0) -> str:
    letter = own_letter(session(), slug, organizer)
    form = as_sent(UnlockForm)
    return desk_page("organize/confirm/reveal-names.html", letter=letter, number=number, form=form)


@asks_first("/letters/<slug>/names/unlock", _revealing_page)
@limiter.limit(signing_in, key=organizer_key)
def unlock_names(organizer: Organizer, slug: str) -> Answer:
    """Reveal the names that may show at once, from the next update on."""
    letter = own_letter(session(), slug, organizer)
    form = sent(UnlockForm())
    if letter.published is None:
        raise BadShape("You can reveal them once the letter is public.")
    unlock_named(session(), letter, organizer, form.passphrase.data, master=site().master)
    return saved("names")


@asks_first("/letters/<slug>/names/<int(max=999999999):number>/announce", _revealing_page)
@limiter.limit(signing_in, key=organizer_key)
def announce_names(organizer: Organizer, slug: str, number: int) -> Answer:
    """Announce that the names of an N are shown a day from now."""
    letter = own_letter(session(), slug, organizer)
    typed = sent(UnlockForm()).passphrase.data
    when: Any = {"count": facts(letter).sealed, "moment": now(), "master": site().master}
    announce_unlocking(session(), letter, organizer, typed, number, **when)
    return saved("names")


@bp.post("/letters/<slug>/names/<int:number>/void")
@organizer_action(_page)
def void_names(organizer: Organizer, slug: str, number: int) -> Answer:
    """Cancel an announcement."""
    void_announcement(session(), own_letter(session(), slug, organizer), name_step(NAMED_AT, number))
    return saved("names")


@bp.post("/letters/<slug>/names/grant")
@limiter.limit(signing_in, key=organizer_key)
@organizer_action(_page)
def grant_names(organizer: Organizer, slug: str) -> Answer:
    """Give another organizer the names keys."""
    letter = own_letter(session(), slug, organizer)
    form = sent(GrantForm())
    grant(session(), letter, organizer, form.passphrase.data, form.organizer.data or "")
    return saved("names")


@bp.get("/letters/<slug>/names/shown")
@for_organizers
def shown_names_list(organizer: Organizer, slug: str) -> Answer:
    """The names that the public sees, with a search; each can be hidden."""
    return _shown_page(organizer, slug)


def _shown_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    sought = request.values.get("q", "").strip()[:200]
    language = newest_version(session(), letter).language
    found = find_shown(session(), letter.id, sought, MOST_FOUND + 1)
    return desk_page(
        "organize/shown-names.html",
        letter=letter,
        names=sorted(found[:MOST_FOUND], key=lambda row: place(row.name, language)),
        has_more=len(found) > MOST_FOUND,
        sought=sought,
    )


def _hiding_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    key = _key()
    name = find_on_pages(session(), letter.id, key)
    if name is None:
        raise NotFound(GONE)
    shown = {"key": key.hex(), "name": name.name, "form": as_sent(ReasonForm)}
    return desk_page("organize/confirm/hide-name.html", letter=letter, **shown)


def _key() -> bytes:
    """The key of the name that was chosen from the list."""
    typed = request.values.get("key", "")
    if not re.fullmatch("[0-9a-f]{64}", typed):
        raise BadShape("Choose a name from the list.")
    return bytes.fromhex(typed)


@asks_first("/letters/<slug>/names/hide", _hiding_page)
def hide_name(organizer: Organizer, slug: str) -> Answer:
    """Hide a fake name, with a public reason."""
    letter = own_letter(session(), slug, organizer)
    key = _key()
    with about("reason"):
        hide(session(), letter, key, sent(ReasonForm()).reason.data)
    return saved("names/shown")
