"""What a first visit costs, and what browsers keep of it: style and scripts for good, pages for a minute."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import brotli
import pytest

from petition.i18n import languages
from petition.letters.text.sources import Source
from petition.publishing.figures.counts import Demand
from petition.publishing.public_files import page
from petition.publishing.site_files import STATIC
from tests.publishing.sample_figures import some_figures
from tests.shared import ONCE, Place, Shared
from tests.walks import WORDS

FOR_GOOD, A_MINUTE = "public, max-age=31536000, immutable", "public, max-age=60"
LINKED = re.compile(r'(?:src|href)="(?P<path>[^"?]*_site/[\w-]+\.(?:css|js|svg))(?P<query>[^"]*)"')
ONE_ROUND_TRIP, HEADERS = 14 * 1024, 1_200
"""Bytes that a server sends before it waits for an answer (RFC 6928), and those of them that are no page."""
LETTER = Path(__file__).parents[2] / "data/letters/cameras.md"
WORDS_OF_A_LETTER = 600


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    return shared.a_published_letter()


@ONCE
@pytest.mark.parametrize("name", ["", "press/", "before/", "join", "receipt"])
def test_style_scripts_and_icon_are_kept_for_good_under_addresses_that_name_their_bytes(
    shared: Shared, place: Place, name: str
) -> None:
    linked = LINKED.findall(shared.get(place.public + name).text)

    assert len(linked) >= 2
    for path, query in linked:
        answer = shared.get(f"/_site/{path.rpartition('_site/')[2]}{query}")
        assert answer.headers["Cache-Control"] == FOR_GOOD, path
        assert query == f"?v={hashlib.sha256(answer.data).hexdigest()[:12]}", path


@ONCE
def test_an_address_that_names_other_bytes_gives_the_file_of_today_for_a_minute(shared: Shared, place: Place) -> None:
    for query in ("", "?v=000000000000", "?v=", "?x"):
        answer = shared.get(f"/_site/style.css{query}")
        assert (answer.data, answer.headers["Cache-Control"]) == ((STATIC / "style.css").read_bytes(), A_MINUTE)


@ONCE
def test_no_page_and_no_file_of_a_letter_is_kept_for_good_by_any_address(shared: Shared, place: Place) -> None:
    for name in ("", "counts.json", "letter.md", "feed.atom"):
        digest = hashlib.sha256(shared.get(place.public + name).data).hexdigest()
        assert shared.get(f"{place.public}{name}?v={digest[:12]}").headers["Cache-Control"] == A_MINUTE


@pytest.mark.parametrize("language", [None, *languages()])
def test_a_letter_of_600_words_and_its_style_arrive_in_one_round_trip(language: str | None) -> None:
    sources = tuple(Source(f"Report {number}", f"https://example.org/{number}", "2026-07") for number in range(3))
    demands = tuple(f"Demand {number}: a cool room, and breaks that are paid, above 32 degrees." for number in range(5))
    body = " ".join(LETTER.read_text("utf-8").partition("\n\n")[2].replace("[^", "[").split(" ")[:WORDS_OF_A_LETTER])
    found = some_figures(
        48_234,
        words=replace(WORDS, body=body, demands=demands, sources=sources),
        goal=50_000,
        demands=tuple(Demand(number, text, "asked", None, "") for number, text in enumerate(demands, 1)),
    )
    text = page(found, "", language, page=found.naming.page(1, language or "en"))
    sent = [brotli.compress(text, quality=9), brotli.compress((STATIC / "style.css").read_bytes(), quality=9)]

    assert len(body.split()) >= WORDS_OF_A_LETTER
    assert sum(map(len, sent)) + HEADERS <= ONE_ROUND_TRIP


@pytest.mark.parametrize("name", ["home", "press", "how-we-verify", "what-the-log-says", "promises", "asked", "start"])
def test_pages_that_may_be_found_say_what_they_are_about(name: str) -> None:
    template = Path(STATIC.parent.parent / "templates/public" / f"{name}.html").read_text("utf-8")

    assert '<meta name="description"' in template and "noindex" not in template
