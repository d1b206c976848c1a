"""Signing codes on paper: sheets to cut up, with a link for phones that says everything but to the server.

Only values come in; nothing is kept. What stands after ``#`` in the link never reaches a server.
"""

from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width
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
"""What stands on every strip."""
HANDING_ON = (
    _("For you: codes to hand on"),
    _("Give each strip to one coworker you know and trust, face to face. One strip is one signature."),
    _("Ask first. Signing is their choice, and no one can tell if they don't."),
    _("Never write down who got a strip. Never photograph one, and never send one by work email or chat."),
    _("You can keep one to sign yourself. Tear up what is left, and this half page."),
    _("Nothing that the site stores says which strips went through your hands."),
)
"""What the coworker reads who hands strips on: a heading, then a line each."""


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
    has_codes: bool = True
    """Whether the square holds the code; else it is typed, and no browser keeps it in its history."""
    is_handed_on: bool = False
    """Whether a coworker hands the strips on: then the first half page is theirs."""


def sheet_of(session: Session, letter: Letter, round_: Round, url: str, *, neutral: bool, **how: bool) -> Sheet:
    """The sheet for codes of a round; ``neutral`` names neither the letter nor its address to who reads the strip.

    ``how`` are ``has_codes`` and ``is_handed_on``.
    """
    found = figures(session, letter, url)
    query = "" if round_.roll == DEFAULT_ROLL else f"?roll={round_.roll}"
    return Sheet(
        join=f"{url}/letters/{address_of(letter)}/join{query}",
        fingerprint=PublicKey.from_spki(round_.public_key).fingerprint,
        log_key=found.log_fingerprint,
        title="" if neutral else letter.title,
        language=found.words.language,
        **how,
    )


def join_link(sheet: Sheet, code: str) -> str:
    """The link on a strip: ``…/join#k=FINGERPRINT&c=CODE`` (protocol, section 3), or the same without the code."""
    link = f"{sheet.join}#k={sheet.fingerprint}"
    return f"{link}&c={show(code)}" if sheet.has_codes else link


def sheet_pdf(sheet: Sheet, codes: list[str], paper: str = "a4") -> bytes:
    """A PDF to cut up, for paper ``a4`` or ``letter``. Refuses what is no code, and more than 1,000 of them."""
    if paper not in PAPERS:
        raise BadShape("Choose a paper: %(papers)s.", papers=", ".join(PAPERS))
    require_printable(len(codes))
    return pdf(TEMPLATE, said(sheet, codes, paper))


def said(sheet: Sheet, codes: list[str], paper: str) -> dict[str, Any]:
    """Everything that stands on the sheet, as values for the template."""
    say = partial(fill, sheet.language, values={})
    return {
        "paper": PAPERS[paper],
        "language": sheet.language,
        "strips_on_a_page": STRIPS,
        "document": say(_("Signing codes")),
        "title": _shortened(sheet.title),
        "code": say(_("Code")),
        "where": sheet.join.partition("://")[2] if sheet.title else urlsplit(sheet.join).netloc,
        "square": say(_("QR code: the address for signing, with this code"))
        if sheet.has_codes
        else say(_("QR code: the address for signing")),
        **{name: say(sentence) for name, sentence in STRIP.items()},
        "check": [say(_("Check numbers")), f"{_aloud(sheet.fingerprint[:20])} · {_aloud(sheet.log_key)}"],
        "handing_on": [say(HANDING_ON[0]), *(say(line) for line in HANDING_ON[1:])] if sheet.is_handed_on else [],
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
        raise BadShape("A printed sheet takes from 1 to %(most)s codes. Make several.", most=MOST_ON_PAPER)


def _strip(sheet: Sheet, code: str) -> dict[str, str]:
    made = segno.make(join_link(sheet, code), error="m", micro=False)
    return {"code": show(code), "square": made.svg_inline(border=4, omitsize=True)}


def _aloud(digits: str) -> str:
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))
