"""Shown names: signers take them back, organizers hide them, everyone reads them.

Nothing here changes what the public sees before the next set time (sealing/naming.py): until then a name that leaves
is only marked.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import sha256
from petition.database import SessionOrConnection
from petition.errors import GONE, BadShape, Conflict, NotFound
from petition.letters.models import Letter
from petition.letters.text.letter_text import one_line
from petition.prepared import Prepared
from petition.signing.models import HiddenName, ShownName

SHOWN_NAME, LEAVING, HIDING = "s", "l", "h"
"""On the public list; leaving it at the next set time because its signer, or the organizers, took it off."""
HIDDEN_NAME, UNREADABLE = "x", "u"
"""Without a name: the organizers took it off, or what was unlocked can't be shown."""
RESTORED = "r"
"""Came out of a backup: its signer may have taken it back since."""
ON_PAGES = (SHOWN_NAME, LEAVING, HIDING)
"""States of the rows that public pages are made from."""
AnyRow = dict[str, Any]


def on_pages(letter_id: str) -> tuple[ColumnElement[bool], ...]:
    """Which rows the public sees."""
    return (ShownName.letter_id == letter_id, ShownName.state.in_(ON_PAGES))


def shown_names(session: Session, letter_id: str) -> list[tuple[str, str]]:
    """All names with their titles that the public sees, in no order."""
    found = session.execute(select(ShownName.name, ShownName.title).where(*on_pages(letter_id)))
    return [(row.name, row.title) for row in found]


def find_shown(session: Session, letter_id: str, sought: str, most: int) -> list[ShownName]:
    """Shown names that contain a text, in any case, by key; at most ``most`` of them. The database does the search.

    A name that is leaving stays among them until the public sees it go: organizers must not learn sooner.
    """
    query = select(ShownName).where(*on_pages(letter_id))
    if sought:
        query = query.where(ShownName.name.icontains(sought, autoescape=True))
    return list(session.scalars(query.order_by(ShownName.key).limit(most)))


def find_on_pages(session: Session, letter_id: str, key: bytes) -> ShownName | None:
    """The row of a name that the public sees."""
    return session.scalar(select(ShownName).where(*on_pages(letter_id), ShownName.key == key))


def how_many_shown(session: Session, letter_id: str) -> int:
    """How many names the public sees."""
    return session.scalars(select(func.count()).select_from(ShownName).where(*on_pages(letter_id))).one()


def hidings(session: Session, letter_id: str) -> list[HiddenName]:
    """Names that the organizers hid, by number; only those whose hiding is public by now."""
    here = (HiddenName.letter_id == letter_id, HiddenName.is_public.is_(True))
    return list(session.scalars(select(HiddenName).where(*here).order_by(HiddenName.number)))


# By receipt


def shown_under_key(session: Session, letter_id: str, key: bytes) -> ShownName | None:
    """The row of a name that was unlocked; None for one that is leaving already."""
    row = session.get(ShownName, (letter_id, key))
    return None if row is None or row.state == LEAVING else row


_NAME: Any = ShownName.__table__.c
_UNDER_KEY = Prepared(
    select(_NAME.key, _NAME.step, _NAME.locked_sha256, _NAME.state).where(
        _NAME.letter_id == bindparam("of_letter"), _NAME.key == bindparam("of_key")
    )
)
Unlocked = dict[bytes, Row[Any]]
"""What was unlocked under some keys: step, SHA-256 of the locked name, and state."""


def unlocked_under(session: SessionOrConnection, letter_id: str, keys: Iterable[bytes]) -> Unlocked:
    """What was unlocked under these keys, also what is leaving."""
    found = (_UNDER_KEY.first(session, {"of_letter": letter_id, "of_key": key}) for key in keys)
    return {row.key: row for row in found if row is not None}


def still_locked(wanted: Iterable[AnyRow], unlocked: Unlocked) -> list[AnyRow]:
    """Of the locked names in a request, those whose very bytes were not unlocked yet."""
    return [row for row in wanted if not _is_same(unlocked.get(row["key"]), row)]


def _is_same(shown: Row[Any] | None, row: AnyRow) -> bool:
    if shown is None or shown.state == LEAVING:
        return False
    return (shown.step, shown.locked_sha256) == (row["step"], sha256(row["locked"]))


def take_off(session: SessionOrConnection, letter_id: str, keys: Collection[bytes]) -> None:
    """Take shown names off, for another name or none. A hidden name stays hidden as long as its signature stands."""
    if not keys:
        return
    here = (ShownName.letter_id == letter_id, ShownName.key.in_(keys))
    session.execute(delete(ShownName).where(*here, ShownName.state.in_((UNREADABLE, RESTORED))))
    session.execute(update(ShownName).where(*here, ShownName.state == SHOWN_NAME).values(state=LEAVING))


def forget_shown(session: Session, letter_id: str, keys: Iterable[bytes]) -> None:
    """Their signatures were withdrawn: nothing stays of their names, the public ones from the next set time on."""
    here = (ShownName.letter_id == letter_id, ShownName.key.in_(list(keys)))
    session.execute(delete(ShownName).where(*here, ShownName.state.in_((UNREADABLE, HIDDEN_NAME, RESTORED))))
    session.execute(update(ShownName).where(*here, ShownName.state.in_((SHOWN_NAME, HIDING))).values(state=LEAVING))
    hidings = update(HiddenName).where(HiddenName.letter_id == letter_id, HiddenName.key.in_(list(keys)))
    session.execute(hidings.values(key=None))


_HIDDEN_NAME: Any = HiddenName.__table__.c
_WHY_HIDDEN = Prepared(
    select(_HIDDEN_NAME.reason).where(
        _HIDDEN_NAME.letter_id == bindparam("of_letter"), _HIDDEN_NAME.key == bindparam("of_key", type_=LargeBinary)
    )
)


def require_not_hidden(session: SessionOrConnection, letter_id: str, key: bytes) -> None:
    """Refuse another name from a signer whose name the organizers have hidden."""
    hidden = _WHY_HIDDEN.first(session, {"of_letter": letter_id, "of_key": key})
    if hidden is not None:
        raise Conflict("The organizers hid your name. Their reason: %(reason)s", reason=hidden.reason)


# By organizers, rounds and letters


def hide(session: Session, letter: Letter, key: bytes, reason: str) -> HiddenName:
    """Take a name off the list from the next set time on, with a public reason; its signature still counts."""
    reason = one_line(reason, "note")
    if not reason:
        raise BadShape("Give a reason.")
    session.refresh(letter, with_for_update=True)
    row = find_on_pages(session, letter.id, key)
    if row is None or row.state == HIDING:
        raise NotFound(GONE)
    newest = session.scalar(select(func.max(HiddenName.number)).where(HiddenName.letter_id == letter.id))
    hidden = HiddenName(letter_id=letter.id, number=(newest or 0) + 1, reason=reason, key=key)
    session.add(hidden)
    if (
        row.state == SHOWN_NAME
    ):  # one that is leaving is deleted at the same set time; nobody may learn that by trying this
        row.state = HIDING
    session.flush()
    return hidden


def forget_names_of_round(session: Session, letter_id: str, number: int) -> None:
    """An annulled round takes its shown names along, at the next set time."""
    keys = select(ShownName.key).where(ShownName.letter_id == letter_id, ShownName.round == number)
    forget_shown(session, letter_id, session.scalars(keys).all())


def forget_names_of_letter(session: Session, letter_id: str) -> None:
    """A letter that was withdrawn shows nothing at all."""
    for table in (ShownName, HiddenName):
        session.execute(delete(table).where(table.letter_id == letter_id))


# After a restore


def free_names(session: Session, letter: Letter, published: Counter[tuple[str, str]] | None = None) -> None:
    """Show the names of a backup again: all of them, or only those on the newest published list."""
    rows = session.scalars(select(ShownName).where(ShownName.letter_id == letter.id, ShownName.state == RESTORED)).all()
    for row in rows:
        if published is None or published[row.name, row.title] > 0:
            row.state = SHOWN_NAME
            if published is not None:
                published[row.name, row.title] -= 1
        else:
            session.delete(row)
    session.flush()
    letter.names_shown = how_many_shown(session, letter.id)
    letter.edition += bool(rows)
