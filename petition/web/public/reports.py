"""Reporting to the site's host that a letter does harm: a form without a cookie. Only its words are stored."""

from typing import Any

from flask import Blueprint, request

from petition.errors import Refusal
from petition.letters.reports import report
from petition.web.shared.context import now, page, say, session, site
from petition.web.shared.letters import addressed
from petition.web.shared.limits import limiter, reporting

bp = Blueprint("report", __name__, url_prefix="/<place:address>")


@bp.get("/report")
def report_form(address: str) -> str:
    """The form."""
    return _page(address)


@bp.post("/report")
@limiter.limit(reporting)
def send_report(address: str) -> Any:
    """Store the report."""
    letter, _ = addressed(address)
    typed = request.form.get("text", "")
    try:
        report(session(), letter, typed, moment=now(), random=site().random)
    except Refusal as refusal:
        session().rollback()
        return _page(address, typed=typed, refusal=say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return _page(address, is_kept=True)


def _page(address: str, *, typed: str = "", refusal: str | None = None, is_kept: bool = False) -> str:
    letter, words = addressed(address)
    shown = {"letter": letter, "words": words, "typed": typed, "refusal": refusal, "is_kept": is_kept}
    return page("public/report.html", **shown)
