"""What a signer allows to be shown: only the count, groups, or a locked name (protocol, section 6).

Group answers and names are separate rows under keys that only the receipt leads to. They hold their round's number and
nothing else of the signature: no one can join role to site to level, or any of them to an entry of the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, literal, or_, select, union_all
from sqlalchemy.orm import Session

from petition.crypto.appearance_steps import COUNTED, GROUPED, NAMED, NAMED_AT, STEPS, name_step
from petition.crypto.encodings import from_b64url, sha256
from petition.crypto.locked_names import LOCKED_SIZE
from petition.crypto.receipts import commit_of, group_key, name_key
from petition.database import SessionOrConnection
from petition.errors import CHOOSE, BadShape, Conflict, Forbidden, Over
from petition.letters.fields import MOST_FIELDS, FieldOfLetter, fields_of
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import steps_taken
from petition.prepared import Prepared
from petition.signing.erasure import LONGEST_WORD, blank, is_blank, write_over
from petition.signing.models import Answer, ArrivedAnswer, ArrivedName, LockedName
from petition.signing.names import (
    forget_names_of_letter,
    forget_names_of_round,
    forget_shown,
    require_not_hidden,
    shown_under_key,
    still_locked,
    take_off,
    unlocked_under,
)

ANSWER_TABLES, NAME_TABLES = (ArrivedAnswer, Answer), (ArrivedName, LockedName)
"""Where rows arrive, and where they settle."""
TABLES = (*ANSWER_TABLES, *NAME_TABLES)
ARRIVALS = (ArrivedAnswer, ArrivedName)
AnyRow = dict[str, Any]


@dataclass(frozen=True)
class Appearance:
    """An appearance step with its values; above ``counted`` also A and SHA-256(W), 32 bytes each."""

    step: str = COUNTED
    at: int | None = None
    """For ``named_at``: how many must have signed before the name is shown."""
    groups: tuple[tuple[str, str], ...] = ()
    """Field and option, by their ids; one option a field at most."""
    locked_name: bytes | None = None
    a: bytes = b""
    w_hash: bytes = b""

    @property
    def name_step(self) -> str | None:
        """The step of the locked name, as its key is called: ``named`` or ``named_at:200``; None without a name."""
        return None if self.locked_name is None else name_step(self.step, self.at)


# Shape


def read_appearance(value: Any, opened: tuple[bytes, bytes] | None = None) -> Appearance:
    """An appearance from JSON (interface, machine formats); refuses members that its step does not have.

    ``opened`` is A and SHA-256(W) if a request has them beside the appearance; otherwise they are in it.
    """
    step = value.get("step") if isinstance(value, dict) else None
    if step not in STEPS:
        raise BadShape(CHOOSE, choices="counted, grouped, named_at, named")
    if step == COUNTED and opened is None:
        if set(value) != {"step"}:
            raise BadShape("“%(step)s” must have these members: %(wanted)s.", step=step, wanted="step")
        return Appearance()
    _require_members(value, step, with_receipt=opened is None)
    a, w_hash = opened or (from_b64url(value["a"], 32, "a"), _read_hash(value["w_hash"]))
    return Appearance(
        step=step,
        at=_read_number(value["at"]) if step == NAMED_AT else None,
        groups=_read_groups(value.get("groups", [])),
        locked_name=from_b64url(value["locked_name"], LOCKED_SIZE, "locked_name") if "locked_name" in value else None,
        a=a,
        w_hash=w_hash,
    )


MEMBERS = {
    COUNTED: set[str](),
    GROUPED: {"groups"},
    NAMED_AT: {"at", "locked_name"},
    NAMED: {"locked_name"},
}


def _require_members(value: dict[str, Any], step: str, *, with_receipt: bool) -> None:
    wanted = {"step"} | MEMBERS[step] | ({"a", "w_hash"} if with_receipt else set())
    allowed = wanted | {"a", "w_hash"} | ({"groups"} if step in (NAMED, NAMED_AT) else set())
    if not wanted <= set(value) <= allowed:
        raise BadShape("“%(step)s” must have these members: %(wanted)s.", step=step, wanted=", ".join(sorted(wanted)))


def _read_hash(value: Any) -> bytes:
    try:
        read = bytes.fromhex(value) if isinstance(value, str) and len(value) == 64 else b""
    except ValueError:
        read = b""
    if read.hex() != value:
        raise BadShape("%(name)s must be a SHA-256 in lower-case hex.", name="w_hash")
    return read


def _read_number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 10**9:
        raise BadShape("%(name)s must be a whole number from 1 on.", name="at")
    return value


def _read_groups(value: Any) -> tuple[tuple[str, str], ...]:
    shaped = isinstance(value, list) and len(value) <= MOST_FIELDS and all(map(_is_group, value))
    if not shaped or len({group["field"] for group in value}) != len(value):
        raise BadShape(
            "groups must be a list of objects with the members field and option, at most one for each field."
        )
    return tuple(sorted((group["field"], group["option"]) for group in value))


def _is_group(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"field", "option"} and all(map(_is_id, value.values()))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and len(value) <= LONGEST_WORD


# Rules


def require_opened(appearance: Appearance, commit: str) -> None:
    """A and SHA-256(W) must be those of the signature's receipt; A is forgotten after its keys are derived."""
    if appearance.a and commit_of(appearance.w_hash, sha256(appearance.a)) != commit:
        raise Forbidden("This receipt doesn't belong to this signature. Use the receipt that came with it.")


def require_offered(session: SessionOrConnection, letter: Letter | Row[Any], appearance: Appearance) -> None:
    """The letter must offer the step, and the groups that are chosen."""
    if appearance.step == COUNTED:
        return
    asks_fields = appearance.step == GROUPED or appearance.groups
    fields = {field.id: field for field in fields_of(session, letter.id)} if asks_fields else {}
    if appearance.step == GROUPED and not fields:
        raise Conflict("This letter doesn't offer that choice. Choose another way to be listed.")
    if appearance.name_step is not None and appearance.name_step not in letter.name_steps:
        raise Conflict("This letter doesn't offer that choice. Choose another way to be listed.")
    for field, option in appearance.groups:
        _require_option(fields, field, option)


def require_taken(session: SessionOrConnection, letter_id: str, appearance: Appearance) -> None:
    """Refuse a name that is new if no one can unlock its step any more."""
    if appearance.name_step is not None and appearance.name_step not in steps_taken(session, letter_id):
        raise Over("This letter doesn't offer that choice. Choose another way to be listed.")


def _require_option(fields: dict[str, FieldOfLetter], field: str, option: str) -> None:
    if field not in fields or fields[field].option(option) is None:
        raise BadShape(
            "“%(option)s” isn't an answer to “%(field)s.” Choose one from the list.",
            option=option, field=field,
        )  # fmt: skip


# Rows


@dataclass(frozen=True)
class Shown:
    """What is stored under the keys of a receipt: all of its appearance that the site knows."""

    groups: tuple[tuple[str, str], ...] = ()
    """Field and option, by their ids."""
    name_step: str | None = None
    """``named``, ``named_at:200``, or None without a name."""
    name: str = ""
    """The name, once it was unlocked; until then no one here can read it."""
    title: str = ""

    @property
    def step(self) -> str:
        """The appearance step. No row holds it; it follows from which rows exist."""
        return self.name_step or (GROUPED if self.groups else COUNTED)


Tables = tuple[type[Any], type[Any]]
Rows = dict[Tables, list[AnyRow]]
"""Rows, by the tables in which they arrive and settle."""
Keys = dict[Tables, list[bytes]]


def rows_of(appearance: Appearance, letter_id: str, number: int) -> Rows:
    """What is stored of an appearance in a round of a letter."""
    here = {"letter_id": letter_id, "round": number}
    found: Rows = {ANSWER_TABLES: [], NAME_TABLES: []}
    for field, option in appearance.groups:
        found[ANSWER_TABLES].append({**here, "key": group_key(appearance.a, field), "field": field, "option": option})
    if appearance.locked_name is not None:
        named = {"step": appearance.name_step, "locked": appearance.locked_name}
        found[NAME_TABLES].append({**here, "key": name_key(appearance.a), **named})
    return found


def keys_in(rows: Rows) -> Keys:
    """The keys of some rows."""
    return {tables: [row["key"] for row in some] for tables, some in rows.items()}


def keys_of(session: Session, letter_id: str, a: bytes) -> Keys:
    """All keys in a letter that derive from A."""
    return {
        ANSWER_TABLES: [group_key(a, field.id) for field in fields_of(session, letter_id)],
        NAME_TABLES: [name_key(a)],
    }


def are_kept(session: SessionOrConnection, letter_id: str, rows: Rows) -> bool:
    """Whether exactly these rows are stored under their keys; no other key is looked at."""
    unlocked = unlocked_under(session, letter_id, [row["key"] for row in rows[NAME_TABLES]])
    locked: Rows = {**rows, NAME_TABLES: still_locked(rows[NAME_TABLES], unlocked)}
    keys = keys_in(locked)
    return all(_present(session, letter_id, tables, keys[tables]) == _sorted(locked[tables]) for tables in locked)


def keep(session: SessionOrConnection, letter_id: str, rows: Rows, keys: Keys) -> None:
    """Let these rows be all that is stored under some keys. What is there already stays, what is new arrives.

    What is taken back leaves a blank where it arrives, from which the next sealing knows what to delete.
    """
    unlocked = unlocked_under(session, letter_id, keys[NAME_TABLES])
    locked = still_locked(rows[NAME_TABLES], unlocked)
    for row in locked:
        require_not_hidden(session, letter_id, row["key"])
    stays = {row["key"] for row in rows[NAME_TABLES] if row not in locked}
    take_off(session, letter_id, unlocked.keys() - stays)
    wanted_rows: Rows = {**rows, NAME_TABLES: locked}
    for tables, wanted in wanted_rows.items():
        _keep_in(session, letter_id, tables, wanted, keys[tables])


_ARRIVES: dict[Any, Prepared] = {table: Prepared(insert(table)) for table in ARRIVALS}


def _keep_in(
    session: SessionOrConnection, letter_id: str, tables: Tables, wanted: list[AnyRow], keys: list[bytes]
) -> None:
    arrived, settled = tables
    here, there = _stored(session, letter_id, tables, keys)
    taken_back = [row for row in there if row not in wanted]
    if any(not is_blank(row) for row in taken_back):
        write_over(session, letter_id, settled, [row["key"] for row in taken_back])
    arriving = {row["key"]: blank(row) for row in taken_back}
    arriving |= {row["key"]: row for row in wanted if row not in there}
    gone = [row["key"] for row in here if row not in arriving.values()]
    if gone:
        session.execute(delete(arrived).where(arrived.letter_id == letter_id, arrived.key.in_(gone)))
    missing = [row for row in arriving.values() if row not in here]
    if missing:
        _ARRIVES[arrived].run_many(session, missing)


def forget(session: Session, letter_id: str, a: bytes) -> None:
    """Delete everything under keys from A: the signature has been withdrawn."""
    keys = keys_of(session, letter_id, a)
    forget_shown(session, letter_id, keys[NAME_TABLES])
    keep(session, letter_id, {ANSWER_TABLES: [], NAME_TABLES: []}, keys)


def forget_all(session: Session, letter_id: str, number: int | None = None) -> None:
    """Delete the rows of an annulled round, or of a letter that was withdrawn."""
    for table in TABLES:
        of_round = () if number is None else (table.round == number,)
        session.execute(delete(table).where(table.letter_id == letter_id, *of_round))
    if number is None:
        forget_names_of_letter(session, letter_id)
    else:
        forget_names_of_round(session, letter_id, number)


def shown_under(session: Session, letter_id: str, a: bytes) -> Shown:
    """The appearance that is stored under A."""
    keys = keys_of(session, letter_id, a)
    answers, names = (_present(session, letter_id, tables, keys[tables]) for tables in (ANSWER_TABLES, NAME_TABLES))
    groups = tuple(sorted((row["field"], row["option"]) for row in answers))
    unlocked = shown_under_key(session, letter_id, name_key(a))
    if names or unlocked is None:
        return Shown(groups, next((row["step"] for row in names), None))
    return Shown(groups, unlocked.step, unlocked.name, unlocked.title)


def _present(session: SessionOrConnection, letter_id: str, tables: Tables, keys: list[bytes]) -> list[AnyRow]:
    """The rows under some keys, wherever they are, by key; none that was taken back."""
    here, there = _stored(session, letter_id, tables, keys)
    return _sorted(row for row in here + there if not is_blank(row))


@cache
def _under_keys(tables: Tables, count: int) -> Prepared:
    """The rows under as many keys: ``key_0``, ``key_1``, …"""
    parts = (
        select(here, literal(place).label("place")).where(
            here.c.letter_id == bindparam("of_letter"),
            or_(*(here.c.key == bindparam(f"key_{number}") for number in range(count))),
        )
        for place, here in enumerate(table.__table__ for table in tables)
    )
    return Prepared(union_all(*parts))


def _stored(
    session: SessionOrConnection, letter_id: str, tables: Tables, keys: list[bytes]
) -> tuple[list[AnyRow], list[AnyRow]]:
    """The rows under some keys where they arrive, and where they settle; those that were taken back too."""
    found: tuple[list[AnyRow], list[AnyRow]] = ([], [])
    if keys:
        of_keys = {f"key_{number}": key for number, key in enumerate(keys)}
        for row in _under_keys(tables, len(keys)).all(session, {"of_letter": letter_id, **of_keys}):
            values = row._asdict()
            found[values.pop("place")].append(values)
    return found


def _sorted(rows: Iterable[AnyRow]) -> list[AnyRow]:
    return sorted(rows, key=lambda row: bytes(row["key"]))
