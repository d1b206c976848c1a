"""Signing codes on paper: sheets to cut up, with a link for phones that says everything but to the server.

Only values come in; nothing is kept. What stands after ``#`` in the link never reaches a server.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

import segno

from petition.crypto.codes import read_code, show
from petition.crypto.pins import show_pin, write_pin
from petition.errors import BadShape
from petition.i18n import fill
from petition.letters.access import unlisted_path
from petition.letters.models import Letter
from petition.letters.pinned import pin_of_round
from petition.letters.text.letter_text import Words
from petition.publishing.documents.typesetting import pdf

_ = str
TEMPLATE = "codes.typ"
PAPERS = {"a4": "a4", "letter": "us-letter"}
MOST_ON_PAPER = 1_000
"""Codes that one file takes: 200 pages, made in about a quarter of a minute."""
STRIPS = 5
"""On a page."""


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

    @property
    def check_number(self) -> str:
        """The pin for reading aloud."""
        return show_pin(self.pin)


def sheet_of(
    letter: Letter, words: Words, url: str, round_: RoundToPrint, *, neutral: bool, has_codes: bool = True
) -> Sheet:
    """The sheet for codes of a round; ``neutral`` names neither the letter nor its address to who reads the strip."""
    return Sheet(
        join=f"{url}/{unlisted_path(letter)}/join",
        round=round_.number,
        pin=pin_of_round(letter, round_.number, round_.roll, round_.public_key),
        title="" if neutral else letter.title,
        language=words.language,
        has_codes=has_codes,
    )


def join_link(sheet: Sheet, code: str) -> str:
    """The link on a strip: ``…/join#r=ROUND&p=PIN&c=CODE`` (protocol, section 3), or the same without the code."""
    link = f"{sheet.join}#r={sheet.round}&p={write_pin(sheet.pin)}"
    return f"{link}&c={show(code)}" if sheet.has_codes else link


def sheet_pdf(sheet: Sheet, codes: list[str], paper: str = "a4") -> bytes:
    """A PDF to cut up, for paper ``a4`` or ``letter``. Refuses what is no code, and more than 1,000 of them."""
    if paper not in PAPERS:
        raise BadShape("Choose a paper: %(papers)s.", papers=", ".join(PAPERS))
    require_printable(len(codes))
    return pdf(TEMPLATE, said(sheet, codes, paper))


def said(sheet: Sheet, codes: list[str], paper: str) -> dict[str, Any]:
    """Everything that stands on the sheet, as values for the template."""
    say = partial(fill, sheet.language)
    host = urlsplit(sheet.join).netloc
    where = sheet.join if sheet.title else host
    return {
        "paper": PAPERS[paper],
        "language": sheet.language,
        "strips_on_a_page": STRIPS,
        "document": say(_("Signing codes"), {}),
        "title": sheet.title,
        "heading": say(_("Your signing code"), {}),
        "where": say(_("Scan the square, or type the code at %(address)s"), {"address": where})
        if sheet.title
        else say(_("Scan the square. It leads to %(host)s."), {"host": host}),
        "square": say(_("QR code: the address for signing, with this code"), {})
        if sheet.has_codes
        else say(_("QR code: the address for signing"), {}),
        "advice": [
            say(_("Use your own phone and your own network, not the employer's."), {}),
            say(_("You can save your signature and send it days later, from elsewhere."), {}),
            say(_("A browser remembers this link, code and all: open it in a private window."), {})
            if sheet.has_codes
            else say(_("The square leads to the page; the code is typed there."), {}),
            say(_("Signing is free, and nobody can see that you didn't. Destroy this paper."), {}),
        ],
        "keys": [
            [say(_("Round"), {}), str(sheet.round)],
            [say(_("Check number"), {}), sheet.check_number],
        ],
        "strips": [_strip(sheet, read_code(code)) for code in codes],
    }


def require_printable(count: int) -> None:
    """Refuse more codes than one file takes, before any is made."""
    if not 1 <= count <= MOST_ON_PAPER:
        raise BadShape("A printed sheet takes from 1 to %(most)s codes. Make several.", most=MOST_ON_PAPER)


def _strip(sheet: Sheet, code: str) -> dict[str, str]:
    made = segno.make(join_link(sheet, code), error="m", micro=False)
    return {"code": show(code), "square": made.svg_inline(border=4, omitsize=True)}
