"""What is looked at on every page that a test comes by."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.script.phones import PHONE

RULES: dict[Any, Any] = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
"""A dark page differs from a light one by its colors alone."""
SMALL = {"width": 320, "height": 640}
AXE = Axe().axe_script
FOUND = """options => axe.run(options).then(({ violations }) => violations.map(({ id, help, nodes }) =>
    `${id}: ${help} ${nodes.map(({ html }) => html.slice(0, 120)).join(" ")}`))"""


def look(page: Page, name: str) -> None:
    """Look at a page in every way."""
    page.wait_for_load_state()  # a pressed button only waits for the next page to begin
    page.evaluate(AXE)
    for scheme in RULES:
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(FOUND, {**RULES[scheme], "resultTypes": ["violations"]})
        assert violations == [], f"{name} {page.url}, {scheme}"
    look_at_its_width(page, name)


def look_at_its_width(page: Page, name: str) -> None:
    """On a very small screen."""
    page.set_viewport_size(SMALL)
    no_sideways_scrolling(page, name)
    page.set_viewport_size(PHONE)


def no_sideways_scrolling(page: Page, name: str) -> None:
    """The page is no wider than its window; long lines of code may scroll inside their own box."""
    page.wait_for_load_state()
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room, f"{name}: {wide} px in a window of {room} px"
