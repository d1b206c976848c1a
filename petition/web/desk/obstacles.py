"""What must be done before a step, each with the page on which it is done."""

from collections.abc import Iterable
from dataclasses import dataclass

from petition.errors import Refusal
from petition.web.shared.context import say

WRITTEN = ("title", "recipient", "employer", "body", "sources")
PAGES = {
    **{field: f"write#{field}" for field in WRITTEN},
    "k": "rules",
    "names": "names",
    "approvals": "people",
    "routes": "routes",
    "threshold": "goal#threshold",
    "codes": "codes",
    "site": "",
}


@dataclass(frozen=True)
class Obstacle:
    """A sentence, and the page of the letter that helps; empty for what organizers can't change."""

    sentence: str
    page: str
    is_written: bool
    """Whether the letter's own text is what lacks something."""


def shown(found: Iterable[Refusal]) -> list[Obstacle]:
    """Obstacles as pages show them."""
    return [
        Obstacle(say(one.sentence, **one.values), _page_of(one.place), one.place in WRITTEN or _is_language(one.place))
        for one in found
    ]


def _is_language(place: str) -> bool:
    return bool(place) and place not in PAGES


def _page_of(place: str) -> str:
    return f"translations/{place}" if _is_language(place) else PAGES.get(place, "")
