"""For hosts and their watchdogs: is it alive, is it ready."""

from flask import Blueprint, current_app

bp = Blueprint("health", __name__)
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/healthz")
def alive() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "alive\n", 200, PLAIN


@bp.get("/readyz")
def ready() -> tuple[str, int, dict[str, str]]:
    """Whether the site can do its work; if not, a line for each reason."""
    problems: list[str] = current_app.extensions["petition.readiness"].problems()
    return "\n".join(problems or ["ready"]) + "\n", 503 if problems else 200, PLAIN
