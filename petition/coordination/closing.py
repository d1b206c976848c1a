"""Closing a letter, withdrawing it, deleting a draft: what is destroyed, and in which order."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.coordination.facts import facts_of
from petition.coordination.rounds import end_issuing
from petition.coordination.services import Services
from petition.coordination.updates import show_names, tidy
from petition.errors import BadShape, Conflict
from petition.issuing import rounds as issuer_rounds
from petition.letters.drafting import drafts
from petition.letters.lifecycle import move, obstacles, require_step
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import destroy_names_keys
from petition.letters.states import CLOSED, OPEN, SIGNABLE, WITHDRAWN
from petition.letters.text.letter_text import one_line
from petition.sealing.batching import settle_rest
from petition.sealing.log import log_of, require_free
from petition.sealing.sealer import Result, seal, stop_update
from petition.signing.appearances import forget_all
from petition.signing.models import Pending, Tombstone, Withdrawal
from petition.signing.signatures import has_k_together

LAST = 500
"""How many of a round are counted with the end of a letter for which many wait."""


def close_letter(services: Services, letter_id: str, *, moment: datetime, tidies: bool = True) -> Result:
    """At the announced hour: end issuing, destroy the rounds' secrets, count all that may ever be, and log the end.

    A letter that is only open is published and closed in one; if it can't be any more, because no round of it has K
    signatures, its minimum is not met or the host must approve it first, closing lapses and it stays open.
    """
    _count_most(services, letter_id, moment)
    with Session(services.databases.petition) as session:
        log_of(session, letter_id, alone=True)
        letter = session.get_one(Letter, letter_id, with_for_update=True)  # no one withdraws before this is through
        if not _is_closable(session, letter, services, moment):
            letter.closes = None
            letter.edition += 1
            session.commit()
            return Result(has_lapsed=True)
        end_issuing(services, letter_id)
        with Session(services.databases.issuer) as issuer:
            numbers = issuer_rounds.numbers(issuer, letter_id)
            issuer.rollback()
        chance, master = services.random, services.master
        result = seal(session, letter, numbers, moment=moment, random=chance, master=master, closing=True)
        session.commit()
    settle_rest(services.databases.petition, letter_id)
    show_names(services, letter_id, moment=moment)
    if tidies:
        tidy(services)
    return result


def _count_most(services: Services, letter_id: str, moment: datetime) -> None:
    """Where many wait, count most of them before: the end is one transaction, and others can't sign meanwhile.

    It leaves enough by chance for those who sign in the last minute to be among.
    """
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        is_due = letter.state in SIGNABLE and letter.closes is not None and letter.closes <= moment
        if not is_due or not _many_wait(session, letter_id):
            return
        with Session(services.databases.issuer) as issuer:
            numbers = issuer_rounds.numbers(issuer, letter_id)
            issuer.rollback()
        chance, master = services.random, services.master
        seal(session, letter, numbers, moment=moment, random=chance, master=master, leaves=LAST)
        session.commit()


def _many_wait(session: Session, letter_id: str) -> bool:
    some = select(Pending.commit).where(Pending.letter_id == letter_id).offset(2 * LAST).limit(1)
    return session.scalar(some) is not None


def _is_closable(session: Session, letter: Letter, services: Services, moment: datetime) -> bool:
    """Whether the closing does not lapse. Refuses one whose hour has not come."""
    facts = facts_of(session, letter, services)
    if letter.closes is None or letter.closes > moment:
        require_step(letter, None, CLOSED, facts)
        raise Conflict("Announce the closing first, a day ahead.")
    if letter.state == OPEN:  # what counts is how many there are now
        facts = replace(facts, has_k_together=has_k_together(session, letter))
        require_free(session, letter.id)
        return not obstacles(letter, None, CLOSED, facts)
    require_step(letter, None, CLOSED, facts)
    require_free(session, letter.id)
    return True


def withdraw_letter(services: Services, letter_id: str, reason: str, *, taken_down: bool = False) -> None:
    """Withdraw the whole letter: destroys what closing destroys. Its address then says why, and whether its
    organizers did it or the host."""
    reason = one_line(reason, "note")
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        if letter.was_public and not reason:
            raise BadShape("Give a reason.")
        require_step(letter, None, WITHDRAWN, facts_of(session, letter, services))
        session.rollback()
    end_issuing(services, letter_id)
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        letter.withdrawn_reason, letter.taken_down = reason, taken_down
        move(session, letter, WITHDRAWN)
        stop_update(session, letter)
        for table in (Pending, Tombstone, Withdrawal):
            session.execute(delete(table).where(table.letter_id == letter_id))
        forget_all(session, letter_id)
        destroy_names_keys(session, letter_id)
        letter.names_shown = 0
        session.commit()
    end_issuing(services, letter_id)  # of a set of codes that was made meanwhile
    tidy(services)


def delete_draft(services: Services, letter_id: str) -> None:
    """Delete a draft, then the round that an interrupted opening may have left at the issuer."""
    with Session(services.databases.petition) as session:
        drafts.delete_draft(
            session, session.get_one(Letter, letter_id, with_for_update=True)
        )  # it can't open meanwhile
        session.commit()
    with Session(services.databases.issuer) as issuer:
        issuer_rounds.forget_round(issuer, services.secrets, letter_id)
        issuer.commit()
