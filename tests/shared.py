"""A site that many tests share, each with letters of its own: quicker than a site for each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from tests.visitors import SITE, Visitor
from tests.walks import Campaign, Desk

ONCE = pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
"""For tests of what has nothing to do with the kind of database."""
STRICT = pytest.mark.parametrize("shared", ["postgresql"], indirect=True)
"""For tests of what the stricter kind refuses: zero bytes in text, numbers and texts that are too long."""


@dataclass(frozen=True)
class Place:
    """A letter, and where it is."""

    id: str
    slug: str

    @property
    def code(self) -> str:
        """The part of the unlisted address that only the letter's holders know."""
        return self.id[:16]

    @property
    def hidden(self) -> str:
        """The unlisted address."""
        return f"/s/{self.code}/"

    @property
    def public(self) -> str:
        """The address once it is published."""
        return f"/letters/{self.slug}/"

    @property
    def addresses(self) -> tuple[str, str]:
        """Both, as routes have them."""
        return f"letters/{self.slug}", f"s/{self.code}"

    @property
    def desk(self) -> str:
        """Where its organizers work on it."""
        return f"/organize/letters/{self.slug}/"


def an_app(campaign: Campaign) -> Any:
    """The web application, whose cached pages are asked for again at each request: time passes between any two."""
    return campaign.app(seconds=count(step=2).__next__)


@dataclass
class Shared:
    """Databases, application and clock, with two organizers, Ana and Ben; letters are Ana's."""

    campaign: Campaign
    app: Any
    clock: Any
    _desks: dict[str, Desk] = field(default_factory=dict)
    _numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.ids = {name: self.campaign.organizer(name) for name in ("Ana", "Ben")}

    def sign_in_anew(self) -> None:
        """Forget who is signed in: one of the forms ends all other sign-ins."""
        self._desks.clear()

    def desk(self, name: str = "Ana") -> Desk:
        """A browser in which an organizer is signed in."""
        if name not in self._desks:
            self._desks[name] = self.campaign.signed_in(self.app, name)
        return self._desks[name]

    def visitor(self) -> Visitor:
        """A visitor who never came before."""
        return Visitor(self.app)

    def place(self, letter_id: str) -> Place:
        """Where a letter is."""
        with Session(self.campaign.databases.reading) as session:
            letter = session.get_one(Letter, letter_id)
            return Place(letter.id, letter.slug)

    def a_draft(self, **how: Any) -> Place:
        return self._made(self.campaign.a_draft, **how)

    def an_open_letter(self, **how: Any) -> Place:
        return self._made(self.campaign.an_open_letter, **how)

    def a_published_letter(self, **how: Any) -> Place:
        return self._made(self.campaign.a_published_letter, **how)

    def _made(self, make: Callable[..., str], **how: Any) -> Place:
        how.setdefault("slug", f"place-{next(self._numbers)}")
        return self.place(make(organizer=self.ids["Ana"], **how))

    def code(self, place: Place) -> str:
        return self.campaign.codes(place.id, 1)[0]

    def get(self, path: str, **headers: str) -> Any:
        """Ask as a visitor who never came before."""
        return self.app.test_client().get(path, base_url=SITE, headers=_named(headers))

    def send(self, path: str, body: Any, **headers: str) -> Any:
        """Post JSON as an outside client does: no cookie, no Origin."""
        return self.app.test_client().post(path, base_url=SITE, json=body, headers=_named(headers))

    def post_form(self, path: str, **typed: str) -> Any:
        """Post a plain form as a browser does that keeps no cookie."""
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.app.test_client().post(path, base_url=SITE, data=typed, headers=headers)


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
