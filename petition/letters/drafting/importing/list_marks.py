"""Marks of lists that were typed or pasted as text: bullets, numbers, letters."""

import re
from dataclasses import dataclass

BULLET_SIGNS = "•●▪◦‣·○■□➢➤✓✔❖\uf0b7\uf0a7\uf0d8\uf0fc\uf076"
MARK = re.compile(
    rf"(?P<indent>[ \t]*)(?:(?P<bullet>[{BULLET_SIGNS}])[ \t]*|(?P<letter>o)\t[ \t]*|(?P<sign>[-*+–])[ \t]+|"
    r"(?P<number>[0-9]{1,3}[.)])[ \t]+)(?P<text>(?!\\$)\S.*)"
)


@dataclass(frozen=True)
class Marked:
    """A line that begins with the mark of a list: its number as it is typed, or nothing for a bullet."""

    number: str
    text: str
    indent: int
    is_certain: bool
    """Whether it can be nothing else, as a bullet; a hyphen or a number may begin a sentence."""


def marked(line: str) -> Marked | None:
    """The mark of a line and the text after it; None if it has none."""
    found = MARK.fullmatch(line)
    if found is None:
        return None
    indent = len(found["indent"].expandtabs(4)) + (4 if found["letter"] else 0)
    return Marked(found["number"] or "", found["text"], indent, not (found["number"] or found["sign"]))


def value_of(number: str) -> int:
    """What a typed number counts."""
    return int(number.rstrip(".)"))
