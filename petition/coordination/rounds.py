"""Rounds after the first: opening, ending and annulling them, in both databases.

A round's number, public key and roll go to the collector, and numbers of codes and tokens come from the issuer; never
a code, an address or a message. Where both databases are written, the issuer commits first. Every step can be
repeated, which finishes what a crash left half done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.coordination.updates import tidy
from petition.errors import BadShape, Conflict, NotFound, Refusal
from petition.issuing import rounds as issuer_rounds
from petition.issuing.codes import make_codes, void_all
from petition.letters.lifecycle import CHANGED, full_hour_after
from petition.letters.models import Letter
from petition.letters.states import ALONE, APART, BY_EMAIL, SIGNABLE, enough, is_current, require_signable
from petition.letters.text.letter_text import one_line
from petition.signing.appearances import forget_all
from petition.signing.models import Pending, Round
from petition.signing.signatures import rounds_of
from petition.signing.verification_methods import known_roll


def round_row(letter: Letter, number: int, roll: str, key: bytes, opens: datetime) -> Round:
    """A round from the collector's side, as it begins."""
    ends = full_hour_after(opens + timedelta(days=letter.issuing_days)) if letter.timing == APART else None
    return Round(letter_id=letter.id, number=number, roll=roll, public_key=key, opens=opens, issuing_ends=ends)


# A further round


@dataclass(frozen=True)
class NewRound:
    """A further round and its first codes, which are shown this once."""

    number: int
    roll: str
    public_key: bytes
    opens: datetime
    batch: int | None
    codes: Sequence[str]


def least_codes(letter: Letter) -> int:
    """How many printed codes a further round has at least: a smaller round would lose its signatures."""
    return 2 * letter.k


def open_further_round(
    services: Services,
    letter_id: str,
    roll: str | None,
    count: int,
    *,
    opens: datetime,
    check: Callable[[NewRound, Session], object] = lambda *_: None,
) -> NewRound:
    """Another round of a roll together with its codes: a new key, the same log. It opens at the next set time, at
    which the log names it.

    ``check`` gets it before anything is stored, with the session that stores it on petition.db, and may refuse. What a
    crash left at the issuer is voided.
    """
    with Session(services.databases.reading) as session:
        letter = session.get_one(Letter, letter_id)
        roll = known_roll(session, letter, roll)
        _require_further_round(session, letter, roll, services)
        _require_codes(session, letter, roll, count)
        known = rounds_of(session, letter_id)
        number, previous = known[-1].number + 1, [row.number for row in known if row.roll == roll]
    end_lost(services, letter_id, previous)
    made_key = services.make_key()  # which takes a while: no one's code waits for it
    with Session(services.databases.petition) as session, Session(services.databases.issuer) as issuer:
        letter = session.get_one(Letter, letter_id, with_for_update=True)  # no one else opens one meanwhile, or ends it
        if rounds_of(session, letter_id)[-1].number >= number:
            raise Conflict(CHANGED)
        _require_further_round(session, letter, roll, services)
        chance = (services.random, lambda: made_key)
        key = issuer_rounds.begin_round(issuer, services.secrets, letter_id, number, roll, *chance, opens=opens)
        void_all(issuer, letter_id, number)
        made = (services.secrets, letter_id, number, count, services.random)
        batch, codes = make_codes(issuer, *made) if count else (None, [])
        new = NewRound(number, roll, key, opens, batch, codes)
        check(new, session)
        issuer.commit()
        session.add(round_row(letter, number, roll, key, opens))
        session.commit()
    return new


def obstacle_to_further_round(session: Session, letter: Letter, roll: str, services: Services) -> Refusal | None:
    """Why a roll can't have another round now; None if it can. As of the last update, so it reveals nothing live."""
    try:
        _require_further_round(session, letter, roll, services)
    except Refusal as refusal:
        return refusal
    return None


def _require_further_round(session: Session, letter: Letter, roll: str, services: Services) -> None:
    require_signable(letter)
    if letter.closes is not None:
        raise Conflict("Closing is announced, so you can't start another set of codes.")
    if letter.k == ALONE:
        raise Conflict("A letter from one person gets one code.")
    last = [row for row in rounds_of(session, letter.id) if row.roll == roll][-1]
    if last.annulled is None and last.signatures < letter.k and not _is_lost(services, last):
        raise Conflict(
            "Set %(number)s has fewer than %(k)s counted signatures. Hand out more of its codes first.",
            number=last.number, k=letter.k,
        )  # fmt: skip


def _is_lost(services: Services, row: Round) -> bool:
    """Whether a round's secret is gone although no one ended the round, as after a restore."""
    with Session(services.databases.reading_issuer) as issuer:
        known = {number.number: number for number in issuer_rounds.numbers(issuer, row.letter_id)}
    number = known.get(row.number)
    has_ended = number is None or number.issued is not None
    return (number is not None and number.is_lost) or not (
        has_ended or services.secrets.exists(row.letter_id, row.number)
    )


def _require_codes(session: Session, letter: Letter, roll: str, count: int) -> None:
    """At least 2K codes on paper; none are needed where codes are mailed again because all earlier rounds are void."""
    is_mailed = BY_EMAIL in letter.routes and all(
        row.annulled is not None for row in rounds_of(session, letter.id) if row.roll == roll
    )
    if is_mailed and count and letter.routes == [BY_EMAIL]:
        raise Conflict("This set's codes go out by email. For codes on paper, enter 0.")
    if count < least_codes(letter) and not (is_mailed and not count):
        raise BadShape(
            "A new set needs at least %(least)s codes.",
            least=least_codes(letter),
        )


# Ending


def end_round(services: Services, letter_id: str, number: int, *, ends: datetime) -> datetime | None:
    """Have a round's issuing end at the next set time, if at least K + H tokens were issued as of the last one.

    The log tells how many were issued. If organizers could choose the minute, someone who holds all codes but one
    would learn whether that one had been exchanged by then. For timing ``apart``: a day's pause or so later the
    round's signatures are taken. The answer is the hour at which it ends, None if it has ended already.
    """
    end_lost(services, letter_id, [number])
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        row = session.get(Round, (letter_id, number), with_for_update=True)
        if row is None:
            raise NotFound("This letter has no set of codes %(number)s.", number=number)
        require_signable(letter)
        if row.is_ended or row.annulled is not None or _is_lost(services, row):
            return None
        if not row.has_issued_enough:
            raise Conflict(
                "These codes keep working until a count update finds at least %(least)s used.",
                least=enough(letter.k),
            )
        row.issuing_ends = min(row.issuing_ends or ends, ends)
        letter.edition += 1
        session.commit()
        return row.issuing_ends


def end_due_rounds(services: Services, letter_id: str, *, moment: datetime) -> list[int]:
    """At a set time: end issuing of each round whose time has come and that has issued enough; their numbers.

    The rounds of a letter that version 0.1.0 opened end in any case: their codes are refused already.
    """
    with Session(services.databases.reading) as session:
        letter = session.get_one(Letter, letter_id)
        if not is_current(letter):
            end_issuing(services, letter_id)
            return []
        least = enough(letter.k)
        rows = [row for row in rounds_of(session, letter_id) if not row.is_ended and row.annulled is None]
        due = {row.number for row in rows if row.issuing_ends is not None and row.issuing_ends <= moment}
    if not due:
        return []
    with Session(services.databases.reading_issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
    ended = [row.number for row in numbers if row.number in due and row.issued is None and row.spent >= least]
    for number in ended:
        end_issuing(services, letter_id, number)
    return ended


def destroy_now(services: Services, letter_id: str) -> None:
    """For an organizer in danger: no code is exchanged from now on, and all round secrets are gone at once."""
    end_issuing(services, letter_id)


def end_lost(services: Services, letter_id: str, numbers: Sequence[int]) -> None:
    """End rounds that lost their secret: their codes can no longer be exchanged."""
    with Session(services.databases.issuer) as issuer:
        for row in issuer_rounds.numbers(issuer, letter_id):
            if row.number in numbers and row.issued is None and not services.secrets.exists(letter_id, row.number):
                issuer_rounds.end_issuing(issuer, letter_id, row.number, is_lost=True)
        issuer.commit()


def end_issuing(services: Services, letter_id: str, only: int | None = None, *, annulled: str | None = None) -> None:
    """End issuing of all rounds, or of one, and destroy their secrets; ``annulled`` is the public reason."""
    with Session(services.databases.issuer) as issuer:
        known = [row.number for row in issuer_rounds.numbers(issuer, letter_id)]
        ending = [number for number in known if only in (None, number)]
        for number in ending:
            issuer_rounds.end_issuing(issuer, letter_id, number, annulled=annulled)
        issuer.commit()
    for number in ending:
        services.secrets.destroy(letter_id, number)


def destroy_left_over(services: Services) -> None:
    """Destroy in this folder the secrets of rounds that have ended: what a crash left, or another host's act.

    So a folder that is a copy keeps none of them longer than until the next look.
    """
    with Session(services.databases.reading_issuer) as issuer:
        ended = issuer_rounds.ended(issuer)
    for letter_id, number in ended:
        if services.secrets.exists(letter_id, number):
            services.secrets.destroy(letter_id, number)


def annul_round(services: Services, letter_id: str, number: int, reason: str) -> None:
    """Take a flooded round out of the count, publicly: its waiting signatures go, its codes and tokens are refused."""
    reason = one_line(reason, "note")
    if not reason:
        raise BadShape("Give a reason.")
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        row = session.get(Round, (letter_id, number))
        if row is None:
            raise NotFound("This letter has no set of codes %(number)s.", number=number)
        if row.annulled is not None or letter.state not in SIGNABLE:
            raise Conflict(
                "Set %(number)s is already canceled, or the letter is over.",
                number=number,
            )
        require_signable(letter)
        session.rollback()
    end_issuing(services, letter_id, number, annulled=reason)
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id, with_for_update=True)  # no update has the round in hand
        row = session.get_one(Round, (letter_id, number))
        row.annulled = reason
        session.execute(delete(Pending).where(Pending.letter_id == letter_id, Pending.round == number))
        forget_all(session, letter_id, number)
        letter.edition += 1
        session.commit()
    tidy(services)
