"""Which line breaks of a plain text mean something: those in an address do, those of a page's width don't.

A text of a usual width is taken to be wrapped, unless its lines begin with capitals as those of a poem do. The narrow
columns of a PDF and the wide lines of an editor need more evidence, since addresses and lists have such widths as well:
many full lines have to go on in the middle of a sentence, and nearly all lines that do so have to be full.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

from petition.letters.drafting.importing.list_marks import marked
from petition.letters.text.emphasis import is_east_asian

NARROWEST = 25
"""No narrower text is taken to be wrapped."""
USUAL_NARROWEST, USUAL_WIDEST = 50, 120
"""Usual widths. A line that is longer than these is a whole paragraph, if the text isn't wrapped."""
FULL, SURELY_FULL = 0.8, 0.85
"""Shares of the width: a line that the next word would make longer than this ended for lack of space."""
FEWEST_NARROW, FEWEST_WIDE = 4, 2
"""How many lines have to go on in the middle of a sentence …"""
ALL_BUT_FEW, MANY = 0.9, 0.3
"""… of which nearly all have to be full, and which have to be many of the full lines; German has many capitals."""
FEWEST_VERSES = 2
"""A text of poems and lists has some full lines, and not many of them go on in the middle of a sentence."""
FEWEST_VERSES_WITHIN = 3
"""A poem or list in another text has at least these, or a line that isn't full. Each begins like a new one."""
OPENING = "\"'“”„‘«»([*_"
_Pair: TypeAlias = tuple[str, str]


def width_of(lines: Sequence[str]) -> int:
    """How wide the lines of a text are set, empty ones among them; 0 if only the author broke them."""
    pairs = _pairs(lines)
    width = _widest(line for pair in pairs for line in pair)
    if width >= NARROWEST and _is_surely_wrapped(pairs, width):
        return width
    widest = _widest(lines)
    return widest if USUAL_NARROWEST <= widest <= USUAL_WIDEST and not _is_poem(pairs, widest) else 0


def width_within(paragraph: Sequence[str], width: int) -> int:
    """The width of a paragraph in a text of a width; 0 if it is a poem, a list or an address, whose lines stay."""
    telling = _telling(_pairs(paragraph))
    full = [pair for pair in telling if is_wrapped(*pair, width)]
    is_broken = len(full) < len(telling) or len(full) >= FEWEST_VERSES_WITHIN
    return 0 if is_broken and not any(_is_amid_sentence(*pair) for pair in full) else width


def _pairs(lines: Sequence[str]) -> list[_Pair]:
    return [(line, following) for line, following in pairwise(lines) if _goes_on(line, following)]


def _goes_on(line: str, following: str) -> bool:
    begins = following.strip()[:1]
    return bool(line.strip() and begins) and begins not in ">#|" and marked(following) is None


def _is_surely_wrapped(pairs: Sequence[_Pair], width: int) -> bool:
    if width > USUAL_WIDEST:  # an address beside them says nothing
        pairs = [pair for pair in pairs if _breadth(pair[0]) > width / 2]
    amid = [pair for pair in pairs if _is_amid_sentence(*pair)]
    full = [pair for pair in pairs if _is_full(*pair, SURELY_FULL * width)]
    both = sum(_is_amid_sentence(*pair) for pair in full)
    fewest = FEWEST_NARROW if width < USUAL_NARROWEST else FEWEST_WIDE
    return len(amid) >= fewest and both >= ALL_BUT_FEW * len(amid) and both >= MANY * len(full)


def _is_poem(pairs: Sequence[_Pair], width: int) -> bool:
    amid = [_is_amid_sentence(*pair) for pair in _telling(pairs) if is_wrapped(*pair, width)]
    return len(amid) >= FEWEST_VERSES and sum(amid) < MANY * len(amid)


def _telling(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Those whose second line begins with a digit, or a letter that could be a capital or a small one."""
    return [pair for pair in pairs if _first(pair[1]).isdecimal() or _has_case(_first(pair[1]))]


def _is_amid_sentence(line: str, following: str) -> bool:
    """Whether a sentence goes on in the next line, as far as one can see it.

    Letters without capitals tell it only in long lines, and in Chinese, Japanese and Korean, which fill their lines.
    """
    first, last = _first(following), line.rstrip()[-1:]
    if _has_case(first):
        return first.islower()
    is_telling = _breadth(line) > USUAL_WIDEST or (is_east_asian(first or " ") and is_east_asian(last))
    return is_telling and first.isalpha() and not unicodedata.category(last).startswith("P")


def _has_case(letter: str) -> bool:
    return letter.upper() != letter.lower()


def _first(line: str) -> str:
    return line.strip().lstrip(OPENING)[:1]


def is_wrapped(line: str, following: str, width: int) -> bool:
    """Whether a line ended only because the next word didn't fit."""
    return bool(width) and _is_full(line, following, FULL * width)


def _is_full(line: str, following: str, width: float) -> bool:
    word = following.split(maxsplit=1)[0] if following.strip() else ""
    if word and is_east_asian(word[0]):
        word = word[0]  # the next line may begin with any character
    return bool(word) and _breadth(line) + 1 + _breadth(word) > width


def is_paragraph(line: str) -> bool:
    """Whether a line is so long that it is a whole paragraph."""
    return _breadth(line) > USUAL_WIDEST


def joined(line: str, following: str) -> str:
    """Two lines as one. A hyphen that a page put at the end of a line stays, since it may be the word's own."""
    if line.endswith("\u00ad"):
        return line[:-1] + following
    is_east = bool(line and following) and is_east_asian(line[-1]) and is_east_asian(following[0])
    return f"{line}{'' if is_split(line, following) or is_east else ' '}{following}"


def is_split(line: str, following: str) -> bool:
    """Whether a line ends within a word, with a hyphen."""
    return line.endswith("-") and line[-2:-1].isalpha() and following[:1].islower()


def _widest(lines: Iterable[str]) -> int:
    return max(map(_breadth, lines), default=0)


def _breadth(line: str) -> int:
    """The columns that a line takes, without a break of Markdown's at its end."""
    text = line.rstrip().removesuffix("\\")
    return len(text) + sum(is_east_asian(character) for character in text if not character.isascii())
