"""Which domains may have codes by email, as values for the mailer."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.letters.models import Letter
from petition.letters.states import SIGNABLE
from petition.letters.verification_methods import allowed_domains


def mail_domains(services: Services) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """For the mailer: the domains whose addresses may get a code, by letter that takes signatures and by roll."""
    with Session(services.databases.reading) as session:
        letters = session.scalars(select(Letter).where(Letter.state.in_(SIGNABLE)))
        return {letter.id: allowed_domains(letter) for letter in letters}
