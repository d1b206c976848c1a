"""Which characters of a letter no font here can draw in PDFs and pictures, and which Debian package has such fonts."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from sqlalchemy.orm import Session

from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.fields import fields_of
from petition.letters.models import Letter
from petition.letters.text.letter_text import canonical
from petition.publishing.documents.typesetting import not_drawn

EMOJI, CJK, NOTO_CORE = "fonts-noto-color-emoji", "fonts-noto-cjk", "fonts-noto-core"
SAMPLES = {EMOJI: "🫶🏽", CJK: "我们 かな 한국", NOTO_CORE: "سلام שלום नमस्ते ไทย ሰላም ខ្មែរ မြန်မာ ગુજરાતી"}
"""A few words that fonts of each package can draw."""
FIRST_EMOJI, FIRST_PICTURE, FIRST_IDEOGRAPH = 0x1F000, 0x2300, 0x2E80
LATIN, PUNCTUATION = range(0x180), range(0x2010, 0x2027)
"""Characters that the typesetter brings along: Basic Latin to Latin Extended-A, and quotes and dashes."""


@dataclass(frozen=True)
class MissingFont:
    """A package of fonts that is needed, and the first characters that need it."""

    package: str
    example: str


def fonts_missing_for(session: Session, letter: Letter) -> list[MissingFont]:
    """What a letter's text, in all its languages, and its questions for signers need."""
    words = canonical(text_of(newest_version(session, letter))).decode()
    fields = fields_of(session, letter.id)
    labels = [label for field in fields for label in (field.label, *(option.label for option in field.options))]
    return fonts_missing("\n".join([words, *labels]))


def fonts_missing(text: str, *, of_machine: bool = True) -> list[MissingFont]:
    """The packages that a text needs; ``of_machine`` counts the fonts that are installed here."""
    needed: dict[str, list[str]] = {}
    for word in dict.fromkeys(text.split()):
        for package, run in _runs(word):
            needed.setdefault(package, []).append(run)
    found = {package: not_drawn(" ".join(runs), of_machine=of_machine) for package, runs in sorted(needed.items())}
    return [MissingFont(package, example) for package, example in found.items() if example]


def packages_missing(*, of_machine: bool = True) -> list[str]:
    """The packages of which this machine has nothing that could replace them."""
    return [package for package, sample in SAMPLES.items() if not_drawn(sample, of_machine=of_machine)]


def _runs(word: str) -> Iterator[tuple[str, str]]:
    """A word's parts that need a package; marks and joiners go with the character before them."""
    package, placed = "", []
    for character in word:
        if unicodedata.category(character) not in ("Mn", "Mc", "Me", "Cf", "Sk"):
            package = _package_of(character)
        placed.append((package, character))
    for package, part in groupby(placed, key=itemgetter(0)):
        if package:
            yield package, "".join(character for _, character in part)


def _package_of(character: str) -> str:
    """The package whose fonts have a character; empty if none is needed."""
    code = ord(character)
    if code in LATIN or code in PUNCTUATION:
        return ""
    is_wide = unicodedata.east_asian_width(character) in "WFH"
    if FIRST_EMOJI <= code < 0x20000 or (is_wide and FIRST_PICTURE <= code < FIRST_IDEOGRAPH):
        return EMOJI
    return CJK if is_wide else NOTO_CORE
