"""A site and phones for the tests of the script."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.tokens import Token, read_token
from tests.browser.script.phones import Phone, Site, served
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
