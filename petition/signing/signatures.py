"""Signing and withdrawing: the token is the authority, and nothing about the sender is known or kept."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    case,
    column,
    delete,
    exists,
    func,
    literal_column,
    select,
    table,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from petition.crypto.blind_rsa import PublicKey
from petition.crypto.encodings import b64url
from petition.crypto.receipts import Opening
from petition.database import changed, insert_once
from petition.errors import Conflict, Forbidden, NotFound, Over, Refusal, TextChanged, TokenUsed, TooEarly
from petition.letters.access import READABLE_AT, letter_at, path_of, readable_at, require_readable
from petition.letters.models import Letter
from petition.letters.states import ALONE, APART, PUBLIC, SIGNABLE, require_signable
from petition.letters.states import takes_signatures as letter_takes_signatures
from petition.prepared import Prepared
from petition.signing.appearances import (
    Appearance,
    Shown,
    are_kept,
    forget,
    keep,
    keys_in,
    require_offered,
    require_opened,
    require_taken,
    rows_of,
    shown_under,
)
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.statements import Statement, parse

_ = str
COUNTED_ONLY = Appearance()
UNKNOWN = _("No signature on this letter has this receipt.")
NOTHING_TO_REMOVE = _("No signature on this letter has this receipt. If you only saved a file, you haven't signed.")
MAYBE_CANCELED = _(
    "No signature on this letter has this receipt. If the organizers canceled your set of codes, your signature "
    "was deleted while it waited."
)
RECEIPT_USED = _("This receipt already belongs to another signature. Each code gets its own receipt.")
WITHDRAWN_SENTENCE = _("This signature was removed. You can't sign with it again.")


# A signature's statements, made once.


def _columns() -> Select[Any]:
    letter, row = Letter.__table__.c, Round.__table__.c
    of_letter = (letter.id, letter.slug, letter.state, letter.was_public, letter.withdrawn_reason, letter.taken_down)
    of_rules = (letter.text_sha256, letter.k, letter.timing, letter.pause_hours, letter.name_steps, letter.log_version)
    of_round = (row.number, row.public_key, row.annulled, row.issuing_ends, row.signing_starts)
    return select(*of_letter, *of_rules, *of_round)


# Of sealing, which is above this package and imports it, so the tables are named and their models are not.
LOG_SIZES = table("log", column("letter_id"), column("size"), column("preparing"))
LOG_ENTRIES = table("entry", column("letter_id"), column("number"), column("data", LargeBinary))


def _public_size(letter_id: ColumnElement[str]) -> ScalarSelect[int]:
    """How many entries a letter's log has. Those behind them belong to an update that is at work."""
    return select(LOG_SIZES.c.size).where(LOG_SIZES.c.letter_id == letter_id).scalar_subquery()


def _stands(what: ColumnElement[str], of: Any, *more: ColumnElement[bool]) -> Select[Any]:
    of = of.__table__.c
    return select(what.label("what"), of.letter_id, of.commit).where(*more)


_OF_ROUND = _columns().join_from(Letter.__table__, Round.__table__, Letter.id == Round.letter_id)
_OF_ROUND = _OF_ROUND.where(Round.__table__.c.number == bindparam("round"))
_LETTER_AND_ROUND = {
    kind: Prepared(_OF_ROUND.where(*where).with_for_update(read=True)) for kind, where in READABLE_AT.items()
}
_LETTER_AND_ROUND_ALONE = {kind: _OF_ROUND.where(*where).with_for_update() for kind, where in READABLE_AT.items()}
_PENDING: Any = Pending.__table__
PENDING_ONCE = {
    "sqlite": Prepared(sqlite.insert(_PENDING).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(_PENDING).on_conflict_do_nothing()),
}
_SEALED: Any = Sealed.__table__.c
_ALL_THAT_STANDS = union_all(
    _stands(literal_column("'pending'"), Pending),
    _stands(literal_column("'tombstone'"), Tombstone),
    _stands(
        case((_SEALED.is_withdrawn, literal_column("'withdrawn'")), else_=literal_column("'sealed'")),
        Sealed,
        _SEALED.entry < _public_size(_SEALED.letter_id),
    ),
    _stands(literal_column("'withdrawn'"), Withdrawal),
).subquery()
WHAT_STANDS = Prepared(
    select(_ALL_THAT_STANDS.c.what).where(
        _ALL_THAT_STANDS.c.letter_id == bindparam("of_letter"),
        _ALL_THAT_STANDS.c.commit == bindparam("of_commit", type_=LargeBinary),
    )
)


@dataclass(frozen=True)
class Signed:
    """The answer to a signature, the same however often it is sent."""

    sealed: bool


@dataclass(frozen=True)
class Withdrawn:
    """The answer to a withdrawal, the same however often it is sent."""

    was_sealed: bool


def sign(
    session: Session,
    letter: Letter,
    message: bytes,
    signature: bytes,
    appearance: Appearance = COUNTED_ONLY,
    *,
    moment: datetime,
) -> Signed:
    """Take a signature for a letter at hand; see ``sign_at``."""
    return sign_at(session.connection(), path_of(letter), message, signature, appearance, moment=moment)


def sign_at(
    connection: Connection,
    path: str,
    message: bytes,
    signature: bytes,
    appearance: Appearance = COUNTED_ONLY,
    *,
    moment: datetime,
) -> Signed:
    """Accept a signature: the statement must be for the letter at this path, the RSA-PSS signature by its round's key.

    The commit is the key, so a token signs once; the same request again inserts nothing and gets the same answer.
    Three statements for ``counted``: letter and round, the insert, and a look at what stands.
    """
    statement = parse(message)
    row = _letter_and_round(connection, path, statement)
    _require_this_letter(row, statement)
    if row.annulled is not None:
        raise Over("The organizers canceled this set of codes: %(reason)s", reason=row.annulled)
    _require_time(row, moment)
    if not PublicKey.from_spki(row.public_key).verify(message, signature):
        raise Forbidden("This signature isn't valid. Use the file exactly as you saved it.")
    require_opened(appearance, statement.commit)
    require_offered(connection, row, appearance)
    return _accept(connection, row, bytes.fromhex(statement.commit), message, signature, appearance)


def _letter_and_round(connection: Connection, path: str, statement: Statement) -> Row[Any]:
    """What the rules need of both, held so that neither can close, be annulled or be sealed before this is through.

    Of a statement by one person it is held alone, so that two signatures cannot come at the same moment.
    """
    found = readable_at(path)
    row: Row[Any] | None = None
    if found is not None:
        kind, values = found
        row = _LETTER_AND_ROUND[kind].first(connection, {**values, "round": statement.round})
    if found is None or row is None:
        with Session(connection) as session:
            _require_this_letter(letter_at(session, path), statement)
        raise NotFound("This letter has no such set of codes.")
    if row.k == ALONE:
        connection.execute(_LETTER_AND_ROUND_ALONE[kind], {**values, "round": statement.round}).first()
    return require_readable(row)


def _require_this_letter(letter: Letter | Row[Any], statement: Statement) -> None:
    if statement.letter_id != letter.id:
        raise Forbidden("This saved signature belongs to another letter. Open the letter you saved it for.")
    if statement.text_sha256 != letter.text_sha256:
        raise TextChanged("This saved signature is for a different text. Ask the organizers what happened.")


def signing_starts(letter: Letter | Row[Any], row: Round | Row[Any]) -> datetime | None:
    """When a round takes signatures: None for at once; under ``apart`` the planned hour until issuing has ended."""
    if letter.timing != APART:
        return None
    planned: datetime | None = row.issuing_ends + timedelta(hours=letter.pause_hours) if row.issuing_ends else None
    return row.signing_starts or planned


def takes_signatures(letter: Letter | Row[Any], row: Round | Row[Any], moment: datetime) -> bool:
    """Whether a token of a round can be used now."""
    if not letter_takes_signatures(letter) or row.annulled is not None:
        return False
    return letter.timing != APART or (row.signing_starts is not None and row.signing_starts <= moment)


def _require_time(row: Row[Any], moment: datetime) -> None:
    if row.state not in SIGNABLE:
        return  # a signature that was given before still gets the answer that it got
    require_signable(row)
    if takes_signatures(row, row, moment):
        return
    starts = signing_starts(row, row)
    raise TooEarly(
        "You can't sign yet. Keep your file and come back after %(hour)s UTC.",
        hour=f"{starts:%Y-%m-%d %H:%M}" if starts else "–",
    )


def _accept(
    connection: Connection, row: Row[Any], commit: bytes, message: bytes, signature: bytes, appearance: Appearance
) -> Signed:
    """Insert first, then look: the loser of a race against a sealing or a withdrawal sees its outcome."""
    key = {"letter_id": row.id, "commit": commit}
    inserted = False
    if row.state in SIGNABLE:
        values = {**key, "round": row.number, "message": message, "signature": signature}
        inserted = PENDING_ONCE[connection.dialect.name].changed(connection, values) == 1
    stands = _what_stands(connection, row.id, commit)
    if "tombstone" in stands or "withdrawn" in stands:
        raise Over(WITHDRAWN_SENTENCE)
    if "sealed" in stands:
        if inserted:  # it waited no more, so its key was free; twice in the log would count twice
            connection.execute(delete(Pending).filter_by(**key))
        _require_same_sealed(connection, row.id, commit, message)
        _require_same_appearance(connection, row, appearance)
        return Signed(sealed=True)
    if "pending" not in stands:
        raise Over("This letter is closed. It takes no more signatures.")
    if inserted:
        require_taken(connection, row.id, appearance)
        if row.k == ALONE:
            _require_first(connection, row.id, commit)
        rows = rows_of(appearance, row.id, row.number)
        keep(connection, row.id, rows, keys_in(rows))
    else:
        _require_same(connection, row.id, commit, message)
        _require_same_appearance(connection, row, appearance)
    return Signed(sealed=False)


def _require_first(connection: Connection, letter_id: str, commit: bytes) -> None:
    """A statement by one person has one signature, whether it waits, is in the log, or was withdrawn from it."""
    for kind in (Pending, Sealed):
        others = select(kind.commit).where(kind.letter_id == letter_id, kind.commit != commit)
        if connection.scalar(others.limit(1)) is not None:
            raise Over("This is a letter from one person, and it's already signed.")


def _require_same_appearance(connection: Connection, row: Row[Any], appearance: Appearance) -> None:
    """A repeated request is compared only with the rows under the keys that it brings itself."""
    if not are_kept(connection, row.id, rows_of(appearance, row.id, row.number)):
        raise Conflict("You already signed, with a different listing. To change it, use your receipt.")


def held_state(session: Session, letter: Letter) -> str:
    """The letter's state, held so that it cannot close, and no sealing can begin, before this request is through."""
    return session.scalars(select(Letter.state).where(Letter.id == letter.id).with_for_update(read=True)).one()


def _what_stands(connection: Connection, letter_id: str, commit: bytes) -> set[str]:
    """What is known of a commit."""
    return {row.what for row in WHAT_STANDS.all(connection, {"of_letter": letter_id, "of_commit": commit})}


def _require_same(connection: Connection, letter_id: str, commit: bytes, message: bytes) -> None:
    stored = connection.scalar(select(Pending.message).where(Pending.letter_id == letter_id, Pending.commit == commit))
    if stored != message:
        raise TokenUsed(RECEIPT_USED)


def _require_same_sealed(connection: Connection, letter_id: str, commit: bytes, message: bytes) -> None:
    its_entry = (LOG_ENTRIES.c.letter_id == Sealed.letter_id) & (LOG_ENTRIES.c.number == Sealed.entry)
    entry = select(LOG_ENTRIES.c.data).join(Sealed, its_entry)
    stored = connection.scalar(entry.where(Sealed.letter_id == letter_id, Sealed.commit == commit))
    if stored is None or b64url(message).encode() not in stored:
        raise TokenUsed(RECEIPT_USED)


def withdraw(session: Session, letter: Letter, opening: Opening, number: int | None = None) -> Withdrawn:
    """Withdraw a signature: deleted if it still waits, else withdrawn in the log at the next set time. ``number`` is
    the round, if the receipt's file names it.

    Its group answers and its name are deleted at once, and again whenever this is repeated: a backup may have
    brought them back.
    """
    withdrawn = _withdraw(session, letter, opening)
    if withdrawn is None:
        raise unknown_receipt(session, letter, number, NOTHING_TO_REMOVE)
    forget(session, letter.id, opening.a)
    return withdrawn


def unknown_receipt(session: Session, letter: Letter, number: int | None, sentence: str) -> Refusal:
    """Why nothing is known of a receipt. Of a canceled set it tells only what the log tells."""
    canceled = {row.number: row.annulled for row in rounds_of(session, letter.id) if row.is_annulment_logged}
    if number in canceled:
        return Over(
            "The organizers canceled set %(number)s of the codes (%(reason)s). What waited in it was deleted.",
            number=number,
            reason=canceled[number],
        )
    return NotFound(MAYBE_CANCELED if canceled and number is None else sentence)


def _withdraw(session: Session, letter: Letter, opening: Opening) -> Withdrawn | None:
    commit = bytes.fromhex(opening.commit)
    state = held_state(session, letter)
    if _is_in_hand(session, letter, commit):
        return _withdraw_later(session, letter, opening, commit)
    if changed(session, delete(Pending).where(Pending.letter_id == letter.id, Pending.commit == commit)):
        if state in SIGNABLE:
            insert_once(session, Tombstone, {"letter_id": letter.id, "commit": commit})
        return Withdrawn(was_sealed=False)
    if session.get(Tombstone, (letter.id, commit)) is not None:
        return Withdrawn(was_sealed=False)
    return _withdraw_sealed(session, letter, opening, commit)


def _is_in_hand(session: Session, letter: Letter, commit: bytes) -> bool:
    """Whether a signature waits, and an update is at work that may have chosen it."""
    at_work = exists().where(LOG_SIZES.c.letter_id == letter.id, LOG_SIZES.c.preparing.is_not(None))
    waits = exists().where(Pending.letter_id == letter.id, Pending.commit == commit)
    return bool(session.scalar(select(at_work & waits)))


def _withdraw_later(session: Session, letter: Letter, opening: Opening, commit: bytes) -> Withdrawn:
    """Withdraw a signature that an update may have in hand, as one that is in the log: nobody gets the answer that it
    was never counted who then finds it there."""
    number = session.scalars(
        select(Pending.round).where(Pending.letter_id == letter.id, Pending.commit == commit)
    ).one()
    insert_once(session, Withdrawal, _row_of_withdrawal(letter, opening, commit, number))
    return Withdrawn(was_sealed=True)


def _row_of_withdrawal(letter: Letter, opening: Opening, commit: bytes, number: int) -> dict[str, Any]:
    a_hash = hashlib.sha256(opening.a).digest()
    return {"letter_id": letter.id, "commit": commit, "round": number, "w": opening.w, "a_hash": a_hash}


def _withdraw_sealed(session: Session, letter: Letter, opening: Opening, commit: bytes) -> Withdrawn | None:
    here = (Sealed.letter_id == letter.id, Sealed.commit == commit)
    marked = session.execute(
        update(Sealed).where(*here, Sealed.is_withdrawn.is_(False)).values(is_withdrawn=True).returning(Sealed.round)
    ).first()
    if marked is not None:
        insert_once(session, Withdrawal, _row_of_withdrawal(letter, opening, commit, marked.round))
    elif session.scalar(select(func.count()).select_from(Sealed).where(*here)) == 0:
        return None
    return Withdrawn(was_sealed=True)


@dataclass(frozen=True)
class ReceiptState:
    """Everything stored under a receipt, shown to the person who has the receipt."""

    state: str
    """``kept``, ``sealed`` or ``withdrawn``."""
    entry: int | None = None
    """The log entry; only once the letter is public."""
    shown: Shown = field(default_factory=Shown)
    """What is stored of its appearance."""


def look_up(session: Session, letter: Letter, opening: Opening, number: int | None = None) -> ReceiptState:
    """What is stored under a receipt. Before publication only whether it is kept or sealed. ``number`` is the round,
    if the receipt's file names it.
    """
    commit = bytes.fromhex(opening.commit)
    stands = _what_stands(session.connection(), letter.id, commit)
    if not stands:
        raise unknown_receipt(session, letter, number, UNKNOWN)
    if "tombstone" in stands or "withdrawn" in stands:
        return ReceiptState("withdrawn")
    shown = shown_under(session, letter.id, opening.a)
    if "sealed" in stands:
        is_public = letter.state in PUBLIC
        entry = session.scalar(select(Sealed.entry).where(Sealed.letter_id == letter.id, Sealed.commit == commit))
        return ReceiptState("sealed", entry if is_public else None, shown)
    return ReceiptState("kept", shown=shown)


def has_k_together(session: Session, letter: Letter) -> bool:
    """Whether at least K signatures of one round that counts are in the log or wait now.

    Only for the announced hour of closing. At other times the answer would show when someone came.
    """
    waiting = select(Pending.round, func.count()).where(Pending.letter_id == letter.id).group_by(Pending.round)
    known = {row[0]: row[1] for row in session.execute(waiting)}
    living = [row for row in rounds_of(session, letter.id) if row.annulled is None]
    return any(row.signatures + known.get(row.number, 0) >= letter.k for row in living)


def rounds_of(session: Session, letter_id: str) -> list[Round]:
    """A letter's rounds, by number."""
    return list(session.scalars(select(Round).where(Round.letter_id == letter_id).order_by(Round.number)))
