"""A site and phones for the tests of the script."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.tokens import Token, read_token
from tests.browser.script.phones import Phone, Site, a_phone, served
from tests.conftest import Clock
from tests.shared import Place


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_templates: Path, keys: list[PrivateKey]) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("script"), sqlite_templates, keys, Clock()) as made:
        yield made


@pytest.fixture
def arrived(site: Site) -> list[str]:
    """What comes to the site from now on."""
    site.arrived.clear()
    return site.arrived


@pytest.fixture
def place(site: Site) -> Place:
    """An open letter that is not public yet."""
    return site.shared.an_open_letter()


@pytest.fixture
def new_phone(chromium: Browser, site: Site) -> Iterator[Callable[..., Phone]]:
    """Hands out phones; afterwards none may have complained, or asked anybody but the site."""
    made: list[Phone] = []

    def new(**options: Any) -> Phone:
        made.append(a_phone(chromium, site.root, **options))
        return made[-1]

    yield new
    for phone in made:
        elsewhere = [request.url for request in phone.requests if not request.url.startswith((phone.root, "blob:"))]
        phone.context.close()
        assert (phone.complaints, elsewhere) == ([], [])


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()


@pytest.fixture
def joined(phone: Phone, site: Site, place: Place) -> Token:
    """The phone's owner has exchanged a code, and looks at what can be done with the token."""
    phone.come(site.url(place, "join"))
    phone.exchange(site.code(place))
    phone.expect_heading("You can sign now")
    return read_token(json.dumps(phone.in_hand()))


@pytest.fixture
def signed(phone: Phone, joined: Token) -> Token:
    """The phone's owner has signed, and looks at the receipt."""
    phone.sign()
    return joined
