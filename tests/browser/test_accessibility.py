"""On every page, in light and in dark, axe-core finds nothing, and nothing scrolls sideways on a very small screen."""

import os
from collections.abc import Iterable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.every_page import EVERYTHING, a_full_letter, opens, organizers_pages
from tests.browser.looking import look, look_at_its_width
from tests.browser.script.phones import PHONE, Phone, Site, a_phone
from tests.browser.walks import (
    HARD,
    Look,
    Window,
    a_worker_signs_and_withdraws,
    an_organizer_is_refused_and_signs_in,
    an_organizer_writes_and_opens,
    everybody_reads,
    in_conflict,
)

pytestmark = pytest.mark.browser
ALIKE = {
    "empty desk": "desk with letters",
    "if they ask you": "promises",
    "join with scripts": "refused code with scripts",
    "new letter": "refused letter",
    "receipt form": "refused receipt",
    "receipt of a name": "receipt with scripts",
    "removal form": "removing",
    "role chosen": "name typed",
    "sign in": "refused sign-in",
}
"""Pages that show nothing that another does not show, too, and which that is."""


@pytest.fixture(params=["distinct", pytest.param("all", marks=pytest.mark.long)])
def each(request: pytest.FixtureRequest) -> Look:
    """Looks at each page; at those that are like another in every way only where there is time."""

    def look_at_distinct(page: Page, name: str) -> None:
        (look_at_its_width if name in ALIKE else look)(page, name)

    return look if request.param == "all" else look_at_distinct


@pytest.fixture
def window(chromium: Browser, site: Site) -> Iterator[Window]:
    """A browser with scripts on, because axe is one, in whose page the site's own are not there."""
    made = Window(chromium, site, viewport=PHONE)
    network = made.context.new_cdp_session(made.page)
    network.send("Network.enable")
    network.send("Network.setBlockedURLs", {"urls": ["*.js*"]})  # a route would ask the test about every request
    came: list[str] = []
    made.page.on("response", lambda answer: came.append(answer.url))
    yield made
    made.context.close()
    assert (made.elsewhere(), [url for url in came if ".js" in url]) == ([], [])


@pytest.fixture
def phone(chromium: Browser, site: Site) -> Iterator[Phone]:
    """One with the site's own scripts."""
    made = a_phone(chromium, site.root)
    yield made
    made.context.close()
    assert made.complaints == []


def test_the_pages_of_workers_and_readers(window: Window, site: Site, each: Look) -> None:
    public = a_full_letter(site, words=HARD, contact="press@letters.example")
    hidden = site.open_letter(words=HARD)

    a_worker_signs_and_withdraws(window.page, site.url(hidden), site.code(hidden), each)
    everybody_reads(window.page, public, each)
    window.sign_in()
    window.page.goto(f"{public.desk}numbers")
    window.page.locator("summary").click()
    look(window.page, "numbers on the desk")


def test_the_pages_of_organizers(window: Window, site: Site, each: Look) -> None:
    an_organizer_writes_and_opens(window.page, site, f"Pia {os.urandom(4).hex()}", each)
    window.context.clear_cookies()
    an_organizer_is_refused_and_signs_in(window.page, each)
    in_conflict(window.page, site.shared.a_draft(words=HARD), each)


def test_the_pages_that_scripts_make(phone: Phone, site: Site, each: Look) -> None:
    place = site.open_letter()
    phone.come(site.url(place, "join"))
    each(phone.page, "join with scripts")
    phone.type_code("ABCD")
    phone.press("Sign anonymously")
    phone.expect_told("A code has 16 characters")
    each(phone.page, "refused code with scripts")
    phone.type_code(site.code(place))
    receipt = phone.sign()
    each(phone.page, "receipt with scripts")
    phone.press("Show as image")
    each(phone.page, "receipt as a picture")
    phone.come(site.url(place, "remove"))
    phone.page.get_by_label("Your receipt").fill(receipt)
    phone.press("Continue")
    each(phone.page, "asked before removing")
    phone.press("Remove my signature")
    phone.expect_told("Your signature is removed.")
    each(phone.page, "removed")


@pytest.mark.long  # its pages are looked at while an organizer writes; here also those that nobody comes by
def test_every_page_of_a_draft_that_has_an_address(window: Window, site: Site) -> None:
    draft = site.shared.a_draft(**EVERYTHING, words=HARD)
    window.sign_in()

    seen = looked_at(window, organizers_pages(site, draft))

    assert {f"{draft.desk}{name}" for name in ("write", "fields", "names", "people", "rules", "routes")} <= seen


@pytest.mark.long  # most of its pages are looked at while people come by
def test_every_page_of_a_public_letter_that_organizers_may_open(window: Window, site: Site) -> None:
    public = a_full_letter(site, words=HARD)
    window.sign_in()

    seen = looked_at(window, organizers_pages(site, public))

    assert {f"{public.desk}{name}" for name in ("codes", "numbers", "after", "close")} <= seen


def looked_at(window: Window, paths: Iterable[str]) -> set[str]:
    """The paths at which there are pages, which were looked at."""
    seen = set()
    for path in paths:
        if opens(window.page, path):
            look(window.page, path)
            seen.add(path)
    return seen


def test_the_choices_of_how_to_be_listed(phone: Phone, site: Site, each: Look) -> None:
    place = site.open_letter(**EVERYTHING)
    phone.come(site.url(place, "join"))
    phone.type_code(site.code(place))
    for summary in phone.page.locator("summary:visible").all():
        summary.click()
    each(phone.page, "choices with scripts")
    phone.page.get_by_label("Anonymous, plus my answers").check()
    phone.page.get_by_label("Role", exact=True).select_option("Software")
    each(phone.page, "role chosen")
    phone.page.get_by_label("Show my name once 50 people have signed").check()
    phone.page.get_by_label("Name to show").fill("Ana Muster")
    each(phone.page, "name typed")
    phone.sign()
    each(phone.page, "receipt of a name")


DARK_ON_DARK = "@media (prefers-color-scheme: dark) { p { color: #333; background: #000 } }"


@pytest.mark.parametrize(
    "body",
    [
        "<h1>A page</h1><img src='/_site/icon.svg'>",
        f"<h1>A page</h1><style>{DARK_ON_DARK}</style><p>Dark</p>",
        "<h1>A page</h1><p style='width: 400px'>Wide</p>",
    ],
    ids=["no text for a picture", "dark on dark", "wider than a phone"],
)
def test_what_is_wrong_with_a_page_is_found(window: Window, body: str) -> None:
    window.page.set_content(f"<!doctype html><html lang='en'><title>A page</title><main>{body}</main></html>")
    with pytest.raises(AssertionError):
        look(window.page, "a page with a fault")
