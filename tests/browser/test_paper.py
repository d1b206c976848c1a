"""What organizers print from the browser: on how many sheets it is, and whether all of it is there."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from petition.letters.text.letter_text import LetterText
from petition.publishing.documents.code_sheets import STRIPS
from tests.browser.script.phones import Site
from tests.browser.walks import Window, press
from tests.walks import WORDS

pytestmark = pytest.mark.browser
PAPERS = ("Letter", "A4")
NARROW = 688
"""Pixels between the margins of A4."""
WIDE, LONG = "我们拒绝建造它，因为它监视我们" * 14, "Which of our coworkers are watched while they work here? " * 4
TITLES = (WORDS.title, LONG[:200].strip(), WIDE[:200])
WORDY = replace(WORDS, title=TITLES[1], language="de")
"""A long title, in a language that has long words."""


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A browser in which Ana is signed in."""
    window = Window(chromium, site)
    window.sign_in()
    yield window.page
    window.context.close()


def printed(page: Page, paper: str) -> list[str]:
    """The text of each sheet. Margins are those of browsers, where the page has none of its own, and hold the hour, the
    title and the address if there is room."""
    page.wait_for_load_state()  # a pressed button only waits for the next page to begin
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")
    pdf = page.pdf(format=paper, margin=margin, prefer_css_page_size=True, display_header_footer=True)
    return [" ".join(sheet.extract_text().split()) for sheet in PdfReader(io.BytesIO(pdf)).pages]


def cut_off(page: Page) -> list[str]:
    """What does not fit into its strip, with the width of the narrower paper between its margins."""
    page.set_viewport_size({"width": NARROW, "height": 1000})
    page.emulate_media(media="print")
    cut = "(all) => all.filter((one) => one.clientHeight > one.parentNode.clientHeight).map((one) => one.innerText)"
    found: list[str] = page.locator(".strips li > *").evaluate_all(cut)
    page.emulate_media(media="null")
    return found


@pytest.mark.parametrize(
    "words", [pytest.param(WORDS, id="short", marks=pytest.mark.long), pytest.param(WORDY, id="long")]
)
def test_eight_strips_fill_a_sheet_and_nothing_else_is_printed(page: Page, site: Site, words: LetterText) -> None:
    place = site.shared.an_open_letter(words=words)
    page.goto(f"{place.desk}codes")
    page.get_by_label("How many").fill(str(2 * STRIPS))
    press(page, "Make codes")
    page.wait_for_load_state()
    codes = page.locator(".strip-code").all_inner_texts()

    assert cut_off(page) == []
    for paper in PAPERS:
        sheets = printed(page, paper)
        assert [[code for code in codes if code in sheet] for sheet in sheets] == [codes[:STRIPS], codes[STRIPS:]]
        assert "/organize/" not in "".join(sheets)


def test_ten_strips_to_pass_on_are_two_sheets(page: Page, site: Site) -> None:
    place = site.shared.an_open_letter()
    page.goto(f"{place.desk}codes")
    press(page, "Make ten to pass on")

    for paper in PAPERS:
        first, second = printed(page, paper)
        assert (first.count("Code "), second.count("Code ")) == (4, 6)


@pytest.mark.parametrize(
    "title",
    [
        pytest.param(TITLES[0], id="short", marks=pytest.mark.long),
        pytest.param(TITLES[1], id="long"),
        pytest.param(TITLES[2], id="wide"),
    ],
)
def test_a_poster_is_one_sheet(page: Page, site: Site, title: str) -> None:
    place = site.shared.a_published_letter(words=replace(WORDS, title=title))
    page.goto(f"{place.desk}poster")

    for paper in PAPERS:
        sheets = printed(page, paper)
        assert len(sheets) == 1
        assert "/organize/" not in sheets[0], "printed with the hour, which is no one's business"
