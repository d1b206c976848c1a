"""What the organizers choose besides the text: who may sign, group size, timing, goal, minimum, contact."""

from dataclasses import replace
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional, StopValidation

from petition.letters.access import own_letter
from petition.letters.drafting.drafts import choose_slug
from petition.letters.drafting.settings import DEFAULT_K, rolls_of, rules_of, set_rules
from petition.letters.models import Organizer
from petition.letters.states import ALONE, DRAFT, LEAST_K, MOST_K
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import about, as_sent, organizer_action, saved, sent
from petition.web.shared.context import session, site
from petition.web.shared.forms import Between

_ = str


def skip_for_one(form: FlaskForm, field: Any) -> None:
    """A letter from one person has no group size to give."""
    if form.single.data:
        field.errors = []
        raise StopValidation


MILLIONS = Between(1, 10**7)


class RulesForm(FlaskForm):
    """Who may sign, and what keeps them apart from their codes: locked when the letter opens."""

    rolls = TextAreaField(
        _("Who can sign"),
        description=_(
            "One group per line, such as “Current workers.” Each is counted separately. Most letters need only one."
        ),
    )
    k = IntegerField(
        _("Minimum group size"),
        [skip_for_one, Between(LEAST_K, MOST_K)],
        description=_("Signatures are added in groups. With 10, at least 15 must be waiting."),
    )
    timing = RadioField(
        _("When people sign"),
        choices=lambda: [
            ("together", _("Right away, or later if they like")),
            ("apart", _("Two steps: everyone uses their code first and signs after a break")),
        ],
        default="together",
    )
    updates = RadioField(
        _("How often the count is updated"),
        choices=lambda: [
            ("daily", _("Once a day")),
            ("hourly", _("Every hour")),
        ],
        default="daily",
    )
    issuing_days = IntegerField(
        _("Days to use codes"),
        [Optional(), Between(1, 365)],
        default=7,
    )
    pause_hours = IntegerField(
        _("Hours between codes and signing"),
        [Optional(), Between(1, 720)],
        default=24,
    )
    single = BooleanField(_("One verified person, not a group"))


class GoalForm(FlaskForm):
    """What may change at any time."""

    goal = IntegerField(_("Goal"), [Optional(), MILLIONS], description=_("Shown on the letter's page. Optional."))
    threshold = IntegerField(
        _("Minimum signatures to publish"),
        [Optional(), MILLIONS],
        description=_("Keep the letter private until this many people sign. Optional."),
    )
    contact = StringField(
        _("Contact for journalists"),
        description=_("Public, on the press page. Use a separate email address. Optional."),
    )


@bp.get("/letters/<slug>/rules")
@for_organizers
def rules(organizer: Organizer, slug: str) -> Answer:
    """Who may sign, and how."""
    return _rules_page(organizer, slug)


def _rules_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    rolls = [roll.name for roll in rolls_of(session(), letter)]
    kept = {"rolls": "\n".join(rolls), "single": letter.k == ALONE, "timing": letter.timing}
    kept |= {"updates": letter.updates}
    kept |= {"issuing_days": letter.issuing_days, "pause_hours": letter.pause_hours}
    form = as_sent(RulesForm, data={**kept, "k": DEFAULT_K if letter.k == ALONE else letter.k})
    return desk_page("organize/rules.html", letter=letter, form=form, rolls=rolls, is_draft=letter.state == DRAFT)


@bp.post("/letters/<slug>/rules")
@organizer_action(_rules_page)
def save_rules(organizer: Organizer, slug: str) -> Answer:
    """Save the rules; a field that was not sent stays as it is."""
    letter = own_letter(session(), slug, organizer)
    form = sent(RulesForm())
    chosen = replace(
        rules_of(letter),
        k=ALONE if form.single.data else form.k.data,
        timing=form.timing.data if "timing" in request.form else letter.timing,
        updates=form.updates.data if "updates" in request.form else letter.updates,
        rolls=tuple((form.rolls.data or "").splitlines()),
        issuing_days=form.issuing_days.data or letter.issuing_days,
        pause_hours=form.pause_hours.data or letter.pause_hours,
    )
    set_rules(session(), letter, chosen)
    return saved("rules")


class AddressForm(FlaskForm):
    """Where a draft will be published."""

    address = StringField(
        _("Last part of the letter's address"),
        [InputRequired(_("Give the letter an address."))],
        description=_("For example: stop-the-contract"),
    )


@bp.get("/letters/<slug>/goal")
@for_organizers
def goal(organizer: Organizer, slug: str) -> Answer:
    """Goal, minimum, contact, and the address of a draft."""
    return _goal_page(organizer, slug)


def _goal_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    address = as_sent(AddressForm, data={"address": letter.slug}) if letter.state == DRAFT else None
    form = as_sent(GoalForm, obj=letter)
    return desk_page("organize/goal.html", letter=letter, form=form, address=address, root=site().settings.url or "")


@bp.post("/letters/<slug>/goal")
@organizer_action(_goal_page)
def save_goal(organizer: Organizer, slug: str) -> Answer:
    """Keep them."""
    letter = own_letter(session(), slug, organizer)
    form = sent(GoalForm())
    chosen = {"goal": form.goal.data, "threshold": form.threshold.data, "contact": form.contact.data or ""}
    with about("contact"):
        set_rules(session(), letter, replace(rules_of(letter), **chosen))
    return saved("goal")


@bp.post("/letters/<slug>/address")
@organizer_action(_goal_page)
def save_address(organizer: Organizer, slug: str) -> Answer:
    """Give a draft another address."""
    letter = own_letter(session(), slug, organizer)
    form = sent(AddressForm())
    choose_slug(session(), letter, form.address.data or "")
    return saved(f"/organize/letters/{letter.slug}/goal")
