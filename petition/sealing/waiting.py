"""What waits for an update: reads it, deletes what was counted, and clears what an update left that was cut off.

While an update is at work, a removal deletes no waiting signature: the update may have it in hand. It is noted as for
a signature that was counted. The update's last step finds which of the two it was.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash
from petition.letters.models import Letter
from petition.letters.states import SIGNABLE
from petition.sealing.log import HASH, widths
from petition.sealing.models import Entry, Log, Tile
from petition.sealing.steps import Changed, Steps, parts, stretches
from petition.signing.models import ArrivedAnswer, ArrivedName, Pending, Sealed, Tombstone, Withdrawal

ARRIVING_TABLES = (Pending, Tombstone, Withdrawal, ArrivedAnswer, ArrivedName)


class Waiting(NamedTuple):
    """A signature that waits, as much of it as an update keeps in memory; by leaf hash, it is in the log's order."""

    leaf: bytes
    commit: bytes
    round: int


def entry_of(number: int, message: bytes, signature: bytes) -> dict[str, Any]:
    """A signature as the log has it."""
    return {"type": "signature", "round": number, "message": b64url(message), "signature": b64url(signature)}


def all_waiting(steps: Steps, letter_id: str) -> list[Waiting]:
    """What waits of a letter."""
    columns = (Pending.round, Pending.message, Pending.signature)
    return [
        Waiting(leaf_hash(canonical_json(entry_of(number, message, signature))), bytes(commit), number)
        for stretch in stretches(steps, Pending, letter_id, *columns)
        for commit, number, message, signature in stretch
    ]


def datas_of(session: Session, letter_id: str, some: Iterable[Waiting]) -> list[bytes]:
    """The log's bytes of some signatures that wait, in the order in which they are given."""
    some = list(some)
    query = select(Pending.commit, Pending.round, Pending.message, Pending.signature)
    query = query.where(Pending.letter_id == letter_id, Pending.commit.in_([one.commit for one in some]))
    rows: Any = session.execute(query)
    found = {bytes(commit): canonical_json(entry_of(*of_entry)) for commit, *of_entry in rows}
    if len(found) < len(some):  # organizers canceled a set of codes, or withdrew the letter
        raise Changed
    return [found[one.commit] for one in some]


def drop(steps: Steps, table: type[Any], letter_id: str, commits: list[bytes]) -> None:
    """Delete rows by their commits, which are sorted."""
    for part in parts(steps, commits):
        _delete(steps.session, table, letter_id, part)


def apply_late_removals(session: Session, letter: Letter) -> None:
    """Do what removals asked for while an update was at work: delete what still waits, mark what was counted."""
    here = and_(Withdrawal.letter_id == letter.id, Withdrawal.commit.in_(_commits(Pending, letter.id)))
    late = sorted(session.scalars(select(Withdrawal.commit).where(here)))
    for table in (Pending, Withdrawal):
        _delete(session, table, letter.id, late)
    if late and letter.state in SIGNABLE:
        session.execute(insert(Tombstone), [{"letter_id": letter.id, "commit": commit} for commit in late])
    unmarked = and_(Sealed.letter_id == letter.id, Sealed.is_withdrawn.is_(False))
    marked = update(Sealed).where(unmarked, Sealed.commit.in_(_commits(Withdrawal, letter.id)))
    session.execute(marked.values(is_withdrawn=True), execution_options={"synchronize_session": False})


def _commits(table: type[Any], letter_id: str) -> Any:
    return select(table.commit).where(table.letter_id == letter_id)


def clear_unfinished(steps: Steps, letter: Letter, log: Log) -> None:
    """Leave nothing of an update that was cut off: entries that never became public go, and waiting signatures that
    did. Then what it had to do is done anew."""
    size = log.size
    _clear_entries(steps, letter.id, size)
    for stretch in stretches(steps, Sealed, letter.id, Sealed.entry):
        _delete(steps.session, Sealed, letter.id, [commit for commit, entry in stretch if entry >= size])
    for stretch in stretches(steps, Pending, letter.id):
        counted = select(Sealed.commit).where(Sealed.letter_id == letter.id)
        some = [commit for (commit,) in stretch]
        _delete(steps.session, Pending, letter.id, steps.session.scalars(counted.where(Sealed.commit.in_(some))).all())
    apply_late_removals(steps.session, letter)


def _delete(session: Session, table: type[Any], letter_id: str, commits: Collection[bytes]) -> None:
    if commits:
        here = (table.letter_id == letter_id, table.commit.in_(commits))
        session.execute(delete(table).where(*here), execution_options={"synchronize_session": False})


def _clear_entries(steps: Steps, letter_id: str, size: int) -> None:
    session = steps.session
    beyond = select(Entry.number).where(Entry.letter_id == letter_id, Entry.number >= size)
    while numbers := session.scalars(beyond.order_by(Entry.number.desc()).limit(500)).all():
        session.execute(delete(Entry).where(Entry.letter_id == letter_id, Entry.number.in_(numbers)))
        steps.did(len(numbers))
    edge = {level: (number, width) for level, number, width in widths(size)}
    later = [and_(Tile.level == level, Tile.number >= number + (width > 0)) for level, (number, width) in edge.items()]
    session.execute(delete(Tile).where(Tile.letter_id == letter_id, or_(Tile.level.not_in(edge), *later)))
    for level, (number, width) in edge.items():
        tile = session.get(Tile, (letter_id, level, number)) if width else None
        if tile is not None:
            tile.hashes = tile.hashes[: HASH * width]
    session.flush()


def rewrite(steps: Steps, letter_id: str) -> None:
    """On PostgreSQL, write what still waits of a letter anew, in the order of keys: each row keeps the number of the
    transaction that wrote it, which follows the order of arrival. On SQLite the whole file is rewritten (``tidy``)."""
    if steps.session.get_bind().dialect.name != "postgresql":
        return
    for table in ARRIVING_TABLES:
        key = table.__mapper__.primary_key[1]
        columns = [column for column in table.__table__.c if column.name != key.name]
        for stretch in stretches(steps, table, letter_id, *columns):
            rows = [dict(row._mapping) for row in stretch]
            steps.session.execute(
                delete(table).where(table.letter_id == letter_id, key.in_([row[key.name] for row in rows]))
            )
            steps.session.execute(insert(table), rows)
