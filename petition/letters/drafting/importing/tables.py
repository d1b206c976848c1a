"""Tables, which a letter does not have: their rows as lines, with a bar between the cells."""

from collections.abc import Iterable, Sequence

from petition.letters.drafting.importing.omissions import LINES_FOLLOW, Omissions
from petition.letters.drafting.importing.rich_text import (
    Block,
    Inline,
    ItemList,
    LineBreak,
    Paragraph,
    Text,
    inlines_in,
    merged,
    plain,
)

Row = Sequence[Sequence[Block]]
"""Cells, each with its blocks."""


def as_blocks(rows: Sequence[Row], omissions: Omissions) -> list[Block]:
    """A table of one column is its blocks; of any other, each row is a line of one paragraph."""
    columns = {place for row in rows for place, cell in enumerate(row) if _shows(cell)}
    if len(columns) <= 1:
        return [block for row in rows for cell in row for block in cell]
    lines: list[Inline] = []
    for row in rows:
        if any(_shows(cell) for cell in row):
            lines += [LineBreak()] if lines else []
            lines += _line(row)
            omissions.add(LINES_FOLLOW)
    return [Paragraph(tuple(lines))]


def _shows(cell: Iterable[Block]) -> bool:
    return any(not isinstance(one, Text) or bool(one.text.strip()) for one in inlines_in(cell))


def _line(row: Row) -> list[Inline]:
    cells = [_in_one_line(cell) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    line: list[Inline] = []
    for place, cell in enumerate(cells):
        line += [Text(" | " if place > 1 or cells[0] else "| ")] if place else []
        line += cell
    return line


def _in_one_line(blocks: Iterable[Block]) -> list[Inline]:
    """The blocks of a cell without breaks, list items behind their labels."""
    found: list[Inline] = []
    for block in blocks:
        if isinstance(block, ItemList):
            parts: list[Inline] = []
            for item in block.items:
                parts += [Text(f"{item.label or '•'} "), *_in_one_line(item.blocks), Text(" ")]
        else:
            parts = [Text(" ") if isinstance(one, LineBreak) else one for one in inlines_in([block])]
        if plain(parts) or parts:
            found += [*parts, Text(" ")]
    return list(merged(found))
