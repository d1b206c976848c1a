"""Pages that read from right to left, around words and codes that read from left to right."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from petition.letters.text.sources import Source
from tests.browser.every_page import a_full_letter
from tests.browser.script.phones import Site
from tests.shared import Place
from tests.walks import WORDS

pytestmark = pytest.mark.browser
ORDER = "all => all.map((one) => [getComputedStyle(one).direction, getComputedStyle(one).unicodeBidi].join(' '))"
FROM_THE_RIGHT = """all => all.map((cell) => {
  const words = document.createRange();
  words.selectNodeContents(cell);
  const padding = parseFloat(getComputedStyle(cell).paddingInlineStart);
  return cell.getBoundingClientRect().right - padding - words.getBoundingClientRect().right;
})"""


WORDS_FROM_RIGHT = replace(
    WORDS,
    language="ar",
    title="نرفض",
    body="رأينا.[^1]",
    sources=(Source("A report", "https://example.org/r", "2026-07"),),
)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    made = chromium.new_page()
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(site: Site) -> Place:
    return a_full_letter(site)


def test_codes_keys_and_addresses_keep_the_order_of_their_characters(page: Page, site: Site, place: Place) -> None:
    for name in ("", "join", "how-we-verify/"):
        page.goto(f"{site.root}/ar{place.public}{name}")

        assert page.evaluate("document.dir") == "rtl"
        assert set(page.locator("code, pre, input.code").evaluate_all(ORDER)) == {"ltr isolate"}, name


def test_labels_of_another_script_begin_where_the_table_begins(page: Page, site: Site, place: Place) -> None:
    page.goto(f"{site.root}/ar{place.public}")
    distances = page.locator("section[aria-labelledby=groups] th").evaluate_all(FROM_THE_RIGHT)

    assert len(distances) > 1
    assert all(abs(distance) < 2 for distance in distances)


def test_the_numbers_of_sources_in_another_script_stay_beside_the_list(page: Page, site: Site) -> None:
    page.goto(f"{site.root}{site.shared.a_published_letter(words=WORDS_FROM_RIGHT).public}")
    directions = page.locator("#source-1, #source-1 > span").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).direction)"
    )

    assert directions == ["rtl", "ltr"]
