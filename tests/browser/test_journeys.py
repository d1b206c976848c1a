"""The main journeys in a real browser without scripts, on a phone and on a very small one; by keyboard alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.crypto.codes import receipt_words
from petition.crypto.encodings import from_b64url
from petition.letters.models import Letter
from tests.browser.looking import no_sideways_scrolling
from tests.browser.script.phones import Site
from tests.browser.walks import (
    Window,
    a_worker_signs_and_withdraws,
    an_organizer_writes_and_opens,
    at,
    follow,
    press,
)
from tests.shared import Place

pytestmark = pytest.mark.browser
NewWindow = Callable[..., Window]


@pytest.fixture
def new_window(chromium: Browser, site: Site) -> Iterator[NewWindow]:
    """Hands out browsers without scripts; afterwards none may have asked another site."""
    made: list[Window] = []

    def new(width: int = 390, **options: Any) -> Window:
        made.append(
            Window(chromium, site, viewport={"width": width, "height": 700}, java_script_enabled=False, **options)
        )
        return made[-1]

    yield new
    for window in made:
        window.context.close()
        assert window.asked
        assert window.elsewhere() == []


def test_an_organizer_and_a_worker_go_all_the_way_on_a_phone(new_window: NewWindow, site: Site) -> None:
    organizer, worker, reader = new_window().page, new_window().page, new_window().page
    services, address, codes = an_organizer_writes_and_opens(organizer, site, "Petra", no_sideways_scrolling)
    a_worker_signs_and_withdraws(worker, address, codes[0], no_sideways_scrolling)
    colleagues_sign(site, services.rstrip("/").rpartition("/")[2])
    organizer.goto(f"{services}publish")
    press(organizer, "Publish now")
    public = organizer.get_by_role("link", name=f"{site.root}/letters/").inner_text()
    reader.goto(public)

    at(reader, "We refuse to build it")
    expect(reader.get_by_role("link", name="Sign this letter")).to_be_visible()
    assert "/s/" in address and public not in address


def colleagues_sign(site: Site, slug: str) -> None:
    """As many as publishing takes, and one count update."""
    with Session(site.campaign.databases.reading) as session:
        letter = session.scalars(select(Letter).where(Letter.slug == slug)).one()
    site.campaign.sign_all(letter.id, 2 * letter.k)
    assert site.campaign.seal(letter.id).signatures >= letter.k


def test_token_and_receipt_are_saved_as_files_and_come_back(new_window: NewWindow, site: Site, tmp_path: Path) -> None:
    place, page = site.open_letter(), new_window(accept_downloads=True).page
    page.goto(site.url(place, "join"))
    page.get_by_label("Your signing code").first.fill(site.code(place))
    press(page, "Continue")
    page.get_by_text("Sign later from another place").click()
    token = saved(page, "Save the file", tmp_path / "token.json")
    page.goto(site.url(place, "sign"))
    page.get_by_label("The file you saved").set_input_files(token)
    press(page, "Continue")
    press(page, "Sign anonymously")
    receipt = saved(page, "Save", tmp_path / "receipt.json")
    shown = page.locator(".receipt").inner_text()
    page.goto(site.url(place, "receipt"))
    page.get_by_label("Or its file").set_input_files(receipt)
    press(page, "Check")

    expect(page.get_by_text("A signature, waiting for the next count update")).to_be_visible()
    assert receipt_words(from_b64url(json.loads(receipt.read_text())["receipt"])) == shown


def saved(page: Page, button: str, path: Path) -> Path:
    with page.expect_download() as waiting:
        press(page, button)
    waiting.value.save_as(path)
    return path


# With scripts: two screens, one tap on the site


@pytest.mark.parametrize("width", [pytest.param(390, marks=pytest.mark.long), 320])
def test_from_the_strip_to_the_receipt_in_one_tap(chromium: Browser, site: Site, width: int) -> None:
    place = site.open_letter()
    window = Window(chromium, site, viewport={"width": width, "height": 700})
    page = window.page
    page.goto(site.link(place))
    at(page, "We refuse to build it")
    expect(page.locator("article.letter")).to_contain_text("we, who work here, ask you to stop")
    expect(page.get_by_text("in groups of at least 3.")).to_be_visible()
    no_sideways_scrolling(page, "join")
    press(page, "Sign anonymously")
    at(page, "You signed.")
    no_sideways_scrolling(page, "receipt")
    press(page, "Show as image")
    expect(page.get_by_role("img")).to_be_visible()
    no_sideways_scrolling(page, "receipt as a picture")
    follow(page, "Done: clear this page")
    page.wait_for_url(f"{site.root}/")

    assert site.campaign.seal(place.id).waiting == 1
    assert (window.elsewhere(), window.context.cookies()) == ([], [])
    window.context.close()


def test_with_scripts_the_keyboard_alone_signs_and_removes(chromium: Browser, site: Site) -> None:
    place, window = site.open_letter(), Window(chromium, site, viewport={"width": 390, "height": 700})
    page = window.page
    page.goto(site.link(place))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the navigation; the link's pin stays
    tab_to(page, "Your signing code")
    page.keyboard.press("Enter")
    at(page, "You signed.")
    receipt = page.locator("[data-fill=words]").inner_text()
    tab_to(page, "Show as image")
    page.keyboard.press("Enter")
    tab_to(page, "Remove my signature")
    page.keyboard.press("Enter")
    at(page, "Remove my signature")
    tab_to(page, "Your receipt")
    page.keyboard.type(receipt)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Remove your signature?")).to_be_visible()
    tab_to(page, "Remove my signature")
    page.keyboard.press("Enter")

    expect(page.locator("#told")).to_contain_text("Your signature is removed.")
    assert site.campaign.seal(place.id).waiting == 0
    window.context.close()


# By keyboard alone


def focused(page: Page) -> str:
    """The name of what has the focus: its label, its text."""
    found: str = page.evaluate(
        """() => { const e = document.activeElement;
        return ((e.labels && e.labels[0] && e.labels[0].innerText) || e.innerText || e.id || e.tagName).trim(); }"""
    )
    return " ".join(found.split())


def tab_to(page: Page, name: str) -> None:
    """Press the tab key until something has the focus, and see it marked."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            marked = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert marked != "none", f"{name} has the focus, and nobody sees it"
            return
    raise AssertionError(f"{name!r} is not reached by the keyboard on {page.url}")


def test_a_worker_signs_and_withdraws_by_keyboard_alone(new_window: NewWindow, site: Site) -> None:
    place, page = site.open_letter(), new_window().page
    page.goto(site.url(place))
    tab_to(page, "Sign this letter")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your signing code").first).to_be_visible()
    tab_to(page, "Your signing code")
    page.keyboard.type(site.code(place))
    page.keyboard.press("Enter")
    at(page, "Check and sign")
    tab_to(page, "Sign anonymously")
    page.keyboard.press("Space")
    at(page, "You signed.")
    receipt = page.locator(".receipt").inner_text()
    tab_to(page, "Remove my signature")
    page.keyboard.press("Enter")
    at(page, "Remove my signature")
    tab_to(page, "Your receipt")
    page.keyboard.type(receipt)
    page.keyboard.press("Enter")
    at(page, "Remove your signature?")
    tab_to(page, "Remove my signature")
    page.keyboard.press("Enter")

    at(page, "Your signature is removed")


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(new_window: NewWindow, site: Site) -> None:
    place: Place = site.shared.a_published_letter()
    page = new_window().page
    for path in ("/", place.public, f"{place.public}join", "/organize/sign-in"):
        page.goto(path)
        page.keyboard.press("Tab")

        assert focused(page) == "Skip to the text", path


def test_the_bar_for_signing_hides_nothing_that_has_the_focus(new_window: NewWindow, site: Site) -> None:
    place, page = site.shared.a_published_letter(), new_window().page
    page.goto(place.public)
    bar = page.locator(".signing").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] == 700, "it is at the bottom of the window"
    hidden = []
    for _ in range(page.locator("a, summary").count()):
        page.keyboard.press("Tab")
        if page.evaluate("!document.activeElement.matches('body, .signing *')") and lowest(page) > bar["y"]:
            hidden.append(focused(page))

    assert hidden == []


def lowest(page: Page) -> float:
    """How far down in the window the lower edge of what has the focus is."""
    found: float = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
    return found


def test_a_summary_of_errors_leads_to_the_field(new_window: NewWindow, site: Site) -> None:
    page = new_window().page
    page.goto("/organize/sign-in")
    press(page, "Sign in")
    follow(page, "Your name")

    assert focused(page) == "Your name"
