"""What signing leaves in the profile folder of a real browser, after tab and browser are closed."""

import gzip
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from petition.crypto.codes import receipt_words
from petition.crypto.encodings import b64url
from petition.crypto.tokens import Token, read_token
from petition.letters.fields import read_field
from tests.browser.conftest import OPTIONS
from tests.browser.firefox import WITHOUT_SCRIPTS, Firefox, firefox
from tests.browser.profiles import found_in
from tests.browser.script.phones import SIGN, Site
from tests.install_browser import find_browser, find_firefox
from tests.patience import MILLISECONDS
from tests.shared import Place

pytestmark = pytest.mark.browser
FIELDS = (read_field("Role", [("Xylophones", None), ("Zeppelins", None)]),)
CHOSEN, OTHER, NAME = "zeppelins", "xylophones", "Quillfeather"
AS_ANYBODYS = {
    "remote.prefs.recommended": False,  # these would keep less than a person's Firefox does
    "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "startup.homepage_welcome_url": "",
}
both = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


@dataclass
class Signer:
    """A signer with a code, in the link or to be typed, and all that their browser learns of it."""

    place: Place
    link: str
    code: str
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def learn(self, token: Token) -> None:
        words = receipt_words(token.receipt)
        self.known["token"] = (b64url(token.message)[:40], b64url(token.signature)[:40])
        self.known["receipt"] = (b64url(token.receipt), words, words.replace("-", ""))

    def left_in(self, profile: Path) -> dict[str, set[str]]:
        """Where a profile holds something of the signer's. Every answer on offer is in the empty form, too."""
        words = {"address": (self.place.hidden,), "code": (self.code, self.code.replace("-", "")), "name": (NAME,)}
        found = found_in(profile, {**words, "answer": (CHOSEN,), "other answer": (OTHER,), **self.known})
        found["answer"] -= found.pop("other answer")
        return {name: files for name, files in found.items() if files}


@pytest.fixture
def scanning(site: Site) -> Signer:
    """A signer whose QR code holds the code."""
    place = site.open_letter(fields=FIELDS, names=("named",))
    link = site.link(place)
    return Signer(place, link, link.rpartition("&c=")[2])


@pytest.fixture
def typing(site: Site) -> Signer:
    """A signer whose QR code leaves the code out."""
    place = site.open_letter(fields=FIELDS, names=("named",))
    link, _, code = site.link(place).rpartition("&c=")
    return Signer(place, link, code)


# Chromium


@contextmanager
def chromium_with(chromium: Browser, profile: Path, *, scripts: bool) -> Iterator[BrowserContext]:
    """A Chromium on its own profile, started the usual way; it is closed afterwards."""
    opened = chromium.browser_type.launch_persistent_context(
        profile,
        executable_path=find_browser(),
        args=OPTIONS,
        ignore_default_args=["--enable-automation"],
        java_script_enabled=scripts,
    )
    opened.set_default_timeout(MILLISECONDS)
    yield opened
    opened.close()


def choose(page: Page, signer: Signer, *, scripts: bool) -> None:
    """Everything up to the button that signs."""
    page.goto(signer.link)
    page.get_by_label("Your signing code").first.fill(signer.code)
    if not scripts:
        signer.known["seed"] = (page.locator("[name=seed]").input_value(),)
        page.get_by_role("button", name="Continue", exact=True).click()
        signer.learn(read_token(page.locator("[name=token]").first.input_value()))
    page.get_by_label("Show my name with the next count update").check()
    page.get_by_label("Role", exact=True).select_option(CHOSEN)
    page.get_by_label("Name to show").fill(NAME)


def sign(page: Page, signer: Signer, *, scripts: bool) -> None:
    """From the link to the receipt, which is saved."""
    choose(page, signer, scripts=scripts)
    page.get_by_role("button", name=SIGN).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You signed.")
    with page.expect_download() as waiting:
        page.get_by_role("link" if scripts else "button", name="Save", exact=True).click()
    signer.learn(read_token(Path(waiting.value.path()).read_text("utf-8")))


@both
def test_chromium_keeps_the_address_and_nothing_else(
    chromium: Browser, scanning: Signer, typing: Signer, tmp_path: Path, scripts: bool
) -> None:
    with chromium_with(chromium, tmp_path, scripts=scripts) as window:
        for signer in (scanning, typing):
            page = window.new_page()
            sign(page, signer, scripts=scripts)
            page.close()
    scanned, typed = scanning.left_in(tmp_path), typing.left_in(tmp_path)

    assert typed.keys() == {"address"}, typed
    assert scanned.keys() == {"address", "code"}, scanned  # the address that was scanned holds the code
    assert "Default/History" in scanned["code"] & typed["address"]


def test_a_page_that_was_cleared_cannot_be_gone_back_to(chromium: Browser, scanning: Signer, tmp_path: Path) -> None:
    with chromium_with(chromium, tmp_path, scripts=True) as window:
        [page] = window.pages
        sign(page, scanning, scripts=True)
        page.get_by_role("link", name="Done: clear this page").click()
        page.wait_for_url(re.compile("/$"))
        page.go_back()
        address = page.url

    assert scanning.place.hidden not in address
    assert scanning.left_in(tmp_path).keys() == {"address", "code"}


@pytest.mark.long
@both
@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "about to sign"])
def test_a_chromium_that_is_killed_on_the_page_keeps_no_more(
    chromium: Browser, typing: Signer, tmp_path: Path, scripts: bool, is_signed: bool
) -> None:
    with chromium_with(chromium, tmp_path, scripts=scripts) as window:
        (sign if is_signed else choose)(window.pages[0], typing, scripts=scripts)
        window.pages[0].wait_for_timeout(4_000)  # Chromium writes its session down every 2.5 seconds
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended with the one before
                if f"--user-data-dir={tmp_path}" in process.cmdline():
                    process.kill()
    left = typing.left_in(tmp_path)
    left.pop("seed", None)  # of the empty form, which is kept until its code has become a signature

    assert left.keys() == {"address"}, left


# Firefox


def choose_in_firefox(browser: Firefox, signer: Signer, *, scripts: bool) -> None:
    browser.come(signer.link)
    browser.ask("ElementClear", id=browser.find("//*[@id='code']"))
    browser.fill("Your signing code", signer.code)
    if not scripts:
        browser.press("Continue")
        browser.expect_heading("Check and sign")
    browser.ask("ElementClick", id=browser.find("//input[@value='named']"))
    browser.ask("ElementSendKeys", id=browser.find("//select[@name='group-role']"), text="Zeppelins")
    browser.fill("Name to show", NAME)


def sign_in_firefox(browser: Firefox, signer: Signer, *, scripts: bool) -> None:
    choose_in_firefox(browser, signer, scripts=scripts)
    browser.press("Sign this letter")
    browser.expect_heading("You signed.")
    browser.press("Save")
    file = browser.saved("receipt.json")
    signer.learn(read_token(file.read_text("utf-8")))
    file.unlink()


@pytest.mark.long
@both
def test_firefox_keeps_the_address_and_nothing_else(
    scanning: Signer, typing: Signer, tmp_path: Path, scripts: bool
) -> None:
    if find_firefox() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Firefox: install the package “firefox-esr”")
    prefs: dict[str, Any] = {**AS_ANYBODYS, **({} if scripts else WITHOUT_SCRIPTS)}
    with firefox(tmp_path, is_kept=True, **prefs) as browser:
        for signer in (scanning, typing):
            sign_in_firefox(browser, signer, scripts=scripts)
        browser.quit()
    profile = tmp_path / "profile"
    shutil.rmtree(profile / "cache2" / "doomed", ignore_errors=True)  # Firefox does so itself when it starts again
    scanned, typed = scanning.left_in(profile), typing.left_in(profile)

    assert typed.keys() == {"address"}, typed
    assert scanned.keys() == {"address", "code"}, scanned
    assert "places.sqlite" in scanned["code"]
    assert "sessionstore.jsonlz4" in typed["address"]
    assert not (profile / "logins.json").exists()


# The search itself


def test_what_is_packed_or_in_pieces_is_found_as_well(tmp_path: Path) -> None:
    word = "quillfeather"
    (tmp_path / "cache").write_bytes(b"head" + gzip.compress(b"Quill" + b"feather" * 300) + b"tail")
    (tmp_path / "state").write_bytes(b"odd" + word.encode("utf-16-le"))
    (tmp_path / "session").write_bytes(b"mozLz40\0" + bytes(4) + b"\xc3featherquill" + b"\x0c\0" + b"\x10!")
    with closing(sqlite3.connect(tmp_path / "places")) as database:
        database.execute("CREATE TABLE page (url TEXT)")
        database.execute("INSERT INTO page VALUES (?)", (json.dumps(["." * 4060, word]),))
        database.commit()

    assert found_in(tmp_path, {"word": (word,), "other": ("quillfeatherer",)}) == {
        "word": {"cache", "state", "session", "places"}, "other": set(),
    }  # fmt: skip
