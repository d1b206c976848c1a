"""A round's life at the issuer: it opens with a key of its own, and ends with that key's destruction.

What the issuer must know of a letter comes in as values: its id, the round's number, the roll's id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.boxes import lock
from petition.database import changed
from petition.errors import NotFound, Over, TooEarly
from petition.issuing.models import UNSPENT, VOIDED, Batch, Code, IssuingRound, Outbox
from petition.issuing.secrets import RoundSecrets

_ = str
ROUND_KEY_LABEL = "petition-round-private-key-v1"
CODE_ENDED = _("This code can't be used anymore. Ask the organizers for a new one.")


@dataclass(frozen=True)
class Numbers:
    """What others than the issuer may know of a round: how many, never which."""

    number: int
    made: int
    """Codes on paper, from when they were made."""
    mailed: int
    """Mailed codes, counted from when they were exchanged, because anyone can ask for one."""
    undelivered: int
    """Emails that the mail server did not accept."""
    voided: int
    spent: int
    issued: int | None
    key_destroyed: bool
    annulled: str | None
    """The public reason."""
    is_lost: bool = False
    """It ended because its secret was lost."""


def begin_round(
    session: Session,
    secrets: RoundSecrets,
    letter_id: str,
    number: int,
    roll: str,
    random: Callable[[int], bytes],
    make_key: Callable[[], PrivateKey],
    *,
    opens: datetime | None = None,
) -> bytes:
    """The public key (SPKI DER) of a round, made now unless it was made before: asking again changes only the roll,
    and the hour from which on its codes are exchanged, None for at once."""
    known = session.get(IssuingRound, (letter_id, number))
    if known is not None:
        known.opens, known.roll = opens, roll
        return known.public_key
    secrets.make(letter_id, number, random)
    key_lock = secrets.key_lock(letter_id, number)
    if key_lock is None:
        raise RuntimeError("the round's secret could not be read back")
    key = make_key()
    public = key.public.spki()
    locked = lock(key_lock, key.der(), ROUND_KEY_LABEL)
    row = IssuingRound(
        letter_id=letter_id, number=number, roll=roll, public_key=public, private_key=locked, opens=opens
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process was quicker, with the same secret
        return known_round(session, letter_id, number).public_key
    return public


def forget_round(session: Session, secrets: RoundSecrets, letter_id: str) -> None:
    """Delete the round that a crash left with a draft, once the draft is deleted."""
    for number in session.scalars(select(IssuingRound.number).where(IssuingRound.letter_id == letter_id)):
        secrets.destroy(letter_id, number)
    for row in session.scalars(select(IssuingRound).where(IssuingRound.letter_id == letter_id)):
        session.delete(row)
    session.flush()


def end_issuing(
    session: Session, letter_id: str, number: int, *, annulled: str | None = None, is_lost: bool = False
) -> None:
    """No code is exchanged from now on: count what was issued, drop the private key and the codes' hashes.

    The secret's file is destroyed once this is committed, unless it is lost already.
    """
    row = known_round(session, letter_id, number)
    taken = changed(
        session,
        update(IssuingRound)
        .where(IssuingRound.letter_id == letter_id, IssuingRound.number == number, IssuingRound.issued.is_(None))
        .values(private_key=None, issued=-1),
    )
    if taken == 1:  # exchanges that were under way have committed by now, and are counted
        row.issued = _spent(session, letter_id, number)
        row.mailed = _spent(session, letter_id, number, Code.batch.is_(None))
        row.private_key, row.is_lost = None, is_lost
        for table in (Code, Outbox):
            session.execute(delete(table).where(table.letter_id == letter_id, table.round == number))
    if annulled is not None and row.annulled is None:
        row.annulled = annulled
    session.flush()


def known_round(session: Session, letter_id: str, number: int) -> IssuingRound:
    """The issuer's row of a round; refuses a number that it never had."""
    row = session.get(IssuingRound, (letter_id, number))
    if row is None:
        raise NotFound("This letter has no set of codes %(number)s.", number=number)
    return row


def require_issuing(row: IssuingRound | Row[Any]) -> None:
    """Refuse if the round issues no more."""
    if row.annulled is not None or row.issued is not None:
        raise Over(CODE_ENDED)


def require_begun(row: IssuingRound | Row[Any], moment: datetime) -> None:
    """Refuse before the hour at which the log names the round."""
    if row.opens is not None and row.opens > moment:
        raise TooEarly("You can use this code from %(hour)s UTC.", hour=f"{row.opens:%Y-%m-%d %H:%M}")


def numbers(session: Session, letter_id: str) -> list[Numbers]:
    """Each round's numbers, by round."""
    rows = session.scalars(
        select(IssuingRound).where(IssuingRound.letter_id == letter_id).order_by(IssuingRound.number)
    )
    return [_numbers_of(session, row) for row in rows]


def opened_by(session: Session, letter_id: str, moment: datetime) -> list[int]:
    """The numbers of the rounds that had opened by a moment, ended ones too."""
    is_open = or_(IssuingRound.opens.is_(None), IssuingRound.opens <= moment)
    of_letter = select(IssuingRound.number).where(IssuingRound.letter_id == letter_id, is_open)
    return list(session.scalars(of_letter.order_by(IssuingRound.number)))


def ended(session: Session) -> list[tuple[str, int]]:
    """Letter's id and number of each round that no longer issues."""
    rows = session.execute(select(IssuingRound.letter_id, IssuingRound.number).where(IssuingRound.issued.is_not(None)))
    return [(letter_id, number) for letter_id, number in rows]


def _numbers_of(session: Session, row: IssuingRound) -> Numbers:
    made, voided = session.execute(
        select(func.coalesce(func.sum(Batch.made), 0), func.coalesce(func.sum(Batch.voided), 0)).where(
            Batch.letter_id == row.letter_id, Batch.round == row.number
        )
    ).one()
    ended = row.issued is not None
    return Numbers(
        number=row.number,
        made=int(made),
        mailed=row.mailed if ended else _spent(session, row.letter_id, row.number, Code.batch.is_(None)),
        undelivered=row.undelivered,
        voided=int(voided),
        spent=row.issued if row.issued is not None else _spent(session, row.letter_id, row.number),
        issued=row.issued,
        key_destroyed=row.private_key is None,
        annulled=row.annulled,
        is_lost=row.is_lost,
    )


def _spent(session: Session, letter_id: str, number: int, *which: ColumnElement[bool]) -> int:
    return session.scalars(
        select(func.count())
        .select_from(Code)
        .where(Code.letter_id == letter_id, Code.round == number, Code.request.not_in((UNSPENT, VOIDED)), *which)
    ).one()
