"""Which characters a text may have: those that mean nothing are removed, those that could deceive are refused.

Removed are invisible characters that change nothing for a reader: soft hyphens, zero width spaces, marks and isolates
of direction with no effect to speak of. They could carry a hidden mark that shows who was given a copy. Joiners stay
where a script or an emoji needs them. Refused are control characters, and overrides of the text's direction: with
those, a text reads differently from what is signed.
"""

import re
import unicodedata
from collections import Counter

from petition.errors import BadShape

LINE_BREAKS = str.maketrans({"\x0b": "\n", "\x85": "\n", "\u2028": "\n", "\x0c": "\n\n", "\u2029": "\n\n"})
"""Vertical tab, next line and line separator; form feed and paragraph separator."""
WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0) if code != 0x85}
"""Quotes and dashes of Windows-1252 that were read as Latin-1, where they are control characters."""
OTHERS = {"\x1e": "\N{NON-BREAKING HYPHEN}", "\x1f": ""}
"""How Word writes a hyphen that doesn't break, and one that shows only at the end of a line."""
SAME_SIGNS = str.maketrans({**{chr(code): found for code, found in WINDOWS.items() if found}, **OTHERS})

MEANINGLESS = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u202a-\u202c\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
JOINERS = "\u200c\u200d"
"""Invisible, but Persian and Indian words cannot be written without them."""
DIRECTION_MARKS = "\u061c\u200e\u200f"
TAGS = re.compile("(?<=\U0001f3f4)[\U000e0020-\U000e007f]+")
"""What makes a flag a region's."""
REFUSED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e]")
REFUSED_IN_LINKS = re.compile(REFUSED.pattern[:-1] + "\ufffe\uffff]")
"""In links, which the feed has, also the noncharacters that XML can't have (XML 1.0, 2.2)."""
NAMES = {
    "\u202a": "left-to-right embedding",
    "\u202b": "right-to-left embedding",
    "\u202c": "pop directional formatting",
    "\u202d": "left-to-right override",
    "\u202e": "right-to-left override",
    "\u2066": "left-to-right isolate",
    "\u2067": "right-to-left isolate",
    "\u2068": "first strong isolate",
    "\u2069": "pop directional isolate",
}
AROUND = 40
"""Characters shown on each side of one that is refused."""


def without_codes(text: str) -> str:
    """The text with line feeds and letters in place of control codes that stand for them."""
    return text.translate(LINE_BREAKS).translate(SAME_SIGNS)


def readable(text: str) -> str:
    """The text with line breaks as line feeds, and without characters that mean nothing."""
    text = without_codes(text)
    return "".join(text[start:end] for start, end in _kept(text))


def meaningless_in(text: str) -> Counter[str]:
    """The characters that ``readable`` removes, by their names."""
    text = without_codes(text)
    return Counter(name_of(text[place]) for place in _removed(text))


def _kept(text: str) -> list[tuple[int, int]]:
    places = [-1, *_removed(text), len(text)]
    return [(before + 1, after) for before, after in zip(places, places[1:], strict=False)]


def _removed(text: str) -> list[int]:
    """Where the characters are that mean nothing."""
    if text.isascii():
        return []
    flags = {place for found in TAGS.finditer(text) for place in range(*found.span())}
    return [
        place
        for place, character in enumerate(text)
        if not character.isascii() and _means_nothing(text, place) and place not in flags
    ]


def _means_nothing(text: str, place: int) -> bool:
    character = text[place]
    if character in JOINERS:
        return not _joins(text[place - 1 : place])
    if character in DIRECTION_MARKS:
        return not _runs_right_to_left(text, place)
    return MEANINGLESS.match(character) is not None


def _joins(before: str) -> bool:
    """Whether a joiner after a character can mean anything: in Arabic and Indic scripts, and between emoji."""
    return bool(before) and before >= "\u0600" and unicodedata.category(before)[0] in "LMS"


def _runs_right_to_left(text: str, place: int) -> bool:
    """Whether the line has letters that run from right to left."""
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    line = text[start : end if end >= 0 else len(text)]
    return any(unicodedata.bidirectional(one) in ("R", "AL") for one in line if one not in DIRECTION_MARKS)


def require_visible(text: str, field: str) -> None:
    """Refuse what is invisible and what could deceive; the refusal names it and shows where it is."""
    found = (REFUSED_IN_LINKS if field == "link" else REFUSED).search(text)
    if found:
        raise BadShape(
            "Delete the invisible character (%(name)s) in the %(field)s. It is at [here]: “%(where)s”",
            field=field, name=name_of(found[0]), where=_shown(text, found.start()),
        )  # fmt: skip


def _shown(text: str, place: int) -> str:
    """The words around a place; those that are cut are left out."""
    before, after = text[:place], text[place + 1 :]
    if len(before) > AROUND:
        before = "…" + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + "…"
    return " ".join(REFUSED_IN_LINKS.sub("", f"{before}[here]{after}").split())


def name_of(character: str) -> str:
    """What a character is called."""
    name = NAMES.get(character) or unicodedata.name(character, "").lower()
    return name or f"U+{ord(character):04X}"
