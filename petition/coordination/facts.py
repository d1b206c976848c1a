"""What the rules of a letter's life need to know from outside the letter."""

from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.letters.drafting.approvals import approvals_of
from petition.letters.drafting.versions import newest_version
from petition.letters.host_approval import awaited_step
from petition.letters.lifecycle import Facts
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import key_holders
from petition.sealing.history import totals
from petition.signing.signatures import rounds_of


def facts_of(session: Session, letter: Letter, services: Services) -> Facts:
    """What the rules of a letter's life need to know from outside the letter; of signatures as of the last update."""
    rounds = rounds_of(session, letter.id)
    living = [row for row in rounds if row.annulled is None]
    signed, withdrawn = totals(living)
    agreed = len(approvals_of(session, letter, newest_version(session, letter).number)) if letter.approvals else 0
    return Facts(
        site_url=services.url,
        sealed=signed - withdrawn,
        has_k_counted=any(row.signatures >= letter.k for row in living),
        has_k_together=any(row.has_enough for row in living),
        key_holders=len(key_holders(session, letter.id)) if letter.name_steps else 0,
        sends_mail=services.sends_mail,
        approvals=agreed,
        is_demo=services.is_demo,
        awaited=awaited_step(session, letter, services.approve),
        contact=services.contact,
    )
