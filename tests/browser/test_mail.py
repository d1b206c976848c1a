"""A signer gets a code by email and signs, on a phone, with and without scripts; every page on the way is checked."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.looking import SMALL, no_sideways_scrolling
from tests.browser.looking import look as look_at
from tests.browser.script.phones import PHONE, Site
from tests.browser.walks import Window, at, follow, press
from tests.jobs.test_mailer import fresh, look
from tests.mail_server import code_in
from tests.shared import Place

pytestmark = pytest.mark.browser
DOMAINS = {"workers": ["example.com", "*.bücher.example"]}


@pytest.fixture
def place(site: Site) -> Place:
    return site.open_letter(mail=DOMAINS)


def mail_arrives(site: Site) -> str:
    """Send what waits; the code in the one email that arrives."""
    look(site.campaign, fresh(site.campaign))
    folder = Path((site.campaign.settings.mail or "").removeprefix("folder:"))
    (file,) = folder.glob("*.eml")
    mail: Any = message_from_bytes(file.read_bytes(), policy=policy.SMTPUTF8)
    file.unlink()
    return code_in(mail)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize(
    "viewport", [pytest.param(PHONE, id="phone", marks=pytest.mark.long), pytest.param(SMALL, id="small")]
)
def test_from_a_work_address_to_a_receipt(
    chromium: Browser, site: Site, place: Place, scripts: bool, viewport: dict[str, int]
) -> None:
    window = Window(chromium, site, viewport=viewport, java_script_enabled=scripts)
    page = window.page
    page.goto(site.url(place, "join"))
    no_sideways_scrolling(page, "join")
    page.get_by_label("Your work email").fill("ana at example.com")
    press(page, "Email me a code")
    expect(page.get_by_role("alert")).to_contain_text("Type it like name@example.com.")
    page.get_by_label("Your work email").fill("Ana+phone@EU.Bücher.example")
    page.keyboard.press("Enter")
    at(page, "Check your work email")
    no_sideways_scrolling(page, "mailed")
    follow(page, "I have a signing code")
    page.get_by_label("Your signing code").fill(mail_arrives(site))
    if not scripts:
        press(page, "Continue")
        at(page, "Check and sign")
    press(page, "Sign anonymously")
    at(page, "You signed.")
    assert (window.elsewhere(), window.context.cookies()) == ([], [])
    window.context.close()


def test_axe_finds_nothing_on_these_pages_and_they_do_not_scroll_sideways(
    chromium: Browser, site: Site, place: Place
) -> None:
    window = Window(chromium, site, viewport=PHONE)
    page = window.page
    page.goto(site.url(place, "join"))
    page.get_by_label("Your work email").fill("ana at example.com")
    press(page, "Email me a code")
    look_at(page, "refused address")
    page.get_by_label("Your work email").fill("ana@example.com")
    press(page, "Email me a code")
    look_at(page, "mailed")
    window.sign_in()
    for letter in (place, site.shared.a_draft(mail=DOMAINS, routes=("code", "mail"))):
        page.goto(f"{site.root}{letter.desk}routes")
        look_at(page, f"routes of {letter.slug}")
    window.context.close()
    mail_arrives(site)
