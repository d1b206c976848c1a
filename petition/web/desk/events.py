"""The organizers' page for what happens after a letter is out: events, demands, and the dates kept by the clock."""

from datetime import UTC, date, datetime
from typing import Any

from flask import redirect
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from petition.errors import Refusal
from petition.letters.access import own_letter
from petition.letters.dates import set_dates
from petition.letters.drafting.versions import newest_version
from petition.letters.events import (
    KINDS,
    STATUSES,
    add_event,
    events_of,
    read_event,
    remove_event,
    set_status,
    statuses_of,
)
from petition.letters.models import DemandStatus, Letter, Organizer
from petition.letters.states import PUBLIC
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import now, say, session

_ = str
NAMES = {
    "delivered": _("Delivered"),
    "answered": _("Answered"),
    "press": _("In the press"),
    "update": _("Update from the organizers"),
    "checked": _("Checked by an outsider"),
    "correction": _("Correction"),
}
AN_HOUR = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H"]
A_DAY = _("Give the day, for example 2026-11-30.")


class EventForm(FlaskForm):
    """Something that happened."""

    kind = SelectField(_("What happened"), choices=lambda: [(kind, _(NAMES[kind])) for kind in KINDS])
    day = DateField(_("On which day"), [InputRequired(A_DAY)])
    who = StringField(_("Who"), description=_("To whom it was delivered, who answered, which paper, who checked"))
    how = StringField(_("How"), description=_("By mail, on paper at the front desk, with which program"))
    link = StringField(_("Link"), description=_("Begins with https://"))
    text = TextAreaField(_("In words"), description=_("The answer, the statement, or what you want to tell"))


class DemandForm(FlaskForm):
    """What became of a demand. The token is checked ahead of it, as for every organizers' form."""

    class Meta:
        """One form stands for each demand, under names of its own."""

        csrf = False

    status = SelectField(_("Where it stands"), choices=lambda: list(STATUSES))
    day = DateField(_("On which day"), [InputRequired(A_DAY)])
    note = StringField(_("Note"))


class DatesForm(FlaskForm):
    """Hours at which the clock acts, in UTC."""

    publishes = DateTimeLocalField(_("Publish by itself (UTC)"), [Optional()], format=AN_HOUR)
    ends = DateTimeLocalField(_("Close by itself (UTC)"), [Optional()], format=AN_HOUR)


@bp.get("/letters/<slug>/after")
@for_organizers
def after(organizer: Organizer, slug: str) -> Answer:
    """What was told, and forms to tell more."""
    return _page(own_letter(session(), slug, organizer))


@bp.post("/letters/<slug>/events")
@for_organizers
def tell(organizer: Organizer, slug: str) -> Answer:
    """Tell of an event."""
    letter = own_letter(session(), slug, organizer)
    form = EventForm()
    if not form.validate():
        return _page(letter, event=form), 400
    try:
        words = {name: form[name].data or "" for name in ("who", "how", "link", "text")}
        add_event(session(), letter, read_event(form.kind.data, form.day.data, **words), moment=now())
    except Refusal as refusal:
        return _refused(slug, organizer, refusal, event=form)
    session().commit()
    return redirect(f"/organize/letters/{slug}/after", 303)


@bp.post("/letters/<slug>/events/<int(max=999999999):number>/remove")
@for_organizers
def remove_event_(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take an event away."""
    letter = own_letter(session(), slug, organizer)
    try:
        remove_event(session(), letter, number)
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    session().commit()
    return redirect(f"/organize/letters/{slug}/after", 303)


@bp.post("/letters/<slug>/demands/<int(max=999999999):number>")
@for_organizers
def answer_demand(organizer: Organizer, slug: str, number: int) -> Answer:
    """Say what became of a demand."""
    letter = own_letter(session(), slug, organizer)
    form = DemandForm(prefix=_prefix(number))
    if not form.validate():
        return _page(letter, demand=(number, form)), 400
    demands = len(newest_version(session(), letter).demands)
    told: tuple[str, date, str] = (form.status.data, form.day.data, form.note.data or "")
    try:
        set_status(session(), letter, number, *told, demands=demands, moment=now())
    except Refusal as refusal:
        return _refused(slug, organizer, refusal, demand=(number, form))
    session().commit()
    return redirect(f"/organize/letters/{slug}/after", 303)


@bp.get("/letters/<slug>/dates")
@for_organizers
def dates(organizer: Organizer, slug: str) -> Answer:
    """When the letter is published and closed by itself."""
    letter = own_letter(session(), slug, organizer)
    return desk_page("organize/dates.html", letter=letter, form=DatesForm(formdata=None, obj=letter), refusal=None)


@bp.post("/letters/<slug>/dates")
@for_organizers
def keep_dates(organizer: Organizer, slug: str) -> Answer:
    """Keep the dates."""
    letter = own_letter(session(), slug, organizer)
    form = DatesForm()
    shown: dict[str, Any] = {"letter": letter, "form": form}
    if not form.validate():
        return desk_page("organize/dates.html", **shown, refusal=None), 400
    try:
        set_dates(session(), letter, publishes=_utc(form.publishes.data), ends=_utc(form.ends.data), moment=now())
    except Refusal as refusal:
        session().rollback()
        why = say(refusal.sentence, **refusal.values)
        return desk_page("organize/dates.html", **shown, refusal=why), refusal.status
    session().commit()
    return redirect(f"/organize/letters/{slug}/", 303)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _refused(slug: str, organizer: Organizer, refusal: Refusal, **forms: Any) -> Answer:
    session().rollback()
    letter = own_letter(session(), slug, organizer)
    return _page(letter, refusal=say(refusal.sentence, **refusal.values), **forms), refusal.status


def _page(
    letter: Letter,
    *,
    event: EventForm | None = None,
    demand: tuple[int, DemandForm] | None = None,
    refusal: str | None = None,
) -> str:
    known = statuses_of(session(), letter)
    number_typed, form_typed = demand or (0, None)
    demands = [
        (number, text, form_typed if number == number_typed else _demand_form(number, known.get(number)))
        for number, text in enumerate(newest_version(session(), letter).demands, 1)
    ]
    return desk_page(
        "organize/after.html",
        letter=letter,
        is_public=letter.state in PUBLIC,
        events=events_of(session(), letter),
        names=NAMES,
        form=event or EventForm(formdata=None, day=now().date()),
        typed=event or form_typed,
        demands=demands,
        refusal=refusal,
    )


def _demand_form(number: int, row: DemandStatus | None) -> DemandForm:
    given = {"obj": row} if row is not None else {"day": now().date()}
    return DemandForm(formdata=None, prefix=_prefix(number), **given)


def _prefix(number: int) -> str:
    return f"demand-{number}-"
