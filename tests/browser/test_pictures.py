"""Pictures as a real browser shows them: dark where dark is preferred, in a page and alone, on small screens."""

import http.server
import io
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.looking import no_sideways_scrolling
from tests.browser.script.phones import Site
from tests.browser.walks import Window
from tests.publishing.test_folder import Quiet

pytestmark = pytest.mark.browser
PAPER = {"light": (253, 252, 249), "dark": (24, 22, 20)}


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """A published letter with a count; its path."""
    letter = site.campaign.a_published_letter(slug="pictured", goal=8)
    site.campaign.sign_all(letter, 6)
    site.campaign.seal(letter)
    return "/letters/pictured/"


@pytest.fixture
def news(tmp_path: Path) -> Iterator[str]:
    """Another site, at another port; its address."""
    (tmp_path / "index.html").write_text("<!doctype html><title>News</title>")
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def corner(png: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(png)) as picture:
        found = picture.convert("RGB").getpixel((8, 8))
        assert isinstance(found, tuple)
        return tuple(map(int, found))


@pytest.mark.parametrize("scheme", PAPER)
def test_the_chart_is_as_dark_as_its_page(chromium: Browser, site: Site, address: str, scheme: str) -> None:
    window = Window(chromium, site, color_scheme=scheme, viewport={"width": 390, "height": 800})
    window.page.goto(address)
    chart = window.page.get_by_role("img", name="How the count grew")
    chart.scroll_into_view_if_needed()

    assert chart.evaluate("picture => picture.complete && picture.naturalWidth") == 520
    assert corner(chart.screenshot()) == PAPER[scheme]
    assert window.elsewhere() == []
    window.context.close()


@pytest.mark.parametrize("name", ["chart.svg", "groups.svg"])
@pytest.mark.parametrize("scheme", PAPER)
def test_a_picture_by_itself_is_dark_too_in_spite_of_its_policy(
    chromium: Browser, site: Site, address: str, scheme: str, name: str
) -> None:
    window = Window(chromium, site, color_scheme=scheme, viewport={"width": 520, "height": 320})
    said: list[str] = []
    window.page.on("console", lambda message: said.append(message.text))
    window.page.goto(address + name)

    assert corner(window.page.screenshot()) == PAPER[scheme]
    assert [text for text in said if "Content Security Policy" in text] == []
    window.context.close()


def test_another_site_s_page_may_show_the_badge_and_read_the_counts(
    chromium: Browser, site: Site, address: str, news: str
) -> None:
    window = Window(chromium, site)
    window.page.goto(f"{news}/")

    shown = window.page.evaluate(
        """async address => {
            const picture = new Image();
            picture.src = address + "badge.svg";
            await picture.decode();
            const counts = await (await fetch(address + "counts.json")).json();
            return [picture.naturalHeight, counts.count];
        }""",
        site.root + address,
    )
    assert shown == [28, 4]
    window.context.close()


@pytest.mark.parametrize("path", ["", "press/"])
def test_nothing_is_wider_than_the_smallest_screen(chromium: Browser, site: Site, address: str, path: str) -> None:
    window = Window(chromium, site, viewport={"width": 320, "height": 700})
    window.page.goto(address + path)
    for summary in window.page.locator("details").all():
        summary.evaluate("details => { details.open = true; }")

    no_sideways_scrolling(window.page, path)
    window.context.close()
