"""Which asterisks begin and end bold and italic text, even without spaces between words.

CommonMark decides by blanks and punctuation, and so misses ``**「反对」**是``, since Chinese, Japanese and Korean put
neither blanks nor other letters around their punctuation. Here their punctuation counts as a letter, and their letters
count as a boundary beside other punctuation. Everything else is as in CommonMark.
"""

import unicodedata

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline.state_inline import Delimiter, StateInline


def is_east_asian(character: str) -> bool:
    """Whether a character belongs to Chinese, Japanese or Korean: their letters and their own punctuation."""
    return unicodedata.east_asian_width(character) in "WFH" and unicodedata.category(character) != "So"


def is_other_punctuation(character: str) -> bool:
    """Whether it is punctuation, and not theirs."""
    is_punctuation = isMdAsciiPunct(ord(character)) or isPunctChar(character)
    return is_punctuation and not is_east_asian(character)


def flanks(inside: str, outside: str) -> bool:
    """Whether a mark between two characters can stand on that side of the one that is ``inside`` the marked words."""
    if isWhiteSpace(ord(inside)):
        return False
    is_boundary = isWhiteSpace(ord(outside)) or is_other_punctuation(outside) or is_east_asian(outside)
    return is_boundary or not is_other_punctuation(inside)


def read_marks(state: StateInline, silent: bool) -> bool:
    """Markdown-it's rule ``emphasis``, with these characters."""
    marker = state.src[state.pos]
    if silent or marker not in "_*":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    opens, closes = flanks(after, before), flanks(before, after)
    if marker == "_":  # never within a word
        is_open, is_close = opens, closes
        opens = is_open and (not is_close or is_other_punctuation(before))
        closes = is_close and (not is_open or is_other_punctuation(after))
    for _ in range(end - state.pos):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(ord(marker), end - state.pos, len(state.tokens) - 1, -1, opens, closes)  # as in CommonMark
        )
    state.pos = end
    return True
