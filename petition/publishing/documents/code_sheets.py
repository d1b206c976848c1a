"""Signing codes on paper: sheets to cut up, with a link for phones that says everything but to the server.

Only values come in; nothing is kept. What stands after ``#`` in the link never reaches a server.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import segno
from sqlalchemy.orm import Session

from petition.crypto.blind_rsa import PublicKey
from petition.crypto.codes import read_code, show
from petition.errors import BadShape
from petition.i18n import fill
from petition.letters.access import address_of
from petition.letters.drafting.settings import DEFAULT_ROLL
from petition.letters.models import Letter
from petition.publishing.documents.typesetting import pdf
from petition.publishing.figures.counts import figures
from petition.signing.models import Round

_ = str
TEMPLATE = "codes.typ"
PAPERS = {"a4": "a4", "letter": "us-letter"}
MOST_ON_PAPER = 1_000
"""Codes that one file takes: 200 pages, made in about a quarter of a minute."""
STRIPS = 5
"""On a page."""


@dataclass(frozen=True)
class Sheet:
    """What all strips of a sheet have in common."""

    join: str
    """The address for joining, with ``?roll=`` where it needs one."""
    fingerprint: str
    """Hex SHA-256 of the round key's SPKI DER."""
    log_key: str
    """The log's key, shortened for reading aloud: 20 hex digits."""
    title: str = ""
    """The letter's, or nothing: then the strip names neither the letter nor its address."""
    language: str = "en"


def sheet_of(session: Session, letter: Letter, round_: Round, url: str, *, neutral: bool) -> Sheet:
    """The sheet for codes of a round; ``neutral`` names neither the letter nor its address to who reads the strip."""
    found = figures(session, letter, url)
    query = "" if round_.roll == DEFAULT_ROLL else f"?roll={round_.roll}"
    return Sheet(
        join=f"{url}/letters/{address_of(letter)}/join{query}",
        fingerprint=PublicKey.from_spki(round_.public_key).fingerprint,
        log_key=found.log_fingerprint,
        title="" if neutral else letter.title,
        language=found.words.language,
    )


def join_link(join: str, fingerprint: str, code: str) -> str:
    """The link on a strip: ``…/join#k=FINGERPRINT&c=CODE`` (protocol, section 3)."""
    return f"{join}#k={fingerprint}&c={show(code)}"


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
        "square": say(_("QR code: the address for signing, with this code"), {}),
        "advice": [
            say(_("Use your own phone and your own network, not the employer's."), {}),
            say(_("You can save your signature and send it days later, from elsewhere."), {}),
            say(_("Signing is free, and nobody can see that you didn't. Destroy this paper."), {}),
        ],
        "keys": [
            [say(_("Key of the round"), {}), _aloud(sheet.fingerprint[:20])],
            [say(_("Key of the log"), {}), _aloud(sheet.log_key)],
        ],
        "strips": [_strip(sheet, read_code(code)) for code in codes],
    }


def require_printable(count: int) -> None:
    """Refuse more codes than one file takes, before any is made."""
    if not 1 <= count <= MOST_ON_PAPER:
        raise BadShape("A printed sheet takes from 1 to %(most)s codes. Make several.", most=MOST_ON_PAPER)


def _strip(sheet: Sheet, code: str) -> dict[str, str]:
    made = segno.make(join_link(sheet.join, sheet.fingerprint, code), error="m", micro=False)
    return {"code": show(code), "square": made.svg_inline(border=4, omitsize=True)}


def _aloud(digits: str) -> str:
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))
