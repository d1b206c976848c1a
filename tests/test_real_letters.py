"""Letters of the shapes that people write, through everything that is made of a letter.

``tests/data/letters`` has eight: short and long, with thirty sources, with quotes and a table, in Arabic, Chinese,
German, and Spanish with English, with a title of 160 characters, with names of every accent.
"""

import io
import os
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.crypto.codes import new_code, show
from petition.letters.drafting.importing.files import Imported, read_file
from petition.letters.models import Letter
from petition.letters.text.letter_text import LetterText, canonical
from petition.publishing.documents.code_sheets import STRIPS, Sheet, sheet_pdf
from petition.publishing.documents.pdf import facts_pdf, letter_pdf
from petition.web.desk.editor_form import fields_of
from tests.letters.drafting.importing.as_word import as_word
from tests.letters.drafting.importing.shown import body_shown, letter_shown, words_of
from tests.publishing.sample_figures import some_figures
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page
from tests.web.desk.test_versions import newest

pytestmark = pytest.mark.thorough

LETTERS = sorted((Path(__file__).parent / "data/letters").glob("*.md"))
TABLE = "quotes-and-tables"
DRAWN = ("ar", "zh")
"""Languages whose text a PDF has in the order in which it is drawn, or, where no font is installed, not at all."""
NARROW, BETWEEN_MARGINS = 0.45, 454
"""How wide a letter is at least, in parts of its height; how wide the text of a page is, in points."""
each = pytest.mark.parametrize("file", LETTERS, ids=[file.stem for file in LETTERS])


def imported(file: Path) -> Imported:
    return read_file(file.name, file.read_bytes())


def text_of(pdf: bytes) -> str:
    """The text of a PDF without blanks and hyphens, by which lines are broken."""
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return without_breaks(text)


def without_breaks(text: str) -> str:
    return "".join(text.split()).replace("-", "").replace("\u2010", "").replace("\u00ad", "").replace("\u2011", "")


def test_they_have_the_shapes_that_they_should() -> None:
    letters = [imported(file).words for file in LETTERS]

    assert len(letters) == 8
    assert max(len(one.title) for one in letters) == 160
    assert {len(one.demands) for one in letters} == {1, 2, 3, 4, 6}
    assert {len(one.sources) for one in letters} >= {0, 30}
    assert {one.language for one in letters} == {"ar", "de", "en", "es", "zh"}
    assert max(words_of(letter_shown(one)).total() for one in letters) > 1500


@each
def test_its_file_is_taken_with_every_word_and_comes_out_the_same(file: Path) -> None:
    found = imported(file)
    told = [str(one) for one in found.omissions]

    assert told == (["Table rows, now lines with | between cells: 5"] if file.stem == TABLE else [])
    assert file.stem == TABLE or canonical(found.words) == file.read_bytes()
    assert read_file("again.md", canonical(found.words)).words == found.words


@each
def test_the_same_letter_as_a_document_has_the_same_words_and_demands(file: Path) -> None:
    words = replace(imported(file).words, translations=())
    found = read_file("letter.docx", as_word(words))

    assert found.omissions == ()
    assert words_of(letter_shown(found.words)) == words_of(letter_shown(words))
    for name in ("title", "recipient", "employer", "language", "demands"):
        assert getattr(found.words, name) == getattr(words, name)


@ONCE
@each
def test_it_is_written_in_the_form_as_it_was_typed(shared: Shared, file: Path) -> None:
    words = replace(imported(file).words, translations=())
    ana = shared.visitor()
    ana.client = shared.desk().client
    typed = {name: text for name, text in fields_of(words, 0).items() if name != "based_on"}
    home = ana.press(ana.open("/organize/letters/new"), "Save", **typed)

    assert newest(shared, place_of(shared, home)) == words


def place_of(shared: Shared, home: Page) -> Place:
    """The letter whose home an organizer sees."""
    slug = home.path.removesuffix("/").rpartition("/")[2]
    with Session(shared.campaign.databases.reading) as session:
        return shared.place(session.scalars(select(Letter.id).where(Letter.slug == slug)).one())


@ONCE
@each
def test_its_pages_papers_and_pictures_have_all_of_it(shared: Shared, file: Path) -> None:
    words = imported(file).words
    place = shared.a_published_letter(words=words)
    made = shared.campaign.public_files(place.id)
    page, plain = made["index.html"].decode(), made["letter.txt"].decode()
    paper, facts = text_of(made["letter.pdf"]), text_of(made["facts.pdf"])

    assert [demand for demand in words.in_language("en").demands if demand not in unescape(page)] == []
    assert words_of(body_shown(words.body, len(words.sources))) <= words_of(plain)
    assert Image.open(io.BytesIO(made["card.png"])).size == (1200, 630)
    if words.language not in DRAWN:
        assert [demand for demand in words.demands if without_breaks(demand) not in paper] == []
        assert without_breaks(words.title) in paper
        assert without_breaks(words.title) in facts


def test_the_longest_word_of_a_title_is_no_wider_than_the_paper() -> None:
    words = next(one for one in letters() if len(one.title) == 160)
    longest = max(words.title.split(), key=len)
    found = some_figures(12, words=words)
    for paper in (letter_pdf(found), facts_pdf(found)):
        sizes = sizes_of(paper, longest[:20])

        assert sizes
        assert all(len(longest) * NARROW * size < BETWEEN_MARGINS for size in sizes)


def sizes_of(pdf: bytes, words: str) -> list[float]:
    """The sizes in points in which a PDF's first page shows some words."""
    sizes: list[float] = []

    def visit(text: str, _: object, matrix: list[float], __: object, size: float) -> None:
        if words in text:
            sizes.append(size * abs(matrix[3]))

    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_text=visit)
    return sizes


@each
def test_its_strips_have_title_and_codes(file: Path) -> None:
    words = imported(file).words
    codes = [new_code(os.urandom) for _ in range(STRIPS)]
    join = "https://letters.example.org/s/abcd-efgh-jkmn-pqrs/join"
    paper = sheet_pdf(Sheet(join=join, round=1, pin=bytes(32), title=words.title), codes)

    text = text_of(paper)

    assert len(PdfReader(io.BytesIO(paper)).pages) == 1
    assert all(without_breaks(show(code)) in text for code in codes)
    assert words.language in DRAWN or without_breaks(words.title)[:40] in text


def letters() -> list[LetterText]:
    """The letters, for tests in a browser."""
    return [imported(file).words for file in LETTERS]
