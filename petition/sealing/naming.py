"""Names at a set time: the only moment at which the list of names changes.

Withdrawn and hidden names leave. Announced steps open or become void. Settled names in open steps are unlocked and
become rows that everyone may read. With many names that takes minutes, so it happens between two short transactions.
After a letter's end, names that will never be shown are deleted with their keys, and months later the shown names too.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import sha256
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import carry_out_announcements, destroy_names_keys, names_keys, unlocked
from petition.letters.states import CLOSED, SIGNABLE
from petition.randomness import Random
from petition.sealing.history import totals
from petition.sealing.log import log_of
from petition.sealing.unlocking import Locked, Opened, read_names
from petition.signing.models import ArrivedName, HiddenName, LockedName, ShownName
from petition.signing.names import HIDDEN_NAME, HIDING, LEAVING, SHOWN_NAME, UNREADABLE, how_many_shown, on_pages
from petition.signing.signatures import rounds_of

Tell = Callable[[int, int], None]
"""Gets how many names are read, and of how many."""
AT_ONCE = 500
"""Keys in one statement."""


@dataclass(frozen=True)
class Work:
    """What to read between the two transactions: locked names, and the private halves of their steps."""

    keys: Mapping[str, bytes]
    names: tuple[Locked, ...]


def begin(session: Session, letter: Letter, *, moment: datetime, random: Random, master: bytes) -> Work | None:
    """Remove what leaves, open what was announced, and return what must be read; None if nothing may change now."""
    log = log_of(session, letter.id, alone=True)
    session.expire_all()
    session.refresh(letter, with_for_update=True)
    if log.is_held or letter.state not in {*SIGNABLE, CLOSED}:
        return None
    if _remove_names(session, letter):
        letter.edition += 1
    if letter.state != CLOSED and letter.closes is not None:  # a closing is announced: nothing is shown in between
        return None
    signed, withdrawn = totals(rounds_of(session, letter.id))
    if letter.state == CLOSED or letter.published is not None:
        carry_out_announcements(session, letter, count=signed - withdrawn, moment=moment)
    _refresh_waiting(session, letter)
    keys = {row.step: key for row in names_keys(session, letter.id) if (key := unlocked(row, master)) is not None}
    return Work(keys, tuple(_to_read(session, letter, keys, random)))


def _remove_names(session: Session, letter: Letter) -> bool:
    """Delete the names that leave, and empty the hidden ones; returns whether the public sees a difference."""
    here = ShownName.letter_id == letter.id
    leaving = session.execute(delete(ShownName).where(here, ShownName.state == LEAVING).returning(ShownName.key)).all()
    emptied = {"state": HIDDEN_NAME, "name": "", "title": ""}
    hiding = update(ShownName).where(here, ShownName.state == HIDING).values(emptied).returning(ShownName.key)
    hidden = session.execute(hiding).all()
    told = update(HiddenName).where(HiddenName.letter_id == letter.id, HiddenName.is_public.is_(False))
    session.execute(told.values(is_public=True))
    letter.names_shown = how_many_shown(session, letter.id)
    return bool(leaving or hidden)


def _refresh_waiting(session: Session, letter: Letter) -> None:
    """How many names wait for each step: refreshed only when K more or fewer do, so that no single one is seen."""
    waiting = _settled(session, letter.id)
    for row in names_keys(session, letter.id):
        number = 0 if row.is_open else waiting.get(row.step, 0)
        told = number if number >= letter.k else 0
        if not row.is_over and told != row.waiting and (not told or abs(told - row.waiting) >= letter.k):
            row.waiting = told
            letter.edition += 1


def _settled(session: Session, letter_id: str) -> dict[str, int]:
    """How many locked names settled, by step."""
    counted = select(LockedName.step, func.count()).where(LockedName.letter_id == letter_id).group_by(LockedName.step)
    return {row[0]: row[1] for row in session.execute(counted)}


def _to_read(session: Session, letter: Letter, keys: Iterable[str], random: Random) -> list[Locked]:
    """The settled names of open steps; never more of a round than it has counted signatures, by chance if fewer.

    Until the letter closes, at least K of a round at a time: what is left over waits for others.
    """
    room = {row.number: row.signatures - row.withdrawals for row in rounds_of(session, letter.id) if not row.annulled}
    shown = select(ShownName.round, func.count()).where(*on_pages(letter.id)).group_by(ShownName.round)
    for number, count in session.execute(shown):
        room[number] = room.get(number, 0) - count
    here = (LockedName.letter_id == letter.id, LockedName.step.in_(list(keys)))
    rows = session.execute(select(LockedName.key, LockedName.step, LockedName.locked, LockedName.round).where(*here))
    chosen: dict[int, list[Locked]] = defaultdict(list)
    for _, row in sorted(((random(16), row) for row in rows), key=lambda pair: pair[0]):
        if room.get(row.round, 0) > 0:
            room[row.round] -= 1
            chosen[row.round].append(Locked(bytes(row.key), row.step, bytes(row.locked)))
    least = 1 if letter.state == CLOSED else letter.k
    names = [name for of_round in chosen.values() if len(of_round) >= least for name in of_round]
    return sorted(names, key=lambda name: name.key)


def say_nothing(_done: int, _all: int) -> None:
    """Reports no progress."""


def read(work: Work, letter_id: str, tell: Tell) -> list[Opened]:
    """Open the names, on all cores, without any database."""
    opened: list[Opened] = []
    for some in read_names(dict(work.keys), letter_id, work.names):
        opened += some
        tell(len(opened), len(work.names))
    return opened


def finish(session: Session, letter: Letter, opened: list[Opened], *, moment: datetime) -> int:
    """Show names that were read and still exist; at a letter's end delete those never to be shown, with their keys."""
    log_of(session, letter.id, alone=True)
    session.expire_all()
    session.refresh(letter, with_for_update=True)
    if letter.state not in {*SIGNABLE, CLOSED}:
        return 0
    parts = (opened[start : start + AT_ONCE] for start in range(0, len(opened), AT_ONCE))
    shown = sum(_show(session, letter, some) for some in parts)
    letter.edition += bool(shown)
    if letter.state == CLOSED:
        _end(session, letter, moment)
    letter.names_shown = how_many_shown(session, letter.id)
    return shown


def _show(session: Session, letter: Letter, opened: list[Opened]) -> int:
    """Put what was read in the place of its locked form, unless that has changed or gone meanwhile."""
    keys = [name.key for name, _ in opened]
    here = (LockedName.letter_id == letter.id, LockedName.key.in_(keys))
    present = {bytes(row.key): row for row in session.execute(select(LockedName.__table__).where(*here))}
    same = [(name, typed) for name, typed in opened if _is_there(present.get(name.key), name)]
    gone = [name.key for name, _ in same]
    session.execute(delete(LockedName).where(LockedName.letter_id == letter.id, LockedName.key.in_(gone)))
    session.execute(delete(ShownName).where(ShownName.letter_id == letter.id, ShownName.key.in_(gone)))
    rows = [_row(letter, present[name.key].round, name, typed) for name, typed in same]
    if rows:
        session.execute(insert(ShownName), rows)
    return len(rows)


def _is_there(row: Any, name: Locked) -> bool:
    return row is not None and (row.step, bytes(row.locked)) == (name.step, name.locked)


def _row(letter: Letter, number: int, name: Locked, typed: Any) -> dict[str, Any]:
    return {
        "letter_id": letter.id,
        "key": name.key,
        "round": number,
        "step": name.step,
        "locked_sha256": sha256(name.locked),
        "state": SHOWN_NAME if typed else UNREADABLE,
        "name": typed.name if typed else "",
        "title": typed.title if typed else "",
    }


def _end(session: Session, letter: Letter, moment: datetime) -> None:
    """Delete names that will never be shown, store their number, and destroy the keys; months later, all names."""
    rows = [row for row in names_keys(session, letter.id) if not row.is_over]
    if rows:
        never_shown = _settled(session, letter.id)
        for row in rows:
            row.waiting = never_shown.get(row.step, 0)
        for table in (LockedName, ArrivedName):
            session.execute(delete(table).where(table.letter_id == letter.id))
        destroy_names_keys(session, letter.id)
        letter.edition += 1
    if not letter.names_gone and letter.name_steps and names_until(letter) <= moment:
        session.execute(delete(ShownName).where(ShownName.letter_id == letter.id))
        session.execute(update(HiddenName).where(HiddenName.letter_id == letter.id).values(key=None))
        letter.names_gone = True
        letter.edition += 1


def names_until(letter: Letter) -> datetime:
    """The hour at which a closed letter's names leave its pages: the chosen number of months after its end."""
    assert letter.closed is not None
    years, month = divmod(letter.closed.month - 1 + letter.names_months, 12)
    year = letter.closed.year + years
    return letter.closed.replace(year=year, month=month + 1, day=min(letter.closed.day, monthrange(year, month + 1)[1]))
