"""From A to Z, as readers of a language look a name up: without ICU, by rules that fit on a page.

Names compare by their letters without accents and without regard to case, then by accents, then as they are written.
Scripts other than Latin follow in the order of their characters. What a language counts as a letter of its own stands
where its dictionaries put it: ñ after n in Spanish, å ä ö after z in Swedish, and so on.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from petition.normalization import normalize

AFTER: dict[str, dict[str, str]] = {
    "da": {"æ": "z1", "ø": "z2", "å": "z3"},
    "nb": {"æ": "z1", "ø": "z2", "å": "z3"},
    "nn": {"æ": "z1", "ø": "z2", "å": "z3"},
    "no": {"æ": "z1", "ø": "z2", "å": "z3"},
    "sv": {"å": "z1", "ä": "z2", "ö": "z3"},
    "fi": {"å": "z1", "ä": "z2", "ö": "z3"},
    "et": {"š": "s1", "z": "s2", "ž": "s3", "õ": "w1", "ä": "w2", "ö": "w3", "ü": "w4"},
    "es": {"ñ": "n1"},
    "gl": {"ñ": "n1"},
    "eu": {"ñ": "n1"},
    "pl": {"ą": "a1", "ć": "c1", "ę": "e1", "ł": "l1", "ń": "n1", "ó": "o1", "ś": "s1", "ź": "z1", "ż": "z2"},
    "cs": {"č": "c1", "ř": "r1", "š": "s1", "ž": "z1"},
    "sk": {"č": "c1", "š": "s1", "ž": "z1"},
    "hr": {"č": "c1", "ć": "c2", "đ": "d1", "š": "s1", "ž": "z1"},
    "hu": {"ö": "o1", "ő": "o1", "ü": "u1", "ű": "u1"},
    "ro": {"ă": "a1", "â": "a2", "î": "i1", "ș": "s1", "ț": "t1"},
    "tr": {"ç": "c1", "ğ": "g1", "ı": "h1", "ö": "o1", "ş": "s1", "ü": "u1"},
    "is": {"á": "a1", "é": "e1", "í": "i1", "ó": "o1", "ú": "u1", "ý": "y1", "þ": "z1", "æ": "z2", "ö": "z3"},
}
"""Letters of their own, by language: the letter that each follows, and its place after it."""
WHOLE = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
"""Letters that no accent can be taken off."""
LAST = "\ufffd"
"""Sorts after all letters."""
_DASHES = re.compile("[-‐‑–]")

Place = tuple[tuple[str, ...], str, str]


def place(name: str, language: str) -> Place:
    """What to sort names by for readers of a language (``en``, ``pt-BR``): equal only for equal names."""
    own = AFTER.get(language.partition("-")[0], {})
    folded = _folded(name)
    words = ("".join(_weight(letter, own) for letter in word) for word in _DASHES.sub(" ", folded).split())
    return tuple(word for word in words if word), folded, name


def initial(name: str, language: str) -> str:
    """The letter under which a list shows a name."""
    first = next((letter for letter in _folded(name) if letter.isalpha()), "#")
    return (first if first in AFTER.get(language.partition("-")[0], {}) else _plain(first)[:1] or first).upper()


def _folded(text: str) -> str:
    return normalize("NFC", text.casefold())


def _weight(letter: str, own: Mapping[str, str]) -> str:
    """A separate letter comes after the one that it follows, and after everything that begins with that one."""
    after = own.get(letter)
    return after[0] + LAST * int(after[1]) if after else _plain(letter)


@cache
def _plain(letter: str) -> str:
    if unicodedata.category(letter)[0] in "PS":  # what is not read aloud
        return ""
    if letter in WHOLE:
        return WHOLE[letter]
    return "".join(part for part in normalize("NFKD", letter) if not unicodedata.combining(part)) or letter
