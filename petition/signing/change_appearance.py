"""Changes what is shown of a signature, to more or less, with A and SHA-256(W) of its receipt."""

from sqlalchemy.orm import Session

from petition.crypto.encodings import sha256
from petition.crypto.receipts import commit_of
from petition.errors import Over
from petition.letters.models import Letter
from petition.letters.states import SIGNABLE, is_current
from petition.signing.appearances import (
    NAME_TABLES,
    Appearance,
    Shown,
    are_kept,
    keep,
    keys_of,
    require_offered,
    require_taken,
    rows_of,
    shown_under,
)
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.signatures import UNKNOWN, WITHDRAWN_SENTENCE, held_state, unknown_receipt


def change(session: Session, letter: Letter, appearance: Appearance, *, keeps_name: bool = False) -> Shown:
    """Replace the stored appearance; asked again, it changes nothing. A name that it ``keeps_name`` stays as it is.

    Refused: a receipt that never signed (404), a withdrawn signature or one of an annulled round (410), steps and
    groups that the letter does not offer, and, once it is closed, showing more than before (410).
    """
    commit = bytes.fromhex(commit_of(appearance.w_hash, sha256(appearance.a)))
    state = held_state(session, letter)
    require_offered(session, letter, appearance)
    number = _round_of(session, letter, commit)
    if session.get_one(Round, (letter.id, number)).annulled is not None:
        raise Over("The organizers canceled this signature's set of codes. Nothing about it is shown.")
    if state not in SIGNABLE or not is_current(letter):
        _require_less(shown_under(session, letter.id, appearance.a), appearance)
    rows = rows_of(appearance, letter.id, number)
    if not are_kept(session, letter.id, rows):
        require_taken(session, letter.id, appearance)
    keys = keys_of(session, letter.id, appearance.a)
    keep(session, letter.id, rows, {**keys, NAME_TABLES: []} if keeps_name else keys)
    return Shown(appearance.groups, appearance.name_step)


def _round_of(session: Session, letter: Letter, commit: bytes) -> int:
    """The round of a signature that stands, locked so that it can't be withdrawn before this is done."""
    key = (letter.id, commit)
    waiting = session.get(Pending, key, with_for_update=True)
    is_leaving = session.get(Withdrawal, key) is not None
    if waiting is not None and not is_leaving:
        return waiting.round
    sealed = session.get(Sealed, key, with_for_update=True)
    if is_leaving or session.get(Tombstone, key) is not None or (sealed is not None and sealed.is_withdrawn):
        raise Over(WITHDRAWN_SENTENCE)
    if sealed is not None:
        return sealed.round
    raise unknown_receipt(session, letter, None, UNKNOWN)


def _require_less(before: Shown, wanted: Appearance) -> None:
    if wanted.name_step is not None or not set(wanted.groups) <= set(before.groups):
        raise Over("This letter is closed. You can still show less about yourself, but not more.")
