"""Codes: made, handed out on paper, recalled. Only their keyed hashes are kept."""

import hmac
from collections.abc import Callable

from sqlalchemy import ColumnElement, func, insert, literal_column, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_code
from petition.database import is_unsupported
from petition.errors import A_NUMBER, BadShape, Conflict, NotFound, Over
from petition.issuing.models import UNSPENT, VOIDED, Batch, Code, IssuingRound
from petition.issuing.rounds import known_round, require_issuing
from petition.issuing.secrets import RoundSecrets

MOST_AT_ONCE = 100_000


def hash_code(pepper: bytes, code: str) -> bytes:
    """HMAC-SHA256 of a canonical code under the round's pepper: all that is stored of it."""
    return hmac.digest(pepper, code.encode(), "sha256")


def make_codes(
    session: Session,
    secrets: RoundSecrets,
    letter_id: str,
    number: int,
    count: int,
    random: Callable[[int], bytes],
    *,
    is_single: bool = False,
    for_pool: bool = False,
) -> tuple[int, list[str]]:
    """New codes of a round: their batch's number and the codes in the order for the sheet.

    Rows go in by hash, so the database doesn't show the order on the sheet. With ``is_single`` the letter is one
    person's: it has one code at a time. ``for_pool`` adds them to the round's one pool of codes that people hand on,
    so that nothing stored says which code went through whose hands.
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise BadShape(A_NUMBER, least=1, most=f"{MOST_AT_ONCE:,}")
    _hold(session, letter_id)
    require_issuing(known_round(session, letter_id, number))
    if is_single:
        _require_only_one(session, letter_id, count)
    pepper = secrets.pepper(letter_id, number)
    if pepper is None:
        raise Over("This set's signing key is gone. Start a new set.")
    codes = [new_code(random) for _ in range(count)]
    choose = _add_to_pool if for_pool else _new_batch
    batch = choose(session, letter_id, number, count)
    hashes = sorted(hash_code(pepper, code) for code in codes)
    rows = [{"letter_id": letter_id, "round": number, "mac": mac, "batch": batch, "request": UNSPENT} for mac in hashes]
    session.execute(insert(Code), rows)
    return batch, codes


def _require_only_one(session: Session, letter_id: str, count: int) -> None:
    annulled = select(IssuingRound.number).where(
        IssuingRound.letter_id == letter_id, IssuingRound.annulled.is_not(None)
    )
    gone = set(session.scalars(annulled))
    living = sum(batch.made - batch.voided for batch in batches(session, letter_id) if batch.round not in gone)
    if living + count > 1:
        raise Conflict("A letter from one person has one code at a time. Cancel the old one first.")


def _hold(session: Session, letter_id: str) -> None:
    """Lock the letter's rounds: none can end, and no other batch gets a number, until these codes are in."""
    rows = select(IssuingRound).where(IssuingRound.letter_id == letter_id).order_by(IssuingRound.number)
    session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()


def _new_batch(session: Session, letter_id: str, number: int, count: int) -> int:
    newest = session.scalar(select(func.max(Batch.number)).where(Batch.letter_id == letter_id))
    batch = max(newest or 0, 0) + 1
    session.add(Batch(letter_id=letter_id, number=batch, round=number, made=count))
    session.flush()
    return batch


def pool_of(number: int) -> int:
    """The number of a round's pool: below zero, where no batch of a sheet is."""
    return -number


def _add_to_pool(session: Session, letter_id: str, number: int, count: int) -> int:
    pool = session.get(Batch, (letter_id, pool_of(number)))
    if pool is None:
        pool = Batch(letter_id=letter_id, number=pool_of(number), round=number, made=0)
        session.add(pool)
    pool.made += count
    session.flush()
    return pool.number


def void_batch(session: Session, letter_id: str, batch: int) -> None:
    """Recall a batch: its unused codes stop working. It looks the same no matter what was used, and doing it again
    changes nothing. Otherwise its page, the list of batches or the log would show whether a certain code was used."""
    row = session.get(Batch, (letter_id, batch))
    if row is None:
        raise NotFound("This letter has no print batch %(batch)s.", batch=batch)
    of_batch = (Code.letter_id == letter_id, Code.round == row.round, Code.batch == batch)
    session.execute(update(Code).where(*of_batch, Code.request == UNSPENT).values(request=VOIDED))
    row.voided = row.made
    session.flush()


def void_all(session: Session, letter_id: str, number: int) -> None:
    """Recall every batch of a round that never opened, because a crash lost its codes."""
    for batch in session.scalars(select(Batch.number).where(Batch.letter_id == letter_id, Batch.round == number)).all():
        void_batch(session, letter_id, batch)


def rewrite_spent(session: Session) -> bool:
    """Rewrite all codes that people spent or asked for by email in one transaction, if several wrote them.

    Says whether it did.

    For PostgreSQL, which keeps with each row the number of the transaction that wrote it, comparable with those of
    the signatures. SQLite keeps nothing of the kind.
    """
    if session.get_bind().dialect.name != "postgresql":
        return False
    used = or_(Code.request != UNSPENT, Code.batch.is_(None))
    if _count_writers(session, used) < 2:
        return False
    session.execute(update(Code).where(used).values(batch=Code.batch))
    return True


def _count_writers(session: Session, used: ColumnElement[bool]) -> int:
    """How many transactions wrote these codes; 0 where the engine doesn't keep that."""
    writers = select(func.count(literal_column("xmin::text").distinct())).select_from(Code).where(used)
    try:
        return session.scalars(writers).one()
    except DBAPIError as error:
        if not is_unsupported(error):
            raise
        session.rollback()
        return 0


def batches(session: Session, letter_id: str) -> list[Batch]:
    """The letter's batches, by number."""
    return list(session.scalars(select(Batch).where(Batch.letter_id == letter_id).order_by(Batch.number)))
