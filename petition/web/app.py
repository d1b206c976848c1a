"""The web application: registers the pages, adds headers, and turns refusals into answers. Knows no rules."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, Request, Response, current_app, g, make_response, request
from flask import session as cookie
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from petition.database import retried
from petition.errors import Forbidden, NotFound, Refusal, SlowDown, TooLong
from petition.i18n import DEFAULT, languages
from petition.outages import Outages
from petition.publishing.cache import SITE_PAGES, TOLD, PublicCache
from petition.publishing.templates import render
from petition.web import desk, joining, public, signing
from petition.web.failures import RETRY_SECONDS, Failures, failure_of, log_flask_failure
from petition.web.kept_answers import KeptAnswers
from petition.web.public.cache_middleware import CacheMiddleware
from petition.web.server import DESK_BODY, SIGNING_BODY, Front
from petition.web.shared.context import (
    LANGUAGE_KEY,
    SITE_PATH,
    Site,
    close_sessions,
    moved,
    note_wait,
    page,
    say,
    site,
)
from petition.web.shared.headers import SECURITY_HEADERS, transport_security
from petition.web.shared.letters import LetterPath
from petition.web.shared.limits import is_known
from petition.web.shared.onion import onion_location
from petition.web.shared.problems import PROBLEM, problem, problem_details
from petition.web.shared.uploads import InMemoryRequest

DRAFTING_BODY = 1024 * 1024
JSON_ENDPOINTS = frozenset(
    {"join.issue", "sign.add", "sign.add_withdrawal", "sign.change_appearance", "sign.round_record"}
)
ALWAYS = (*SECURITY_HEADERS.items(), ("Cache-Control", "no-store"))
"""Headers of all answers that do not have their own."""
BELOW_A_LETTER = re.compile(
    r"(?P<letter>/(?:letters/[a-z0-9-]+|s/[0-9A-Za-z-]+)/)(?P<language>[a-z]{2,3}(?:-[A-Za-z]{2,4})?)/(?P<rest>.*)",
    re.DOTALL,
)


def add_web(app: Flask, cache: PublicCache, url: str | None) -> None:
    """Pages, headers, guards and error pages for an app that has a site."""
    app.url_map.converters["place"] = LetterPath
    for blueprint in (*public.BLUEPRINTS, joining.BLUEPRINT, signing.BLUEPRINT, desk.BLUEPRINT):
        app.register_blueprint(blueprint)
    app.request_class = InMemoryRequest
    app.session_interface = CookieThatCame()
    app.before_request(limit_body)
    app.before_request(guard_posts)
    app.before_request(mend_slashes)
    app.after_request(add_headers)
    app.teardown_appcontext(close_sessions)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, explain)
    app.register_error_handler(Exception, apologize)
    app.log_exception = log_flask_failure  # type: ignore[assignment]
    dispatch = app.dispatch_request
    app.dispatch_request = lambda: retried(dispatch, close_sessions)  # type: ignore[method-assign]
    kept = CacheMiddleware(app.wsgi_app, cache, url)
    found: Site = app.extensions["petition"]
    app.extensions["petition.kept_answers"] = KeptAnswers(app.wsgi_app, cache, found.random)
    outages = app.extensions["petition.outages"] = Outages(found.databases, found.settings.data, found.clock)
    app.wsgi_app = Failures(LanguagePrefix(kept), outages)  # type: ignore[method-assign]
    app.extensions["petition.cache_middleware"] = kept
    app.extensions["petition.cache"] = cache


class CookieThatCame(SecureCookieSessionInterface):
    """Reads a cookie only if one came. Signers have none, and making what reads it takes time."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; nothing without one."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()


class LanguagePrefix:
    """Takes a language in front of the path (``/es/letters/…``) off it; no cookie, no Accept-Language.

    So too one behind a letter's address (``/letters/SLUG/es/``), where published folders have it.
    """

    def __init__(self, wrapped: Callable[..., Iterable[bytes]]) -> None:
        self._wrapped = wrapped

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        move_language(environ)
        return self._wrapped(environ, start_response)


def move_language(environ: dict[str, Any]) -> None:
    """Move a language from the path to its own place in the request."""
    first, _, rest = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
    if first in languages() and (rest or environ["PATH_INFO"].endswith("/")):
        environ[LANGUAGE_KEY] = first
        environ["PATH_INFO"] = "/" + rest
    elif (below := BELOW_A_LETTER.fullmatch(environ.get("PATH_INFO", ""))) and below["language"] in languages():
        environ[LANGUAGE_KEY] = below["language"]
        environ["PATH_INFO"] = below["letter"] + below["rest"]


def limit_body() -> None:
    """Bodies are small: 64 kB, 1 MB for organizers, 8 MB for a form in which one who is signed in writes a text."""
    request.max_content_length = DRAFTING_BODY if request.path.startswith("/organize/") else SIGNING_BODY
    if request.endpoint in desk.KEPT_WHOLE and "proof" in cookie:
        request.max_content_length = DESK_BODY
    request.max_form_memory_size = request.max_content_length
    request.max_form_parts = 200


def mend_slashes() -> Any:
    """An address with a slash too few or too many is sent on; the framework would name the host of the request."""
    wrong = request.routing_exception
    if isinstance(wrong, RequestRedirect):
        return moved(unquote(urlsplit(wrong.new_url).path))
    page_of_site = f"{request.path.lstrip('/')}/"
    return moved(page_of_site) if page_of_site in TOLD or page_of_site in SITE_PAGES else None


def guard_posts() -> None:
    """A form of another site cannot post here. Sec-Fetch-Site shows it, or else Origin; clients send neither."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    fetched_from, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if fetched_from is not None:
        own = fetched_from in ("same-origin", "none")
    else:
        own = origin is None or origin.lower() in (site().settings.url, request.host_url.rstrip("/").lower())
    if not own:
        raise Forbidden("This was sent from another site's page. Open the letter's own address and send it from there.")


def add_headers(answer: Response) -> Response:
    """What every answer carries."""
    own = {name.lower() for name, _ in answer.headers}
    for name, value in (*ALWAYS, *transport_security(site().settings.url)):
        if name.lower() not in own:
            answer.headers.add(name, value)
    if answer.status_code == SlowDown.status:
        answer.headers.setdefault("Retry-After", str(g.get("wait", SlowDown.after)))
    return answer


def refuse(refusal: Refusal) -> Any:
    """A refusal of the rules, as problem details (RFC 9457) to programs and as a page to people."""
    note_wait(refusal)
    sentence = say(refusal.sentence, **refusal.values)
    if wants_json():
        kind = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(refusal).__name__)
        return problem(refusal.status, kind.lstrip("-"), say(refusal.title), sentence)
    return page("refused.html", title=say(refusal.title), sentence=sentence), refusal.status


def wants_json() -> bool:
    """Whether the answer goes to a program."""
    kinds = ["text/html", "application/json", PROBLEM]
    if request.path.endswith(".json"):  # there, who takes anything is a program
        kinds.reverse()
    best = request.accept_mimetypes.best_match(kinds)
    return request.endpoint in JSON_ENDPOINTS or request.is_json or best != "text/html"


def explain(error: HTTPException) -> Any:
    """What Flask itself refuses, in our words; redirects pass."""
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, RequestEntityTooLarge):
        return refuse(TooLong("That's too much to send. The limit here is %(most)s kB.", most=_most()))
    if error.code == 404:
        return refuse(NotFound("There is nothing at this address. Check it for typos."))
    if error.code == 405:
        refusal = Refusal("This address doesn't work that way. Go back to the letter and try from there.")
        refusal.status = 405
        answer = make_response(refuse(refusal))
        answer.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return answer
    if error.code >= 500:
        return refuse(failure_of(error))
    refusal = Refusal("We couldn't read what you sent. Go back, check it, and send it again.")
    refusal.status = error.code
    return refuse(refusal)


def _most() -> int:
    return (request.max_content_length or SIGNING_BODY) // 1024


def apologize(error: Exception) -> Any:
    """Something went wrong here."""
    current_app.extensions["petition.outages"].note(error, request.endpoint)
    refusal = failure_of(error)
    answer = make_response(refuse(refusal))
    if refusal.status == 503:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


class CachedPages:
    """What the front of the server answers from memory, in any language that the address asks for: public files, and
    what is kept for signers."""

    def __init__(self, files: CacheMiddleware, answers: KeptAnswers, onion: str | None) -> None:
        self._files = files
        self._answers = answers
        self._onion = onion

    def ready(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """The answer from memory, or None."""
        asked = dict(environ)
        move_language(asked)
        answer = self._files.ready(asked) or self._answers.ready(asked)
        if answer is None:
            return None
        status, headers, body = answer
        return status, [*headers, *onion_location(self._onion, environ, headers)], body


OVERLOADED = {
    408: ("The connection was too slow", "Your request did not arrive in time. Check your connection and try again."),
    503: ("Too many visitors at once", "This site is very busy. Nothing was lost. Wait a few seconds and try again."),
}


def make_front(app: Flask) -> Front:
    """The server's front for an application: granian runs it."""
    pages = {
        status: render(DEFAULT, "refused.html", site=SITE_PATH, title=title, sentence=sentence).encode()
        for status, (title, sentence) in OVERLOADED.items()
    }

    def refusal(status: int, wants_json: bool) -> tuple[str, bytes]:
        if not wants_json:
            return "text/html; charset=utf-8", pages[status]
        title, detail = OVERLOADED[status]
        return PROBLEM, problem_details(status, "overloaded", title, detail)

    def knows(environ: dict[str, Any]) -> bool:
        request = app.request_class(environ)
        return is_known(app.session_interface.open_session(app, request) or {})

    files, answers = app.extensions["petition.cache_middleware"], app.extensions["petition.kept_answers"]
    cached = CachedPages(files, answers, app.extensions["petition"].settings.onion)
    return Front(app, cached, refusal, [*SECURITY_HEADERS.items()], knows)
