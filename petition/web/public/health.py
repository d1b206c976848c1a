"""For hosts and their watchdogs: is it alive, is it ready."""

import time
from collections.abc import Callable, Iterator

from flask import Blueprint, current_app
from sqlalchemy import Engine, text

from petition.database import IssuerBase, PetitionBase
from petition.migration import at_head
from petition.schema import differences
from petition.web.shared.context import site

bp = Blueprint("health", __name__)
METADATA = {"petition": PetitionBase.metadata, "issuer": IssuerBase.metadata}
TABLES_SECONDS = 60.0
"""Comparing all tables with the models takes a third of a second: an answer is good for so long."""


@bp.get("/healthz")
def alive() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "alive\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/readyz")
def ready() -> tuple[str, int, dict[str, str]]:
    """Both databases answer, are at the newest revision, and have the tables of the models."""
    databases = site().databases
    problems = []
    for chain, engine in (("petition", databases.petition), ("issuer", databases.issuer)):
        try:
            problems += [f"{chain}: {problem}" for problem in _problems(chain, engine)]
        except Exception as error:  # whatever the driver raises, the answer is "not ready"
            problems.append(f"{chain}: {type(error).__name__}")
    body = "ready\n" if not problems else "\n".join(problems) + "\n"
    return body, 200 if not problems else 503, {"Content-Type": "text/plain; charset=utf-8"}


def _problems(chain: str, engine: Engine) -> Iterator[str]:
    with engine.connect().execution_options(petition_reads=True) as connection:
        connection.execute(text("SELECT 1"))
    if not at_head(engine, chain):
        yield "not at the newest revision"
    elif _remembered(f"tables of {chain}", lambda: differences(engine, METADATA[chain])):
        yield "its tables are not those of this version; see petition doctor"


def _remembered(name: str, look: Callable[[], list[str]]) -> list[str]:
    """What was found, looked for again once it is old."""
    known: dict[str, tuple[float, list[str]]] = current_app.extensions.setdefault("petition.health", {})
    if name not in known or time.monotonic() - known[name][0] > TABLES_SECONDS:
        known[name] = (time.monotonic(), look())
    return known[name][1]
