"""Which line breaks of a plain text mean something: those in an address do, those of a page's width don't."""

from collections.abc import Sequence

from petition.letters.text.emphasis import is_east_asian

NARROWEST, WIDEST = 50, 120
"""Between these widths a text may have been broken into lines; a longer line is a whole paragraph."""
FULL = 0.8
"""A share of the widest line: a line that the next word would make longer than this ended for lack of space."""


def width_of(lines: Sequence[str]) -> int:
    """How wide the lines of a text are set; 0 if only the author broke them."""
    widest = max(map(_breadth, lines), default=0)
    return widest if NARROWEST <= widest <= WIDEST else 0


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
