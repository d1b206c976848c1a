"""An .odt as rich text: what a word processor shows, in the order in which it is read."""

import posixpath
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.grouping import Line, grouped
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.opendocument.inlines import DRAWN_SHAPES, Inlines
from petition.letters.drafting.importing.opendocument.lists import Lists
from petition.letters.drafting.importing.opendocument.styles import Styles
from petition.letters.drafting.importing.packages import Package, unreadable
from petition.letters.drafting.importing.rich_text import (
    Block,
    Document,
    Heading,
    Paragraph,
    Text,
    inlines_in,
    merged,
    plain,
)
from petition.letters.drafting.importing.tables import as_blocks
from petition.letters.drafting.importing.word.xml import child, number_of

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
PREFIXES = {
    **{f"{_OASIS}{name}:1.0": name for name in ("office", "text", "style", "table")},
    f"{_OASIS}drawing:1.0": "draw",
    f"{_OASIS}xsl-fo-compatible:1.0": "fo",
    f"{_OASIS}svg-compatible:1.0": "svg",
    "urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0": "loext",
    "http://www.w3.org/1999/xlink": "xlink",
    "http://www.w3.org/1998/Math/MathML": "math",
    "http://www.w3.org/XML/1998/namespace": "xml",
}
HOLDING = ("text:section", "text:index-body", "text:numbered-paragraph", "text:index-title")
INDEXES = ("text:table-of-content", "text:alphabetical-index", "text:bibliography", "text:user-index")


def read_opendocument(body: bytes) -> Document:
    """A document. Refuses what is none, and what could harm (see packages)."""
    return _Reader(Package(body, PREFIXES)).document()


class _Reader:
    def __init__(self, package: Package) -> None:
        content, styles = package.tree("content.xml"), package.tree("styles.xml")
        text = child(child(content, "office:body"), "office:text")
        if content is None or text is None:
            raise unreadable()
        self._package, self._text = package, text
        self._master = styles
        trees = [tree for tree in (styles, content) if tree is not None]
        self._omissions = Omissions()
        self._styles, self._lists = Styles(trees), Lists(trees)
        self._inlines = Inlines(self._styles, self._omissions, self._aside, self._formula)
        self._depth, self._list = 0, ""

    def document(self) -> Document:
        """Everything."""
        deletions = sum(1 for _ in self._text.iter("text:deletion"))
        if deletions:
            self._omissions.add(lists.DELETIONS, count=deletions)
        blocks = grouped(self._lines(self._text))
        notes = dict(self._inlines.notes)
        self._note_headers()
        return Document(blocks, notes, self._omissions)

    def _aside(self, of: Iterable[Element]) -> list[Block]:
        """Blocks that are apart from the text."""
        boxes, self._inlines.boxes = self._inlines.boxes, []
        place, (self._depth, self._list) = (self._depth, self._list), (0, "")
        found = list(grouped(self._lines(of)))
        self._depth, self._list = place
        self._inlines.boxes = boxes
        return found

    def _lines(self, of: Iterable[Element]) -> Iterator[Line]:
        for one in of:
            if one.tag in ("text:p", "text:h"):
                yield from self._paragraph(one, None)
            elif one.tag == "text:list":
                yield from self._items(one)
            elif one.tag == "table:table":
                rows = [
                    [tuple(self._aside(cell)) for cell in row if cell.tag == "table:table-cell"] for row in _rows(one)
                ]
                yield from map(Line, as_blocks(rows, self._omissions))
            elif one.tag in HOLDING or one.tag in INDEXES:
                if self._styles.is_hidden_section(one):
                    self._omissions.add(lists.HIDDEN_TEXT)
                else:
                    yield from self._lines(one)
            elif one.tag in DRAWN_SHAPES:
                yield from self._floating(one)

    def _row(self, row: Element) -> list[tuple[Block, ...]]:
        return [tuple(self._aside(cell)) for cell in row if cell.tag == "table:table-cell"]

    def _floating(self, one: Element) -> Iterator[Line]:
        """What is anchored to a page, outside every paragraph."""
        paragraph = Element("text:p")
        paragraph.append(one)
        yield from self._paragraph(paragraph, None)

    def _items(self, of: Element) -> Iterator[Line]:
        before = (self._depth, self._list)
        self._depth += 1
        self._list = of.get("text:style-name") or self._list
        if self._depth == 1:
            self._lists.begin(self._list, of)
        for item in of:
            if item.tag in ("text:list-item", "text:list-header"):
                yield from self._item(item)
        self._depth, self._list = before

    def _item(self, item: Element) -> Iterator[Line]:
        """The first paragraph of an item has its label; the others are set in as far."""
        is_labeled = item.tag == "text:list-item"
        for part in item:
            if part.tag in ("text:p", "text:h"):
                label = None
                if is_labeled:
                    label = self._lists.count(self._list, self._depth, item.get("text:start-value"))
                    is_labeled = False
                yield from self._paragraph(part, label)
            else:
                yield from self._lines([part])

    def _paragraph(self, paragraph: Element, label: str | None) -> Iterator[Line]:
        style = paragraph.get("text:style-name", "")
        level = self._level(paragraph, style)
        inlines = merged(self._inlines.of_paragraph(paragraph, style, level is not None))
        boxes, self._inlines.boxes = self._inlines.boxes, []
        if level is not None and plain(inlines):
            number = label or (self._lists.heading(level) if paragraph.tag == "text:h" else "")
            yield Line(Heading(level, merged((Text(f"{number} "), *inlines)) if number else inlines))
        elif label is not None:
            yield Line(Paragraph(inlines), label, self._list, self._depth, self._depth)
        elif inlines and level is None:
            yield Line(Paragraph(inlines), indent=self._depth, is_quote=self._styles.is_quote(style))
        yield from map(Line, boxes)

    def _level(self, paragraph: Element, style: str) -> int | None:
        """The level of a heading, 0 for the title; None for other paragraphs."""
        names = self._styles.names(style)
        if "title" in names:
            return 0
        if "subtitle" in names:
            return 2
        return min(6, number_of(paragraph.get("text:outline-level"), 1)) if paragraph.tag == "text:h" else None

    def _formula(self, name: str) -> str:
        """What a formula says, as its author typed it."""
        part = posixpath.normpath(posixpath.join(name, "content.xml"))
        tree = self._package.tree(part) if part in self._package.names else None
        notes = tree.iter("math:annotation") if tree is not None else ()
        return " ".join(" ".join((one.text or "").split()) for one in notes)

    def _note_headers(self) -> None:
        """List the headers and footers of pages."""
        for page in self._master.iter("style:master-page") if self._master is not None else ():
            for part in page:
                words = plain(inlines_in(self._aside(part)))
                if words:
                    self._omissions.add(lists.PAGE_HEADERS, words)


def _rows(table: Element) -> Iterator[Element]:
    for one in table:
        if one.tag == "table:table-row":
            yield one
        elif one.tag in ("table:table-header-rows", "table:table-rows", "table:table-row-group"):
            yield from _rows(one)
