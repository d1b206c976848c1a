"""A corpus of documents of many shapes, made from a seed, each with the words that a word processor shows of it.

Every word is unique, so that one that is lost, added or shown twice can't hide behind another one.
"""

import base64
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import docx
from docx.shared import Cm
from docx.text.paragraph import Paragraph

from tests.letters.drafting.importing.word_files import (
    BULLET,
    ENDING,
    FROM_FOUR,
    LETTERS,
    box,
    item,
    note_mark,
    p,
    t,
    table,
    title,
    word_file,
)
from tests.letters.drafting.importing.word_files import (
    field as complex_field,
)

SYLLABLES = ("wort", "señal", "été", "łódź", "ağaç", "слово", "λόγος", "مطلب", "דבר", "工人", "はたらく", "노동")
PUNCTUATION = (
    "",
    "",
    "",
    ".",
    ",",
    "!",
    "?",
    ":",
    ";",
    "。",
    "「",
    "」",
    "”",
    ")",
    "*",
    "_",
    "#",
    "<",
    "&",
    "\\",
    "`",
    "[",
)
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATED = 'w:id="1" w:author="x" w:date="2026-01-01T00:00:00Z"'
BUILDING_BLOCK = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Letters"/></w:docPartObj></w:sdtPr>'
LOOKS = (
    "", "", "", "<w:b/>", "<w:i/>", "<w:b/><w:i/>", "<w:u w:val='single'/>", "<w:strike/>", "<w:caps/>",
    '<w:color w:val="00AA00"/>', '<w:rStyle w:val="Strong"/>', "<w:smallCaps/>",
)  # fmt: skip


@dataclass
class Sample:
    """A document with its texts: shown in the text, beside it (notes, boxes), as pictures' descriptions, and hidden."""

    name: str
    body: bytes = b""
    shown: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)


class _Maker:
    """Makes one document."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0
        self._counts: dict[int, list[int]] = {}
        self._notes: dict[str, dict[int, str]] = {"footnote": {}, "endnote": {}}
        self._links: dict[str, str] = {}
        self.sample = Sample(f"sample-{seed:03}")

    def word(self) -> str:
        """A word that no other place has."""
        self._number += 1
        return f"{self._random.choice(SYLLABLES)}{self._number}"

    def phrase(self, to: list[str], most: int = 6) -> str:
        """Some words with punctuation between and around them."""
        words = [self.word() + self._random.choice(PUNCTUATION) for _ in range(self._random.randint(1, most))]
        text = " ".join(words)
        to.append(f"{text} ")
        return f"{text} "

    def document(self) -> Sample:
        """A whole document."""
        blocks = [title(self.phrase(self.sample.shown))]
        for _ in range(self._random.randint(4, 14)):
            blocks.append(self._random.choice(BLOCKS)(self))
        if self._random.random() < 0.5:
            blocks += [self.numbered(ENDING) for _ in range(self._random.randint(1, 4))]
        self.sample.body = word_file(
            *blocks, footnotes=self._notes["footnote"], endnotes=self._notes["endnote"], links=self._links
        )
        return self.sample

    def run(self) -> str:
        """A run of some look."""
        return t(self.phrase(self.sample.shown), self._random.choice(LOOKS))

    def runs(self) -> str:
        """The text of a paragraph."""
        return "".join(self._random.choice(INLINES)(self) for _ in range(self._random.randint(1, 5)))

    def paragraph(self) -> str:
        """A paragraph."""
        return p(self.runs()) + self._after()

    def _after(self) -> str:
        """The end of a paragraph."""
        self.sample.shown.append("\n")
        return ""

    def heading(self) -> str:
        """A heading."""
        style = self._random.choice(["heading1", "heading2", "Title"])
        return p(t(self.phrase(self.sample.shown)), style=style) + self._after()

    def quote(self) -> str:
        """A quote."""
        return p(self.run(), style="Quote") + self._after()

    def numbered(self, of: int | None = None) -> str:
        """An item of one of the lists, at the level that comes next or above."""
        of = of or self._random.choice([1, 1, BULLET, FROM_FOUR, LETTERS])
        counts = self._counts.setdefault(of, [])
        deepest = min(len(counts), {1: 2, BULLET: 1, LETTERS: 1}.get(of, 0))
        depth = self._random.choice([0, 0, deepest])
        del counts[depth + 1 :]
        if len(counts) <= depth:
            counts.append(0)
        counts[depth] += 1
        self.sample.shown.append(_label(of, depth, counts))
        return item(self.runs(), of=of, depth=depth) + self._after()

    def typed_numbers(self) -> str:
        """A list whose numbers were typed."""
        lines = []
        for number in range(1, self._random.randint(2, 4)):
            self.sample.shown.append(f"{number}) ")
            lines.append(p(t(f"{number}) {self.phrase(self.sample.shown)}")))
        return "".join(lines)

    def rows(self) -> str:
        """A table."""
        rows = [tuple(self.phrase(self.sample.shown, 2) for _ in range(3)) for _ in range(2)]
        return table(*rows) + self._after()

    def boxed(self) -> str:
        """A paragraph with a text box."""
        return p(self.run(), box(p(t(self.phrase(self.sample.aside))))) + self._after()

    def control(self) -> str:
        """A content control around a paragraph.

        It is one for building blocks: of others, LibreOffice 7.4 loses what stands before a note, and shows the
        instructions of fields.
        """
        return f"<w:sdt>{BUILDING_BLOCK}<w:sdtContent>{self.paragraph()}</w:sdtContent></w:sdt>"

    def simple_field(self) -> str:
        """A field whose text is within it."""
        return f'<w:fldSimple w:instr=" DOCPROPERTY Company ">{self.run()}</w:fldSimple>'

    def field(self) -> str:
        """A field in pieces."""
        return complex_field("DOCPROPERTY Company", self.run())

    def ruby(self) -> str:
        """Characters with their pronunciation above."""
        base, above = self.phrase(self.sample.shown, 1), self.phrase(self.sample.aside, 1)
        return f"<w:r><w:ruby><w:rubyPr/><w:rt>{t(above)}</w:rt><w:rubyBase>{t(base)}</w:rubyBase></w:ruby></w:r>"

    def direction(self) -> str:
        """Text in a wrapper of direction."""
        tag = self._random.choice(["bdo", "dir"])
        return f'<w:{tag} w:val="rtl">{self.run()}</w:{tag}>'

    def blank(self) -> str:
        """A tab or a break between two words."""
        tag = self._random.choice(["tab", "br", "cr"])
        first = self.run()
        self.sample.shown.append("\n")
        return f"{first}<w:r><w:{tag}/></w:r>{self.run()}"

    def deleted(self) -> str:
        """What was deleted and inserted, behind a blank: LibreOffice 7.4 keeps what was deleted right behind a ruby."""
        gone = self.phrase(self.sample.hidden)
        return (
            f"{t(' ')}<w:del {DATED}><w:r><w:delText xml:space='preserve'>{_escaped(gone)}</w:delText></w:r></w:del>"
            f"<w:ins {DATED}>{self.run()}</w:ins>"
        )

    def moved(self) -> str:
        """A passage that was moved here, and one that was moved away."""
        gone = _escaped(self.phrase(self.sample.hidden))
        return (
            f"{t(' ')}<w:moveFrom {DATED}><w:r><w:t xml:space='preserve'>{gone}</w:t></w:r></w:moveFrom>"
            f"<w:moveTo {DATED}>{self.run()}</w:moveTo>"
        )

    def endless_link(self) -> str:
        """A paragraph with a link whose end was deleted."""
        end = f'<w:del {DATED}><w:r><w:fldChar w:fldCharType="end"/></w:r></w:del>'
        begin, _ = complex_field('HYPERLINK "https://a.example/x"', "|").split("|")
        return p(begin + self.run() + end + self.run()) + self._after()

    def hidden(self) -> str:
        """Hidden text."""
        return t(self.phrase(self.sample.hidden), "<w:vanish/>")

    def raised(self) -> str:
        """A number that is raised."""
        number, power = self._random.randint(2, 90), self._random.randint(2, 9)
        self._number += 1
        self.sample.shown.append(f"x{self._number}x{number}{power} ")
        return t(f"x{self._number}x{number}") + t(f"{power}", '<w:vertAlign w:val="superscript"/>') + t(" ")

    def note(self) -> str:
        """A note of one or two paragraphs."""
        kind = self._random.choice(["footnote", "endnote"])
        number = len(self._notes[kind]) + 2
        texts = [
            t(self.phrase(self.sample.aside), self._random.choice(LOOKS)) for _ in range(self._random.randint(1, 2))
        ]
        self._notes[kind][number] = "".join(map(p, texts))
        return note_mark(number, kind) + t(" ")

    def link(self) -> str:
        """A link."""
        name = f"rLink{len(self._links)}"
        self._links[name] = "https://a.example/x_(y)?a=b"
        return f'<w:hyperlink r:id="{name}">{self.run()}</w:hyperlink>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _label(of: int, depth: int, counts: list[int]) -> str:
    """The label that a word processor shows."""
    roman = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
    letter = chr(ord("a") + (counts[depth] - 1) % 26)
    if of == BULLET:
        return " "
    if of == FROM_FOUR:
        return f" {counts[0] + 3}. "
    if of == LETTERS:
        first = chr(ord("A") + (counts[0] - 1) % 26)
        return f" {first}. " if depth == 0 else f" {first}.{counts[1]} "
    return f" {counts[0]}. " if depth == 0 else f" {letter}) " if depth == 1 else f" {roman[counts[depth]]}. "


BLOCKS: tuple[Callable[[_Maker], str], ...] = (
    _Maker.paragraph, _Maker.paragraph, _Maker.paragraph, _Maker.heading, _Maker.quote, _Maker.numbered,
    _Maker.numbered, _Maker.numbered, _Maker.typed_numbers, _Maker.rows, _Maker.boxed, _Maker.control,
    _Maker.endless_link,
)  # fmt: skip
INLINES: tuple[Callable[[_Maker], str], ...] = (
    _Maker.run, _Maker.run, _Maker.run, _Maker.simple_field, _Maker.field, _Maker.ruby, _Maker.direction,
    _Maker.blank, _Maker.deleted, _Maker.moved, _Maker.hidden, _Maker.raised, _Maker.note, _Maker.link,
)  # fmt: skip


def raw_sample(seed: int) -> Sample:
    """A document from raw XML."""
    return _Maker(seed).document()


def library_sample(seed: int) -> Sample:
    """A document that python-docx writes, with its template's styles."""
    maker, made = _Maker(seed), docx.Document()
    sample = maker.sample
    sample.name = f"library-{seed:03}"
    dice = random.Random(seed)
    made.add_heading(maker.phrase(sample.shown), 0)
    numbers = 0
    for _ in range(dice.randint(3, 12)):
        style = dice.choice([None, None, "List Bullet", "List Number", "Quote", "Heading 1", "Heading 2"])
        if style == "List Number":
            numbers += 1
            sample.shown.append(f" {numbers}. ")
        paragraph = made.add_paragraph(style=style)
        _fill(paragraph, maker, dice)
        if dice.random() < 0.3:
            _add_picture(paragraph, maker.phrase(sample.described, 2))
        sample.shown.append("\n")
    rows = made.add_table(2, 2)
    for cell in (cell for row in rows.rows for cell in row.cells):
        cell.text = maker.phrase(sample.shown, 2)
    made.add_paragraph(maker.phrase(sample.shown))
    written = io.BytesIO()
    made.save(written)
    sample.body = written.getvalue()
    return sample


def _fill(paragraph: Paragraph, maker: _Maker, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 4)):
        run = paragraph.add_run(maker.phrase(maker.sample.shown))
        run.bold, run.italic = dice.random() < 0.3, dice.random() < 0.3
        run.font.all_caps = dice.random() < 0.1
        if dice.random() < 0.2:
            run.add_break()
            maker.sample.shown.append("\n")


def _add_picture(paragraph: Paragraph, described: str) -> None:
    """A picture with words for those who can't see it."""
    picture = paragraph.add_run().add_picture(io.BytesIO(PICTURE), width=Cm(1))
    picture._inline.docPr.set("descr", described)


def corpus(raw: int, library: int) -> list[Sample]:
    """A number of documents of each kind."""
    return [*map(raw_sample, range(raw)), *map(library_sample, range(library))]
