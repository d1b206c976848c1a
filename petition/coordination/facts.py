"""What the rules of a letter's life need to know from outside the letter."""

from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.letters.drafting.approvals import approvals_of
from petition.letters.drafting.versions import newest_version
from petition.letters.host_approval import awaited_step
from petition.letters.lifecycle import Facts
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import key_holders
from petition.signing.signatures import rounds_of, waiting


def facts_of(session: Session, letter: Letter, services: Services) -> Facts:
    """What the rules of a letter's life need to know from outside the letter."""
    sealed = sum(row.signatures - row.withdrawals for row in rounds_of(session, letter.id) if row.annulled is None)
    agreed = len(approvals_of(session, letter, newest_version(session, letter).number)) if letter.approvals else 0
    return Facts(
        site_url=services.url,
        sealed=sealed,
        waiting=waiting(session, letter.id),
        key_holders=len(key_holders(session, letter.id)) if letter.name_steps else 0,
        sends_mail=services.sends_mail,
        approvals=agreed,
        awaited=awaited_step(session, letter, services.approve),
        contact=services.contact,
    )
