"""Codes by email: the same address always gets the same code. No address is stored.

The request only puts a locked box of a fixed size into the outbox. It does the same work for every address: allowed,
refused, unknown, or typed before. The mailer decides later what becomes of it.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from petition.addresses import Address
from petition.crypto.boxes import lock, unlock
from petition.crypto.codes import CODE_BYTES, code_from_bytes
from petition.database import Hour, changed, insert_once
from petition.errors import Over, SlowDown
from petition.issuing.codes import hash_code
from petition.issuing.models import UNSPENT, Code, IssuingRound, Outbox
from petition.issuing.rounds import require_begun
from petition.issuing.secrets import RoundSecrets
from petition.randomness import Random

BOX_LABEL = "petition-outbox-v1"
BOX_SIZE = 288
"""Bytes of what is locked: an address, a line feed, a language, and zeros."""
MOST_WAITING = 10_000
"""Requests for a letter's codes that wait."""
SURELY_OVER = timedelta(hours=2)
"""What was asked for in an hour that began so long ago has waited for more than an hour."""


@dataclass(frozen=True)
class Asked:
    """What was in a box: the address for a code, and the language in which its owner read the page."""

    address: Address
    language: str


def mailed_code(mail_key: bytes, letter_id: str, number: int, address: Address) -> str:
    """The code of an address in a round: the first 80 bits of an HMAC-SHA256 (protocol, section 3)."""
    message = f"{letter_id}\n{number}\n{address}".encode()
    return code_from_bytes(hmac.digest(mail_key, message, "sha256")[:CODE_BYTES])


def ask(
    session: Session,
    secrets: RoundSecrets,
    letter_id: str,
    roll: str,
    asked: Asked,
    *,
    moment: datetime,
    random: Random,
) -> None:
    """Put the request for a code into the outbox. Refuses, no matter what the address is, if the roll no longer sends
    codes by email or too many requests wait."""
    row = mailing_round(session, letter_id, roll)
    require_begun(row, moment)
    box_lock = secrets.outbox_lock(letter_id, row.number)
    if box_lock is None:
        raise _over()
    session.execute(delete(Outbox).where(Outbox.hour <= moment - SURELY_OVER))
    plain = f"{asked.address}\n{asked.language}".encode().ljust(BOX_SIZE, b"\0")
    values: list[ColumnElement[Any]] = [
        literal(random(16), LargeBinary),
        literal(letter_id),
        literal(row.number),
        literal(lock(box_lock, plain, BOX_LABEL), LargeBinary),
        literal(moment, Hour),
    ]
    waiting = select(func.count()).where(Outbox.letter_id == letter_id).scalar_subquery()
    columns = ["key", "letter_id", "round", "box", "hour"]
    if changed(session, insert(Outbox).from_select(columns, select(*values).where(waiting < MOST_WAITING))) != 1:
        crowded = SlowDown("Many people are asking for a code. Try again in a few minutes.")
        raise crowded.lasting(300)


def mailing_round(session: Session, letter_id: str, roll: str) -> IssuingRound:
    """The round whose codes go out by email: a roll's first one, or the next one if all earlier ones were annulled.

    A mailed code depends on the round, so any other round would give every address another vote.
    """
    rows = select(IssuingRound).where(IssuingRound.letter_id == letter_id, IssuingRound.roll == roll)
    found = session.scalars(
        rows.where(IssuingRound.annulled.is_(None)).order_by(IssuingRound.number).limit(1)
    ).one_or_none()
    if found is None or found.issued is not None:
        raise _over()
    return found


def _over() -> Over:
    return Over("Codes for this letter don't go out by email. Ask the organizers for one on paper.")


def opened(secrets: RoundSecrets, row: Outbox) -> Asked | None:
    """What is in a box; None if the key to it is gone."""
    box_lock = secrets.outbox_lock(row.letter_id, row.round)
    if box_lock is None:
        return None
    try:
        text = unlock(box_lock, row.box, BOX_LABEL).rstrip(b"\0").decode()
    except ValueError:
        return None
    address, _, language = text.partition("\n")
    local, _, domain = address.rpartition("@")
    return Asked(Address(local, domain), language)


def admit(session: Session, secrets: RoundSecrets, letter_id: str, number: int, address: Address) -> str | None:
    """The code of an address, which can be exchanged from now on; the same however often it is asked for.

    None if the round exchanges no more codes.
    """
    here = select(IssuingRound).where(IssuingRound.letter_id == letter_id, IssuingRound.number == number)
    row = session.scalar(here.with_for_update(read=True).execution_options(populate_existing=True))
    mail_key, pepper = secrets.mail_key(letter_id, number), secrets.pepper(letter_id, number)
    if row is None or row.issued is not None or mail_key is None or pepper is None:
        return None
    code = mailed_code(mail_key, letter_id, number, address)
    mac = hash_code(pepper, code)
    insert_once(session, Code, {"letter_id": letter_id, "round": number, "mac": mac, "request": UNSPENT})
    return code


def put_away(session: Session, row: Outbox, *, undelivered: bool = False) -> None:
    """Delete a request: its email is out, or never will be, which is counted."""
    gone = changed(session, delete(Outbox).where(Outbox.key == row.key))
    if undelivered and gone:
        of_round = (IssuingRound.letter_id == row.letter_id, IssuingRound.number == row.round)
        session.execute(update(IssuingRound).where(*of_round).values(undelivered=IssuingRound.undelivered + 1))


def rewrite_waiting(session: Session) -> None:
    """On PostgreSQL, rewrite all waiting email in one transaction: a row keeps the number of its writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(update(Outbox).values(letter_id=Outbox.letter_id))
