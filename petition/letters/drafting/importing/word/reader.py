"""A .docx as rich text: what Word shows, in the order in which it is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.grouping import Line, grouped
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.rich_text import (
    Block,
    Document,
    Heading,
    Inline,
    Paragraph,
    Text,
    inlines_in,
    merged,
    plain,
)
from petition.letters.drafting.importing.tables import as_blocks
from petition.letters.drafting.importing.word.inlines import Inlines
from petition.letters.drafting.importing.word.numbering import Numbering
from petition.letters.drafting.importing.word.parts import Relation, WordParts
from petition.letters.drafting.importing.word.styles import Styles
from petition.letters.drafting.importing.word.xml import child, number_of, value_of

NOTES = {"footnote": "footnotes", "endnote": "endnotes"}


def read_word(body: bytes) -> Document:
    """A document. Refuses what is none, and what could harm (see packages)."""
    return _Reader(WordParts(body)).document()


@dataclass(frozen=True)
class _Place:
    """The list and the level that a paragraph belongs to."""

    of: str
    depth: int


class _Reader:
    def __init__(self, parts: WordParts) -> None:
        self._parts = parts
        self._omissions = Omissions()
        self._styles = Styles(parts.tree("styles"))
        self._numbering = Numbering(
            parts.tree("numbering"), self._omissions, lambda style: self._styles.list_of(style)[0]
        )
        self._known_notes = {
            (kind, note.get("w:id", "")): (note, relations)
            for kind, part in NOTES.items()
            for tree, relations in parts.trees(part)
            for note in tree
            if note.get("w:type", "normal") == "normal"
        }
        self._inlines = Inlines(self._styles, self._omissions, self._in_box, frozenset(self._known_notes))
        self._carried: list[Inline] = []
        self._relations = parts.links

    def document(self) -> Document:
        """Everything, with the notes in the order in which they are referred to."""
        body = child(self._parts.document, "w:body")
        blocks = self._blocks(body if body is not None else ())
        notes = self._notes()
        self._note_headers()
        return Document(blocks, notes, self._omissions)

    def _blocks(self, of: Iterable[Element]) -> tuple[Block, ...]:
        return grouped(self._lines(of))

    def _in_box(self, box: Element) -> list[Block]:
        carried, self._carried = self._carried, []
        boxes, self._inlines.boxes = self._inlines.boxes, []
        found = list(self._blocks(box))
        self._carried, self._inlines.boxes = carried, boxes
        return found

    def _lines(self, of: Iterable[Element]) -> Iterator[Line]:
        for one in of:
            if one.tag == "w:p":
                yield from self._paragraph(one)
            elif one.tag == "w:tbl":
                yield from map(Line, as_blocks([self._row(row) for row in _rows(one)], self._omissions))
            elif one.tag == "mc:AlternateContent":
                chosen = child(one, "mc:Choice")
                yield from self._lines(chosen if chosen is not None else one)
            elif one.tag == "w:altChunk":
                self._omissions.add(lists.EMBEDDED)
            elif one.tag in ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "mc:Fallback"):
                if one.tag == "w:sdt":
                    self._omissions.add(lists.CONTROLS)
                yield from self._lines(one)

    def _row(self, row: Element) -> list[tuple[Block, ...]]:
        return [self._blocks(cell) for cell in _cells(row)]

    def _paragraph(self, paragraph: Element) -> Iterator[Line]:
        properties = child(paragraph, "w:pPr")
        style = self._styles.of_paragraph(properties)
        kind = self._styles.kind_of(properties, style)
        text = self._inlines.of_paragraph(paragraph, style, isinstance(kind, int), self._relations)
        inlines = [*self._carried, *text]
        self._carried = []
        if self._is_mark_deleted(properties):
            self._carried = inlines
        else:
            yield from self._line(properties, style, kind, merged(inlines))
        boxes, self._inlines.boxes = self._inlines.boxes, []
        yield from map(Line, boxes)

    def _is_mark_deleted(self, properties: Element | None) -> bool:
        """Whether the end of a paragraph was deleted, so that it goes on with the next one."""
        return child(child(properties, "w:rPr"), "w:del") is not None

    def _line(
        self, properties: Element | None, style: str, kind: str | int, inlines: tuple[Inline, ...]
    ) -> Iterator[Line]:
        place = self._place(properties, style)
        if not inlines and place is None:
            return
        label = self._numbering.label(place.of, place.depth) if place else None
        indent = self._indent(properties, style, place)
        if isinstance(kind, int):
            if plain(inlines):
                yield Line(Heading(kind, _behind(label, inlines)))
        elif label is not None and place:
            yield Line(Paragraph(inlines), label, place.of, place.depth, indent)
        elif inlines:
            yield Line(Paragraph(inlines), indent=indent, is_quote=kind == "quote")

    def _place(self, properties: Element | None, style: str) -> _Place | None:
        numbers = child(properties, "w:numPr")
        own, depth = value_of(numbers, "w:numId"), value_of(numbers, "w:ilvl")
        inherited, level = self._styles.list_of(style)
        of = own or inherited
        if not of or of == "0":
            return None
        if not depth and level is None and not own:
            return _Place(of, self._numbering.depth_of_style(of, style))
        return _Place(of, number_of(depth, level or 0))

    def _indent(self, properties: Element | None, style: str, place: _Place | None) -> int:
        own = self._styles.property_of(properties, style, "w:ind")
        level = self._numbering.level(place.of, place.depth) if place else None
        given = own.get("w:left", own.get("w:start")) if own is not None else None
        return number_of(given, level.indent if level else 0)

    def _notes(self) -> dict[str, tuple[Block, ...]]:
        """The notes that the text refers to; those that notes refer to come after them."""
        found: dict[str, tuple[Block, ...]] = {}
        while missing := [key for key, name in self._inlines.notes.items() if name not in found]:
            note, relations = self._known_notes[missing[0]]
            found[self._inlines.notes[missing[0]]] = self._aside(note, relations)
        return found

    def _aside(self, of: Element, relations: dict[str, Relation]) -> tuple[Block, ...]:
        """Blocks of another part of the document."""
        before, self._relations = self._relations, relations
        blocks = self._blocks(of)
        self._relations = before
        return blocks

    def _note_headers(self) -> None:
        """List what stands at the top and at the bottom of pages."""
        for kind in ("header", "footer"):
            for tree, relations in self._parts.trees(kind):
                words = plain(inlines_in(self._aside(tree, relations)))
                if words:
                    self._omissions.add(lists.PAGE_HEADERS, words)


def _behind(label: str | None, inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """A heading behind its number."""
    return inlines if not label else merged((Text(f"{label} "), *inlines))


def _rows(table: Element) -> Iterator[Element]:
    for one in table:
        if one.tag == "w:tr":
            if child(child(one, "w:trPr"), "w:del") is None:
                yield one
        elif one.tag in ("w:sdt", "w:sdtContent", "w:customXml", "w:ins"):
            yield from _rows(one)


def _cells(row: Element) -> Iterator[Element]:
    for one in row:
        if one.tag == "w:tc":
            yield one
        elif one.tag in ("w:sdt", "w:sdtContent", "w:customXml"):
            yield from _cells(one)
