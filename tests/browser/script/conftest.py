"""A small server of one letter with pages for the scripts, a liar in front of it, and visitors."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

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
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        context.set_default_timeout(MILLISECONDS)
        made.append(Visitor(context.new_page(), web))
        return made[-1]

    yield new
    for visitor in made:
        visitor.page.context.close()
        assert visitor.complaints == []


@pytest.fixture
def visitor(new_visitor: Callable[[], Visitor]) -> Visitor:
    return new_visitor()
