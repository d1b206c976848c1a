"""Every address that the program answers: all of its rules, each filled with what could stand there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from tests.shared import Place

ALWAYS = {"HEAD", "OPTIONS"}
FIXED = (
    "/", "/promises/", "/asked/", "/start/", "/code/", "/client.py", "/_site/style.css", "/_site/sign.js",
    "/_site/client.py", "/_site/promises/",
)  # fmt: skip
"""Answered from kept bytes, ahead of the rules."""
FILES = (
    "counts.json", "counts.csv", "history.csv", "chart.svg", "card.png", "letter.md", "how-we-verify/",
    "translations/fr/", "log/checkpoint", "log/vkey", "log/issuer.pem", "log/tile/0/000.p/1", "_site/style.css",
    "nothing",
)  # fmt: skip

USUAL = {
    "batch": "1", "number": "1", "key": "0" * 64, "organizer_id": "0" * 26, "file": "counts.csv", "language": "fr",
    "format": "md",
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """An address, the endpoint behind it, and the methods that it takes."""

    endpoint: str
    path: str
    methods: frozenset[str]


def routes(app: Any, **values: str) -> Iterator[Route]:
    """Each rule once, or once for each file; ``values`` replace ``<slug>``, ``<address>``, ``<secret>`` …"""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for name in FILES if "<path:name>" in rule.rule else ("",):
            path = filled(rule.rule, **{"name": name, **values})
            yield Route(rule.endpoint, path, frozenset(rule.methods - ALWAYS))
    for path in FIXED:
        yield Route("kept", path, frozenset({"GET"}))


def filled(rule: str, **values: str) -> str:
    """A rule's address."""
    given = {**USUAL, **values}
    return re.sub(r"<(?:[^<>:]+:)?([a-z_]+)>", lambda part: given[part[1]], rule)


def routes_of(app: Any, *addresses: str, **values: str) -> list[Route]:
    """The routes of a letter's addresses, and all others once."""
    return list(dict.fromkeys(route for address in addresses for route in routes(app, address=address, **values)))


def routes_of_places(app: Any, places: Iterable[Place]) -> list[Route]:
    """The routes of several letters, and all others once."""
    found = (routes_of(app, *place.addresses, slug=place.slug, secret="never-was") for place in places)
    return list(dict.fromkeys(chain.from_iterable(found)))


def organizers_routes(app: Any, slug: str, method: str) -> list[Route]:
    """The organizers' routes of a method."""
    found = routes(app, slug=slug, address=f"letters/{slug}", secret="never-was")
    return [route for route in found if route.path.startswith("/organize/") and method in route.methods]
