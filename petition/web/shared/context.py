"""What every request has at hand: settings, databases, the clock, the language. Knows no rules."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import current_app, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from petition.config import Settings
from petition.database import Databases
from petition.errors import Refusal, SlowDown
from petition.i18n import DEFAULT, fill, languages
from petition.publishing.templates import HostFacts, render
from petition.randomness import Random

SITE_PATH = "/_site/"
LANGUAGE_KEY = "petition.language"
READ_ONLY = ("join", "sign.add")
"""What only reads petition.db in its session: a blueprint that writes to the issuer's database alone, and the endpoint
that takes signatures through a connection of its own."""
ARRIVING_ENDPOINTS = ("sign.review_or_sign",)
"""Pages that take a signature in their session."""
QUERY = "%=&+/?:@!$'()*,;-._~"


@dataclass(frozen=True)
class Site:
    """The parts of the program in this process."""

    settings: Settings
    databases: Databases
    master: bytes
    clock: Callable[[], datetime]
    random: Random = os.urandom


def utc_now() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


def site() -> Site:
    """The site that answers this request."""
    found: Site = current_app.extensions["petition"]
    return found


def now() -> datetime:
    """The moment, from the site's clock."""
    return site().clock()


def session() -> Session:
    """This request's session on petition.db; one that writes unless the request only asks.

    A request for a token neither waits for the right to write there nor holds it: the issuer has its own database.
    """
    if "session" not in g:
        databases = site().databases
        only_reads = request.method in ("GET", "HEAD") or not {request.blueprint, request.endpoint}.isdisjoint(
            READ_ONLY
        )
        writes = databases.arriving if request.endpoint in ARRIVING_ENDPOINTS else databases.petition
        g.session = Session(databases.reading if only_reads else writes)
    opened: Session = g.session
    return opened


def issuer_session() -> Session:
    """This request's session on issuer.db; one that takes no lock if the request only asks: who holds that lock may
    wait to write petition.db, which this request reads."""
    if "issuer_session" not in g:
        databases, only_reads = site().databases, request.method in ("GET", "HEAD")
        g.issuer_session = Session(databases.reading_issuer if only_reads else databases.issuer)
    opened: Session = g.issuer_session
    return opened


def close_sessions(_error: BaseException | None = None) -> None:
    """Close the sessions; what was not committed is rolled back."""
    for name in ("session", "issuer_session"):
        opened = g.pop(name, None)
        if opened is not None:
            opened.close()


def language() -> str:
    """The language of the answer: the address's prefix, else what the page set, else English."""
    return str(request.environ.get(LANGUAGE_KEY) or g.get("language") or DEFAULT)


def speak(code: str) -> None:
    """Answer in a language, unless the address asks for another one; one that is not shipped changes nothing."""
    if code in languages():
        g.language = code


def say(sentence: str, **values: Any) -> str:
    """A sentence in the language of the answer."""
    return fill(language(), sentence, values)


def note_wait(refusal: Refusal) -> None:
    """Have the answer's headers say how long to wait, if the refusal does."""
    if isinstance(refusal, SlowDown):
        g.wait = refusal.after


def page(template: str, **values: Any) -> str:
    """A page in the language of the answer."""
    settings = site().settings
    host = HostFacts(settings.host_name, settings.contact, settings.start, settings.is_replicated)
    return render(language(), template, site=SITE_PATH, host=host, **values)


def moved(path: str) -> Response:
    """308 to another path of this site, with the language and the query that the request came with.

    The host is never named: what a request says of it is not to be trusted.
    """
    prefix = f"/{request.environ[LANGUAGE_KEY]}" if LANGUAGE_KEY in request.environ else ""
    query = f"?{quote(request.query_string, safe=QUERY)}" if request.query_string else ""
    return redirect(f"{prefix}/{quote(path.lstrip('/'))}{query}", 308)
