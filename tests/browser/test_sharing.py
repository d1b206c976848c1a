"""Passing a public letter on: by the clipboard, by what the device shares with, and by hand where no script runs."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.script.phones import Site
from tests.browser.walks import Window, press

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """A published letter with a count; its path."""
    letter = site.campaign.a_published_letter(slug="passed-on")
    site.campaign.sign_all(letter, 6)
    site.campaign.seal(letter)
    return "/letters/passed-on/"


def test_the_link_and_the_code_for_another_site_are_copied(chromium: Browser, site: Site, address: str) -> None:
    window = Window(chromium, site, permissions=["clipboard-read", "clipboard-write"])
    page = window.page
    page.goto(address)
    press(page, "Copy link")
    expect(page.locator("#share [role=status]")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == site.root + address
    page.get_by_text("Show the count on another website").click()
    press(page, "Copy the code")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('<img'))")
    code = page.evaluate("navigator.clipboard.readText()")

    assert code.startswith(f'<a href="{site.root}{address}"><img src="{site.root}{address}badge.svg" height="28"')
    page.set_content(code)
    expect(page.get_by_role("link").get_by_role("img")).to_be_visible()
    assert window.elsewhere() == []
    window.context.close()


def test_the_device_is_given_the_public_address_alone(chromium: Browser, site: Site, address: str) -> None:
    window = Window(chromium, site)
    window.page.add_init_script("navigator.share = async (what) => { window.shared = what; };")
    window.page.goto(f"{address}?from=somewhere#names")
    press(window.page, "Share…")

    assert window.page.evaluate("window.shared") == {"title": "We refuse to build it", "url": site.root + address}
    window.context.close()


def test_without_scripts_the_texts_can_be_copied_by_hand(chromium: Browser, site: Site, address: str) -> None:
    window = Window(chromium, site, java_script_enabled=False)
    window.page.goto(address)
    share = window.page.locator("#share")

    expect(share.get_by_role("button")).to_have_count(0)
    expect(share.get_by_text(site.root + address, exact=True)).to_be_visible()
    share.get_by_text("Show the count on another website").click()
    expect(share.locator("pre")).to_contain_text("badge.svg")
    window.context.close()


def test_every_page_has_an_icon_of_this_site(chromium: Browser, site: Site, address: str) -> None:
    window = Window(chromium, site)
    for path in ("/", address, f"{address}press/", "/organize/sign-in", "/nowhere"):
        window.page.goto(path)
        icon = window.page.locator("link[rel=icon]").evaluate("link => fetch(link.href).then((got) => got.status)")
        assert icon == 200, path

    assert (
        window.page.evaluate("fetch('/favicon.ico').then((got) => got.headers.get('Content-Type'))") == "image/x-icon"
    )
    window.context.close()
