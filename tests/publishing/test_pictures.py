"""Where things are in the pictures: nothing is cut, nothing is written over something else."""

import io
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from PIL import Image

from petition.i18n import languages
from petition.publishing.documents.pdf import on_card, on_chart
from petition.publishing.documents.typesetting import pdf
from petition.publishing.figures.counts import Figures
from petition.publishing.pictures.chart import chart_svg
from petition.publishing.pictures.group_bars import groups_svg
from petition.publishing.pictures.text_width import breadth
from petition.publishing.public_files import FROM_FIGURES
from tests.publishing.reading import pages_of
from tests.publishing.sample_figures import GROUPS, LONG, some_figures
from tests.walks import WORDS

TITLES = (
    "We refuse to build it",
    "An open letter about heat in every warehouse, for everyone who works there by day or by night",
    "The platform must not be used for surveillance of the people who use it and of those who build it: " * 2,
    "نطلب جدول عمل معلناً قبل أسبوعين",
    "我们拒绝建造它，因为它监视我们的同事" * 11,
    LONG * 2,
)


def made(name: str, found: Figures) -> bytes:
    return FROM_FIGURES[name][0](found)


@pytest.mark.parametrize("goal", [40, 57, 95, 100, 300])
@pytest.mark.parametrize("title", TITLES)
def test_nothing_is_written_over_the_chart_or_over_another_line(title: str, goal: int) -> None:
    found = some_figures(95, goal=goal, words=replace(WORDS, title=title))
    written = texts(made("chart.svg", found))
    axis = [one.y for one in written if one.x == 92]
    above = [one for one in written if one.x != 92 and one.y < 268]
    lines = sorted({one.y for one in above})

    assert f"Goal: {goal}" in [one.words for one in above]
    assert [one for one in above if one.x != 92 and one.y > min(axis) - 12] == []
    assert all(below - higher >= 16 for higher, below in pairwise(lines))
    assert lines[0] >= 20


@pytest.mark.parametrize("name", ["chart.svg", "groups.svg"])
@pytest.mark.parametrize("title", TITLES)
def test_a_picture_shows_all_of_the_title(name: str, title: str) -> None:
    shown = "".join(one.words.removesuffix("-") for one in texts(made(name, with_groups(title))) if one.is_bold)

    assert shown.replace(" ", "").startswith(title.replace(" ", ""))


@pytest.mark.parametrize("title", TITLES)
def test_bars_and_words_of_the_groups_keep_apart(title: str) -> None:
    svg = made("groups.svg", with_groups(title))
    lines = sorted({one.y for one in texts(svg) if one.x == 20})
    bars = [float(at) for at in re.findall(rb'<rect[^>]* y="([\d.]+)"[^>]*\sheight="12"', svg)]
    height = int(re.findall(rb'height="(\d+)"\srole', svg)[0])

    assert len(bars) == 7
    assert all(below - higher >= 16 for higher, below in pairwise(lines))
    assert not [(bar, line) for bar in bars for line in lines if bar - 6 < line < bar + 12 + 14]
    assert max(bars) + 12 < height


def test_numbers_and_hours_are_written_as_in_the_language_of_the_labels() -> None:
    groups = (replace(GROUPS[0], groups=(replace(GROUPS[0].groups[0], count=31_310),)),)
    found = some_figures(61_234, goal=100_000, groups=groups)
    chart, bars = chart_svg(found, "de").decode(), groups_svg(found, "de").decode()
    own = chart_svg(found).decode()

    for said in ("61.234 verifizierte", "100.000", "Es begann am 2. November 2026, 09:00 UTC mit 3.061"):
        assert said in chart
    assert "31.310" in bars and "2. November 2026" in bars
    assert not re.search(r"\d,\d{3}", chart + bars)
    assert "61,234 verified" in own and "31,310" in groups_svg(found).decode()
    assert "2026-11-02" not in own.split("</desc>")[0]


@pytest.mark.parametrize("language", list(languages()))
def test_how_the_groups_are_rounded_stays_within_the_picture(language: str) -> None:
    small = re.findall(r'font-size="15"[^>]*>([^<]*)<', groups_svg(with_groups(TITLES[0]), language).decode())

    assert small
    assert all(breadth(line) * 15 * 0.62 <= 480 for line in small)


@pytest.mark.parametrize("language", list(languages()))
def test_the_words_around_the_chart_fit_beside_each_other_in_every_language(language: str) -> None:
    written = texts(chart_svg(some_figures(48_234, goal=50_000), language))
    below_title = sorted(one.y for one in written if not one.is_bold)[0]
    count, goal = (breadth(one.words) for one in written if one.y == below_title)

    assert count * 17 * 0.55 + goal * 16 * 0.55 + 12 <= 466 - 20
    assert breadth(written[-1].words) * 14 * 0.58 <= 480


@pytest.mark.parametrize("updates", [0, 1, 20])
@pytest.mark.parametrize("language", list(languages()))
def test_the_chart_on_paper_speaks_every_language_in_one_script_a_line(language: str, updates: int) -> None:
    """The typesetter takes one font for a line of a picture, and refuses glyphs that it can't name."""
    words = replace(WORDS, language=language, title="A" if language != "ar" else "نرفض")
    found = some_figures(48_234 if updates else 0, words=words, goal=50_000, updates=updates or 1)
    chart = on_chart(found)
    lines = [one.words for one in texts(chart["svg"].encode())]

    assert pdf("picture.typ", chart).startswith(b"%PDF")
    assert not [line for line in lines if re.search("[A-Za-z]", line) and re.search("[\u0600-\u06ff]", line)]


def test_the_card_of_a_letter_from_right_to_left_begins_with_the_count_at_the_right() -> None:
    words = replace(WORDS, language="ar", title="نرفض أن نبني هذا النظام", recipient="المديرة", employer="شركة")

    assert on_card(some_figures(612, words=words))["count_from_right"]
    assert not on_card(some_figures(612, words=replace(words, language="fa")))["count_from_right"]


def with_groups(title: str) -> Figures:
    return some_figures(612, words=replace(WORDS, title=title), groups=GROUPS)


@dataclass(frozen=True)
class Written:
    """A line of text in a picture."""

    x: float
    y: float
    is_bold: bool
    words: str


def texts(svg: bytes) -> list[Written]:
    """All lines of text in a picture, in the order in which it has them."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [
        Written(float(one.attrib["x"]), float(one.attrib["y"]), one.get("font-weight") == "600", one.text or "")
        for one in found
    ]


@pytest.mark.parametrize(
    "title", [*TITLES[:3], *("Now " * more + "we refuse to build surveillance into the platform" for more in range(12))]
)
def test_the_card_shows_all_of_a_title_and_never_divides_a_word(title: str) -> None:
    found = on_card(some_figures(612, words=replace(WORDS, title=title)))
    shown = " ".join(pages_of(pdf("card.typ", found)))

    assert title.split()[0] in shown
    assert " ".join(title.split()) in " ".join(shown.split())


def test_marks_above_the_title_s_letters_stay_below_the_line_that_names_the_recipient() -> None:
    """In the font that comes with the typesetter; other scripts have marks that are as high."""
    words = replace(WORDS, title="Ở ĐÂY MỖI NGƯỜI ĐỀU", recipient="Jo Muster-Gypq", language="vi")
    card = Image.open(io.BytesIO(made("card.png", some_figures(612, words=words)))).convert("RGB")
    colors = [card.crop((0, row, card.width, row + 1)).getcolors() or [] for row in range(300)]
    recipient, title = (
        [row for row, found in enumerate(colors) if color in (one for _, one in found)]
        for color in ((0x5C, 0x56, 0x4D), (0x1D, 0x1B, 0x18))
    )

    assert max(recipient) < min(title)


@pytest.mark.parametrize("title", TITLES[:3])
def test_on_paper_the_typesetter_writes_the_title_where_the_picture_has_it(title: str) -> None:
    found = some_figures(612, words=replace(WORDS, title=title))
    chart = on_chart(found)

    assert texts(chart["svg"].encode()) == [one for one in texts(made("chart.svg", found)) if not one.is_bold]
    assert " ".join(title.split()) in " ".join(pages_of(pdf("picture.typ", chart))[0].split())


def test_a_chart_in_arabic_is_mirrored_and_its_texts_keep_their_numbers_on_the_right() -> None:
    english, arabic = (
        made("chart.svg", some_figures(95, goal=100, words=replace(WORDS, language=code))) for code in ("en", "ar")
    )
    here, there = texts(english), texts(arabic)

    assert sorted(520 - one.x for one in here[1:]) == sorted(one.x for one in there[1:])  # but for the letter's title
    assert all(one.words.startswith("\u2067") and one.words.endswith("\u2069") for one in there[1:])
    assert arabic.count(b'transform="matrix(-1 0 0 1 520 0)"') > 5 and b"transform" not in english


def test_among_arabic_labels_questions_and_answers_run_as_they_were_written() -> None:
    shown = [one.words for one in texts(groups_svg(with_groups(TITLES[0]), "ar"))]

    for words in ("Software & <hardware>", "=1+1", "@x", "المنطقة"):
        assert f"\u2068{words}\u2069" in shown
    assert "@x" in [one.words for one in texts(groups_svg(with_groups(TITLES[0])))]
