"""A document as every reader hands it over: blocks of text, the notes that they refer to, and what was left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from petition.letters.drafting.importing.omissions import Omissions


@dataclass(frozen=True)
class Text:
    """Characters of one look. ``link`` is an address, or empty."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    link: str = ""


@dataclass(frozen=True)
class LineBreak:
    """The next line of the same paragraph."""


@dataclass(frozen=True)
class NoteMark:
    """The place in the text to which a note belongs."""

    name: str


Inline: TypeAlias = Text | LineBreak | NoteMark


@dataclass(frozen=True)
class Paragraph:
    """Text that flows."""

    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 0 is the document's title, 1 to 6 are those below it."""

    level: int
    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Quote:
    """Blocks that quote someone else."""

    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class Item:
    """An item of a list. ``label`` is as the reader sees it: ``3.``, ``a)``, or empty for a bullet."""

    label: str
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class ItemList:
    """Items of one list, in their order."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Listing:
    """Lines in which every blank counts, such as a program."""

    text: str


@dataclass(frozen=True)
class Rule:
    """A line across the page."""


Block: TypeAlias = Paragraph | Heading | Quote | ItemList | Listing | Rule


@dataclass(frozen=True)
class Document:
    """What a reader found. ``notes`` are in the order in which the text refers to them."""

    blocks: tuple[Block, ...]
    notes: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    omissions: Omissions = field(default_factory=Omissions)


def plain(inlines: Iterable[Inline]) -> str:
    """The characters alone, in one line; marks of notes are left out."""
    shown = (" " if isinstance(one, LineBreak) else one.text if isinstance(one, Text) else "" for one in inlines)
    return " ".join("".join(shown).split())


def merged(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
    """The same with neighbors of one look joined, no blanks at the ends, and no empty pieces."""
    found: list[Inline] = []
    for one in inlines:
        last = found[-1] if found else None
        if isinstance(one, Text) and isinstance(last, Text) and _look(last) == _look(one):
            found[-1] = replace(last, text=last.text + one.text)
        elif not isinstance(one, Text) or one.text:
            found.append(one)
    while found and _is_blank(found[0]):
        found.pop(0)
    while found and _is_blank(found[-1]):
        found.pop()
    return tuple(found)


def _look(one: Text) -> tuple[bool, bool, bool, str]:
    return one.strong, one.emphasis, one.code, one.link


def _is_blank(one: Inline) -> bool:
    return isinstance(one, LineBreak) or (isinstance(one, Text) and not one.text.strip())


def inlines_in(blocks: Iterable[Block]) -> list[Inline]:
    """All pieces of text in blocks, at any depth, in their order."""
    found: list[Inline] = []
    for block in blocks:
        if isinstance(block, Paragraph | Heading):
            found += block.inlines
        elif isinstance(block, Quote):
            found += inlines_in(block.blocks)
        elif isinstance(block, ItemList):
            found += [inline for item in block.items for inline in inlines_in(item.blocks)]
        elif isinstance(block, Listing):
            found.append(Text(block.text, code=True))
    return found
