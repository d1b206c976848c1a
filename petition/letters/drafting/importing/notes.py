"""A document's notes as the letter's sources, if each of them is one: a title, perhaps a link and a date."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from petition.errors import Refusal
from petition.letters.drafting.importing.rich_text import (
    Block,
    Document,
    Heading,
    Inline,
    Item,
    ItemList,
    NoteMark,
    Paragraph,
    Quote,
    Text,
    inlines_in,
    merged,
)
from petition.letters.text.letter_text import LIMITS, read_source
from petition.letters.text.sources import MOST_SOURCES, Source

ADDRESS = re.compile(r"<?(https?://[^\s<>]+[^\s<>.,;:!?)])>?\.?\Z")
DATE = re.compile(r"\s*\(([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)\)\Z")


@dataclass(frozen=True)
class Found:
    """The sources, and the blocks that refer to them by their numbers."""

    sources: list[Source]
    blocks: list[Block]


def as_sources(document: Document, blocks: Sequence[Block], *, reads_numbers: bool) -> Found | None:
    """The notes as sources; None if one of them is more than a source, or is referred to from another place.

    With ``reads_numbers``, notes named 1, 2, 3 … are sources; without, only if each has a link.
    """
    notes = document.notes
    sources = {name: _source(note) for name, note in notes.items()}
    found = [source for source in sources.values() if source is not None]
    if not notes or len(found) != len(notes) or len(found) > MOST_SOURCES:
        return None
    is_numbered = list(notes) == [str(number) for number in range(1, len(notes) + 1)]
    if not (is_numbered if reads_numbers else all(source.url for source in found)):
        return None
    numbers = {name: str(number) for number, name in enumerate(notes, 1)}
    return Found(found, [_renamed(block, numbers) for block in blocks])


def _source(note: Sequence[Block]) -> Source | None:
    """A note as a source: one paragraph of plain text with at most one link."""
    inlines = merged(inlines_in(note))
    if len(note) != 1 or not isinstance(note[0], Paragraph) or not all(isinstance(one, Text) for one in inlines):
        return None
    texts = [one for one in inlines if isinstance(one, Text)]
    links = {one.link for one in texts if one.link}
    if len(links) > 1 or any(one.strong or one.emphasis or one.code for one in texts):
        return None
    words = "".join(one.text for one in texts).strip()
    date = DATE.search(words)
    words = words[: date.start()] if date else words
    address = ADDRESS.search(words)
    url = links.pop() if links else address[1] if address else ""
    if address and address[1].rstrip("/") == url.rstrip("/"):
        words = words[: address.start()].rstrip(" ,;:–—-")
    try:
        source = read_source(words, url, date[1] if date else "")
    except Refusal:
        return None
    return source if source.title and len(source.title) <= LIMITS["source"] else None


def _renamed(block: Block, names: dict[str, str]) -> Block:
    """The block with the marks of its notes under new names."""
    if isinstance(block, Paragraph):
        return Paragraph(_marks(block.inlines, names))
    if isinstance(block, Heading):
        return Heading(block.level, _marks(block.inlines, names))
    if isinstance(block, Quote):
        return Quote(tuple(_renamed(one, names) for one in block.blocks))
    if isinstance(block, ItemList):
        return ItemList(
            tuple(Item(item.label, tuple(_renamed(one, names) for one in item.blocks)) for item in block.items)
        )
    return block


def _marks(inlines: Iterable[Inline], names: dict[str, str]) -> tuple[Inline, ...]:
    return tuple(NoteMark(names.get(one.name, one.name)) if isinstance(one, NoteMark) else one for one in inlines)
