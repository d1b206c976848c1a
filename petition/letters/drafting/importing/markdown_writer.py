"""Writes blocks of rich text as Markdown that reads back as the same: what it can't mark is listed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from petition.letters.drafting.importing.inline_writer import write_inlines
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.rich_text import (
    Block,
    Heading,
    Inline,
    Item,
    ItemList,
    LineBreak,
    Listing,
    Paragraph,
    Quote,
    Text,
    merged,
)

THEMATIC_BREAK = "___"
"""Within a list, stars and dashes would join the list's mark: ``* ***`` is a rule of four stars."""
NUMBER = re.compile(r"([0-9]{1,9})[.)]")


def write_markdown(
    blocks: Iterable[Block], notes: Mapping[str, tuple[Block, ...]], omissions: Omissions | None = None
) -> str:
    """Blocks, then the notes that they refer to, as footnotes."""
    return _Writer(notes, Omissions() if omissions is None else omissions).whole(blocks)


class _Writer:
    def __init__(self, notes: Mapping[str, tuple[Block, ...]], omissions: Omissions) -> None:
        self._notes = notes
        self._omissions = omissions

    def whole(self, blocks: Iterable[Block]) -> str:
        """Everything."""
        written = [self._blocks(blocks)]
        for name, within in self._notes.items():
            text = self._blocks(within)
            written.append(f"[^{name}]: {_set_in(text, '    ')}")
        return "\n\n".join(part for part in written if part)

    def _blocks(self, blocks: Iterable[Block]) -> str:
        """Blocks with empty lines between; lists that follow each other stay apart, and keep their own numbers."""
        written: list[str] = []
        mark = bullet = ""
        for block in _with_labels_as_text(blocks):
            if isinstance(block, ItemList):
                mark = ")" if mark == "." else "."
                bullet = "" if block.items[0].label else "*" if bullet == "-" else "-"
                text = self._list(block, mark, bullet)
            else:
                mark = bullet = ""
                text = self._block(block)
            if text:
                written.append(text)
        return "\n\n".join(written)

    def _block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self._text(block.inlines)
        if isinstance(block, Heading):
            return self._heading(block)
        if isinstance(block, Quote):
            within = self._blocks(block.blocks)
            return "\n".join(f"> {line}".rstrip() for line in within.split("\n")) if within else ""
        return _fenced(block.text) if isinstance(block, Listing) else THEMATIC_BREAK

    def _text(self, inlines: Sequence[Inline]) -> str:
        return write_inlines(merged(inlines), self._notes, self._omissions)

    def _heading(self, heading: Heading) -> str:
        text = self._text([Text(" ") if isinstance(one, LineBreak) else one for one in heading.inlines])
        text = re.sub(r"(?<!\\)#(?=#*\Z)", r"\#", text)
        return f"{'#' * min(6, max(1, heading.level))} {text}" if text else ""

    def _list(self, of: ItemList, mark: str, bullet: str) -> str:
        """A list of bullets, or of numbers that follow each other."""
        between = "\n" if all(map(_is_tight, of.items)) else "\n\n"
        written = []
        for item in of.items:
            label = f"{NUMBER.sub(lambda found: found[1], item.label)}{mark} " if item.label else f"{bullet} "
            text = self._tight(item) if between == "\n" else self._blocks(item.blocks)
            written.append(f"{label}{_set_in(text, ' ' * len(label))}".rstrip())
        return between.join(written)

    def _tight(self, item: Item) -> str:
        return "\n".join(text for text in (self._blocks([block]) for block in item.blocks) if text)


def _with_labels_as_text(blocks: Iterable[Block]) -> Iterable[Block]:
    """Lists cut into runs that Markdown can number; labels that it can't write become text."""
    for block in blocks:
        if isinstance(block, ItemList):
            for kind, items in groupby(zip(_runs(block.items), block.items, strict=True), key=lambda pair: pair[0]):
                run = tuple(item for _, item in items)
                if kind[0] == "text":
                    yield from _labeled(run)
                else:
                    yield ItemList(run)
        else:
            yield block


def _runs(items: Iterable[Item]) -> Iterable[tuple[str, int]]:
    """For each item, its run: what stays the same while numbers rise by one."""
    for place, item in enumerate(items):
        number = NUMBER.fullmatch(item.label)
        if number:
            yield "number", int(number[1]) - place
        else:
            yield ("text" if item.label else "bullet"), 0


def _labeled(items: Iterable[Item]) -> Iterable[Block]:
    """Items as paragraphs that begin with their labels; short ones as lines of one paragraph."""
    lines: list[Inline] = []
    for item in items:
        first = item.blocks[0].inlines if item.blocks and isinstance(item.blocks[0], Paragraph) else ()
        rest = item.blocks[1:] if first else item.blocks
        lines += [LineBreak()] if lines else []
        lines += [Text(f"{item.label} "), *first]
        if rest:
            yield Paragraph(tuple(lines))
            lines = []
            yield from _with_labels_as_text(rest)
    if lines:
        yield Paragraph(tuple(lines))


def _is_tight(item: Item) -> bool:
    """Whether an item's blocks may follow each other without empty lines."""
    if not item.blocks:
        return True
    first, *rest = item.blocks
    return isinstance(first, Paragraph) and len(rest) <= 1 and all(_is_tight_list(block) for block in rest)


def _is_tight_list(block: Block) -> bool:
    return (
        isinstance(block, ItemList)
        and len(set(_runs(block.items))) == 1
        and block.items[0].label in ("", "1.", "1)")
        and all(map(_is_tight, block.items))
    )


def _set_in(text: str, indent: str) -> str:
    """All lines but the first, set in; empty ones stay empty."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"{indent}{line}" if line else "" for line in rest)])


def _fenced(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
