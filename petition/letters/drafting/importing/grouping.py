"""Puts paragraphs that follow each other into lists and quotes, as word processors show them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from petition.letters.drafting.importing.rich_text import Block, Item, ItemList, Paragraph, Quote


@dataclass(frozen=True)
class Line:
    """A block with its place: an item of a list, set in, quoted, or none of these."""

    block: Block
    label: str | None = None
    """The item's label, empty for a bullet; None if it is no item."""
    of: str = ""
    """Which list it belongs to."""
    depth: int = 0
    indent: int = 0
    """How far its text is set in, in any unit that all lines share."""
    is_quote: bool = False


@dataclass(frozen=True)
class _Quoted:
    """A paragraph of a quote, before its neighbors are known."""

    block: Block


@dataclass
class _Open:
    """An item whose end is not known yet."""

    line: Line
    parts: "list[_Part]" = field(default_factory=list)


@dataclass
class _List:
    of: str
    items: list[_Open] = field(default_factory=list)


_Part: TypeAlias = Block | _List | _Quoted


def grouped(lines: Iterable[Line]) -> tuple[Block, ...]:
    """The blocks, with their lists nested and their quotes gathered."""
    found: list[_Part] = []
    path: list[_Open] = []
    for line in lines:
        if line.label is not None:
            while path and path[-1].line.depth >= line.depth:
                path.pop()
            item = _Open(line, [line.block])
            _list_in(path[-1].parts if path else found, line.of).items.append(item)
            path.append(item)
            continue
        while path and not (line.indent >= path[-1].line.indent > 0):
            path.pop()
        (path[-1].parts if path else found).append(_Quoted(line.block) if line.is_quote else line.block)
    return _closed(found)


def _list_in(parts: list[_Part], of: str) -> _List:
    """The list at the end, if it is the same one; else a new one."""
    last = parts[-1] if parts else None
    if isinstance(last, _List) and last.of == of:
        return last
    made = _List(of)
    parts.append(made)
    return made


def _closed(parts: Iterable[_Part]) -> tuple[Block, ...]:
    found: list[Block] = []
    for part in parts:
        if isinstance(part, _List):
            found.append(ItemList(tuple(Item(one.line.label or "", _closed(one.parts)) for one in part.items)))
        elif isinstance(part, _Quoted):
            last = found[-1] if found else None
            if isinstance(last, Quote):
                found[-1] = Quote((*last.blocks, part.block))
            else:
                found.append(Quote((part.block,)))
        elif not (isinstance(part, Paragraph) and not part.inlines):
            found.append(part)
    return tuple(found)
