"""Several letters and organizations on one site: public letters, by employer."""

from itertools import groupby

from sqlalchemy.orm import Session

from petition.letters.access import published_letters
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Letter


def by_employer(session: Session) -> list[tuple[str, list[Letter]]]:
    """Employers in alphabetical order, one for all spellings, each with its public letters, newest first."""
    named = [(newest_version(session, letter).employer, letter) for letter in published_letters(session)]
    named.sort(key=lambda one: one[0].casefold())
    groups = [list(group) for _, group in groupby(named, key=lambda one: one[0].casefold())]
    return [(group[0][0], [letter for _, letter in group]) for group in groups]
