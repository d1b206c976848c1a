"""How people show that they work there: a code from a colleague, a code by email to the work address, or both."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from sqlalchemy.orm import Session

from petition.addresses import WITH_SUBDOMAINS, is_within, read_domain
from petition.errors import TOO_MANY, BadShape
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter
from petition.letters.states import BY_EMAIL, ROUTES, require_draft

MOST_DOMAINS = 50


def set_routes(session: Session, letter: Letter, routes: Sequence[str], domains: Mapping[str, Sequence[str]]) -> None:
    """Keep the routes, and for the mail route each roll's domains as they were typed; ``*.`` in front of one lets its
    sub-domains in too.

    Refuses no route at all, what is no domain, a domain in two rolls (its people could sign in both), and any change
    once the letter is open.
    """
    session.refresh(letter, with_for_update=True)
    require_draft(letter)
    chosen = [route for route in ROUTES if route in routes]
    if not chosen:
        raise BadShape("Choose at least one way to get codes.")
    read = {roll.id: _read(domains.get(roll.id, ())) for roll in rolls_of(session, letter)}
    _require_apart(read)
    letter.routes = chosen
    letter.mail_domains = {roll: found for roll, found in read.items() if found}
    session.flush()


def _read(typed: Sequence[str]) -> list[str]:
    found = sorted({read_domain(line) for line in typed if line.strip()})
    if len(found) > MOST_DOMAINS:
        raise BadShape(TOO_MANY, most=MOST_DOMAINS)
    return found


def _require_apart(read: Mapping[str, Sequence[str]]) -> None:
    for (_, mine), (_, others) in combinations(read.items(), 2):
        for one in mine:
            for other in others:
                if is_within(one.removeprefix(WITH_SUBDOMAINS), other) or is_within(
                    other.removeprefix(WITH_SUBDOMAINS), one
                ):
                    raise BadShape("Enter %(domain)s for one group only, so no one can sign twice.", domain=one)


def allowed_domains(letter: Letter) -> Mapping[str, Sequence[str]]:
    """By roll, the domains whose addresses may have a code; none where the mail route was not chosen."""
    return letter.mail_domains if BY_EMAIL in letter.routes else {}
