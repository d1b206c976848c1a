"""A letter's Atom feed (RFC 4287): following it takes no address."""

import hashlib
import re
from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

from petition.i18n import fill
from petition.letters.events import ASKED, EVENT_NAMES
from petition.letters.states import CLOSED
from petition.publishing.figures.counts import Figures, PublicEvent
from petition.publishing.figures.facts import addressee, headline

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ = str


def feed_atom(found: Figures) -> bytes:
    """``feed.atom``: the publication, each event, each demand that something became of, the end; newest first.

    Identifiers and times follow from the facts alone; everything is in the letter's own language. The number of deleted
    news is used again, so an identifier also has the first 12 hex digits of a SHA-256 of what the news says: readers
    take an identifier that they know for an entry that they have shown. Of news only the day is known. Each entry gets
    minutes of its own on that day, and after the publication, so that readers sort them well.
    """
    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": found.words.language})
    _add(root, "id", found.url)
    _add(root, "title", found.words.title)
    _add(root, "subtitle", headline(found))
    here = {"rel": "self", "type": "application/atom+xml", "href": f"{found.url}feed.atom"}
    ElementTree.SubElement(root, "link", here)
    ElementTree.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": found.url})
    author = ElementTree.SubElement(root, "author")
    _add(author, "name", ", ".join(roll.name for roll in found.rolls))
    entries = sorted(_entries(found), key=lambda entry: (entry[1], entry[0]), reverse=True)
    _add(root, "updated", max((moment for _, moment, *_ in entries), default=_hour(found.as_of)))
    for name, moment, title, text, link in entries:
        _entry(root, f"{found.url}#{name}", moment, title, text, link or found.url)
    ElementTree.indent(root, " ")
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _entries(found: Figures) -> list[tuple[str, str, str, str, str]]:
    """Each entry's name, moment, title, text and link."""

    def say(sentence: str, **values: object) -> str:
        return fill(found.words.language, sentence, values)

    told = []
    if found.published is not None:
        told.append(("published", _hour(found.published), found.words.title, addressee(found), ""))
    for event in found.events:
        title = ": ".join(part for part in (say(EVENT_NAMES[event.kind]), event.who) if part)
        text = "\n\n".join(part for part in (event.how, event.text) if part)
        told.append((_name(event), _on(event.day, found, minutes=event.number), title, text, event.link))
    for demand in found.demands:
        if demand.day is not None and demand.status != ASKED:
            title = say(_("Demand %(number)s: %(status)s"), number=demand.number, status=say(demand.standing))
            text = "\n\n".join(part for part in (demand.text, demand.note) if part)
            moment = _on(demand.day, found, minutes=demand.number, seconds=30)
            told.append((f"demand-{demand.number}-{demand.status}", moment, title, text, ""))
    if found.state == CLOSED and found.closed is not None:
        end = "\n\n".join((say(_("This letter is closed. It takes no more signatures.")), headline(found)))
        told.append(("closed", _hour(found.closed), say(_("Closed")), end, ""))
    return told


def _name(event: PublicEvent) -> str:
    told = (event.kind, event.day.isoformat(), event.who, event.how, event.link, event.text)
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()
    return f"event-{event.number}-{digest[:12]}"


def _entry(root: ElementTree.Element, name: str, moment: str, title: str, text: str, link: str) -> None:
    entry = ElementTree.SubElement(root, "entry")
    _add(entry, "id", name)
    _add(entry, "title", title)
    _add(entry, "updated", moment)
    ElementTree.SubElement(entry, "link", {"rel": "alternate", "href": _readable(link)})
    _add(entry, "content", text).set("type", "text")


def _add(parent: ElementTree.Element, tag: str, text: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = _readable(text)
    return child


def _readable(text: str) -> str:
    """A text without what XML can't have."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _on(day: date, found: Figures, *, minutes: int, seconds: int = 0) -> str:
    """A moment of a day, not before the letter was published."""
    begins = datetime.combine(day, time(), UTC)
    published = found.published.astimezone(UTC) if found.published else begins
    is_later = published.date() == day
    return _hour((published if is_later else begins) + timedelta(minutes=minutes, seconds=seconds))
