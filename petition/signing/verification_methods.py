"""How the codes of a round reach people."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from petition.errors import Conflict, NotFound
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter
from petition.letters.states import BY_CODE, BY_EMAIL, require_signable
from petition.signing.models import Round
from petition.signing.signatures import rounds_of


def routes_of(letter: Letter, row: Round, rows: Iterable[Round]) -> list[str]:
    """The routes of one of the letter's rounds. Codes are mailed in a roll's first round that counts: in a further one
    everyone who has signed by email could sign once more. There, codes are handed out by people, who know to whom."""
    first = next((other for other in rows if other.roll == row.roll and other.annulled is None), row)
    return list(letter.routes) if BY_EMAIL not in letter.routes or row.number <= first.number else [BY_CODE]


def round_for_paper(session: Session, letter: Letter, roll: str | None = None) -> Round:
    """The round that codes on paper are made for: the newest of a roll that counts, by default of the first roll.

    Refused: letters that take no signatures, rolls without such a round, and rounds whose codes go out by email alone,
    because one person could sign twice.
    """
    require_signable(letter)
    wanted = known_roll(session, letter, roll)
    living = [row for row in rounds_of(session, letter.id) if row.roll == wanted and row.annulled is None]
    if not living:
        raise Conflict("These signers have no working set of codes. Start a new set.")
    if BY_CODE not in routes_of(letter, living[-1], living):
        raise Conflict("This letter's codes go out only by email.")
    return living[-1]


def known_roll(session: Session, letter: Letter, roll: str | None) -> str:
    """A roll by its id, or the letter's first one; refused if the letter has no such roll."""
    known = [one.id for one in rolls_of(session, letter)]
    if (roll or known[0]) not in known:
        raise NotFound(
            "This letter has no group of signers %(roll)s. Its groups: %(known)s.", roll=roll, known=", ".join(known)
        )
    return roll or known[0]
