"""Writes one paragraph's text as Markdown, and reads it back to be sure of it."""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Literal, TypeAlias

from petition.letters.drafting.importing.inline_reader import looks_in, looks_of
from petition.letters.drafting.importing.markup import escaped_within, guarded
from petition.letters.drafting.importing.omissions import MARKUP, Omissions
from petition.letters.drafting.importing.rich_text import Inline, LineBreak, NoteMark, Text
from petition.letters.text.emphasis import flanks

Mark: TypeAlias = Literal["link", "strong", "emphasis"]
SIGNS: tuple[dict[str, str], ...] = ({"strong": "**", "emphasis": "*"}, {"strong": "**", "emphasis": "_"})
ORDERS: tuple[tuple[Mark, ...], ...] = (("link", "strong", "emphasis"), ("link", "emphasis", "strong"))
"""Which of the marks that begin and end together is outside."""
MOST_SIGNS = 8
"""More characters than a row of asterisks, with what precedes it, can have."""
DEFINITION = re.compile(r"^(\[\^[^\]\n]+\]):", re.MULTILINE)
"""A note's mark at the beginning of a line, where a colon would make it the note itself."""
ENTITY = re.compile(r"&(?=#?\w+;)")
SAFE_ADDRESS = re.compile(r"https?://[!#-%'-;=?-\[\]_a-z~]+", re.ASCII | re.IGNORECASE)


def write_inlines(inlines: Sequence[Inline], notes: Mapping[str, Any], omissions: Omissions) -> str:
    """The Markdown of a paragraph. Bold and italic text that can't be marked is listed, and written without marks."""
    pieces = _pieces(inlines)
    wanted = looks_of(pieces)
    for marked in _ways(pieces):
        if looks_in(marked, notes) == wanted:
            return marked
    unmarked = [replace(one, strong=False, emphasis=False) if isinstance(one, Text) else one for one in pieces]
    for one in inlines:
        if isinstance(one, Text) and (one.strong or one.emphasis):
            omissions.add(MARKUP, one.text)
    return _written(unmarked, ORDERS[0], SIGNS[0])


def _ways(pieces: Sequence[Inline]) -> Iterable[str]:
    for signs, order in product(SIGNS, ORDERS):
        yield _written(pieces, order, signs)


def _pieces(inlines: Iterable[Inline]) -> list[Inline]:
    """Words and the blanks between them, each with its look; a blank has the look that its neighbors share."""
    pieces: list[Inline] = []
    for one in inlines:
        if isinstance(one, Text) and not one.code:
            pieces += [replace(one, text=part) for part in re.findall(r"\s+|\S+", one.text)]
        else:
            pieces.append(one)
    for place, one in enumerate(pieces):
        if isinstance(one, Text) and not one.code and one.text.isspace():
            pieces[place] = _blank(pieces[max(0, place - 1) : place], pieces[place + 1 : place + 2])
    return pieces


def _blank(before: Sequence[Inline], after: Sequence[Inline]) -> Text:
    sides = [*before, *after]
    if len(sides) < 2 or not all(isinstance(side, Text) for side in sides):
        return Text(" ")
    left, right = (side for side in sides if isinstance(side, Text))
    return Text(
        " ",
        strong=left.strong and right.strong,
        emphasis=left.emphasis and right.emphasis,
        link=left.link if left.link == right.link else "",
    )


def _written(pieces: Sequence[Inline], order: Sequence[Mark], signs: Mapping[str, str]) -> str:
    lines = _nested(pieces, order, signs)
    text = guarded("\n".join(line.strip(" ") for line in re.sub(r" +(?=\\\n)", "", lines).split("\n")))
    return DEFINITION.sub(r"\1\:", text)


def _nested(pieces: Sequence[Inline], order: Sequence[Mark], signs: Mapping[str, str]) -> str:
    """Marks within marks: the one that goes on longest is outside."""
    written = ""
    place = 0
    while place < len(pieces):
        ends = {mark: _end(pieces, place, mark) for mark in order if _value(pieces[place], mark)}
        if not ends:
            leaf = _leaf(pieces[place])
            if leaf.startswith("(") and place and isinstance(pieces[place - 1], NoteMark):
                leaf = f"\\{leaf}"  # or the note's mark would be the text of a link
            written = _behind(written, leaf)
            place += 1
            continue
        mark = max(ends, key=lambda found: ends[found])  # of equal ones the first
        within = _nested(pieces[place : ends[mark]], [other for other in order if other != mark], signs)
        if mark == "link":
            written += _link(within, _value(pieces[place], mark))
        else:
            written = _marked(written, within, signs[mark])
        place = ends[mark]
    return written


def _value(piece: Inline, mark: Mark) -> str:
    if not isinstance(piece, Text):
        return ""
    if mark == "link":
        return piece.link
    return mark if getattr(piece, mark) else ""


def _end(pieces: Sequence[Inline], start: int, mark: Mark) -> int:
    """Where a mark ends that begins at a place. Line breaks within it don't end it, nor do notes, but for a link."""
    value, end = _value(pieces[start], mark), start
    for place in range(start, len(pieces)):
        if mark == "link" and isinstance(pieces[place], NoteMark):
            break
        if isinstance(pieces[place], Text):
            if _value(pieces[place], mark) != value:
                break
            end = place + 1
    return end


def _behind(before: str, text: str) -> str:
    """What is written so far, and text without a mark."""
    return before + (_as_entity(text) if _must_yield(before, text) else text)


def _marked(before: str, within: str, sign: str) -> str:
    """What is written so far, and text between its signs."""
    if before and within and not flanks(within[0], before[-1]) and before[-1] not in string.punctuation:
        before = before[:-1] + f"&#{ord(before[-1])};"
    return f"{before}{sign}{within}{sign}"


def _must_yield(before: str, after: str) -> bool:
    """Whether the signs before a letter would not end there."""
    end = before[-MOST_SIGNS:]
    unsigned = end.rstrip("*_")
    return bool(after and unsigned) and len(unsigned) < len(end) and not flanks(unsigned[-1], after[0])


def _as_entity(text: str) -> str:
    return f"&#{ord(text[0])};{text[1:]}" if text[0] not in string.punctuation else text


def _leaf(piece: Inline) -> str:
    if isinstance(piece, LineBreak):
        return "\\\n"
    if isinstance(piece, NoteMark):
        return f"[^{piece.name}]"
    return _code(piece.text) if piece.code else escaped_within(piece.text)


def _code(text: str) -> str:
    line = " ".join(text.split("\n"))
    fence = "`" * (max((len(found) for found in re.findall("`+", line)), default=0) + 1)
    room = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
    return f"{fence}{room}{line}{room}{fence}"


def _link(within: str, address: str) -> str:
    if within == escaped_within(address) and SAFE_ADDRESS.fullmatch(address):
        return f"<{address}>"
    for sign, instead in (("\\", "%5C"), ("<", "%3C"), (">", "%3E"), ("\n", "")):
        address = address.replace(sign, instead)
    address = ENTITY.sub("&amp;", address)
    return f"[{within}](<{address}>)"
