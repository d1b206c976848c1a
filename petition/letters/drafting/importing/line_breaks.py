"""Which line breaks of a plain text mean something: those in an address do, those of a page's width don't."""

from collections.abc import Sequence
from itertools import pairwise

from petition.letters.drafting.importing.list_marks import marked
from petition.letters.text.emphasis import is_east_asian

NARROWEST, WIDEST = 50, 120
"""Between these widths a text may have been broken into lines; a longer line is a whole paragraph, or else …"""
WIDEST_OF_ALL = 200
ALL_BUT_FEW, FEWEST = 0.9, 2
"""… up to this width, nearly all lines that another one follows are full, and there are some of them."""
FULL = 0.8
"""A share of the widest line: a line that the next word would make longer than this ended for lack of space."""


def width_of(lines: Sequence[str]) -> int:
    """How wide the lines of a text are set, empty ones among them; 0 if only the author broke them."""
    widest = max(map(_breadth, lines), default=0)
    if NARROWEST <= widest <= WIDEST:
        return widest
    return widest if WIDEST < widest <= WIDEST_OF_ALL and _are_full(lines, widest) else 0


def _are_full(lines: Sequence[str], width: int) -> bool:
    """Whether nearly all lines end for lack of space, of those that go on in the next one."""
    full = [is_wrapped(line, following, width) for line, following in pairwise(lines) if _goes_on(line, following)]
    return len(full) >= FEWEST and sum(full) >= ALL_BUT_FEW * len(full)


def _goes_on(line: str, following: str) -> bool:
    begins = following.strip()[:1]
    return bool(line.strip() and begins) and begins not in ">#|" and marked(following) is None


def is_wrapped(line: str, following: str, width: int) -> bool:
    """Whether a line ended only because the next word didn't fit."""
    word = following.split(maxsplit=1)[0] if following.strip() else ""
    return bool(width and word) and _breadth(line.rstrip()) + 1 + _breadth(word) > FULL * width


def is_paragraph(line: str) -> bool:
    """Whether a line is so long that it is a whole paragraph."""
    return _breadth(line) > WIDEST


def joined(line: str, following: str) -> str:
    """Two lines as one. A hyphen that a page put at the end of a line stays, since it may be the word's own."""
    if line.endswith("\u00ad"):
        return line[:-1] + following
    is_split = line.endswith("-") and line[-2:-1].isalpha() and following[:1].islower()
    is_east = bool(line and following) and is_east_asian(line[-1]) and is_east_asian(following[0])
    return f"{line}{'' if is_split or is_east else ' '}{following}"


def _breadth(text: str) -> int:
    return len(text) + sum(is_east_asian(character) for character in text if not character.isascii())
