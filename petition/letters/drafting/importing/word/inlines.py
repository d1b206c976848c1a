"""The text within a paragraph: runs, and everything that may be around or between them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.characters import lowered, raised, symbol, with_symbols
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.rich_text import Block, Inline, LineBreak, NoteMark, Text, plain
from petition.letters.drafting.importing.word.fields import Fields, link_of
from petition.letters.drafting.importing.word.formulas import formula
from petition.letters.drafting.importing.word.parts import Relation
from petition.letters.drafting.importing.word.styles import Look, Styles
from petition.letters.drafting.importing.word.xml import OFF, child, value_of
from petition.letters.text.emphasis import is_east_asian
from petition.letters.text.markdown import LINKS

Boxed: TypeAlias = Callable[[Element], list[Block]]
"""Reads the paragraphs in a text box."""
BREAKS = ("w:br", "w:cr")
BLANKS = ("w:tab", "w:ptab")
SET_APART = ("w:u", "w:highlight")
IGNORED = (
    "w:pPr", "w:rPr", "w:rt", "w:sdtPr", "w:sdtEndPr", "w:instrText", "w:delInstrText", "w:delText", "w:softHyphen",
    "w:smartTagPr", "w:customXmlPr", "m:ctrlPr", "w:fldData",
)  # fmt: skip


class Inlines:
    """Reads paragraphs' text. ``boxes`` collects the blocks of text boxes until the caller takes them."""

    def __init__(self, styles: Styles, omissions: Omissions, boxed: Boxed, notes: frozenset[tuple[str, str]]) -> None:
        self._styles = styles
        self._omissions = omissions
        self._boxed = boxed
        self._known_notes = notes
        self._fields = Fields(omissions)
        self._relations: dict[str, Relation] = {}
        self._style, self._is_heading = "", False
        self._link = ""
        self.notes: dict[tuple[str, str], str] = {}
        self.boxes: list[Block] = []

    def of_paragraph(
        self, paragraph: Element, style: str, is_heading: bool, relations: dict[str, Relation]
    ) -> list[Inline]:
        """The text of a paragraph."""
        before = (self._style, self._is_heading, self._relations)
        self._style, self._is_heading, self._relations = style, is_heading, relations
        found = self._all(paragraph)
        self._fields.end_paragraph()
        self._style, self._is_heading, self._relations = before
        return found

    def _all(self, of: Iterable[Element]) -> list[Inline]:
        return [inline for one in of for inline in self._one(one)]

    def _one(self, one: Element) -> list[Inline]:
        """What an element adds to the text. Those that are not known here only hold others."""
        tag = one.tag
        if tag in IGNORED:
            return []
        if tag == "w:r":
            return self._run(one)
        if tag in ("w:del", "w:moveFrom"):
            return self._deleted(one)
        if tag in ("w:ins", "w:moveTo"):
            self._omissions.add(lists.INSERTIONS)
        elif tag in ("w:bdo", "w:dir"):
            self._omissions.add(lists.DIRECTIONS)
        elif tag == "w:hyperlink":
            return self._linked(one, self._target(one))
        elif tag == "w:fldSimple":
            return self._linked(one, link_of(one.get("w:instr", "")))
        elif tag == "w:sdt":
            self._omissions.add(lists.CONTROLS)
        elif tag == "mc:AlternateContent":
            chosen = child(one, "mc:Choice")
            return self._all(chosen if chosen is not None else one)
        elif tag in ("m:oMath", "m:oMathPara"):
            return self._formula(one)
        return self._all(one)

    def _deleted(self, one: Element) -> list[Inline]:
        """Nothing; but a field that ends in what was deleted ends all the same."""
        self._omissions.add(lists.DELETIONS)
        for mark in one.iter("w:fldChar"):
            self._fields.mark(mark.get("w:fldCharType", ""))
        return []

    def _target(self, one: Element) -> str:
        relation = self._relations.get(one.get("r:id", ""))
        return relation.target if relation and relation.is_external else ""

    def _linked(self, one: Element, address: str) -> list[Inline]:
        before, self._link = self._link, address or self._link
        found = self._all(one)
        self._link = before
        return found

    def _formula(self, one: Element) -> list[Inline]:
        text = formula(one)
        self._omissions.add(lists.FORMULAS, text)
        return [Text(text)]

    def _run(self, run: Element) -> list[Inline]:
        properties = child(run, "w:rPr")
        look = self._styles.look(properties, self._style, self._is_heading)
        found: list[Inline] = []
        is_note = False
        for one in run:
            if one.tag in ("w:footnoteReference", "w:endnoteReference"):
                found += self._note_mark(one)
                is_note = one.get("w:customMarkFollows", "0") not in ("0", "false")
            elif not (is_note and one.tag == "w:t"):  # the mark that an author chose for a note
                found += self._in_run(one)
        if look.hidden and plain(found):
            self._omissions.add(lists.HIDDEN_TEXT)
        if look.hidden or self._fields.is_instruction:
            return []
        self._note_looks(properties, look, plain(found))
        return [self._looking(one, look) for one in found]

    def _in_run(self, one: Element) -> list[Inline]:
        """What an element of a run adds to the text."""
        tag = one.tag
        if tag == "w:t":
            return [Text(" ".join((one.text or "").split("\n")))]
        if tag in BREAKS:
            return [LineBreak()]
        if tag in BLANKS:
            return [Text(" ")]
        if tag == "w:noBreakHyphen":
            return [Text("\N{NON-BREAKING HYPHEN}")]
        if tag == "w:sym":
            code = one.get("w:char", "")
            return [Text(symbol(one.get("w:font", ""), int(code, 16) if _is_hex(code) else 0, self._omissions))]
        if tag == "w:fldChar":
            return self._field(one)
        if tag == "w:instrText":
            self._fields.instruct(one.text or "")
        elif tag == "w:ruby":
            return self._ruby(one)
        elif tag == "w:commentReference":
            self._omissions.add(lists.COMMENTS)
        elif tag in ("w:drawing", "w:pict", "w:object"):
            self._picture(one)
        elif tag == "mc:AlternateContent":
            chosen = child(one, "mc:Choice")
            return [inline for inner in (chosen if chosen is not None else one) for inline in self._in_run(inner)]
        return []

    def _field(self, one: Element) -> list[Inline]:
        box = child(child(one, "w:ffData"), "w:checkBox")
        shown = self._fields.mark(one.get("w:fldCharType", ""), "" if box is None else _checked(box))
        if shown:
            self._omissions.add(lists.TASKS)
        return [Text(shown)] if shown else []

    def _ruby(self, one: Element) -> list[Inline]:
        base = [inline for part in one.findall("w:rubyBase") for inline in self._all(part)]
        above = plain(inline for part in one.findall("w:rt") for inline in self._all(part))
        if not above:
            return base
        self._omissions.add(lists.RUBY)
        return [*base, Text(f"（{above}）" if is_east_asian(above[-1]) else f" ({above})")]

    def _picture(self, one: Element) -> None:
        """A picture is listed; a text box is read; a line across the page is neither."""
        boxes = list(one.iter("w:txbxContent"))
        for box in boxes:
            self._omissions.add(lists.BOXES)
            self.boxes += self._boxed(box)
        if boxes or any(shape.get("?:hr") or shape.get("o:hr") for shape in one.iter()):
            return
        described = next((found.get("descr") or "" for found in one.iter("wp:docPr")), "")
        self._omissions.add(lists.CAPTIONS if described else lists.PICTURES, described)
        words = " ".join(found.text or "" for found in one.iter("a:t"))
        if words.strip():
            self.boxes += self._boxed(_paragraph(words))
            self._omissions.add(lists.BOXES)

    def _note_mark(self, one: Element) -> list[Inline]:
        kind = one.tag.removeprefix("w:").removesuffix("Reference")
        key = (kind, one.get("w:id", ""))
        if key not in self._known_notes:
            return []
        return [NoteMark(self.notes.setdefault(key, f"n{len(self.notes) + 1}"))]

    def _note_looks(self, properties: Element | None, look: Look, words: str) -> None:
        """List what a run's look meant and Markdown has no sign for."""
        if not words:
            return
        if look.struck:
            self._omissions.add(lists.STRUCK, words)
        marked = any(value_of(properties, tag) not in ("", "none", "0") for tag in SET_APART)
        small = child(properties, "w:smallCaps") is not None
        color = value_of(properties, "w:color")
        is_link = bool(self._link or self._fields.link)
        if not is_link and (marked or small or color not in ("", "auto", "000000")):
            self._omissions.add(lists.LOOKS)

    def _looking(self, one: Inline, look: Look) -> Inline:
        if not isinstance(one, Text):
            return one
        text = with_symbols(one.text, look.font, self._omissions)
        text = text.upper() if look.capitals else text
        if look.vertical == "superscript":
            text = raised(text, self._omissions)
        elif look.vertical == "subscript":
            text = lowered(text, self._omissions)
        return replace(
            one,
            text=text,
            strong=look.strong and not self._is_heading,
            emphasis=look.emphasis and not self._is_heading,
            link=self._web_address(text),
        )

    def _web_address(self, words: str) -> str:
        address = self._link or self._fields.link
        if address and not address.lower().startswith(LINKS):
            if words.strip():
                self._omissions.add(lists.BROKEN_LINKS, f"{words.strip()} ({address})")
            return ""
        return address


def _checked(box: Element) -> str:
    """A box as a character."""
    states = (child(box, tag) for tag in ("w:checked", "w:default"))
    state = next((one for one in states if one is not None), None)
    return "☐" if state is None or state.get("w:val", "1") in OFF else "☒"


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 4 and all(character in "0123456789abcdefABCDEF" for character in text)


def _paragraph(words: str) -> Element:
    """A text box with one paragraph."""
    box, paragraph, run, text = (Element(tag) for tag in ("w:txbxContent", "w:p", "w:r", "w:t"))
    text.text = words
    run.append(text)
    paragraph.append(run)
    box.append(paragraph)
    return box
