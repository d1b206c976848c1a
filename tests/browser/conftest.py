"""A real browser, started once, and a site of its own to look at."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from petition.crypto.blind_rsa import PrivateKey
from tests.browser.script.phones import Phone, Site, a_phone, served
from tests.conftest import Clock
from tests.install_browser import find_shell
from tests.patience import MILLISECONDS
from tests.shared import Place
from tests.warm import folder_in_memory

OPTIONS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # as root in a container there is none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def no_browser() -> None:
    """Without one its tests are skipped, which fails where CI is set."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium: install the package “chromium”")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The quickest Chromium that is found on the machine."""
    browser = playwright.chromium.launch(executable_path=find_shell() or no_browser(), args=OPTIONS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def site(sqlite_templates: Path, keys: list[PrivateKey]) -> Iterator[Site]:
    """A real application on a real port."""
    with folder_in_memory() as folder, served(folder, sqlite_templates, keys, Clock()) as made:
        yield made


@pytest.fixture
def place(site: Site) -> Place:
    """An open letter that is not public yet."""
    return site.shared.an_open_letter()


@pytest.fixture
def new_phone(chromium: Browser, site: Site) -> Iterator[Callable[..., Phone]]:
    """Hands out phones; afterwards none may have complained, or asked another site."""
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
