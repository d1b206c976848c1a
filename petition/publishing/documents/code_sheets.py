"""Signing codes on paper: sheets to cut up, with a link for phones that hides everything from the server.

Only values come in; nothing is stored. What follows the ``#`` in the link never reaches a server.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol
from unicodedata import east_asian_width
from urllib.parse import urlsplit

import segno

from petition.crypto.codes import read_code, show
from petition.crypto.pins import show_pin, write_pin
from petition.errors import CHOOSE, BadShape
from petition.i18n import Translator
from petition.letters.access import unlisted_path
from petition.letters.models import Letter
from petition.letters.pinned import pin_of_round
from petition.letters.text.letter_text import LetterText
from petition.publishing.documents.typesetting import pdf

_ = str
TEMPLATE = "codes.typ"
PAPERS = {"a4": "a4", "letter": "us-letter"}
MOST_ON_PAPER = 1_000
"""Codes that one file takes: 200 pages, made in about a quarter of a minute."""
STRIPS = 8
"""On a page."""
WIDEST_TITLE = 110
"""Columns of a title that fit on a strip, a wide character taking two."""


STRIP = {
    "lead": _(
        "A letter from your coworkers. Read it first; sign only if you agree. Your employer can't see who signs."
    ),
    "advice": _("Own phone, private window, not work Wi-Fi. Then tear this up."),
}
"""What is on every strip."""
HANDING_ON = (
    _("For you: codes to pass on"),
    _("Give each strip to one coworker you know and trust, face to face."),
    _("Ask first. Signing is their choice, and no one can tell if they don't."),
    _("Never write down who got a strip. Never photograph one, and never send one by work email or chat."),
    _("You can keep one to sign yourself. Tear up what is left, and this half page."),
    _("Nothing this site stores says which strips you handed out."),
)
"""What the coworker reads who hands strips on: a heading, then a line each."""


class RoundToPrint(Protocol):
    """What a sheet needs to know of a round."""

    @property
    def number(self) -> int: ...
    @property
    def roll(self) -> str: ...
    @property
    def public_key(self) -> bytes: ...


@dataclass(frozen=True)
class Sheet:
    """What all strips of a sheet have in common."""

    join: str
    """The address for joining: the one that the letter has for good, before and after it is public."""
    round: int
    pin: bytes
    """Of the round's public record, 32 bytes."""
    title: str = ""
    """The letter's, or nothing: then the strip names neither the letter nor its address."""
    language: str = "en"
    has_codes: bool = True
    """Whether the square holds the code; else it is typed, and no browser keeps it in its history."""
    is_handed_on: bool = False
    """Whether a coworker hands the strips on: then the first half page is theirs."""

    @property
    def check_number(self) -> str:
        """The pin for reading aloud."""
        return show_pin(self.pin)

    @property
    def spoken(self) -> str:
        """The language of all but the title: the letter's, or English where the site doesn't speak that."""
        return Translator(self.language).language

    @property
    def words(self) -> dict[str, str]:
        """What every strip says."""
        say = Translator(self.language).say
        return {
            **{name: say(sentence) for name, sentence in STRIP.items()},
            "code": say(_("Code")),
            "square": say(_("QR code: the address for signing")),
            "check": say(_("Check number")),
        }

    @property
    def handing_on(self) -> list[str]:
        """What the coworker reads who hands the strips on: a heading, then a line each; nothing without one."""
        return [Translator(self.language).say(line) for line in HANDING_ON] if self.is_handed_on else []

    @property
    def where(self) -> str:
        """The address as it is typed, or on strips without a title only the site's."""
        return self.join.partition("://")[2] if self.title else urlsplit(self.join).netloc


def sheet_of(letter: Letter, words: LetterText, url: str, round_: RoundToPrint, *, neutral: bool, **how: bool) -> Sheet:
    """The sheet for codes of a round; ``neutral`` names neither the letter nor its address to readers of the strip.

    ``how`` are ``has_codes`` and ``is_handed_on``.
    """
    return Sheet(
        join=f"{url}/{unlisted_path(letter)}/join",
        round=round_.number,
        pin=pin_of_round(letter, round_.number, round_.roll, round_.public_key),
        title="" if neutral else letter.title,
        language=words.language,
        **how,
    )


def join_link(sheet: Sheet, code: str) -> str:
    """The link on a strip: ``…/join#r=ROUND&p=PIN&c=CODE`` (protocol, section 3), or the same without the code."""
    link = f"{sheet.join}#r={sheet.round}&p={write_pin(sheet.pin)}"
    return f"{link}&c={show(code)}" if sheet.has_codes else link


def sheet_pdf(sheet: Sheet, codes: list[str], paper: str = "a4") -> bytes:
    """A PDF to cut up, for paper ``a4`` or ``letter``. Refuses what is no code, and more than 1,000 of them."""
    if paper not in PAPERS:
        raise BadShape(CHOOSE, choices=", ".join(PAPERS))
    require_printable(len(codes))
    return pdf(TEMPLATE, said(sheet, codes, paper))


def said(sheet: Sheet, codes: list[str], paper: str) -> dict[str, Any]:
    """Everything on the sheet, as values for the template."""
    words = sheet.words
    return {
        "paper": PAPERS[paper],
        "language": sheet.language.partition("-")[0],  # as Typst has it
        "spoken": sheet.spoken.partition("-")[0],
        "strips_on_a_page": STRIPS,
        "document": Translator(sheet.language).say(_("Signing codes")),
        "title": _shortened(sheet.title),
        "where": sheet.where,
        **words,
        "check": [words["check"], sheet.check_number],
        "handing_on": sheet.handing_on,
        "strips": [_strip(sheet, read_code(code)) for code in codes],
    }


def _shortened(title: str) -> str:
    """A title as it fits on a strip."""
    widths = [2 if east_asian_width(character) in "WF" else 1 for character in title]
    if sum(widths) <= WIDEST_TITLE:
        return title
    room = sum(total < WIDEST_TITLE for total in accumulate(widths))
    return title[:room].rstrip() + "…"


def require_printable(count: int) -> None:
    """Refuse more codes than one file takes, before any is made."""
    if not 1 <= count <= MOST_ON_PAPER:
        raise BadShape("A printed sheet holds 1 to %(most)s codes. Make several sheets.", most=MOST_ON_PAPER)


def _strip(sheet: Sheet, code: str) -> dict[str, str]:
    made = segno.make(join_link(sheet, code), error="m", micro=False)
    return {"code": show(code), "square": made.svg_inline(border=4, omitsize=True)}
