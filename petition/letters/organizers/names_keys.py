"""Names keys: one for each appearance step that shows names, opened by an organizer's passphrase (protocol 9).

Between the opening of a letter and the unlocking of a step, no one can read its names: not the database, not the host,
not an organizer without typing the passphrase. Private halves are stored only in boxes, one for each organizer.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from petition.crypto.appearance_steps import NAMED, NAMED_AT, in_order, name_step, number_of
from petition.crypto.boxes import derive, lock, unlock
from petition.crypto.encodings import b64url
from petition.crypto.keyrings import box_for, open_box
from petition.crypto.locked_names import NamesPrivateKey
from petition.database import SessionOrConnection
from petition.errors import A_NUMBER, BadShape, Conflict, Forbidden, NotFound
from petition.letters.lifecycle import full_hour_after
from petition.letters.models import Authorship, Letter, NamesKey, NamesKeyCopy, Organizer
from petition.letters.organizers.accounts import private_key
from petition.letters.states import EDITOR, PUBLISHED, require_draft
from petition.prepared import Prepared

MakeKey = Callable[[], NamesPrivateKey]
_ = str
MOST_NUMBERS = 5
LEAST_N, MOST_N = 2, 1_000_000
MOST_MONTHS = 60
REVEAL_NOTICE = timedelta(days=1)
"""The unlocking of an N is announced so long ahead."""
NAMES_KEY_LABEL = "petition-names-key-v1"
WHICH_NUMBERS = _("Enter at most %(most)s numbers from %(least)s to %(largest)s, such as 50, 200.")


def choose_name_steps(session: Session, letter: Letter, *, named: bool, numbers: Iterable[int], months: int) -> None:
    """Say which steps that show names a letter offers, and how long names stay after it closes; only in a draft."""
    session.refresh(letter, with_for_update=True)
    require_draft(letter)
    wanted = sorted(set(numbers))
    if len(wanted) > MOST_NUMBERS or not all(LEAST_N <= number <= MOST_N for number in wanted):
        raise BadShape(WHICH_NUMBERS, most=MOST_NUMBERS, least=LEAST_N, largest=f"{MOST_N:,}")
    if not 1 <= months <= MOST_MONTHS:
        raise BadShape(A_NUMBER, least=1, most=MOST_MONTHS)
    letter.name_steps = [*([NAMED] if named else []), *(name_step(NAMED_AT, number) for number in wanted)]
    letter.names_months = months
    session.flush()


# Keys and who holds them


def key_holders(session: Session, letter_id: str) -> list[Organizer]:
    """The letter's editors who can receive a box with a key, by name."""
    mine = select(Organizer).join(Authorship, Authorship.organizer_id == Organizer.id)
    has_pair = (Authorship.letter_id == letter_id, Authorship.role == EDITOR, Organizer.public_key.is_not(None))
    return list(session.scalars(mine.where(*has_pair).order_by(Organizer.name)))


def make_names_keys(session: Session, letter: Letter, make: MakeKey) -> dict[str, bytes]:
    """A key for each name step, boxed for every editor of the letter; the public halves (SPKI DER) by step."""
    holders = key_holders(session, letter.id)
    made = {}
    for step in letter.name_steps:
        key = make()
        made[step] = key.public_key()
        session.add(NamesKey(letter_id=letter.id, step=step, public_key=made[step]))
        session.flush()
        for organizer in holders:
            _box(session, letter.id, step, organizer, key.as_pkcs8())
    session.flush()
    return made


def _box(session: Session, letter_id: str, step: str, organizer: Organizer, key: bytes) -> None:
    assert organizer.public_key is not None
    box = box_for(organizer.public_key, key)
    session.merge(NamesKeyCopy(letter_id=letter_id, step=step, organizer_id=organizer.id, box=box))


def names_keys(session: Session, letter_id: str) -> list[NamesKey]:
    """A letter's names keys, in the order of the appearance steps."""
    rows = {row.step: row for row in session.scalars(select(NamesKey).where(NamesKey.letter_id == letter_id))}
    return [rows[step] for step in in_order(rows)]


def public_names_keys(session: Session, letter_id: str) -> dict[str, str]:
    """The public halves (SPKI DER in base64url) by step; for good, because pins cover them."""
    rows = names_keys(session, letter_id)
    return {row.step: b64url(row.public_key) for row in rows if row.public_key is not None}


_KEY, _COPY = NamesKey.__table__.c, NamesKeyCopy.__table__.c
_IS_HELD = exists().where(_COPY.letter_id == _KEY.letter_id, _COPY.step == _KEY.step)
_TAKEN = Prepared(
    select(_KEY.step).where(
        _KEY.letter_id == bindparam("of_letter"), _KEY.is_over.is_(False), _IS_HELD | _KEY.private_key.is_not(None)
    )
)


def steps_taken(session: SessionOrConnection, letter_id: str) -> list[str]:
    """The steps that show names and are still taken: not those that no one can unlock any more."""
    return in_order(row.step for row in _TAKEN.all(session, {"of_letter": letter_id}))


def who_can_unlock(session: Session, letter_id: str) -> set[str]:
    """The ids of organizers who hold a copy of the letter's names keys."""
    held = select(NamesKeyCopy.organizer_id).where(NamesKeyCopy.letter_id == letter_id)
    return set(session.scalars(held.distinct()))


def grant(session: Session, letter: Letter, giver: Organizer, passphrase: str, newcomer_id: str) -> None:
    """Give another editor of the letter all names keys that the giver holds."""
    newcomer = session.get(Organizer, newcomer_id)
    authorship = session.get(Authorship, (letter.id, newcomer_id))
    if newcomer is None or authorship is None:
        raise NotFound("This person doesn't work on the letter. Invite them first.")
    if authorship.role != EDITOR:
        raise Conflict("%(name)s is a reviewer. Only editors can have the key.", name=newcomer.name)
    if newcomer.public_key is None:
        raise Conflict("%(name)s has no password yet. Ask them to set one first.", name=newcomer.name)
    for step, key in _opened(session, letter, giver, passphrase).items():
        _box(session, letter.id, step, newcomer, key)
    session.flush()


def _opened(session: Session, letter: Letter, organizer: Organizer, passphrase: str) -> dict[str, bytes]:
    """All private halves (PKCS #8) that an organizer's passphrase opens, by step."""
    copies = session.scalars(
        select(NamesKeyCopy).where(NamesKeyCopy.letter_id == letter.id, NamesKeyCopy.organizer_id == organizer.id)
    ).all()
    if not copies:
        raise Forbidden("You don't have the key to the names. Ask another editor to give it to you.")
    private = private_key(organizer, passphrase)
    try:
        return {copy.step: open_box(private, copy.box) for copy in copies}
    except ValueError:
        raise Conflict("Your key to the names is damaged. Ask another editor to give it to you.") from None


def forget_names_key(session: Session, letter_id: str, organizer_id: str) -> None:
    """Delete an organizer's copies of a letter's names keys, when they leave it or stop being an editor."""
    here = (NamesKeyCopy.letter_id == letter_id, NamesKeyCopy.organizer_id == organizer_id)
    session.execute(delete(NamesKeyCopy).where(*here))
    session.execute(update(Letter).where(Letter.id == letter_id).values(edition=Letter.edition + 1))


def lost_names(session: Session, letter: Letter) -> bool:
    """Whether a letter that goes on has names that no one can unlock any more."""
    rows = [row for row in names_keys(session, letter.id) if not row.is_over]
    return len(steps_taken(session, letter.id)) < len(rows)


# Unlocking


def unlock_named(session: Session, letter: Letter, organizer: Organizer, passphrase: str, *, master: bytes) -> None:
    """Unlock ``named``: from the next sealing on its names are shown. Refused before publication is under way."""
    row = _locked_row(session, letter, NAMED)
    _keep(row, _opened(session, letter, organizer, passphrase)[NAMED], master)
    row.is_open = True
    session.flush()


def announce_unlocking(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    passphrase: str,
    number: int,
    *,
    count: int,
    moment: datetime,
    master: bytes,
) -> NamesKey:
    """Announce that the names of N are shown a day from now, if ``count`` is N at least, now and until then.

    One step at a time. The private half of this one step is kept until then, locked under the master secret.
    """
    if letter.state != PUBLISHED or letter.closes is not None:
        raise Conflict("You can reveal names while the letter is public, until closing is announced.")
    row = _locked_row(session, letter, name_step(NAMED_AT, number))
    if count < number:
        raise Conflict(
            "You promised to show these names at %(number)s signatures. So far, %(count)s are counted.",
            count=count, number=number,
        )  # fmt: skip
    if any(other.opens is not None and not other.is_open for other in names_keys(session, letter.id)):
        raise Conflict("Other names are already announced. Reveal these afterward.")
    _keep(row, _opened(session, letter, organizer, passphrase)[row.step], master)
    row.opens = full_hour_after(moment + REVEAL_NOTICE)
    letter.edition += 1
    session.flush()
    return row


def _locked_row(session: Session, letter: Letter, step: str) -> NamesKey:
    row = session.get(NamesKey, (letter.id, step), with_for_update=True)
    if row is None:
        raise NotFound("This letter has no such names to reveal.")
    if row.private_key is not None or row.is_over:
        raise Conflict("These names are already revealed, or the letter is over.")
    return row


def _keep(row: NamesKey, key: bytes, master: bytes) -> None:
    if NamesPrivateKey.from_pkcs8(key).public_key() != row.public_key:
        raise Conflict("Your key to the names is damaged. Ask another editor to give it to you.")
    row.private_key = lock(derive(master, NAMES_KEY_LABEL), key, _label(row))


def unlocked(row: NamesKey, master: bytes) -> bytes | None:
    """The private half (PKCS #8) of a step whose names may be shown; None for all others."""
    if not row.is_open or row.private_key is None:
        return None
    return unlock(derive(master, NAMES_KEY_LABEL), row.private_key, _label(row))


def _label(row: NamesKey) -> str:
    return f"{NAMES_KEY_LABEL}{row.letter_id}{row.step}"


def void_announcement(session: Session, letter: Letter, step: str) -> None:
    """Cancel an announcement, for an organizer or because the count has fallen: deletes what was stored for it."""
    row = session.get(NamesKey, (letter.id, step), with_for_update=True)
    if row is None or row.is_open or row.opens is None:
        raise Conflict("No names are announced here.")
    row.private_key = row.opens = None
    letter.edition += 1
    session.flush()


def carry_out_announcements(session: Session, letter: Letter, *, count: int, moment: datetime) -> list[str]:
    """Open what was announced a day ago; void what was announced for more than have signed. Returns the opened steps.

    A count that falls below N voids at the next set time, not only at the end of the day.
    """
    opened = []
    for row in names_keys(session, letter.id):
        if row.opens is None or row.is_open:
            continue
        if count < (number_of(row.step) or 0):
            void_announcement(session, letter, row.step)
        elif row.opens <= moment:
            row.is_open = True
            opened.append(row.step)
    session.flush()
    return opened


def destroy_names_keys(session: Session, letter_id: str) -> None:
    """Delete every private half and every box of a letter's names keys; what was locked stays locked for good."""
    session.execute(delete(NamesKeyCopy).where(NamesKeyCopy.letter_id == letter_id))
    for row in names_keys(session, letter_id):
        row.private_key, row.is_over = None, True
        row.opens = row.opens if row.is_open else None
    session.flush()
