"""A small server of one letter with pages for the scripts, a liar in front of it, and visitors."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.script.pages import Visitor, WithPages
from tests.client.hostile import Hostile, with_fields
from tests.client.issuing import Issuer, b64, key_pair, spki_of
from tests.client.logs import log_of
from tests.client.serving import Web, serving
from tests.patience import MILLISECONDS

FIELDS = [{"id": "role", "label": "Role", "options": [{"id": "software", "label": "Software"}]}]


@pytest.fixture
def issuer() -> Issuer:
    """A letter with a question and with names, which is not public yet."""
    keys = {step: b64(spki_of(key_pair(2))) for step in ("named", "named_at:50", "named_at:60")}
    offered = ["named", "named_at:50"]
    return Issuer(record={**with_fields(FIELDS), "names_keys": keys, "names_offered": offered})


@pytest.fixture
def liar(issuer: Issuer) -> Hostile:
    """In front of the honest server, and honest itself until a test says how to lie."""
    return Hostile(WithPages(issuer))


@pytest.fixture
def web(issuer: Issuer, liar: Hostile) -> Iterator[Web]:
    with serving(liar) as web:
        issuer.host = f"127.0.0.1:{web.port}"
        yield web


@pytest.fixture
def public(issuer: Issuer, web: Web) -> Issuer:
    """The letter is public."""
    issuer.files = log_of(issuer).files
    return issuer


@pytest.fixture
def new_visitor(chromium: Browser, web: Web) -> Iterator[Callable[[], Visitor]]:
    """Hands out visitors with browsers of their own; afterwards no script may have failed."""
    made: list[Visitor] = []

    def new() -> Visitor:
        made.append(Visitor(a_page(chromium), web))
        return made[-1]

    yield new
    for visitor in made:
        visitor.page.context.close()
        assert visitor.complaints == []


@pytest.fixture(scope="session")
def used_page(chromium: Browser) -> Iterator[Page]:
    """A page for one visitor after the other: most of what a test costs is a browser of its own."""
    page = a_page(chromium)
    yield page
    page.context.close()


@pytest.fixture
def visitor(used_page: Page, web: Web) -> Iterator[Visitor]:
    """Someone in front of a blank page; afterwards no script may have failed, and nothing of theirs is left."""
    made = Visitor(used_page, web)
    yield made
    used_page.goto("about:blank")
    made.leave()
    used_page.context.clear_cookies()
    used_page.context.clear_permissions()
    assert made.complaints == []


def a_page(chromium: Browser) -> Page:
    """A page of a phone's size in a browser that never met a site."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(MILLISECONDS)
    return context.new_page()
