"""The letters of a site as its home page lists them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from petition.letters.drafting.versions import newest_version
from petition.letters.employers import by_employer
from petition.letters.models import Letter
from petition.sealing.history import totals
from petition.signing.signatures import rounds_of


@dataclass(frozen=True)
class Listed:
    """A public letter in a line."""

    slug: str
    title: str
    recipient: str
    count: int
    published: date


def listing(session: Session) -> list[tuple[str, list[Listed]]]:
    """Employers in alphabetical order, each with its public letters, newest first."""
    return [(employer, list(_lines(session, letters))) for employer, letters in by_employer(session)]


def _lines(session: Session, letters: list[Letter]) -> Iterator[Listed]:
    for letter in letters:
        signatures, withdrawals = totals(rounds_of(session, letter.id))
        recipient = newest_version(session, letter).recipient
        assert letter.published is not None
        yield Listed(letter.slug, letter.title, recipient, signatures - withdrawals, letter.published.date())
