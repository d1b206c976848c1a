"""The organizers' page for what happens after a letter is out: events, demands, and the dates kept by the scheduler."""

from datetime import UTC, date, datetime

from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from petition.letters.access import own_letter
from petition.letters.dates import set_dates
from petition.letters.drafting.versions import newest_version
from petition.letters.events import (
    EVENT_NAMES,
    EVENT_PARTS,
    STANDINGS,
    add_event,
    events_of,
    read_event,
    remove_event,
    set_status,
    statuses_of,
)
from petition.letters.models import DemandStatus, Organizer
from petition.letters.states import DRAFT, OPEN, PUBLIC
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, organizer_action, saved, sent
from petition.web.shared.context import now, session

_ = str
AN_HOUR = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H"]
A_DAY = _("Choose a date.")


class EventForm(FlaskForm):
    """Something that happened."""

    kind = SelectField(_("What happened"), choices=lambda: [(kind, _(EVENT_NAMES[kind])) for kind in EVENT_PARTS])
    day = DateField(_("Date"), [InputRequired(A_DAY)])
    who = StringField(_("Who"), description=_("The person, newspaper or group"))
    how = StringField(_("How"), description=_("For example by email, or on paper"))
    link = StringField(_("Link"), description=_("For example example.org/article"))
    text = TextAreaField(_("Text"))


class DemandForm(FlaskForm):
    """What became of a demand. The token is checked ahead of it, as for every organizers' form."""

    class Meta:
        """Each demand has its own form, with its own field names."""

        csrf = False

    status = SelectField(_("Where it stands"), choices=lambda: list(STANDINGS.items()))
    day = DateField(_("Date"), [InputRequired(A_DAY)])
    note = StringField(_("Note"))


class DatesForm(FlaskForm):
    """Hours at which the scheduler acts, in UTC."""

    publishes = DateTimeLocalField(_("Publish on a date (UTC)"), [Optional()], format=AN_HOUR)
    ends = DateTimeLocalField(_("Close on a date (UTC)"), [Optional()], format=AN_HOUR)


@bp.get("/letters/<slug>/after")
@for_organizers
def after(organizer: Organizer, slug: str) -> Answer:
    """Events so far, and forms to add more."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    known = statuses_of(session(), letter)
    demands = [
        (number, text, _demand_form(number, known.get(number)))
        for number, text in enumerate(newest_version(session(), letter).demands, 1)
    ]
    return desk_page(
        "organize/after.html",
        letter=letter,
        is_public=letter.state in PUBLIC,
        events=events_of(session(), letter),
        names=EVENT_NAMES,
        form=as_sent(EventForm, day=now().date()),
        demands=demands,
    )


def _demand_form(number: int, row: DemandStatus | None) -> DemandForm:
    given = {"obj": row} if row is not None else {"day": now().date()}
    return as_sent(DemandForm, prefix=_prefix(number), **given)


def _prefix(number: int) -> str:
    return f"demand-{number}-"


@bp.post("/letters/<slug>/events")
@organizer_action(_page, again="after", form=EventForm)
def publish_event(organizer: Organizer, slug: str) -> Answer:
    """Add an event."""
    letter = own_letter(session(), slug, organizer)
    form = sent(EventForm())
    words = {name: form[name].data or "" for name in ("who", "how", "link", "text")}
    add_event(session(), letter, read_event(form.kind.data, form.day.data, **words), moment=now())
    return saved("after")


@bp.post("/letters/<slug>/events/<int(max=999999999):number>/remove")
@organizer_action(_page)
def remove_event_(organizer: Organizer, slug: str, number: int) -> Answer:
    """Delete an event."""
    remove_event(session(), own_letter(session(), slug, organizer), number)
    return saved("after")


@bp.post("/letters/<slug>/demands/<int(max=999999999):number>")
@organizer_action(_page)
def answer_demand(organizer: Organizer, slug: str, number: int) -> Answer:
    """Say what became of a demand."""
    letter = own_letter(session(), slug, organizer)
    form = sent(DemandForm(prefix=_prefix(number)))
    demands = len(newest_version(session(), letter).demands)
    told: tuple[str, date, str] = (form.status.data, form.day.data, form.note.data or "")
    set_status(session(), letter, number, *told, demands=demands, moment=now())
    return saved("after")


@bp.get("/letters/<slug>/dates")
@for_organizers
def dates(organizer: Organizer, slug: str) -> Answer:
    """When the letter is published and closed by itself."""
    return _dates_page(organizer, slug)


def _dates_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    is_private = letter.state in (DRAFT, OPEN)
    return desk_page("organize/dates.html", letter=letter, form=as_sent(DatesForm, obj=letter), is_private=is_private)


@bp.post("/letters/<slug>/dates")
@organizer_action(_dates_page)
def save_dates(organizer: Organizer, slug: str) -> Answer:
    """Keep the dates."""
    letter = own_letter(session(), slug, organizer)
    form = sent(DatesForm())
    set_dates(session(), letter, publishes=_utc(form.publishes.data), ends=_utc(form.ends.data), moment=now())
    return saved("")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
