"""What is on which page of the letter and of its fact sheet."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from pypdf import PdfReader

from petition.publishing.documents.draft_files import Draft
from petition.publishing.documents.pdf import facts_pdf, letter_pdf
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.groups import Group, GroupTable
from tests.publishing.reading import pages_of
from tests.publishing.sample_figures import FIRST, LONG, some_figures
from tests.test_real_letters import letters
from tests.walks import WORDS

PARAGRAPH = "We work here, and we have asked for a cool room in each hall since the summer before last. " * 4
REST = "other or not stated"


@pytest.mark.parametrize("paragraphs", range(4, 14))
def test_count_and_digests_of_the_letter_never_take_a_page_of_their_own(paragraphs: int) -> None:
    body = "\n\n".join([PARAGRAPH] * paragraphs)
    found = some_figures(443, words=replace(WORDS, body=body, demands=("Build cool rooms.",)))
    pages = pages_of(letter_pdf(found))

    assert found.text_sha256 in pages[0] and "443 verified workers" in pages[0]
    assert "cool room" in pages[-1]
    assert len(pages) <= 2


@pytest.mark.thorough
@pytest.mark.parametrize("options", range(2, 38, 5))
def test_no_table_of_the_facts_is_on_two_pages(options: int) -> None:
    first = options_of("Hall", options)
    pages = pages_of(facts_pdf(some_figures(612, groups=(first, replace(first, id="b", label="Shift")))))

    assert not [page for page in pages if page.count(REST) != page.count("\nHall 1 20\n")]
    assert sum(page.count(REST) for page in pages) == 2
    assert [page for page in pages if "Hour (UTC)" in page and "\n2026-11-07 22:00 612" in page]


def test_a_table_that_is_longer_than_a_page_goes_on_and_repeats_its_head() -> None:
    found = some_figures(612, groups=(options_of("A hall with a name so long that it takes two lines " * 3, 40),))
    pages = pages_of(facts_pdf(found))
    told = " ".join(" ".join(pages).split())

    assert [number for number in range(1, 41) if f"lines {number} " not in told] == []
    assert REST in told
    assert sum("rounded down" in page for page in pages) >= 2


def options_of(name: str, many: int) -> GroupTable:
    options = tuple(Group(str(number), f"{name} {number}", 20) for number in range(1, many + 1))
    return GroupTable("a", "Place", FIRST, options, 15)


@pytest.mark.parametrize("make", [letter_pdf, facts_pdf])
def test_a_long_name_in_the_line_of_the_count_is_divided_at_the_margin(make: Callable[[Figures], bytes]) -> None:
    told = " ".join(pages_of(make(some_figures(443, words=replace(WORDS, employer=LONG * 2, language="de")))))

    assert LONG * 2 not in told
    assert told.replace("\u00ad\n", "").count(LONG * 2) == 2  # in the line of the recipient, too


@pytest.mark.parametrize("body", ["> " * 18 + "word", "> " * 8 + "*a **a " * 200 + "word" + " a** a*" * 200])
def test_a_letter_is_on_paper_however_deep_it_is_nested(body: str) -> None:
    note = f"\n\n{PARAGRAPH}[^a]\n\n[^a]: {body}"

    assert "word" in pages_of(letter_pdf(some_figures(443, words=replace(WORDS, body=body))))[0]
    assert "word" in pages_of(letter_pdf(some_figures(443, words=replace(WORDS, body=note))))[0]


def test_the_demands_have_a_heading_in_each_language_of_the_letter() -> None:
    words = next(one for one in letters() if one.translations)
    told = " ".join(pages_of(letter_pdf(some_figures(443, words=words))))

    assert words.languages == ("es", "en")
    assert "Lo que pedimos" in told and "What we ask for" in told


def test_an_answer_in_latin_letters_stays_as_it_is_in_an_arabic_fact_sheet() -> None:
    group = GroupTable("a", "R&D", FIRST, (Group("a", "C++", 20),), 15)
    made, runs = facts_pdf(some_figures(443, words=replace(WORDS, language="ar"), groups=(group,))), list[str]()
    PdfReader(io.BytesIO(made)).pages[0].extract_text(visitor_text=lambda text, *_: runs.append(text))

    assert "C++" in runs, "the signs would be drawn on the other side of the letter"


def test_a_draft_names_its_day_as_readers_of_its_language_write_it() -> None:
    arabic = Draft(replace(WORDS, language="ar"), 3, FIRST)

    assert "نوفمبر" in arabic.dateline
    assert "November 2, 2026" in Draft(WORDS, 3, FIRST).dateline
