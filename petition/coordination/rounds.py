"""Rounds after the first: opening, ending and annulling them, in both databases.

A round's number, public key and roll go to the collector, and numbers of codes and tokens come from the issuer; never
a code, an address or a message. Where both databases are written, the issuer commits first. Every step can be
repeated, which finishes what a crash left half done.
"""

import contextlib
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.coordination.updates import tidy
from petition.errors import BadShape, Conflict, NotFound
from petition.issuing import rounds as issuer_rounds
from petition.letters.drafting.settings import rolls_of
from petition.letters.lifecycle import full_hour_after
from petition.letters.models import Letter
from petition.letters.states import APART, SIGNABLE
from petition.letters.text.letter_text import one_line
from petition.signing.appearances import forget_all
from petition.signing.models import Pending, Round
from petition.signing.signatures import rounds_of


def _round(letter: Letter, number: int, roll: str, key: bytes, moment: datetime) -> Round:
    ends = full_hour_after(moment + timedelta(days=letter.issuing_days)) if letter.timing == APART else None
    return Round(letter_id=letter.id, number=number, roll=roll, public_key=key, opens=moment, issuing_ends=ends)


def open_next_round(services: Services, letter_id: str, roll: str | None, *, moment: datetime) -> int:
    """Another round of a roll, for late joiners or after one was annulled: a new key, the same log; its number.

    Refused while a round of the roll still issues. The log names it at the next set time.
    """
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        known = rounds_of(session, letter_id)
        roll = roll or rolls_of(session, letter)[0].id
        mine = {row.number for row in known if row.roll == roll}
        _require_next_round(letter, mine)
        number = known[-1].number + 1
        session.rollback()
    with Session(services.databases.issuer) as issuer:
        issuing = [row.number for row in issuer_rounds.numbers(issuer, letter_id) if row.issued is None]
        if any(
            services.secrets.exists(letter_id, other) for other in issuing if other in mine
        ):  # else nobody can issue
            raise Conflict("A round of this roll still exchanges codes. End it first.")
        key = issuer_rounds.begin_round(
            issuer, services.secrets, letter_id, number, roll, services.random, services.make_key
        )
        issuer.commit()
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        session.add(_round(letter, number, roll, key, moment))
        session.commit()
    return number


def _require_next_round(letter: Letter, of_roll: set[int]) -> None:
    if letter.state not in SIGNABLE or letter.closes is not None:
        raise Conflict("A round can be opened while the letter takes signatures and no closing is announced.")
    if not of_roll:
        raise NotFound("This letter has no such roll.")


def end_round(services: Services, letter_id: str, number: int) -> None:
    """End a round's issuing, if at least K tokens are issued, and destroy its secrets; the next sealing logs it.

    For timing ``apart``: a day's pause or so later its signatures are taken.
    """
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        k, closing = letter.k, letter.closes is not None
    with Session(services.databases.issuer) as issuer:
        known = {row.number: row for row in issuer_rounds.numbers(issuer, letter_id)}
        if number not in known:
            raise NotFound("This letter has no round %(number)s.", number=number)
        is_alive = services.secrets.exists(letter_id, number)  # without its secret a round can issue nothing more
        if known[number].issued is None and known[number].spent < k and not closing and is_alive:
            raise Conflict(
                "Fewer than %(k)s codes of this round have been exchanged. Issuing goes on until there are so many.",
                k=k,
            )
    _end_issuing(services, letter_id, number)


def end_due_rounds(services: Services, letter_id: str, *, moment: datetime) -> list[int]:
    """End issuing of each round whose time has come and that has issued enough; their numbers."""
    with Session(services.databases.reading) as session:
        rows = [row for row in rounds_of(session, letter_id) if row.issued is None and row.annulled is None]
        due = [row.number for row in rows if row.issuing_ends is not None and row.issuing_ends <= moment]
    ended = []
    for number in due:
        with contextlib.suppress(Conflict):  # too few so far: it goes on, and the page says so
            end_round(services, letter_id, number)
            ended.append(number)
    return ended


def destroy_now(services: Services, letter_id: str) -> None:
    """For an organizer in danger: no code is exchanged from now on, and all round secrets are gone at once."""
    _end_issuing(services, letter_id)


def _end_issuing(services: Services, letter_id: str, only: int | None = None, *, annulled: str | None = None) -> None:
    with Session(services.databases.issuer) as issuer:
        known = [row.number for row in issuer_rounds.numbers(issuer, letter_id)]
        ending = [number for number in known if only in (None, number)]
        for number in ending:
            issuer_rounds.end_issuing(issuer, letter_id, number, annulled=annulled)
        issuer.commit()
    for number in ending:
        services.secrets.destroy(letter_id, number)


def annul_round(services: Services, letter_id: str, number: int, reason: str) -> None:
    """Take a flooded round out of the count, publicly: its waiting signatures go, its codes and tokens are refused."""
    reason = one_line(reason, "note")
    if not reason:
        raise BadShape("Give a reason: it is public, and stands in the log for good.")
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        row = session.get(Round, (letter_id, number))
        if row is None:
            raise NotFound("This letter has no round %(number)s.", number=number)
        if row.annulled is not None or letter.state not in SIGNABLE:
            raise Conflict(
                "Round %(number)s can't be annulled: it is annulled already, or the letter is over.",
                number=number,
            )
        session.rollback()
    _end_issuing(services, letter_id, number, annulled=reason)
    with Session(services.databases.petition) as session:
        session.get_one(Letter, letter_id, with_for_update=True)  # no sealing has the round in hand
        row = session.get_one(Round, (letter_id, number))
        row.annulled = reason
        session.query(Pending).filter(Pending.letter_id == letter_id, Pending.round == number).delete()
        forget_all(session, letter_id, number)
        session.commit()
    tidy(services)
