"""A code buys one blind signature: the issuer signs what it cannot read."""

import hashlib
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Engine, LargeBinary, Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from petition.crypto.blind_rsa import MODULUS_SIZE, PrivateKey, PublicKey
from petition.crypto.boxes import unlock
from petition.crypto.codes import read_code
from petition.errors import BadShape, CodeUsed, Forbidden, NotFound, Over, Refusal
from petition.issuing.codes import hash_code
from petition.issuing.models import UNSPENT, Batch, Code, IssuingRound
from petition.issuing.rounds import CODE_ENDED, ROUND_KEY_LABEL, require_begun, require_issuing
from petition.issuing.secrets import RoundSecrets
from petition.prepared import Prepared

_ = str
NO_ROUND = _("This letter has no such set of codes.")
UNKNOWN_CODE = _("This isn't a code for this letter. Check each character.")


# An exchange's statements, made once.

_ROUND, _CODE = IssuingRound.__table__.c, Code.__table__.c
_OF_NUMBER = select(IssuingRound.__table__).where(
    _ROUND.letter_id == bindparam("of_letter"), _ROUND.number == bindparam("of_number")
)
_ROUND_OF_NUMBER, _ROUND_HELD = Prepared(_OF_NUMBER), Prepared(_OF_NUMBER.with_for_update(read=True))
_OF_CODE = (
    _CODE.letter_id == bindparam("of_letter"),
    _CODE.round == bindparam("of_number"),
    _CODE.mac == bindparam("of_mac", type_=LargeBinary),
)
_CLAIM = Prepared(
    update(cast(Table, Code.__table__))
    .where(*_OF_CODE, _CODE.request.in_((UNSPENT, bindparam("claimed", type_=LargeBinary))))
    .values(request=bindparam("claimed", type_=LargeBinary))
)
_CLAIMED = select(_CODE.request, _CODE.batch).where(*_OF_CODE)
AnyRound = IssuingRound | Row[Any]


class Keys:
    """Rounds' private keys. Each is unlocked for one exchange and forgotten: a key that stayed in memory would make
    the next answer quicker, which tells that someone came before, and would outlive the round's secret."""

    def __init__(self, secrets: RoundSecrets) -> None:
        self.secrets = secrets

    def of(self, row: AnyRound) -> PrivateKey:
        """The private key of a round that still issues."""
        key_lock = self.secrets.key_lock(row.letter_id, row.number)
        if key_lock is None or row.private_key is None:
            raise Over(CODE_ENDED)
        return PrivateKey.from_der(unlock(key_lock, row.private_key, ROUND_KEY_LABEL))


def exchange(
    issuer: Engine, keys: Keys, letter_id: str, number: int, code: str, blinded: bytes, *, moment: datetime
) -> bytes:
    """The blind signature (384 bytes, big-endian; RFC 9474, section 4.3) for a code and a blinded message.

    The shape is checked before the code is looked up. The row is claimed by one atomic statement, and committed: the
    same blinded message again gets the same answer, another one is refused. Signing takes the longest, and no one
    waits for it: the key is unlocked before the claim, so that a claimed code gets its answer though the round ends.
    """
    code = read_code(code)
    try:
        key = _unlocked(issuer, keys, letter_id, number, blinded, moment)
        with issuer.begin() as connection:
            require_issuing(_issuing_round(connection, letter_id, number))
            pepper = keys.secrets.pepper(letter_id, number)
            if pepper is None:
                raise Over(CODE_ENDED)
            _claim(connection, letter_id, number, hash_code(pepper, code), hashlib.sha256(blinded).digest())
    except (Forbidden, Over):
        with Session(issuer.execution_options(petition_reads=True)) as session:
            _require_no_other_round(session, keys.secrets, letter_id, number, code, moment)
        raise
    return key.blind_sign(blinded)


def _require_no_other_round(
    session: Session, secrets: RoundSecrets, letter_id: str, number: int, code: str, moment: datetime
) -> None:
    """Refuse a code of another round as such, so that a program goes on to that round: also when the round that it
    asked has ended. Of a round that has not begun it learns when to come back."""
    try:
        row = round_of_code(session, secrets, letter_id, code)
    except Refusal:
        return
    if row.number != number:
        require_begun(row, moment)
        raise Forbidden(UNKNOWN_CODE)


def _unlocked(issuer: Engine, keys: Keys, letter_id: str, number: int, blinded: bytes, moment: datetime) -> PrivateKey:
    """The private key of a round that exchanges codes; nothing is held while it is unlocked."""
    with issuer.connect().execution_options(petition_reads=True) as reading:
        row = _ROUND_OF_NUMBER.first(reading, {"of_letter": letter_id, "of_number": number})
    if row is None:
        raise NotFound(NO_ROUND)
    _require_range(PublicKey.from_spki(row.public_key), blinded)
    require_issuing(row)
    require_begun(row, moment)
    return keys.of(row)


def round_of_code(session: Session, secrets: RoundSecrets, letter_id: str, code: str) -> IssuingRound:
    """The round that a code belongs to, found by trying each round that issues; refuses a code of none of them."""
    code = read_code(code)
    rounds = select(IssuingRound).where(IssuingRound.letter_id == letter_id).order_by(IssuingRound.number)
    rows = list(session.scalars(rounds))
    for row in rows:
        pepper = secrets.pepper(letter_id, row.number) if row.issued is None else None
        if pepper is not None and session.get(Code, (letter_id, row.number, hash_code(pepper, code))) is not None:
            return row
    if rows and all(row.issued is not None for row in rows):
        require_issuing(rows[-1])
    raise Forbidden(UNKNOWN_CODE)


def _issuing_round(connection: Connection, letter_id: str, number: int) -> Row[Any]:
    """The round's row, held so that issuing cannot end before this exchange is counted."""
    row: Row[Any] | None = _ROUND_HELD.first(connection, {"of_letter": letter_id, "of_number": number})
    if row is None:
        raise NotFound(NO_ROUND)
    return row


def _require_range(key: PublicKey, blinded: bytes) -> None:
    value = int.from_bytes(blinded, "big")
    if len(blinded) != MODULUS_SIZE or not 1 < value < key.n - 1:
        raise BadShape(
            "The blinded message must be %(size)s bytes and in the range of the round's key.", size=MODULUS_SIZE
        )


def _claim(connection: Connection, letter_id: str, number: int, mac: bytes, request: bytes) -> None:
    of_code = {"of_letter": letter_id, "of_number": number, "of_mac": mac}
    if _CLAIM.changed(connection, {**of_code, "claimed": request}) == 1:
        return
    stored = connection.execute(_CLAIMED, of_code).first()
    if stored is None:
        raise Forbidden(UNKNOWN_CODE)
    if _is_recalled(connection, letter_id, stored.batch):  # used or not: otherwise trying it would show
        raise Over(CODE_ENDED)
    raise CodeUsed(
        "This code has been used. If that was you, go back to that page or use your saved file. If not, ask the "
        "organizers for a new one."
    )


def _is_recalled(connection: Connection, letter_id: str, batch: int | None) -> bool:
    of_batch = select(Batch.voided).where(Batch.letter_id == letter_id, Batch.number == batch)
    return bool(connection.scalar(of_batch))
