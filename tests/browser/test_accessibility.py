"""axe-core finds nothing on any page, in light and in dark."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.every_page import EVERYTHING, SIGNERS, a_full_letter, opens, organizers_pages
from tests.browser.script.phones import Site, a_phone
from tests.browser.walks import (
    Window,
    a_worker_signs_and_withdraws,
    an_organizer_looks_at,
    an_organizer_writes_and_opens,
    everybody_reads,
    in_conflict,
    sign_in,
)

pytestmark = pytest.mark.browser
RULES = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
"""A dark page differs from a light one by its colors alone."""
Scheme = Literal["light", "dark"]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    found: Scheme = request.param
    return found


@pytest.fixture
def window(chromium: Browser, site: Site, scheme: Scheme) -> Iterator[Window]:
    """A browser with scripts on, because axe is one, in which the site's own are not there."""
    made = Window(chromium, site, viewport={"width": 390, "height": 700}, color_scheme=scheme)
    made.context.route("**/*.js", lambda route: route.abort())
    yield made
    made.context.close()
    assert made.elsewhere() == []


@pytest.fixture
def look(scheme: Scheme) -> Callable[[Page, str], None]:
    """Runs axe over a page."""
    axe = Axe()

    def look_at(page: Page, name: str) -> None:
        page.wait_for_load_state()  # a pressed button only waits for the next page to begin
        found: Any = axe.run(page, options={**RULES[scheme], "resultTypes": ["violations"]})
        violations = [
            f"{violation['id']}: {violation['help']} {[node['html'][:120] for node in violation['nodes']]}"
            for violation in found.response["violations"]
        ]
        assert violations == [], f"{name} {page.url}"

    return look_at


def test_the_pages_of_workers_and_readers(window: Window, site: Site, look: Callable[[Page, str], None]) -> None:
    public = site.shared.a_published_letter()
    site.campaign.sign_all(public.id, 6)
    site.campaign.seal(public.id)
    hidden = site.open_letter()

    a_worker_signs_and_withdraws(window.page, site.url(hidden), site.code(hidden), look)
    everybody_reads(window.page, public, look)


def test_the_pages_of_organizers(window: Window, site: Site, scheme: Scheme, look: Callable[[Page, str], None]) -> None:
    draft, public = site.shared.a_draft(), site.shared.a_published_letter()

    an_organizer_writes_and_opens(window.page, site, f"Pia in {scheme}", look)
    window.context.clear_cookies()
    an_organizer_looks_at(window.page, site, [draft, public], look)
    in_conflict(window.page, site, draft, look)


def test_the_pages_that_scripts_make(
    chromium: Browser, site: Site, scheme: Scheme, look: Callable[[Page, str], None]
) -> None:
    place = site.open_letter()
    phone = a_phone(chromium, site.root, color_scheme=scheme)
    phone.come(site.url(place, "join"))
    look(phone.page, "join")
    phone.type_code("ABCD")
    phone.press("Sign anonymously")
    phone.expect_told("A code has 16 characters")
    look(phone.page, "refused code")
    phone.type_code(site.code(place))
    receipt = phone.sign()
    look(phone.page, "receipt")
    phone.press("Show as image")
    look(phone.page, "receipt as a picture")
    phone.come(site.url(place, "remove"))
    phone.page.get_by_label("Your receipt").fill(receipt)
    phone.press("Continue")
    look(phone.page, "asked before removing")
    phone.press("Remove my signature")
    phone.expect_told("Your signature is removed.")
    look(phone.page, "removed")
    phone.context.close()

    assert phone.complaints == []


def test_the_pages_of_the_numbers(window: Window, site: Site, look: Callable[[Page, str], None]) -> None:
    public = site.shared.a_published_letter(goal=20, contact="press@letters.example")
    site.campaign.sign_all(public.id, 6)
    site.campaign.seal(public.id)

    everybody_reads(window.page, public, look)
    sign_in(window.page)
    window.page.goto(f"{public.desk}numbers")
    window.page.locator("summary").click()
    look(window.page, "numbers on the desk")


def test_every_page_that_has_an_address(window: Window, site: Site, look: Callable[[Page, str], None]) -> None:
    draft, public = site.shared.a_draft(**EVERYTHING), a_full_letter(site)
    theirs = [f"{public.public}{name}" for name in SIGNERS]
    sign_in(window.page)
    seen = []
    for path in [public.public, *theirs, *organizers_pages(site, draft), *organizers_pages(site, public)]:
        if opens(window.page, path):
            look(window.page, path)
            seen.append(path)

    assert {f"{public.public}{name}" for name in ("before/", "join", "sign", "receipt", "remove", "press/")} <= {*seen}
    assert {f"{draft.desk}{name}" for name in ("write", "fields", "names", "people", "rules", "routes")} <= {*seen}


def test_the_choices_of_how_to_be_listed(
    chromium: Browser, site: Site, scheme: Scheme, look: Callable[[Page, str], None]
) -> None:
    place = site.open_letter(**EVERYTHING)
    phone = a_phone(chromium, site.root, color_scheme=scheme)
    phone.come(site.url(place, "join"))
    phone.type_code(site.code(place))
    for summary in phone.page.locator("summary:visible").all():
        summary.click()
    look(phone.page, "choices with scripts")
    phone.page.get_by_label("Anonymous, plus my answers").check()
    phone.page.get_by_label("Role", exact=True).select_option("Software")
    look(phone.page, "a group chosen")
    phone.page.get_by_label("Show my name once 50 people have signed").check()
    phone.page.get_by_label("Name, as people will read it").fill("Ana Muster")
    look(phone.page, "a name typed")
    phone.sign()
    look(phone.page, "receipt")
    phone.context.close()

    assert phone.complaints == []
