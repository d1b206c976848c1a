"""A letter from a document: which paragraph is the title, which lines are the head, which list is the demands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from petition.errors import Refusal, TooLong
from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.markdown_writer import write_markdown
from petition.letters.drafting.importing.notes import as_sources
from petition.letters.drafting.importing.rich_text import (
    Block,
    Document,
    Heading,
    Inline,
    ItemList,
    LineBreak,
    NoteMark,
    Paragraph,
    Text,
    inlines_in,
    merged,
    plain,
)
from petition.letters.text.letter_text import LIMITS, MOST_DEMANDS, language_code
from petition.letters.text.sources import Source

HEAD_LINE = re.compile(r"(to|recipient|employer|language|translation of) ?[:：] ?(.*)", re.IGNORECASE)
FIELDS = {"to": "recipient", "translation of": "translation_of"}
FIRST_BLOCKS = 5
"""How many blocks at the beginning are searched for the title."""


@dataclass
class Draft:
    """A letter's parts as a file has them."""

    title: str = ""
    recipient: str = ""
    employer: str = ""
    language: str = ""
    translation_of: str = ""
    body: str = ""
    demands: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def compose(document: Document, *, reads_numbers: bool = False) -> Draft:
    """The letter in a document. What can't be where it was is added to the document's list.

    ``reads_numbers``: notes that the file numbers from 1 on are sources, whatever they say.
    """
    blocks = list(document.blocks)
    notes = [block for note in document.notes.values() for block in note]
    require_length("".join(one.text for one in inlines_in([*blocks, *notes]) if isinstance(one, Text)))
    draft = Draft()
    _take_title(draft, blocks, document)
    _take_head(draft, blocks, document)
    _take_demands(draft, blocks, document)
    sources = as_sources(document, blocks, reads_numbers=reads_numbers)
    if sources is None:
        draft.body = write_markdown(blocks, document.notes, document.omissions)
    else:
        draft.body = write_markdown(sources.blocks, {}, document.omissions)
        draft.sources = sources.sources
    return draft


def require_length(text: str) -> None:
    """Refuse what is far too long before anything else is done with it."""
    most = LIMITS["body"]
    if len(text) > 2 * most:
        raise TooLong(
            "Shorten the text: it has %(length)s characters, and the limit is %(most)s.", length=len(text), most=most
        )


def is_head_line(line: str) -> bool:
    """Whether a line names a letter's recipient, or the like."""
    return HEAD_LINE.fullmatch(line) is not None


def _take_title(draft: Draft, blocks: list[Block], document: Document) -> None:
    """The first paragraph with the style of a title, or a heading of the first level that begins the document."""
    titles = [place for place, block in enumerate(blocks[:FIRST_BLOCKS]) if _level(block) == 0]
    if not titles and blocks and _level(blocks[0]) == 1:
        titles = [0]
    for place, block in enumerate(blocks):
        if isinstance(block, Heading) and place not in titles[:1]:
            blocks[place] = Heading(max(1, block.level), block.inlines)
    if not titles:
        return
    found = blocks[titles[0]]
    words = plain(inlines_in([found]))
    if len(words) > LIMITS["title"]:
        blocks[titles[0]] = Heading(1, tuple(inlines_in([found])))
        document.omissions.add(lists.TITLE_KEPT, words)
        return
    del blocks[titles[0]]
    draft.title = words
    _note_lost(inlines_in([found]), document)


def _level(block: Block) -> int | None:
    return block.level if isinstance(block, Heading) else None


def _take_head(draft: Draft, blocks: list[Block], document: Document) -> None:
    """Lines such as ``To: …`` at the beginning, each once."""
    known: set[str] = set()
    while blocks and isinstance(blocks[0], Paragraph):
        lines = _lines(blocks[0])
        while lines and (name := _head_line(draft, plain(lines[0]), known)):
            known.add(name)
            _note_lost(lines.pop(0), document, with_emphasis=False)
        if lines:
            rest = [inline for line in lines for inline in (*line, LineBreak())][:-1]
            blocks[0] = Paragraph(tuple(rest))
            return
        del blocks[0]


def _lines(paragraph: Paragraph) -> list[list[Inline]]:
    lines: list[list[Inline]] = [[]]
    for inline in paragraph.inlines:
        if isinstance(inline, LineBreak):
            lines.append([])
        else:
            lines[-1].append(inline)
    return lines


def _head_line(draft: Draft, line: str, known: set[str]) -> str:
    """Read a line of the head; empty if it is none, is there already, or can't be what it says."""
    match = HEAD_LINE.fullmatch(line)
    if match is None:
        return ""
    name = FIELDS.get(match[1].lower(), match[1].lower())
    if name in known or len(match[2]) > LIMITS["recipient"]:
        return ""
    if name in ("language", "translation_of") and not _is_language(match[2]):
        return ""
    setattr(draft, name, match[2])
    return name


def _is_language(code: str) -> bool:
    try:
        return bool(language_code(code))
    except Refusal:
        return False


def _take_demands(draft: Draft, blocks: list[Block], document: Document) -> None:
    """The numbered list at the end, unless a demand cannot say what an item says."""
    last = blocks[-1] if blocks else None
    if not isinstance(last, ItemList) or not any(item.label for item in last.items):
        return
    demands = _demands(last)
    if demands is None:
        document.omissions.add(lists.LIST_KEPT, f"{last.items[0].label} {plain(inlines_in(last.items[0].blocks))}")
        return
    draft.demands = demands
    del blocks[-1]
    for item in last.items:
        breaks = sum(isinstance(one, LineBreak) for one in inlines_in(item.blocks)) + len(item.blocks) - 1
        if breaks:
            document.omissions.add(lists.DEMAND_BREAKS, count=breaks)
        _note_lost(inlines_in(item.blocks), document)


def _demands(of: ItemList) -> list[str] | None:
    """The items as demands; None if they are not numbered from 1 on, or need more than plain text."""
    numbers = [item.label.rstrip(".)") for item in of.items]
    if numbers != [str(number) for number in range(1, len(numbers) + 1)] or len(numbers) > MOST_DEMANDS:
        return None
    inside = [block for item in of.items for block in item.blocks]
    if not all(isinstance(block, Paragraph) for block in inside):
        return None
    if any(isinstance(one, NoteMark) for one in inlines_in(inside)):
        return None
    demands = [" ".join(plain(inlines_in([block])) for block in item.blocks) for item in of.items]
    is_possible = all(0 < len(demand) <= LIMITS["demand"] for demand in demands)
    return demands if is_possible else None


def _note_lost(inlines: Sequence[Inline], document: Document, *, with_emphasis: bool = True) -> None:
    """List what plain text can't keep: emphasis on a part of it, links, notes."""
    shown = [one for one in merged(inlines) if isinstance(one, Text) and one.text.strip()]
    is_mixed = len({(one.strong, one.emphasis) for one in shown}) > 1
    for one in shown:
        if with_emphasis and is_mixed and (one.strong or one.emphasis):
            document.omissions.add(lists.EMPHASIS, one.text)
        if one.link and one.link not in one.text:
            document.omissions.add(lists.DEMAND_LINKS, f"{one.text.strip()} ({one.link})")
    for inline in inlines:
        if isinstance(inline, NoteMark):
            document.omissions.add(lists.TITLE_NOTES, plain(inlines_in(document.notes.get(inline.name, ()))))
