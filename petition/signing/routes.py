"""By which routes the codes of a round go out."""

from collections.abc import Iterable

from petition.errors import Conflict
from petition.letters.life import CODE, MAIL
from petition.letters.models import Letter
from petition.signing.models import Round


def routes_of(letter: Letter, row: Round, rows: Iterable[Round]) -> list[str]:
    """The routes of one of the letter's rounds. Codes are mailed in a roll's first round that counts: in a further one
    everybody who has signed by mail could sign once more. There, codes are handed out by people, who know to whom."""
    first = next((other for other in rows if other.roll == row.roll and other.annulled is None), row)
    return list(letter.routes) if MAIL not in letter.routes or row.number <= first.number else [CODE]


def demand_paper(letter: Letter, row: Round, rows: Iterable[Round]) -> None:
    """Refuse codes on paper for a round whose codes go out by mail alone: one person could sign twice."""
    if CODE not in routes_of(letter, row, rows):
        raise Conflict(
            "The codes of this letter go out by mail only: with one on paper as well, one person could sign twice."
        )
