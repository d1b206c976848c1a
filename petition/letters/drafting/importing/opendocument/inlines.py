"""The text within a paragraph: spans, fields, notes, and everything else that may be there."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.characters import lowered, raised, with_symbols
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.opendocument.styles import Look, Styles
from petition.letters.drafting.importing.rich_text import Block, Inline, LineBreak, NoteMark, Text, plain
from petition.letters.text.emphasis import is_east_asian
from petition.letters.text.markdown import LINKS

Blocks = Callable[[Element], list[Block]]
"""Reads the blocks in a note or a text box."""
Formula = Callable[[str], str]
"""Reads the formula of an embedded object by its name; empty if it is none."""
CONTROLS = ("loext:content-control", "text:text-input", "text:placeholder", "text:drop-down")
HIDDEN = ("text:hidden-text", "text:hidden-paragraph")
DRAWN_SHAPES = tuple(
    f"draw:{name}"
    for name in ("frame", "custom-shape", "rect", "ellipse", "g", "line", "path", "polygon", "polyline", "control")
)
UNSEEN = ("office:annotation-end", "text:note-citation", "office:event-listeners")


class Inlines:
    """Reads paragraphs' text. ``boxes`` collects the blocks of text boxes, ``notes`` those of notes."""

    def __init__(self, styles: Styles, omissions: Omissions, blocks: Blocks, formula: Formula) -> None:
        self._styles = styles
        self._omissions = omissions
        self._blocks = blocks
        self._formula = formula
        self._style, self._is_heading = "", False
        self._spans: list[str] = []
        self._link = ""
        self.boxes: list[Block] = []
        self.notes: dict[str, tuple[Block, ...]] = {}

    def of_paragraph(self, paragraph: Element, style: str, is_heading: bool) -> list[Inline]:
        """The text of a paragraph."""
        before = (self._style, self._is_heading, self._spans, self._link)
        self._style, self._is_heading, self._spans, self._link = style, is_heading, [], ""
        found = self._all(paragraph)
        self._style, self._is_heading, self._spans, self._link = before
        return found

    def _all(self, of: Element) -> list[Inline]:
        found = self._text(of.text)
        for one in of:
            found += [*self._one(one), *self._text(one.tail)]
        return found

    def _one(self, one: Element) -> list[Inline]:
        """What an element adds to the text. Those that are not known here, such as fields, only hold it."""
        tag = one.tag
        if tag in UNSEEN:
            return []
        if tag in HIDDEN:
            self._omissions.add(lists.HIDDEN_TEXT)
            return []
        if tag == "text:span":
            return self._in_span(one)
        if tag == "text:a":
            return self._linked(one)
        if tag == "text:line-break":
            return [LineBreak()]
        if tag in ("text:s", "text:tab"):
            return [Text(" ")]
        if tag == "text:note":
            return self._note(one)
        if tag == "text:ruby":
            return self._ruby(one)
        if tag == "office:annotation":
            self._omissions.add(lists.COMMENTS)
            return []
        if tag in DRAWN_SHAPES:
            return self._drawing(one)
        if tag == "text:change-start":
            self._omissions.add(lists.INSERTIONS)
        elif tag in CONTROLS:
            self._omissions.add(lists.CONTROLS)
        return self._all(one)

    def _in_span(self, one: Element) -> list[Inline]:
        self._spans.insert(0, one.get("text:style-name", ""))
        found = self._all(one)
        self._spans.pop(0)
        return found

    def _linked(self, one: Element) -> list[Inline]:
        address, before = one.get("xlink:href", ""), self._link
        is_web = address.lower().startswith(LINKS)
        self._link = address if is_web else ""
        found = self._all(one)
        self._link = before
        if not is_web and not address.startswith("#") and plain(found):
            self._omissions.add(lists.BROKEN_LINKS, f"{plain(found)} ({address})")
        return found

    def _note(self, one: Element) -> list[Inline]:
        name = f"n{len(self.notes) + 1}"
        self.notes[name] = ()
        bodies = one.findall("text:note-body")
        self.notes[name] = tuple(block for body in bodies for block in self._blocks(body))
        return [NoteMark(name)]

    def _ruby(self, one: Element) -> list[Inline]:
        base = [inline for part in one.findall("text:ruby-base") for inline in self._all(part)]
        above = plain(inline for part in one.findall("text:ruby-text") for inline in self._all(part))
        if not above:
            return base
        self._omissions.add(lists.RUBY)
        return [*base, Text(f"（{above}）" if is_east_asian(above[-1]) else f" ({above})")]

    def _drawing(self, one: Element) -> list[Inline]:
        """A text box is read, a formula is text, a picture is listed."""
        formulas = [self._formula(found.get("xlink:href", "")) for found in one.iter("draw:object")]
        for text in filter(None, formulas):
            self._omissions.add(lists.FORMULAS, text)
        if any(formulas):
            return [Text(" ".join(filter(None, formulas)))]
        boxes = list(one.iter("draw:text-box")) or ([one] if one.find("text:p") is not None else [])
        boxes = [box for box in boxes if any(part.tag.startswith(("text:", "table:")) for part in box)]
        for box in boxes:
            self._omissions.add(lists.BOXES)
            self.boxes += self._blocks(box)
        if not boxes:
            described = " ".join(
                found.text or "" for tag in ("svg:title", "svg:desc") for found in one.iter(tag)
            ).strip()
            self._omissions.add(lists.CAPTIONS if described else lists.PICTURES, described)
        return []

    def _text(self, text: str | None) -> list[Inline]:
        if not text:
            return []
        look = self._styles.look(self._spans, self._style, self._is_heading)
        words = " ".join(text.split())
        if look.hidden:
            if words:
                self._omissions.add(lists.HIDDEN_TEXT)
            return []
        self._note_look(look, words)
        text = with_symbols(text, look.font, self._omissions)
        shown = _shown(text.upper() if look.capitals else text, look, self._omissions)
        return [Text(shown, look.strong, look.emphasis, link=self._link)]

    def _note_look(self, look: Look, words: str) -> None:
        if words and look.struck:
            self._omissions.add(lists.STRUCK, words)
        if words and look.set_apart and not self._link:
            self._omissions.add(lists.LOOKS)


def _shown(text: str, look: Look, omissions: Omissions) -> str:
    if look.vertical == "super":
        return raised(text, omissions)
    return lowered(text, omissions) if look.vertical == "sub" else text
