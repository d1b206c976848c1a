"""What the organizers choose besides the words: who may sign, group size, timing, goal, minimum, contact."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation

from petition.letters.access import own_letter
from petition.letters.drafting.settings import DEFAULT_K, Rules, rolls_of, set_rules
from petition.letters.models import Letter, Organizer
from petition.letters.states import ALONE
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, organizer_action, saved, sent
from petition.web.shared.context import session

_ = str


def skip_for_one(form: FlaskForm, field: Any) -> None:
    """A statement by one person has no K to give."""
    if form.single.data:
        field.errors = []
        raise StopValidation


class RulesForm(FlaskForm):
    """What the organizers choose besides the words."""

    rolls = TextAreaField(
        _("Who may sign"),
        description=_(
            "One group on each line, verified and counted apart, for example “Current workers” and “Former workers”. "
            "Leave it as it is for one. Fixed once the letter is open."
        ),
    )
    single = BooleanField(_("This is a statement by one verified person, not a letter by many"))
    k = IntegerField(
        _("Smallest group (K)"),
        [
            skip_for_one,
            InputRequired(_("Give a number from 3 to 50.")),
            NumberRange(3, 50, _("Give a number from 3 to 50.")),
        ],
        description=_(
            "Signatures are counted only when at least one and a half times so many wait together. "
            "Fixed once the letter is open."
        ),
    )
    timing = RadioField(
        _("When codes are exchanged and signatures given"),
        choices=lambda: [
            ("together", _("Together: at any time, in one sitting")),
            ("apart", _("Apart: first all codes, then, after a pause, all signatures")),
        ],
        default="together",
    )
    issuing_days = IntegerField(
        _("Apart: days for exchanging codes"),
        [Optional(), NumberRange(1, 365, _("Give a number from 1 to 365."))],
        default=7,
    )
    pause_hours = IntegerField(
        _("Apart: hours of pause before signing opens"),
        [Optional(), NumberRange(1, 720, _("Give a number from 1 to 720."))],
        default=24,
    )
    goal = IntegerField(
        _("Goal"),
        [Optional(), NumberRange(1, 10**7, _("Give a number from 1 to 10,000,000."))],
        description=_("Shown on the page as something to reach; leave it empty for none."),
    )
    threshold = IntegerField(
        _("Publish only from"),
        [Optional(), NumberRange(1, 10**7, _("Give a number from 1 to 10,000,000."))],
        description=_("Nothing is public before so many have signed; leave it empty for none."),
    )
    contact = StringField(
        _("Contact for journalists"),
        description=_(
            "Public, on the press page alone, for example a mail address that you use for nothing else. "
            "Leave it empty for none."
        ),
    )


@bp.get("/letters/<slug>/rules")
@for_organizers
def rules(organizer: Organizer, slug: str) -> Answer:
    """What is chosen."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    form = as_sent(RulesForm, obj=letter)
    if not form.is_submitted():
        form.rolls.data = "\n".join(roll.name for roll in rolls_of(session(), letter))
        form.single.data = letter.k == ALONE
        form.k.data = DEFAULT_K if letter.k == ALONE else letter.k
    return desk_page("organize/rules.html", letter=letter, form=form)


@bp.post("/letters/<slug>/rules")
@organizer_action(_page)
def save_rules(organizer: Organizer, slug: str) -> Answer:
    """Keep them."""
    letter = own_letter(session(), slug, organizer)
    set_rules(session(), letter, _rules_of(sent(RulesForm()), letter))
    return saved("")


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
