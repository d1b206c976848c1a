"""For operators and their watchdogs: is it alive, is it ready."""

from flask import Blueprint
from sqlalchemy import text

from petition.database import at_head
from petition.web.shared.context import site

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "alive\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/readyz")
def ready() -> tuple[str, int, dict[str, str]]:
    """Both databases answer and are at the newest revision, and the log's keys can be unlocked."""
    problems = []
    databases = site().databases
    for name, engine in (("petition", databases.petition), ("issuer", databases.issuer)):
        try:
            with engine.connect().execution_options(petition_reads=True) as connection:
                connection.execute(text("SELECT 1"))
            if not at_head(engine, name):
                problems.append(f"{name}: not at the newest revision")
        except Exception as error:  # whatever the driver raises, the answer is "not ready"
            problems.append(f"{name}: {type(error).__name__}")
    body = "ready\n" if not problems else "\n".join(problems) + "\n"
    return body, 200 if not problems else 503, {"Content-Type": "text/plain; charset=utf-8"}
