"""Sealing: the only moment at which anything public changes (protocol, section 7).

Signatures wait until so many do that nobody can tell whose arrived. A sealing takes a random choice of them,
sorts it, and appends it to the log in one transaction; what is held back is rewritten in sorted order.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url, canonical_json, hour
from petition.crypto.merkle import leaf_hash
from petition.letters.lifecycle import full_hour_after, move
from petition.letters.models import Letter, to_hour
from petition.letters.states import ALONE, CLOSED, SIGNABLE, WITHDRAWN
from petition.randomness import Random
from petition.sealing.batching import settle
from petition.sealing.group_releases import forget_tables, renew
from petition.sealing.log import append, log_of, log_seed
from petition.sealing.models import Milestone, Sealing
from petition.sealing.unordered_writes import LiftedRows, Row
from petition.signing.appearances import ARRIVALS, forget_all
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.signatures import rounds_of

Entry = Mapping[str, Any]


class Numbers(Protocol):
    """The issuer's numbers of a round, handed over as values."""

    @property
    def number(self) -> int: ...
    @property
    def made(self) -> int: ...
    @property
    def mailed(self) -> int: ...
    @property
    def undelivered(self) -> int: ...
    @property
    def voided(self) -> int: ...
    @property
    def spent(self) -> int: ...
    @property
    def issued(self) -> int | None: ...
    @property
    def key_destroyed(self) -> bool: ...
    @property
    def annulled(self) -> str | None: ...


@dataclass(frozen=True)
class Result:
    """What a sealing did: how many signatures and other entries it appended, how many signatures still wait."""

    signatures: int = 0
    entries: int = 0
    waiting: int = 0
    is_held: bool = False
    """The log came out of a backup: nothing is sealed before the newest published log has been taken over."""


@dataclass(frozen=True)
class _Chosen:
    """A signature on its way into the log."""

    leaf: bytes
    entry: Entry
    commit: bytes
    round: int


def held_back(k: int) -> int:
    """H: how many signatures a sealing holds back, half of K, rounded up; none of a statement by one person."""
    return 0 if k == ALONE else -(-k // 2)


def seal(
    session: Session,
    letter: Letter,
    numbers: Iterable[Numbers],
    *,
    moment: datetime,
    random: Random,
    master: bytes,
    closing: bool = False,
) -> Result:
    """Append what may be appended now, and sign a checkpoint; with ``closing``, everything that waits, and the end.

    Refuses nothing and is safe from several processes: the log's row is held, and a second one finds less to do.
    """
    log = log_of(session, letter.id, alone=True)
    session.expire_all()  # whoever held the log before may have changed what this session read
    session.refresh(letter, with_for_update=True)
    if log.is_held:
        return Result(is_held=True)
    if letter.state == WITHDRAWN or (closing and letter.state not in SIGNABLE):
        return Result()
    rounds = {row.number: row for row in rounds_of(session, letter.id)}
    told = _told(rounds, numbers) if letter.state in SIGNABLE else {}  # only withdrawals follow the end
    holds = letter.closes is not None and not closing
    for row in rounds.values():
        if told and row.annulled is not None and not row.is_annulment_logged:
            forget_all(session, letter.id, row.number)
            forget_tables(session, letter.id)
    lifted = LiftedRows(session, letter.id, Pending, Tombstone, Withdrawal, *ARRIVALS)
    room = {row.number: _room(row, told.get(row.number)) for row in rounds.values()}
    chosen, held = _choose(lifted.rows(Pending), letter, rounds, room, random, everything=closing, nothing=holds)
    kept: dict[type[Any], list[Row]] = {Pending: held, Tombstone: [] if closing else lifted.rows(Tombstone)}
    kept |= settle(session, letter, lifted)
    growing = {rounds[signature.round].roll for signature in chosen}
    entries: list[Entry] = list(_facts_of_rounds(letter, moment, [rounds[number] for number in told], told, growing))
    entries += [signature.entry for signature in chosen]
    entries += _withdrawals(session, letter, lifted.rows(Withdrawal), rounds)
    for signature in chosen:
        rounds[signature.round].signatures += 1
    signed, withdrawn = totals(rounds.values())
    if closing:
        entries.append({"type": "closed", "signatures": signed, "withdrawals": withdrawn})
    if not entries:
        lifted.put_back(kept)
        return Result(waiting=len(held))
    first = append(session, log, entries, log_seed(log, master))
    _remember(session, letter, chosen, first + _position_of_signatures(entries))
    _write_history(session, letter, moment, signed, withdrawn)
    note_milestones(session, letter, entries, first, moment)
    lifted.put_back(kept)
    renew(session, letter, signed - withdrawn, moment=moment)
    letter.edition += 1
    if closing:
        letter.closed = moment
        _end(session, letter)
    return Result(len(chosen), len(entries), len(held))


def totals(rounds: Iterable[Round]) -> tuple[int, int]:
    """Signatures and withdrawals in the log, without those of annulled rounds."""
    counted = [row for row in rounds if row.annulled is None or not row.is_annulment_logged]
    return sum(row.signatures for row in counted), sum(row.withdrawals for row in counted)


def _told(rounds: Mapping[int, Round], numbers: Iterable[Numbers]) -> dict[int, Numbers | None]:
    """The issuer's numbers of each round, and what of them the rows keep beside the log."""
    known = {number.number: number for number in numbers}
    for row in rounds.values():
        number = known.get(row.number)
        if number is not None:
            row.annulled = row.annulled or number.annulled
            row.spent = max(row.spent, number.spent)
            row.undelivered = max(row.undelivered, number.undelivered)
    return {number: known.get(number) for number in rounds}


def _codes(row: Round, number: Numbers | None) -> tuple[int, int, int]:
    """How many codes a round has on paper, by mail, and recalled; numbers read before another sealing's may be older
    than its own."""
    paper = row.made - row.mailed
    if number is None:
        return paper, row.mailed, row.voided
    return max(paper, number.made), max(row.mailed, number.mailed), max(row.voided, number.voided)


def _room(row: Round, number: Numbers | None) -> int:
    """How many more signatures of a round the log may take: never more than its codes, or its tokens once issued."""
    paper, mailed, voided = _codes(row, number)
    issued = row.issued if row.issued is not None or number is None else number.issued
    return (paper + mailed - voided if issued is None else issued) - row.signatures


def _facts_of_rounds(
    letter: Letter,
    moment: datetime,
    rounds: Iterable[Round],
    numbers: Mapping[int, Numbers | None],
    growing: Collection[str],
) -> Iterable[Entry]:
    """Entries of new rounds, of codes, of ended and of annulled rounds, in this order, each by round.

    Mailed codes are told only of rolls that are ``growing`` by signatures now, and of rounds that have ended: else
    a number that rises by one would say that somebody came.
    """
    known = [(row, numbers[row.number]) for row in rounds]
    for row, _ in known:
        if not row.is_logged:
            row.is_logged = True
            yield round_entry(row)
    for row, number in known:
        paper, mailed, voided = _codes(row, number)
        if row.roll not in growing and (number is None or number.issued is None):
            mailed = row.mailed
        if (row.made, row.voided) != (paper + mailed, voided):
            row.made, row.mailed, row.voided = paper + mailed, mailed, voided
            yield {"type": "codes", "round": row.number, "made": row.made, "voided": row.voided}
    for row, number in known:
        if number is not None and number.issued is not None and row.issued is None:
            row.issued = number.issued
            row.signing_starts = full_hour_after(moment + timedelta(hours=letter.pause_hours))
            yield {
                "type": "issued",
                "round": row.number,
                "issued": row.issued,
                "key_destroyed": number.key_destroyed,
            }
    for row, _ in known:
        if row.annulled is not None and not row.is_annulment_logged:
            row.is_annulment_logged = True
            yield {"type": "annulled", "round": row.number, "reason": row.annulled}


def round_entry(row: Round) -> Entry:
    """The entry with which a round begins."""
    return {
        "type": "round",
        "round": row.number,
        "roll": row.roll,
        "public_key": b64url(row.public_key),
        "opens": hour(to_hour(row.opens)) if row.opens else None,
        "closes": hour(to_hour(row.closes)) if row.closes else None,
    }


def _choose(
    waiting: list[Row],
    letter: Letter,
    rounds: Mapping[int, Round],
    room: Mapping[int, int],
    random: Random,
    *,
    everything: bool,
    nothing: bool,
) -> tuple[list[_Chosen], list[Row]]:
    """Of all that waits: what is sealed now, by leaf hash, and what is held back. Annulled rounds' rows are neither."""
    waiting = [row for row in waiting if rounds[row["round"]].annulled is None]
    chosen: list[Row] = []
    for roll in sorted({row.roll for row in rounds.values()}):
        mine = [row for row in waiting if rounds[row["round"]].roll == roll]
        shuffled = _shuffled(mine, random)
        held = held_back(letter.k)
        if everything:
            chosen += _within_codes(shuffled, room)
        elif not nothing and len(mine) >= letter.k + held:
            allowed = _within_codes(shuffled[: len(mine) - held], room)
            chosen += allowed if len(allowed) >= letter.k else []
    taken = {row["commit"] for row in chosen}
    back = [row for row in waiting if row["commit"] not in taken]
    return sorted((_as_entry(row) for row in chosen), key=lambda signature: signature.leaf), back


def _within_codes(chosen: list[Row], room: Mapping[int, int]) -> list[Row]:
    """Never more signatures of a round than it has room for: the rest waits."""
    left, kept = dict(room), []
    for row in chosen:
        if left[row["round"]] > 0:
            left[row["round"]] -= 1
            kept.append(row)
    return kept


def _shuffled(rows: list[Row], random: Random) -> list[Row]:
    """In random order: sorted by 16 fresh random bytes each."""
    return [row for _, row in sorted(((random(16), row) for row in rows), key=lambda pair: pair[0])]


def _as_entry(row: Mapping[str, Any]) -> _Chosen:
    entry = {
        "type": "signature",
        "round": row["round"],
        "message": b64url(row["message"]),
        "signature": b64url(row["signature"]),
    }
    return _Chosen(leaf_hash(canonical_json(entry)), entry, bytes(row["commit"]), row["round"])


def _withdrawals(session: Session, letter: Letter, rows: list[Row], rounds: Mapping[int, Round]) -> list[Entry]:
    """Entries of the withdrawals that wait, by leaf hash; they go out however few.

    Their marks on sealed rows are set again, all by this transaction: PostgreSQL keeps with each row who wrote it.
    """
    entries: list[Entry] = []
    for row in rows:
        rounds[row["round"]].withdrawals += 1
        commit, w, a_hash = (bytes(row[name]) for name in ("commit", "w", "a_hash"))
        entries.append({"type": "withdrawal", "commit": commit.hex(), "w": b64url(w), "a_hash": a_hash.hex()})
        here = (Sealed.letter_id == letter.id, Sealed.commit == commit)
        session.execute(update(Sealed).where(*here).values(is_withdrawn=True))
    return sorted(entries, key=lambda entry: leaf_hash(canonical_json(entry)))


def _position_of_signatures(entries: list[Entry]) -> int:
    return next((place for place, entry in enumerate(entries) if entry["type"] == "signature"), 0)


def _remember(session: Session, letter: Letter, chosen: list[_Chosen], first: int) -> None:
    """Where in the log each commit stands, written by commit and so in no order of arrival."""
    placed = sorted((signature.commit, signature.round, first + place) for place, signature in enumerate(chosen))
    rows = [
        {"letter_id": letter.id, "commit": commit, "round": number, "entry": entry, "is_withdrawn": False}
        for commit, number, entry in placed
    ]
    if rows:
        session.execute(insert(Sealed), rows)


def _write_history(session: Session, letter: Letter, moment: datetime, signed: int, withdrawn: int) -> None:
    """One row for each hour whose sealing changed a number; two within an hour are one row."""
    newest = session.scalar(
        select(Sealing).where(Sealing.letter_id == letter.id).order_by(Sealing.hour.desc()).limit(1)
    )
    if newest is None and (signed, withdrawn) == (0, 0):
        return
    if newest is not None and (newest.signatures, newest.withdrawals) == (signed, withdrawn):
        return
    if newest is not None and newest.hour >= to_hour(moment):
        newest.signatures, newest.withdrawals = signed, withdrawn
        return
    session.add(Sealing(letter_id=letter.id, hour=to_hour(moment), signatures=signed, withdrawals=withdrawn))


def note_milestones(session: Session, letter: Letter, entries: list[Entry], first: int, moment: datetime) -> None:
    """Remember the hour of each entry that is neither a signature nor a withdrawal, for who reads the log."""
    for place, entry in enumerate(entries):
        if entry["type"] not in ("signature", "withdrawal"):
            session.add(Milestone(letter_id=letter.id, entry=first + place, hour=to_hour(moment)))


def _end(session: Session, letter: Letter) -> None:
    session.flush()
    move(session, letter, CLOSED)


def history(session: Session, letter: Letter) -> list[Sealing]:
    """The letter's history, oldest first."""
    return list(session.scalars(select(Sealing).where(Sealing.letter_id == letter.id).order_by(Sealing.hour)))
