"""The porch: puts the pages together, adds headers, and turns refusals into answers. Knows no rules."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from petition.errors import Forbidden, NotFound, Refusal, TooLong
from petition.languages import languages
from petition.web import health, join, organize, public, sign, steps, write
from petition.web.context import LANGUAGE, close_sessions, page, say, site

SIGNING_BODY = 64 * 1024
DRAFTING_BODY = 1024 * 1024
JSON_ENDPOINTS = frozenset({"join.issue", "sign.add", "sign.take_back", "sign.change", "sign.round_record"})
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
log = logging.getLogger("petition")
__all__ = ["add_porch", "steps", "write"]


def add_porch(app: Flask) -> None:
    """Pages, headers, guards and error pages for an app that has a site."""
    for blueprint in (health.bp, public.bp, join.bp, sign.bp, organize.bp):
        app.register_blueprint(blueprint)
    app.before_request(limit_body)
    app.before_request(guard_posts)
    app.after_request(add_headers)
    app.teardown_appcontext(close_sessions)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, explain)
    app.register_error_handler(Exception, apologize)
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]


class LanguagePrefix:
    """Takes a language in front of the path (``/es/letters/…``) off it; no cookie, no Accept-Language."""

    def __init__(self, wrapped: Callable[..., Iterable[bytes]]) -> None:
        self._wrapped = wrapped

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        first, _, rest = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
        if first in languages() and (rest or environ["PATH_INFO"].endswith("/")) and not rest.startswith("organize"):
            environ[LANGUAGE] = first
            environ["PATH_INFO"] = "/" + rest
        return self._wrapped(environ, start_response)


def limit_body() -> None:
    """Bodies are small: 1 MB for drafting, 64 kB for everything else."""
    request.max_content_length = DRAFTING_BODY if request.path.startswith("/organize/") else SIGNING_BODY
    request.max_form_memory_size = request.max_content_length
    request.max_form_parts = 200


def guard_posts() -> None:
    """A form of another site cannot post here: told by Sec-Fetch-Site, else by Origin; clients send neither."""
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
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if site().settings.secure and (site().settings.url or "").startswith("https:"):
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def refuse(refusal: Refusal) -> Any:
    """A refusal of the rules, as problem details (RFC 9457) to programs and as a page to people."""
    sentence = say(refusal.sentence, **refusal.values)
    if wants_json():
        kind = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(refusal).__name__)
        return problem(refusal.status, kind.lstrip("-"), say(refusal.title), sentence)
    return page("refused.html", title=say(refusal.title), sentence=sentence), refusal.status


def wants_json() -> bool:
    """Whether the answer goes to a program."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return request.endpoint in JSON_ENDPOINTS or request.is_json or best != "text/html"


def problem(status: int, kind: str, title: str, detail: str) -> Any:
    """Problem details."""
    answer = jsonify(type=f"/problems/{kind}", title=title, status=status, detail=detail)
    answer.mimetype = "application/problem+json"
    return answer, status


def explain(error: HTTPException) -> Any:
    """What Flask itself refuses, in our words; redirects pass."""
    if error.response is not None and (error.code or 0) < 400 or error.code is None or error.code < 400:
        return error
    if isinstance(error, RequestEntityTooLarge):
        return refuse(TooLong("This is more than %(most)s kB, the most that can be sent here.", most=_most()))
    if error.code == 404:
        return refuse(NotFound("There is nothing at this address. Check it: every character counts."))
    if error.code == 405:
        refusal = Refusal("This address takes no such request. Go back to the letter and try from there.")
        refusal.status = 405
        return refuse(refusal)
    refusal = Refusal("The request could not be read. Go back, check what you sent, and send it again.")
    refusal.status = error.code if error.code < 500 else 500
    return refuse(refusal)


def _most() -> int:
    return (request.max_content_length or SIGNING_BODY) // 1024


def apologize(error: Exception) -> Any:
    """Something went wrong here. The log gets the place in the program, and nothing of the visitor."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename.rsplit('petition/', 1)[-1]}:{place.tb_lineno}" if place else "?"
    log.error("failed", extra={"kind": type(error).__name__, "place": where, "endpoint": request.endpoint})
    refusal = Refusal(
        "Something went wrong on this site. What you sent may not have been kept; please try again later."
    )
    refusal.status, refusal.title = 500, "Something went wrong"
    return refuse(refusal)
