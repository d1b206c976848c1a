"""What visitors and the log get when something unforeseen goes wrong, in Flask or ahead of it."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from petition.errors import Refusal
from petition.i18n import DEFAULT, fill
from petition.outages import Outages, is_away
from petition.publishing.templates import render
from petition.web.shared.context import LANGUAGE_KEY, SITE_PATH
from petition.web.shared.headers import SECURITY_HEADERS
from petition.web.shared.problems import PROBLEM, problem

_ = str
RETRY_SECONDS = "30"


class BrokenDown(Refusal):
    """Something went wrong on this site."""

    status = 500
    title = _("Something went wrong")


class DatabaseAway(Refusal):
    """A database does not answer."""

    status = 503
    title = _("This site can't answer right now")


def failure_of(error: BaseException) -> Refusal:
    """The refusal that a visitor gets for an error."""
    if is_away(error):
        return DatabaseAway(_("What you sent may not have been saved. Send it again in a few minutes."))
    return BrokenDown(_("What you sent may not have been saved. Send it again in a few minutes."))


def log_flask_failure(failure: Any) -> None:
    """In the place of Flask's own log, which names the path, and that may hold a secret."""
    current_app.extensions["petition.outages"].note(failure[1], request.endpoint)


class Failures:
    """The outermost layer: any failure below it, also ahead of Flask, gets the same page and the same log line."""

    def __init__(self, wrapped: Callable[..., Iterable[bytes]], outages: Outages) -> None:
        self._wrapped = wrapped
        self._outages = outages

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        try:
            return self._wrapped(environ, start_response)
        except Exception as error:
            self._outages.note(error, "ahead of the application")
            return _answer(failure_of(error), environ)(environ, start_response)


def _answer(refusal: Refusal, environ: dict[str, Any]) -> Response:
    language = str(environ.get(LANGUAGE_KEY) or DEFAULT)
    title, sentence = fill(language, refusal.title, {}), fill(language, refusal.sentence, {})
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT", "*/*"), MIMEAccept)
    if accepted.best_match(["text/html", "application/json", PROBLEM]) == "text/html":
        body = render(language, "refused.html", site=SITE_PATH, title=title, sentence=sentence)
        answer = Response(body, refusal.status, content_type="text/html; charset=utf-8")
    else:
        answer = problem(refusal.status, "failure", title, sentence)
    answer.headers.extend({**SECURITY_HEADERS, "Cache-Control": "no-store", "Retry-After": RETRY_SECONDS})
    return answer
