"""The same figures in each format, each read back with a program that is not ours."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from PIL import Image
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from petition.letters.text.letter_text import LetterText
from petition.publishing.data import columns
from petition.publishing.documents.press_kit import CONTENTS
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.groups import Group, GroupTable
from petition.publishing.figures.summaries import escaped
from petition.publishing.openapi import counts_schema
from petition.publishing.pages.quotes import quotes
from petition.publishing.public_files import DATA_FILES, FROM_FIGURES, names
from tests.publishing.sample_figures import FIRST, GROUPS, SCRIPTS, some_figures
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough

FILES = [name for name in FROM_FIGURES if "/" not in name]
PICTURES = [name for name in FILES if name.endswith(".svg")]
COUNTS = [0, 1, 12, 1_000_000]


def made(name: str, found: Figures) -> bytes:
    return FROM_FIGURES[name][0](found)


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.fixture(scope="module")
def found() -> Figures:
    """With all that a letter can have: two rolls, names, groups, withdrawals, a goal, an end of issuing."""
    some = some_figures(612, groups=GROUPS, names_shown=224, goal=1000, issued=640)
    rows = (*some.history[:-1], replace(some.history[-1], signatures=614, withdrawals=2))
    rolls = (replace(some.rolls[0], count=600), replace(some.rolls[0], id="b", name="@Contractors", count=12))
    return replace(some, signatures=614, withdrawals=2, history=rows, rolls=rolls)


def test_table_object_and_workbook_tell_the_same(found: Figures) -> None:
    rows = list(csv.reader(io.StringIO(made("counts.csv", found).decode(), newline="")))
    told = json.loads(made("counts.json", found))
    book = CalamineWorkbook.from_filelike(io.BytesIO(made("counts.xlsx", found)))
    sheet = book.get_sheet_by_name("counts").to_python()

    assert [[str(cell) for cell in row] for row in sheet] == [
        [with_fraction(cell.removeprefix("'")) for cell in row] for row in rows
    ]
    assert rows[1][2:5] == ["total", "", str(told["count"])] == ["total", "", "612"]
    assert [(row[3].removeprefix("'"), int(row[4])) for row in rows if row[2] == "roll"] == [
        (roll["roll"], roll["count"]) for roll in told["rolls"]
    ]
    for group in told["groups"]:
        mine = [row for row in rows if row[2].removeprefix("'") == group["field"]]
        assert [(row[3].removeprefix("'"), int(row[4])) for row in mine] == [
            (option["option"], option["count"]) for option in group["options"]
        ]


def with_fraction(cell: str) -> str:
    """A cell as a spreadsheet has it, which knows only numbers with a fraction."""
    return f"{cell}.0" if cell.isdecimal() else cell


def test_the_workbook_s_history_is_history_csv_with_hours_as_moments(found: Figures) -> None:
    rows = list(csv.reader(io.StringIO(made("history.csv", found).decode())))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(made("counts.xlsx", found))).get_sheet_by_name("history")
    hours = [row[0].strftime("%Y-%m-%dT%H:%MZ") for row in sheet.to_python()[1:]]

    assert hours == [row[0] for row in rows[1:]]
    assert [list(map(int, row[1:])) for row in sheet.to_python()[1:]] == [list(map(int, row[1:])) for row in rows[1:]]


def test_the_workbook_s_groups_say_what_they_are_rounded_to(found: Figures) -> None:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(made("counts.xlsx", found))).get_sheet_by_name("groups")

    assert sheet.to_python()[0] == ["as_of", "field", "option", "count", "rounded_down_to", "smallest_shown"]
    assert sheet.to_python()[1][1:] == ["Role", "Software & <hardware>", 310.0, 5.0, 10.0]
    assert len(sheet.to_python()) == 8


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(found: Figures) -> None:
    book = zipfile.ZipFile(io.BytesIO(made("counts.xlsx", replace(found, words=replace(WORDS, title="=1+1")))))
    sheets = b"".join(book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/"))

    assert b"<f>" not in sheets and b"<hyperlink" not in sheets
    assert not [name for name in book.namelist() if name.endswith(".rels") and b"http://example" in book.read(name)]
    assert b"=1+1" in book.read("xl/sharedStrings.xml")


@pytest.mark.parametrize("name", ["summary.md", "summary.txt", "facts.pdf", "letter.txt"])
def test_what_is_written_in_words_tells_the_same_figures(found: Figures, name: str) -> None:
    body = made(name, found)
    told = " ".join((text_of(body) if name.endswith(".pdf") else body.decode()).replace("\\", "").split())

    for figure in ("612", "614", "600", "388", "224", "642", "640", "1,000", found.text_sha256, "2026-11-07"):
        assert figure in told.replace(" ", ""), figure
    if not name.startswith("letter"):
        assert re.search("Software & <hardware>:? 310", told)


def test_the_letter_on_paper_tells_its_count_and_how_to_check_it(found: Figures) -> None:
    told = text_of(made("letter.pdf", found)).replace(" ", "")

    assert "612verifiedworkers" in told
    assert found.text_sha256 in told and found.log_fingerprint in told and found.url in told


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_tell_the_count_to_those_who_do_not_see_them(found: Figures, name: str) -> None:
    svg = ElementTree.fromstring(made(name, found))
    title, about = (svg.find(f"{{http://www.w3.org/2000/svg}}{part}") for part in ("title", "desc"))

    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "t d"
    assert title is not None and title.get("id") == "t" and title.text
    assert about is not None and "612 verified workers" in str(about.text)


def test_the_bars_tell_every_option_and_its_number(found: Figures) -> None:
    about = ElementTree.fromstring(made("groups.svg", found)).find("{http://www.w3.org/2000/svg}desc")

    assert about is not None
    told = " ".join(str(about.text).split())  # the space before AM is a narrow one
    assert (
        "Role (rounded down to multiples of 5, as of November 2, 2026, 9:00 AM UTC): Software & <hardware> 310" in told
    )


def test_the_count_s_line_ends_at_the_count(found: Figures) -> None:
    svg = made("chart.svg", found).decode()
    end = re.search(r'<circle[^>]* cy="([\d.]+)"', svg)

    assert end is not None
    assert float(end[1]) == pytest.approx(268 - (268 - 100) * 612 / 1000, abs=0.1)


def test_one_update_is_a_point_and_no_plateau() -> None:
    svg = made("chart.svg", some_figures(17, updates=1)).decode()

    assert "<path" not in svg and svg.count("<circle") == 1


def test_all_bars_share_one_scale(found: Figures) -> None:
    bars = re.findall(
        r'width="([\d.]+)"\sheight="12".*?>([\d,]+)</text>', made("groups.svg", found).decode(), re.DOTALL
    )
    lengths = {float(length) / int(count) for length, count in bars}

    assert len(bars) == 7 and max(lengths) - min(lengths) < 0.01


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", FILES)
def test_every_file_is_made_for_none_for_one_and_for_a_million(name: str, count: int) -> None:
    found = some_figures(count, updates=400)
    body = made(name, found)

    assert body == made(name, found)
    _require_whole(name, body)


@pytest.mark.parametrize("words", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("name", FILES)
def test_every_file_is_made_for_long_names_in_any_script(name: str, words: LetterText) -> None:
    found = some_figures(612, words=words, groups=GROUPS, contact="x")

    _require_whole(name, made(name, found))


def _require_whole(name: str, body: bytes) -> None:
    """A reader of its kind takes the file."""
    if name.endswith(".svg"):
        svg = ElementTree.fromstring(body)
        tags = {element.tag.rpartition("}")[2] for element in svg.iter()}
        assert tags <= {"svg", "title", "desc", "style", "rect", "text", "line", "path", "circle"}
        assert not [
            name for element in svg.iter() for name in element.attrib if "href" in name or name.startswith("on")
        ]
    elif name.endswith(".png"):
        with Image.open(io.BytesIO(body)) as picture:
            picture.load()
            assert picture.size == ((1200, 630) if name == "card.png" else (1040, 640))
    elif name.endswith(".pdf"):
        assert len(PdfReader(io.BytesIO(body)).pages) <= 4
    elif name.endswith(".xlsx"):
        book = CalamineWorkbook.from_filelike(io.BytesIO(body))
        assert book.sheet_names == ["counts", "groups", "history", "about"]
    elif name == "press-kit.zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for inside in archive.namelist():
                _require_whole(inside.removeprefix("press-kit/"), archive.read(inside))
    elif name == "counts.json":
        assert list(Draft202012Validator(json.loads(counts_schema())).iter_errors(json.loads(body))) == []
    else:
        assert body.decode().endswith("\n")


@pytest.mark.parametrize("name", ["letter.pdf", "facts.pdf"])
def test_documents_are_tagged_titled_and_dated_by_their_facts(found: Figures, name: str) -> None:
    latin = replace(found, groups=())  # a machine may have no font for other scripts
    reader = PdfReader(io.BytesIO(made(name, latin)))
    root = reader.trailer["/Root"]
    marks = root["/Metadata"].get_data().decode()

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert reader.metadata is not None and reader.metadata.title == WORDS.title
    assert reader.metadata.creation_date == datetime(2026, 11, 7, tzinfo=UTC)
    assert "pdfuaid" in marks


def test_labels_stand_in_the_direction_of_their_own_language_around_a_letter_of_another() -> None:
    persian = replace(SCRIPTS["arabic"], language="fa")  # which the interface doesn't speak
    paper = text_of(made("letter.pdf", some_figures(words=persian)))

    assert "https://letters.example.org/letters/we-refuse/" in paper
    assert "Text fingerprint" in paper


def test_headings_of_the_letter_s_text_skip_no_level_on_paper() -> None:
    words = replace(WORDS, body="### Deep\n\ntext\n\n> ###### Deeper\n\n# High\n\n## Low\n\n- # In a list")

    assert "Deeper" in text_of(made("letter.pdf", some_figures(words=words)))


def test_all_that_markdown_can_say_is_on_paper_and_in_the_plain_text() -> None:
    body = (
        "Dear *Jo*,  \nhard [link](https://x.example/y) <mailto:a@b.example> `co de`[^1] **b** ![img](https://z.example/i)"
        "\n\n> q\n> - a\n>   1. deep\n\n3. three\n\n   more\n4. four\n\n---\n\n```\ncode  block\n```\n\n<b>x</b>"
        "\n\n[bad](javascript:1)\n\n[^1]: The note.\n"
    )
    found = some_figures(words=replace(WORDS, body=body))
    paper, plain = text_of(made("letter.pdf", found)), made("letter.txt", found).decode()

    for words in ("hard", "co de", "deep", "more", "four", "code  block", "<b>x</b>", "bad", "The note."):
        assert words in plain, words
        assert words.replace("  ", " ") in " ".join(paper.split()), words
    assert "link <https://x.example/y>" in plain
    assert "4. four" in plain and "[1] The note." in plain and "> 1. deep" not in plain
    assert b"javascript:" not in made("letter.pdf", found)
    assert all(len(line) <= 72 for line in plain.splitlines() if " " in line.strip(" >") and ":" not in line)


def test_a_summary_s_markup_is_its_own(found: Figures) -> None:
    assert escaped("a*b_c#d<e>[f]") == r"a\*b\_c\#d\<e\>\[f\]"
    assert b"<script>" not in made("summary.md", replace(found, words=SCRIPTS["markup"])).replace(rb"\<", b"")


@pytest.mark.parametrize(
    "label", ["1. Schicht", "2) Lager", "+ overtime", "- none", "R&amp;D", "1.5 days", "C++", "#1"]
)
def test_an_answer_is_no_markup_in_the_summary(label: str) -> None:
    group = GroupTable("a", label, FIRST, (Group("a", label, 20),), 15)
    shown = MarkdownIt().render(made("summary.md", some_figures(612, groups=(group,))).decode())

    assert f"<li>{escape(label)}: 20</li>" in shown


def test_tables_are_told_by_a_sniffer_as_they_are(found: Figures) -> None:
    for name in ("counts.csv", "history.csv"):
        text = made(name, found).decode()
        told = csv.Sniffer().sniff(text)

        assert (told.delimiter, told.quotechar) == (",", '"')
        assert csv.Sniffer().has_header(text) or name == "counts.csv"


def test_a_statement_by_one_is_described_in_the_singular() -> None:
    one = some_figures(1, k=1)
    none = some_figures(0, k=1)

    assert b"A letter from one verified worker at Example Corp" in made("summary.txt", one)
    assert b"not signed yet" in made("summary.txt", none)
    assert "Letter to Jo Muster, CEO" in text_of(made("letter.pdf", one))


def test_the_press_kit_has_the_files_of_the_site_but_no_names(found: Figures) -> None:
    with zipfile.ZipFile(io.BytesIO(made("press-kit.zip", found))) as archive:
        inside = {name.removeprefix("press-kit/"): archive.read(name) for name in archive.namelist()}
        moments = {entry.date_time for entry in archive.infolist()}

    assert inside == {name: made(name, found) for name in CONTENTS}
    assert "names.csv" not in inside
    assert moments == {found.as_of.timetuple()[:6]}


def test_the_press_kit_has_the_picture_of_the_groups_where_there_are_any() -> None:
    kits = [made("press-kit.zip", some_figures(612, groups=groups)) for groups in ((), GROUPS)]
    without, with_groups = (set(zipfile.ZipFile(io.BytesIO(kit)).namelist()) for kit in kits)

    assert with_groups - without == {"press-kit/groups.svg"}


def test_every_format_of_the_command_is_a_public_file() -> None:
    assert set(DATA_FILES.values()) <= set(names(some_figures()))


def test_every_column_is_explained_in_the_documents_too() -> None:
    tables = (*columns.COUNTS, *columns.HISTORY, *columns.NAMES, *columns.GROUPS)
    text = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")

    assert [column.name for column in tables if f"`{column.name}`" not in text] == []
    members = [column.name.rpartition(".")[2] for column in columns.COUNTS_JSON]
    assert [name for name in members if name not in text] == []


def test_quotes_are_the_first_passages_of_some_length_without_marks() -> None:
    salutation, long = "Dear Jo,", "We, who work here, ask you to stop, because it harms those whom we serve.[^1]"
    words = replace(
        WORDS, body=f"{salutation}\n\n{long}\n\n> {long}\n\n{long}\n\n[^1]: A note that is quite long, {long}"
    )

    assert quotes(words) == [long.removesuffix("[^1]")] * 2
    assert quotes(WORDS) == []


def test_a_real_letter_s_files_are_made_of_its_sealed_facts(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    before = campaign.public_files(letter)
    campaign.seal(letter)
    after = campaign.public_files(letter)

    changed = {name for name in FILES if before[name] != after[name]}
    assert changed == set(FILES) - {"letter.md", "names.csv"}
    assert b"4 verified workers" in after["badge.svg"]
