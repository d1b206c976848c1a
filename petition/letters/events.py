"""What happens to a letter after it is out: it is delivered, answered, reported on; demands are met or refused.

None of it changes the letter's text: a correction is an event as well.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.errors import CHOOSE, GONE, TOO_MANY, BadShape, Conflict, NotFound, TooLong
from petition.letters.models import DemandStatus, Event, Letter
from petition.letters.states import PUBLIC
from petition.letters.text.letter_text import one_line, several_lines
from petition.letters.text.sources import leads_to_the_web
from petition.letters.text.typed_sources import as_address

_ = str
DELIVERED, ANSWERED, PRESS, UPDATE, CHECKED, CORRECTION = (
    "delivered", "answered", "press", "update", "checked", "correction",
)  # fmt: skip
EVENT_PARTS = {
    DELIVERED: ("who", "how"),
    ANSWERED: ("who", "text"),
    PRESS: ("who", "link"),
    UPDATE: ("text",),
    CHECKED: ("who", "how", "text"),
    CORRECTION: ("text",),
}
"""What an event of each kind must say."""
EVENT_NAMES = {
    DELIVERED: _("Delivered"),
    ANSWERED: _("Answered"),
    PRESS: _("In the press"),
    UPDATE: _("From the organizers"),
    CHECKED: _("Checked"),
    CORRECTION: _("Correction"),
}
ASKED, PROMISED, MET, REFUSED = "asked", "promised", "met", "refused"
STANDINGS = {ASKED: _("No answer yet"), PROMISED: _("Promised"), MET: _("Met"), REFUSED: _("Refused")}
"""Where a demand stands, as people read it."""
STATUSES = tuple(STANDINGS)

MOST_EVENTS = 500
MISSING = {
    "who": _("Say who: the person, newspaper or group."),
    "how": _("Say how."),
    "link": _("Add a link to the article."),
    "text": _("Write the text."),
}


@dataclass(frozen=True)
class EventInput:
    """An event as organizers describe it: its kind, its day, and who, how, where and in which words."""

    kind: str
    day: date
    who: str = ""
    how: str = ""
    link: str = ""
    text: str = ""


def read_event(kind: str, day: date, *, who: str = "", how: str = "", link: str = "", text: str = "") -> EventInput:
    """An event as typed, in normal form; refuses an unknown kind, and one that lacks what its kind needs."""
    if kind not in EVENT_PARTS:
        raise BadShape(CHOOSE, choices=", ".join(EVENT_PARTS))
    told = EventInput(
        kind,
        day,
        who=one_line(who, "title"),
        how=one_line(how, "title"),
        link=read_link(link),
        text=several_lines(text, "event"),
    )
    for part in EVENT_PARTS[kind]:
        if not getattr(told, part):
            raise BadShape(MISSING[part]).about(part)
    return told


def read_link(link: str) -> str:
    """An address on the web, with https:// if it was left out, or nothing."""
    link = as_address(one_line(link, "link"))
    if link and (re.search(r"\s", link) or not leads_to_the_web(link)):
        raise BadShape("A link begins with https:// or http://.")
    return link


def add_event(session: Session, letter: Letter, told: EventInput, *, moment: datetime) -> Event:
    """Publish an event. Only for a public letter, and for no day in the future or before the letter was out."""
    _require_public(session, letter)
    _require_day(letter, told.day, moment)
    newest = session.scalar(select(func.max(Event.number)).where(Event.letter_id == letter.id)) or 0
    if len(events_of(session, letter)) >= MOST_EVENTS:
        raise TooLong(TOO_MANY, most=MOST_EVENTS)
    values = {"who": told.who, "how": told.how, "link": told.link, "text": told.text}
    event = Event(letter_id=letter.id, number=newest + 1, kind=told.kind, day=told.day, **values)
    session.add(event)
    letter.edition += 1
    session.flush()
    return event


def remove_event(session: Session, letter: Letter, number: int) -> None:
    """Delete an event from the page and the feed. Copies that readers made stay."""
    _require_public(session, letter)
    here = (Event.letter_id == letter.id, Event.number == number)
    if session.scalar(select(func.count()).select_from(Event).where(*here)) != 1:
        raise NotFound(GONE)
    session.execute(delete(Event).where(*here))
    letter.edition += 1
    session.flush()


def events_of(session: Session, letter: Letter) -> list[Event]:
    """All events, newest first."""
    here = select(Event).where(Event.letter_id == letter.id)
    return list(session.scalars(here.order_by(Event.day.desc(), Event.number.desc())))


def set_status(
    session: Session, letter: Letter, demand: int, status: str, day: date, note: str, *, demands: int, moment: datetime
) -> None:
    """Set a demand's status, by its number from 1; ``demands`` is how many the letter has."""
    _require_public(session, letter)
    _require_day(letter, day, moment)
    if not 1 <= demand <= demands:
        raise NotFound(GONE)
    if status not in STATUSES:
        raise BadShape(CHOOSE, choices=", ".join(STATUSES))
    note = one_line(note, "note")
    row = session.get(DemandStatus, (letter.id, demand))
    if row is None:
        session.add(DemandStatus(letter_id=letter.id, demand=demand, status=status, day=day, note=note))
    else:
        row.status, row.day, row.note = status, day, note
    letter.edition += 1
    session.flush()


def statuses_of(session: Session, letter: Letter) -> dict[int, DemandStatus]:
    """What became of the demands, by their numbers."""
    rows = session.scalars(select(DemandStatus).where(DemandStatus.letter_id == letter.id))
    return {row.demand: row for row in rows}


def _require_public(session: Session, letter: Letter) -> None:
    session.refresh(letter, with_for_update=True)
    if letter.state not in PUBLIC:
        raise Conflict("You can post this once the letter is public.")


def _require_day(letter: Letter, day: date, moment: datetime) -> None:
    """Refuse a day that has begun nowhere on earth yet, and one before the letter existed."""
    assert letter.opened is not None
    if not letter.opened.date() - timedelta(days=1) <= day <= (moment + timedelta(hours=14)).date():
        raise BadShape("Choose a day since the letter opened, up to today.")
