"""What styles say about paragraphs and characters (ISO/IEC 29500-1, 17.7)."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing.word.xml import child, number_of, switch, value_of

Kind: TypeAlias = Literal["text", "quote"] | int
"""What a paragraph is: text, a quote, or a heading by its level; the title has level 0."""
QUOTES = ("quote", "intense quote", "quotations", "block text", "html blockquote")
DEEPEST = 12
NO_BODY_TEXT = 9
"""The outline level that means: none."""


@dataclass(frozen=True)
class Look:
    """How characters look, as far as a letter knows it."""

    strong: bool = False
    emphasis: bool = False
    capitals: bool = False
    struck: bool = False
    hidden: bool = False
    vertical: str = ""
    font: str = ""


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, tree: Element | None) -> None:
        found = tree if tree is not None else ()
        self._styles = {one.get("w:styleId", ""): one for one in found if one.tag == "w:style"}
        self._chains: dict[str, list[Element]] = {}
        self._switches: dict[tuple[str, str], bool] = {}
        defaults = child(child(child(tree, "w:docDefaults"), "w:rPrDefault"), "w:rPr")
        self._defaults = defaults
        self._usual = next(
            (name for name, one in self._styles.items()
             if one.get("w:type") == "paragraph" and one.get("w:default", "0") not in ("0", "false")), "",
        )  # fmt: skip

    def chain(self, style: str) -> list[Element]:
        """A style and those that it is based on, no more than a few: a style may be based on itself."""
        if style in self._chains:
            return self._chains[style]
        found: list[Element] = []
        name = style
        while (one := self._styles.get(name)) is not None and len(found) < DEEPEST:
            found.append(one)
            name = value_of(one, "w:basedOn")
        self._chains[style] = found
        return found

    def of_paragraph(self, properties: Element | None) -> str:
        """The style that a paragraph has."""
        return value_of(properties, "w:pStyle") or self._usual

    def property_of(self, properties: Element | None, style: str, tag: str) -> Element | None:
        """A property of a paragraph: its own, or that of its style."""
        own = child(properties, tag)
        if own is not None:
            return own
        inherited = (child(child(one, "w:pPr"), tag) for one in self.chain(style))
        return next((one for one in inherited if one is not None), None)

    def kind_of(self, properties: Element | None, style: str) -> Kind:
        """Whether a paragraph is a title, a heading, a quote or text."""
        names = [value_of(one, "w:name").lower() for one in self.chain(style)]
        for name in names:
            if name == "title":
                return 0
            if name == "subtitle":
                return 2
            if name in QUOTES:
                return "quote"
            if heading := re.fullmatch(r"heading ?([1-9])", name):
                return min(6, int(heading[1]))
        level = self.property_of(properties, style, "w:outlineLvl")
        outline = NO_BODY_TEXT if level is None else number_of(level.get("w:val"), NO_BODY_TEXT)
        return "text" if outline >= NO_BODY_TEXT else min(6, outline + 1)

    def _is_quote(self, style: str) -> bool:
        return any(value_of(one, "w:name").lower() in QUOTES for one in self.chain(style))

    def list_of(self, style: str) -> tuple[str, int | None]:
        """The list and the level that a style puts its paragraphs into; an empty name for none."""
        for one in self.chain(style):
            numbers = child(child(one, "w:pPr"), "w:numPr")
            if numbers is not None and (name := value_of(numbers, "w:numId")):
                depth = value_of(numbers, "w:ilvl")
                return name, number_of(depth) if depth else None
        return "", None

    def look(self, properties: Element | None, paragraph_style: str, is_heading: bool) -> Look:
        """How a run looks. What makes a whole heading bold, or a whole quote italic, is no emphasis."""
        of_run = value_of(properties, "w:rStyle")
        of_paragraph = "" if is_heading or self._is_quote(paragraph_style) else paragraph_style
        is_complex = bool(switch(properties, "w:rtl") or switch(properties, "w:cs"))
        bold, italic = ("w:bCs", "w:iCs") if is_complex else ("w:b", "w:i")
        fonts = child(properties, "w:rFonts")
        vertical = value_of(properties, "w:vertAlign") or self._value(of_run, "w:vertAlign")
        return Look(
            strong=self._is_on(properties, of_run, of_paragraph, bold),
            emphasis=self._is_on(properties, of_run, of_paragraph, italic),
            capitals=self._is_on(properties, of_run, paragraph_style, "w:caps"),
            struck=self._is_on(properties, of_run, paragraph_style, "w:strike")
            or self._is_on(properties, of_run, paragraph_style, "w:dstrike"),
            hidden=self._is_on(properties, of_run, paragraph_style, "w:vanish"),
            font=fonts.get("w:ascii", "") if fonts is not None else "",
            vertical=vertical or self._value(paragraph_style, "w:vertAlign"),
        )

    def _is_on(self, properties: Element | None, of_run: str, of_paragraph: str, tag: str) -> bool:
        """A property that styles switch: two that switch it on switch it off again (17.7.3)."""
        own = switch(properties, tag)
        if own is not None:
            return own
        return bool(switch(self._defaults, tag)) or self._switch(of_run, tag) != self._switch(of_paragraph, tag)

    def _switch(self, style: str, tag: str) -> bool:
        if (style, tag) not in self._switches:
            found = (switch(child(one, "w:rPr"), tag) for one in self.chain(style))
            self._switches[style, tag] = next((one for one in found if one is not None), False)
        return self._switches[style, tag]

    def _value(self, style: str, tag: str) -> str:
        return next(filter(None, (value_of(child(one, "w:rPr"), tag) for one in self.chain(style))), "")
