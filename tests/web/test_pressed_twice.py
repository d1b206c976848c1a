"""Every form that makes something makes it once for each showing, however often its button is pressed.

The walk finds the forms itself, on every page of a draft and of a published letter that have something of everything.
It fills in each one and presses its button twice. A new form is in the walk as soon as a page shows it; one that no
page shows here has to be named below, with the reason.
"""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import urljoin

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petition.database import IssuerBase, PetitionBase
from petition.letters.models import SpentForm
from petition.web.shared.limits import limiter
from tests.routes import organizers_routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE, Form, Page
from tests.walks import PASSPHRASE

pytestmark = [ONCE, pytest.mark.thorough]
TYPED = {
    "title": "Pressed twice", "recipient": "Jo", "employer": "Example Corp", "body": "Dear Jo.", "text": "Said once.",
    "note": "Other words.", "reason": "Said why.", "language": "es", "goal": "50", "kind": "update",
    "label-0": "Site", "groups-0": "North\nSouth", "numbers": "50", "passphrase": PASSPHRASE, "again": PASSPHRASE,
    "present": PASSPHRASE, "shown_as": "Ana", "name": "Walker",
}  # fmt: skip
CHANGED = ("title", "kind")
"""What is typed over what a form has; elsewhere only what is empty is filled in."""
FILE = b"# From a file\n\nDear Jo."
SUGGESTION = {"quote": "ask you to stop", "suggests": "y", "suggestion": "demand that you stop"}
DRAFT = (
    ("comments?paragraph=2", "Post comment", SUGGESTION),
    ("people", "Make a one-time link", {}),
    ("write", "Save", {"title": "Pressed before"}),
)
PUBLIC = (
    ("codes", "Make codes", {}),
    ("codes", "Make ten to pass on", {}),
    ("after", "Post news", {}),
    ("close", "Announce the closing", {}),
)
"""What makes something of everything: pages, their buttons, and what is typed."""
ONLY_LOOKING = ("demands-", "sources-", "preview")
"""Buttons of the form in which a letter is written that show it again; the form is not stored."""
MAKING = {
    "organize.accept", "organize.answer", "organize.answer_demand", "organize.approve_", "organize.comment",
    "organize.create", "organize.hand_over", "organize.import_new", "organize.import_over", "organize.invite_",
    "organize.make", "organize.make_to_hand_on", "organize.open_", "organize.publish_event", "organize.restore",
    "organize.save", "organize.save_fields", "organize.save_translation", "organize.save_unsigned_translation",
    "report.send_report",
}  # fmt: skip
"""What the walk saw making rows; if one of these makes none, the walk no longer tries what it should."""
ELSEWHERE = {
    "organize.accept_invitation": "the link works once",
    "organize.cancel_planned_closing": "makes nothing: there is no closing any more",
    "organize.change_role": "makes nothing: the person has that role",
    "organize.confirm": "makes nothing: the app is on",
    "organize.decide": "saves one version; the same words make no other",
    "organize.delete_unsigned_translation": "makes nothing: the translation is gone",
    "organize.end_one": "makes nothing: the sign-in has ended",
    "organize.end_others": "makes nothing: the sign-ins have ended",
    "organize.grant_names": "a person is given a key once",
    "organize.hide_name": "makes nothing: the name is hidden",
    "organize.publish": "the letter is public, so the step is refused",
    "organize.remove_": "makes nothing: the person is no longer there",
    "organize.replace_recovery_codes": "the codes of the second press replace those of the first",
    "organize.set_passphrase": "the link works once",
    "organize.sheet": "makes nothing: a file is sent",
    "organize.start": "the name is taken, or the browser is signed in",
    "organize.turn_app_off": "makes nothing: the app is off",
    "organize.void_names": "makes nothing: the announcement is gone",
}
"""Forms that no page shows here, and why pressing them twice makes nothing more."""


class Walk:
    """A letter of an organizer of its own, with something of everything, and its organizer's browser."""

    def __init__(self, shared: Shared, number: int, *, is_public: bool) -> None:
        self.shared = shared
        name = f"Walker {number}"
        owner = shared.campaign.organizer(name)
        make = shared.campaign.a_published_letter if is_public else shared.campaign.a_draft
        self.place: Place = shared.place(make(organizer=owner, slug=f"walk-{number}"))
        self.ana = shared.visitor()
        self.ana.client = shared.campaign.signed_in(shared.app, name).client
        for page, button, typed in PUBLIC if is_public else DRAFT:
            shown = self.ana.open(f"{self.place.desk}{page}")
            form = shown.form_with(button)
            made = self.press(shown, form, list(form.buttons).index(button), **typed)
            assert made.status == 200, made.text

    def press(self, page: Page, form: Form, place: int, **over: str) -> Page:
        """Fill in what is empty, and press a button of the form, by its place."""
        limiter.counts.clear()
        name, value = list(form.buttons.values())[place]
        typed = {
            key: TYPED.get(key, known) if key in CHANGED or not known else known for key, known in form.fields.items()
        }
        sent = {**typed, **over, **({name: value} if name else {})}
        if page.path.endswith("/import"):
            return self._send_file(page, sent)
        return self.ana.post(urljoin(SITE + page.path, form.action), **sent)

    def _send_file(self, page: Page, sent: dict[str, str]) -> Page:
        headers = {"Sec-Fetch-Site": "same-origin", "Referer": SITE + page.path}
        data = {**sent, "file": (io.BytesIO(FILE), "letter.md")}
        answer = self.ana.client.post(page.path, base_url=SITE, data=data, headers=headers)
        return self.ana.open(answer.location) if answer.status_code == 303 else Page(answer, page.path)

    def pages(self) -> Iterator[Page]:
        paths = [route.path for route in organizers_routes(self.shared.app, self.place.slug, "GET")]
        for path in [*paths, f"{self.place.desk}comments?paragraph=2", f"{self.place.public}report"]:
            page = self.ana.open(path)
            if page.status == 200:
                yield page

    def endpoint(self, page: Page, form: Form) -> str:
        """The endpoint that a form is sent to."""
        path = urljoin(page.path, form.action or page.path)
        return str(self.shared.app.url_map.bind("").match(path, method="POST")[0])

    def rows(self) -> Counter[str]:
        """How many rows each table has."""
        found: Counter[str] = Counter()
        databases = self.shared.campaign.databases
        for base, engine in ((PetitionBase, databases.petition), (IssuerBase, databases.issuer)):
            with Session(engine) as session:
                for table in base.metadata.sorted_tables:
                    found[table.name] = session.scalar(select(func.count()).select_from(table)) or 0
        del found[SpentForm.__tablename__]
        return found


@dataclass(frozen=True)
class Button:
    """A button of a page: which form of the page, which button of the form. ``SLUG`` is the letter's in the path."""

    page: str
    form: int
    place: int


def buttons(walk: Walk) -> Iterator[Button]:
    """Every button once, of those that do more than show the form again."""
    seen = set()
    for page in walk.pages():
        for number, form in enumerate(page.forms):
            to = urljoin(page.path, form.action or page.path)
            for place, (_, value) in enumerate(form.buttons.values()):
                if form.method == "post" and not value.startswith(ONLY_LOOKING) and (to, value) not in seen:
                    seen.add((to, value))
                    yield Button(page.path.replace(walk.place.slug, "SLUG"), number, place)


def press_twice(walk: Walk, button: Button) -> tuple[str, Counter[str], Counter[str]]:
    """The endpoint of a form, and the rows that the first and the second press made."""
    page = walk.ana.open(button.page.replace("SLUG", walk.place.slug))
    form = page.forms[button.form]
    rows = [walk.rows()]
    for _ in range(2):
        walk.press(page, form, button.place)
        rows.append(walk.rows())
    return walk.endpoint(page, form), rows[1] - rows[0], rows[2] - rows[1]


@pytest.mark.long
def test_nothing_is_made_twice(shared: Shared) -> None:
    numbers = count()
    pressed, making, again = set(), set(), {}
    for is_public in (False, True):
        for button in list(buttons(Walk(shared, next(numbers), is_public=is_public))):
            endpoint, first, second = press_twice(Walk(shared, next(numbers), is_public=is_public), button)
            pressed.add(endpoint)
            making |= {endpoint} if first else set()
            again |= {button: second} if second else {}

    assert again == {}
    assert making == MAKING
    assert {route.endpoint for route in organizers_routes(shared.app, "x", "POST")} - pressed == set(ELSEWHERE)
