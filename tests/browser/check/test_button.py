"""“Check this count” on the pages, as a reader meets it: on the site, in a copy of it, and where it can't work."""

import http.server
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.check.conftest import STATIC
from tests.browser.script.phones import Site
from tests.browser.walks import Window, press
from tests.publishing.test_folder import Quiet, publish

pytestmark = pytest.mark.browser
ADDRESS = "/letters/checked/"


@pytest.fixture(scope="module")
def letter(site: Site) -> str:
    """A published letter with a count of six; its id."""
    made: str = site.campaign.a_published_letter(slug="checked")
    site.campaign.sign_all(made, 8)
    site.campaign.seal(made)
    return made


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What pages complain of."""
    return []


@pytest.fixture(scope="module")
def used_window(chromium: Browser, site: Site, letter: str, said: list[str]) -> Iterator[Window]:
    """A phone for one reader after the other."""
    made = Window(chromium, site, viewport={"width": 390, "height": 844})
    made.page.on("console", lambda line: said.append(f"{line.type} {line.text}"))
    made.page.on("pageerror", lambda error: said.append(str(error)))
    yield made
    made.context.close()


@pytest.fixture
def window(used_window: Window, said: list[str]) -> Iterator[Window]:
    """A phone that must ask no other site, and must not complain."""
    said.clear()
    used_window.asked.clear()
    yield used_window
    used_window.page.unroute_all()
    used_window.page.goto("about:blank")
    found = [line for line in said if "Content Security" in line or "Error:" in line]
    assert (used_window.elsewhere(), found) == ([], [])


@pytest.fixture(scope="module")
def copies(site: Site, letter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The letter's folder on another web server, below another path; the path's address."""
    folder = tmp_path_factory.mktemp("copies")
    publish(site.campaign, letter, folder / "some" / "where")
    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/some/where/"
        server.shutdown()


def check(page: Page, address: str, button: str = "Check this count") -> None:
    page.goto(address)
    press(page, button)


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param((ADDRESS, f"/es{ADDRESS}press/"), id="some"),
        pytest.param((f"/es{ADDRESS}", f"/en{ADDRESS}press/"), id="others", marks=pytest.mark.long),
    ],
)
def test_a_reader_checks_the_count_with_one_button(window: Window, paths: tuple[str, ...]) -> None:
    for path in paths:
        window.page.goto(path)
        button = window.page.locator("#check-count button").first
        button.click()

        result = window.page.locator("#check-count [role=status]")
        expect(result).to_have_attribute("data-kind", "done")
        expect(result).to_contain_text(": 6.")
        expect(window.page.locator("[data-number=size]")).to_have_text("9")
        expect(window.page.locator("[data-number=codes]")).to_have_text("8")
        expect(button).to_be_focused()
    assert window.page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_the_result_says_what_was_found_and_what_cannot_be_known(window: Window) -> None:
    check(window.page, ADDRESS)
    section = window.page.locator("#check-count")

    expect(section.get_by_role("status")).to_contain_text("The count is right: 6. Every signature")
    expect(section.get_by_text("This check can't tell")).to_be_visible()
    expect(section.get_by_text("Don't trust this site? Check without it")).to_be_visible()
    expect(section.get_by_text("Details for experts")).to_be_hidden()


def test_nothing_is_fetched_before_the_button_is_pressed(window: Window) -> None:
    window.page.goto(ADDRESS, wait_until="networkidle")

    assert [url for url in window.asked if "/log/" in url or "verify" in url or "counts.json" in url] == []


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(("", "es/press/index.html"), id="some"),
        pytest.param(("press/index.html", "es/"), id="others", marks=pytest.mark.long),
    ],
)
def test_a_copy_of_the_files_checks_itself(chromium: Browser, copies: str, paths: tuple[str, ...]) -> None:
    context = chromium.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    for path in paths:
        page.goto(copies + path)
        page.locator("#check-count button").first.click()

        expect(page.locator("#check-count [role=status]")).to_contain_text(": 6.")
    assert [url for url in asked if not url.startswith(copies)] == []
    context.close()


def test_a_copy_that_was_changed_is_refused(
    chromium: Browser, site: Site, letter: str, copies: str, tmp_path: Path
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/letter.md", lambda route: route.fulfill(body="# Another text\n"))
    page.route("**/counts.json", lambda route: raised(route))
    check(page, copies)
    section = page.locator("#check-count")

    expect(section.get_by_role("status")).to_have_attribute("data-kind", "stopped")
    expect(section.get_by_role("status")).to_contain_text("Something is wrong. Don't rely on this count.")
    expect(section.get_by_role("status")).to_contain_text("The text here is not the text in the public record.")
    expect(section.get_by_role("status")).to_contain_text("The numbers here are not those")
    section.get_by_text("Details for experts").click()
    expect(section.get_by_role("listitem")).to_have_count(2)
    expect(section.get_by_text("counts: counts.json has another count than the log: 6.")).to_be_visible()
    context.close()


DAMAGED: list[tuple[str, Callable[[bytes], bytes] | None]] = [
    ("log/tile/entries/000.p/9", lambda data: data[: -2 - int.from_bytes(data[:2], "big")]),
    ("log/tile/entries/000.p/9", None),
    ("log/checkpoint", lambda data: data.replace(b"\n9\n", b"\n8\n")),
]
"""Files, and how they are damaged, or that they are missing."""


@pytest.mark.parametrize(
    "damages", [DAMAGED[:2], pytest.param(DAMAGED[2:], marks=pytest.mark.long)], ids=["entries", "checkpoint"]
)
def test_a_damaged_record_is_accused_of_nothing_that_was_not_checked(
    chromium: Browser, copies: str, damages: list[tuple[str, Callable[[bytes], bytes] | None]]
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    for path, damage in damages:
        page.unroute_all()
        page.route(f"**/{path}", partial(damaged, damage=damage))
        check(page, copies)
        result = page.locator("#check-count [role=status]")

        expect(result).to_have_attribute("data-kind", "stopped")
        expect(result.locator("p")).to_have_text(
            [
                "Something is wrong. Don't rely on this count.",
                "The public record is damaged or incomplete, so the rest was not checked.",
            ]
        )
        page.get_by_text("Details for experts").click()
        expect(page.get_by_text("Not checked, because not all of the record could be read.").first).to_be_visible()
    context.close()


def damaged(route: Route, damage: Callable[[bytes], bytes] | None) -> None:
    """The file with this damage, or none."""
    if damage is None:
        route.fulfill(status=404)
        return
    answer = route.fetch()
    route.fulfill(response=answer, body=damage(answer.body()))


def raised(route: Route) -> None:
    """The same counts.json with another count."""
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "count": 60})


@pytest.mark.parametrize("broken", ["log/tile/entries/000.p/9", "verify-tree.js"])
def test_where_the_line_breaks_nothing_was_checked_and_nothing_is_wrong(window: Window, broken: str) -> None:
    window.page.route(f"**/{broken}", lambda route: route.abort())
    check(window.page, ADDRESS)
    result = window.page.locator("#check-count [role=status]")

    expect(result).to_contain_text("Try ")
    expect(result).to_have_attribute("data-kind", "nothing")
    expect(window.page.locator("#check-count")).not_to_contain_text("Something is wrong")


def test_a_reader_can_stop_it_and_start_again(window: Window) -> None:
    waiting: list[Route] = []
    window.page.route("**/log/checkpoint", lambda route: waiting.append(route))
    check(window.page, ADDRESS)
    stop = window.page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_focused()
    expect(window.page.get_by_role("progressbar", name="Checking the public record…")).to_be_visible()
    stop.click()
    expect(window.page.locator("#check-count [role=status]")).to_have_text("You stopped the check.")
    window.page.unroute("**/log/checkpoint")
    press(window.page, "Check this count")

    expect(window.page.locator("#check-count [role=status]")).to_contain_text("The count is right: 6.")


def test_a_page_that_shows_an_older_count_says_so(window: Window) -> None:
    window.page.goto(ADDRESS)
    window.page.locator("#check-count").evaluate("section => { section.dataset.count = 4; }")
    press(window.page, "Check this count")

    expect(window.page.locator("#check-count [role=status]")).to_contain_text("This page shows an older count.")


def test_a_browser_without_ed25519_says_what_it_could_not_check(window: Window) -> None:
    older = (STATIC / "verify-note.js").read_text("utf-8").replace('"Ed25519"', '"Ed25519 of the future"')
    window.page.route("**/verify-note.js", lambda route: route.fulfill(body=older, content_type="text/javascript"))
    check(window.page, ADDRESS)
    result = window.page.locator("#check-count [role=status]")

    expect(result).to_contain_text("The count is right: 6.")
    expect(result).to_contain_text("your browser can't verify the record's own signature")


@pytest.mark.parametrize("path", ["", pytest.param("press/", marks=pytest.mark.long)])
def test_without_scripts_there_is_no_button_but_the_command(
    chromium: Browser, site: Site, letter: str, path: str
) -> None:
    window = Window(chromium, site, java_script_enabled=False)
    window.page.goto(ADDRESS + path)
    section = window.page.locator("#check-count")

    expect(section.get_by_role("button")).to_have_count(0)
    expect(section.get_by_text(f"petition verify {site.root}{ADDRESS}")).to_be_visible()
    expect(section.get_by_text("Install the petition program")).to_be_visible()
    window.context.close()


def test_from_a_disk_there_is_no_button_either(chromium: Browser, site: Site, letter: str, tmp_path: Path) -> None:
    publish(site.campaign, letter, tmp_path / "face")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"file://{tmp_path}/face/index.html")

    expect(page.locator("#check-count").get_by_role("button")).to_have_count(0)
    expect(page.locator("#check-count pre")).to_be_visible()
    context.close()
