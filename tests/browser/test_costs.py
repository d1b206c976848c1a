"""What the two main ways cost a person: pages, clicks, fields, words and minutes, with any browser, screen and fonts.

Before: an organizer met 9 pages, 24 clicks and 22 fields from welcome to published, in about 22 minutes; a signer 3
taps, 4 screens and 620 words, none of them the letter's.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from tests.browser.conftest import OPTIONS, no_browser
from tests.browser.firefox import WITHOUT_SCRIPTS, Firefox, firefox
from tests.browser.hands import Fox, Hand, Keyboard, Mouse
from tests.browser.looking import no_sideways_scrolling
from tests.browser.script.phones import Site
from tests.browser.walks import Window, invitation
from tests.install_browser import find_firefox, find_shell
from tests.walks import PASSPHRASE, WORDS

pytestmark = pytest.mark.browser
FONTS = Path(os.environ.get("FONTS", "/usr/share/fonts"))
SETS = {"fonts-noto-core": "truetype/noto", "fonts-urw-base35": "opentype/urw-base35"}
"""Packages of fonts, and where their files lie."""
ONLY = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""
LETTER = "we, who work here, ask you to stop"
"""A sentence of the letter's own."""


# The ways


def from_welcome_to_published(hand: Hand, site: Site) -> None:
    """An organizer writes a letter, opens it, hands out codes, and publishes it once enough have signed."""
    hand.come(f"{site.root}{invitation(site, f'Petra {os.urandom(4).hex()}')}")
    hand.fill("Password", PASSPHRASE)
    hand.fill("Password again", PASSPHRASE)
    hand.press("Save and sign in")
    hand.read("My letters")
    hand.press("Write a letter")
    hand.read("A new letter")
    title = f"{WORDS.title} {os.urandom(4).hex()}"
    typed = {"Title": title, "Addressed to": WORDS.recipient, "Employer": WORDS.employer, "The letter": WORDS.body}
    for label, text in {**typed, "Demand 1": "\n".join(WORDS.demands)}.items():
        hand.fill(label, text)
    hand.press("Save")
    hand.read(title)
    hand.press("Continue to opening")
    hand.read("Start collecting signatures")
    hand.press("Lock the text and start collecting")
    hand.read(title)
    hand.press("Make codes")
    hand.read("Signing codes")
    hand.press("Make codes")
    hand.read("20 new codes")
    hand.press("Get the PDF")
    enough_sign(site, title)
    hand.press(title)
    hand.read(title)
    hand.press("Continue to publishing")
    hand.read("Publish the letter")
    hand.press("Publish now")
    assert "Public" in hand.read(title)
    print(f"an organizer: {hand.cost}")


def enough_sign(site: Site, title: str) -> None:
    """As many sign as publishing takes, and the count is updated."""
    with Session(site.campaign.databases.reading) as session:
        letters = session.scalars(select(Letter).where(Letter.state == "open"))
        letter = next(one for one in letters if one.title == title)
    site.campaign.sign_all(letter.id, 2 * letter.k)
    assert site.campaign.seal(letter.id).signatures >= letter.k


def from_strip_to_receipt(hand: Hand, site: Site) -> str:
    """A signer scans a strip, reads the letter and signs; with scripts. All that they read."""
    place = site.open_letter()
    hand.cost.clicks += 1  # the link that the phone's camera shows
    hand.come(site.link(place))
    read = hand.read(WORDS.title)
    hand.press("Sign anonymously")
    return read + hand.read("You signed.")


def from_strip_to_receipt_without_scripts(hand: Hand, site: Site) -> str:
    """The same where the code is typed and the server does the signer's part."""
    place = site.open_letter()
    hand.cost.clicks += 1
    hand.come(site.url(place, "join"))
    read = hand.read(WORDS.title)
    hand.fill("Your signing code", site.code(place))
    hand.press("Continue")
    read += hand.read("Check and sign")
    hand.press("Sign anonymously")
    return read + hand.read("You signed.")


SIGNING: dict[bool, Callable[[Hand, Site], str]] = {
    True: from_strip_to_receipt,
    False: from_strip_to_receipt_without_scripts,
}


# Chromium


@pytest.fixture
def new_page(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Hands out browsers that never met the site; afterwards none may have asked another one."""
    made: list[Window] = []

    def new(browser: Browser = chromium, *, width: int = 390, **options: Any) -> Page:
        made.append(Window(browser, site, viewport={"width": width, "height": 700}, **options))
        return made[-1].page

    yield new
    for window in made:
        assert window.elsewhere() == []
        window.context.close()


def is_little_for_an_organizer(hand: Hand) -> bool:
    """12 clicks or fewer, in 8 minutes; fields for a password, the letter and its demands."""
    return hand.cost.clicks <= 12 and hand.cost.minutes <= 8 and hand.cost.fields <= 8 and hand.cost.pages <= 11


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.long)])
def test_an_organizer_publishes_with_twelve_clicks(new_page: Callable[..., Page], site: Site, scripts: bool) -> None:
    hand = Mouse(new_page(java_script_enabled=scripts))
    from_welcome_to_published(hand, site)

    assert is_little_for_an_organizer(hand), hand.cost


def test_a_signer_needs_two_taps_and_two_screens(new_page: Callable[..., Page], site: Site) -> None:
    hand = Mouse(new_page())
    read = from_strip_to_receipt(hand, site)

    print(f"a signer: {hand.cost}")
    assert LETTER in read
    assert (hand.cost.pages, hand.cost.clicks, hand.cost.fields) == (2, 2, 0)
    assert hand.cost.words < 620 * 2 / 3, hand.cost


def test_without_scripts_a_signer_needs_three_pages(new_page: Callable[..., Page], site: Site) -> None:
    hand = Mouse(new_page(java_script_enabled=False))
    read = from_strip_to_receipt_without_scripts(hand, site)

    print(f"a signer: {hand.cost}")
    assert LETTER in read
    assert (hand.cost.pages, hand.cost.clicks, hand.cost.fields) == (3, 3, 1)
    assert hand.cost.words < 620, hand.cost


# By keyboard alone


@pytest.mark.long
@pytest.mark.parametrize("scripts", [True, False])
def test_the_keyboard_alone_is_enough(new_page: Callable[..., Page], site: Site, scripts: bool) -> None:
    organizer, signer = (Keyboard(new_page(java_script_enabled=scripts)) for _ in range(2))
    from_welcome_to_published(organizer, site)
    SIGNING[scripts](signer, site)

    assert is_little_for_an_organizer(organizer), organizer.cost


# 320 pixels, with any fonts


@pytest.fixture
def with_fonts(request: pytest.FixtureRequest, playwright: Playwright, tmp_path: Path) -> Iterator[Browser]:
    """Chromium on a machine that has one package of fonts and no others; or those of this machine."""
    environ: dict[str, str | float | bool] = {**os.environ}
    if request.param != "the machine's":
        folder = FONTS / SETS[request.param]
        if not folder.is_dir():
            pytest.skip(
                f"no {folder}: install the package “{request.param}”, or unpack it and name its folder in FONTS"
            )
        only = tmp_path / "fonts.conf"
        only.write_text(ONLY.format(fonts=folder, cache=tmp_path / "cache"), "utf-8")
        environ["FONTCONFIG_FILE"] = str(only)
    if find_shell() is None:
        no_browser()
    browser = playwright.chromium.launch(executable_path=find_shell(), args=OPTIONS, env=environ)
    yield browser
    browser.close()


@pytest.mark.long
@pytest.mark.parametrize("with_fonts", ["the machine's", *SETS], indirect=True)
@pytest.mark.parametrize("scripts", [True, False])
def test_a_very_small_phone_scrolls_one_way_only(
    new_page: Callable[..., Page], with_fonts: Browser, site: Site, scripts: bool
) -> None:
    def look(page: Page) -> None:
        no_sideways_scrolling(page, page.url)

    organizer, signer = (Mouse(new_page(with_fonts, width=320, java_script_enabled=scripts), look) for _ in range(2))
    from_welcome_to_published(organizer, site)
    SIGNING[scripts](signer, site)

    assert is_little_for_an_organizer(organizer), organizer.cost


# Firefox


@pytest.fixture
def fox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Firefox]:
    """Firefox with scripts on or off."""
    if find_firefox() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Firefox: install the package “firefox-esr”")
    with firefox(tmp_path, **({} if request.param else WITHOUT_SCRIPTS)) as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize("fox", [True, False], indirect=True)
def test_firefox_goes_the_same_ways(fox: Firefox, site: Site, request: pytest.FixtureRequest) -> None:
    organizer, signer = Fox(fox), Fox(fox)
    from_welcome_to_published(organizer, site)
    read = SIGNING[request.node.callspec.params["fox"]](signer, site)

    assert LETTER in read
    assert is_little_for_an_organizer(organizer), organizer.cost
