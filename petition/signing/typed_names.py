"""Names as people type them, and as they are unlocked: what one may contain, and what is never shown.

No one checked that a name is its signer's, and a locked name can't be read before it is unlocked. So the rules apply
twice: with a kind sentence when a signer types, and without mercy when a name would be shown to everyone.
"""

import re
import unicodedata
from dataclasses import dataclass

from petition.crypto.locked_names import LONGEST_LOCKED_NAME
from petition.errors import BadShape, Refusal, TooLong
from petition.letters.text.characters import JOINERS
from petition.letters.text.letter_text import one_line
from petition.normalization import normalize

MOST_MARKS = 4
"""Accents on one letter: more of them run over the lines of others."""
_CONTACT = re.compile(r"@|://|\bwww\.|\.(?:com|org|net|info|io)\b", re.IGNORECASE)
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


@dataclass(frozen=True)
class TypedName:
    """A name, and a title or nothing."""

    name: str
    title: str = ""

    def as_bytes(self) -> bytes:
        """What is locked: the name, or the name, a line feed and the title, in UTF-8."""
        return f"{self.name}\n{self.title}".encode() if self.title else self.name.encode()


def read_name(name: str, title: str = "") -> TypedName:
    """A name as typed, in normal form (NFC, one line); refuses what could not be shown."""
    if not name.strip():
        raise BadShape("Type your name, or choose “Anonymous.”")
    found = TypedName(_line(name, "name"), _line(title, "job title") if title.strip() else "")
    size = len(found.as_bytes())
    if size > LONGEST_LOCKED_NAME:
        raise TooLong(
            "Shorten your name or title. Together they have %(given)s bytes; the limit is %(most)s.",
            most=LONGEST_LOCKED_NAME,
            given=size,
        )
    return found


def opened_name(data: bytes) -> TypedName | None:
    """An unlocked name, as it may be shown; None for what no form would have accepted."""
    try:
        name, _, title = data.decode("utf-8").partition("\n")
        return None if "\n" in title else read_name(name, title)
    except (UnicodeDecodeError, Refusal):
        return None


def _line(text: str, field: str) -> str:
    typed = " ".join(text.split())
    if any(unicodedata.category(character) in _UNSHOWN and character not in JOINERS for character in typed):
        raise BadShape("The %(field)s has an invisible character. Type it by hand instead of pasting it.", field=field)
    line = one_line(text, field)
    if not any(unicodedata.category(character).startswith("L") for character in line):
        raise BadShape("The %(field)s has no letters. Type it as you want it to be read.", field=field)
    if _CONTACT.search(line):
        raise BadShape("Everyone can see the %(field)s. Leave out addresses and links.", field=field)
    if _marks_in_a_row(line) > MOST_MARKS:
        raise BadShape("The %(field)s has too many accents on one letter. Remove some of them.", field=field)
    return line


def _marks_in_a_row(text: str) -> int:
    runs = "".join("m" if unicodedata.combining(character) else " " for character in normalize("NFD", text))
    return max(map(len, runs.split()), default=0)
