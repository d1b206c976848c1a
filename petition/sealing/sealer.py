"""Sealing: the only moment at which anything public changes (protocol, section 7).

Signatures wait until enough of a round wait that no one can tell whose arrived. An update takes a random choice of
them, sorts it, and appends it to the log in one transaction. It rewrites those it holds back in sorted order.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash
from petition.letters.lifecycle import move
from petition.letters.models import Letter
from petition.letters.states import CLOSED, OPEN, SIGNABLE, WITHDRAWN, is_current
from petition.letters.update_times import is_done
from petition.randomness import Random
from petition.sealing.batching import settle
from petition.sealing.choosing import Choice, Chooser, Chosen, Entry, published_as
from petition.sealing.group_releases import forget_tables, renew
from petition.sealing.history import note_milestones, totals, write_history
from petition.sealing.log import append, log_of, log_seed
from petition.sealing.models import Log
from petition.sealing.round_entries import Numbers, NumbersByRound, entries_of_rounds, numbers_by_round, room
from petition.sealing.unordered_writes import LiftedRows, Row
from petition.sealing.update_hours import newest_hour_of_log
from petition.signing.appearances import ARRIVALS, forget_all
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.signatures import rounds_of


@dataclass(frozen=True)
class Result:
    """What an update did: how many signatures and other entries it appended, how many signatures still wait."""

    signatures: int = 0
    entries: int = 0
    waiting: int = 0
    is_held: bool = False
    """The log came out of a backup: nothing is sealed before the newest published log has been taken over."""
    has_lapsed: bool = False
    """The letter was due to close, but no round has K signatures any more. It stays open."""


def seal(
    session: Session,
    letter: Letter,
    numbers: Iterable[Numbers],
    *,
    moment: datetime,
    random: Random,
    master: bytes,
    closing: bool = False,
    due: datetime | None = None,
) -> Result:
    """Append what may be appended now, and sign a checkpoint; with ``closing``, all that may ever be, and the end.

    Refuses nothing and is safe from several processes: the log's row is held, and a second one finds less to do.
    ``due`` is the set time that this is for: nothing happens if it has been done. Where the clock was ahead before,
    what is appended now gets the hour of the newest entry, and none before it.
    """
    log = log_of(session, letter.id, alone=True)
    session.expire_all()  # another process that held the log before may have changed what this session read
    session.refresh(letter, with_for_update=True)
    if log.is_held:
        return Result(is_held=True)
    if letter.state == WITHDRAWN or (closing and letter.state not in SIGNABLE):
        return Result()
    if due is not None and is_done(log.updated, due, moment):
        return Result()
    log.updated = moment
    hour_of_entries = max(moment, newest_hour_of_log(session, letter.id) or moment)
    return _Update(session, letter, log, moment, hour_of_entries, random, master, closing).run(numbers)


@dataclass
class _Update:
    """One update of one letter, which holds the log and the letter."""

    session: Session
    letter: Letter
    log: Log
    moment: datetime
    hour_of_entries: datetime
    """The moment, or the hour of the log's newest entry where that is later."""
    random: Random
    master: bytes
    closing: bool

    def run(self, numbers: Iterable[Numbers]) -> Result:
        session, letter = self.session, self.letter
        rounds = {row.number: row for row in rounds_of(session, letter.id)}
        told = self._numbers_by_round(rounds, numbers)
        lifted = LiftedRows(session, letter.id, Pending, Tombstone, Withdrawal, *ARRIVALS)
        choice = self._choose(lifted.rows(Pending), rounds, told)
        kept: dict[type[Any], list[Row]] = {
            Pending: choice.held,
            Tombstone: [] if self.closing else lifted.rows(Tombstone),
            **settle(session, letter, lifted, without=choice.dropped),
        }
        chosen = choice.signatures
        entries = self._entries(rounds, told, chosen, lifted.rows(Withdrawal))
        signed, withdrawn = totals(rounds.values())
        if self.closing:
            entries.append(self._last(signed, withdrawn, choice))
        if entries:
            first = append(session, self.log, entries, log_seed(self.log, self.master))
            self._follow(entries, chosen, first, (signed, withdrawn))
        lifted.put_back(kept)
        if not entries:
            return Result(waiting=len(choice.held))
        renew(session, letter, signed - withdrawn, moment=self.hour_of_entries)
        letter.edition += 1
        if self.closing:
            self._end()
        return Result(len(chosen), len(entries), len(choice.held))

    def _numbers_by_round(self, rounds: Mapping[int, Round], numbers: Iterable[Numbers]) -> NumbersByRound:
        """The issuer's numbers; none once the letter has ended, or where version 0.1.0 began its log: then only
        withdrawals follow. What annulled rounds had goes."""
        if self.letter.state not in SIGNABLE or not is_current(self.letter):
            return {}
        told = numbers_by_round(self.letter, rounds, numbers)
        for row in rounds.values():
            if row.annulled is not None and not row.is_annulment_logged:
                forget_all(self.session, self.letter.id, row.number)
                if row.signatures:  # else no table counts it: organizers could have new ones as often as they like
                    forget_tables(self.session, self.letter.id)
        return told

    def _choose(self, waiting: list[Row], rounds: Mapping[int, Round], told: NumbersByRound) -> Choice:
        if not told:  # no one counts what waits in a log of version 1, so it goes
            return Choice(held=waiting if is_current(self.letter) and not self.closing else [])
        holds = self.letter.closes is not None and not self.closing
        left = {number: room(row, told.get(number), self.moment) for number, row in rounds.items()}
        choice = Chooser(self.letter.k, self.random, self.closing, holds).choose(waiting, rounds, left)
        for number in choice.dropped:
            forget_all(self.session, self.letter.id, number)
        known = Counter(one["round"] for one in (*choice.held, *choice.taken))
        for number, row in rounds.items():
            row.has_enough = row.signatures + min(known[number], left[number]) >= self.letter.k
        return choice

    def _entries(
        self, rounds: Mapping[int, Round], told: NumbersByRound, chosen: Collection[Chosen], leaving: list[Row]
    ) -> list[Entry]:
        """Of rounds, then signatures, then withdrawals; what follows from them is counted with each round."""
        growing = Counter(one.round for one in chosen)
        entries = list(entries_of_rounds(self.letter, self.moment, rounds, told, growing))
        entries += [signature.entry for signature in chosen]
        entries += self._withdrawals(leaving, rounds)
        for number, more in growing.items():
            rounds[number].signatures += more
        return entries

    def _withdrawals(self, rows: list[Row], rounds: Mapping[int, Round]) -> list[Entry]:
        """Entries of the withdrawals that wait, by leaf hash; they go out however few.

        Their marks on sealed rows are set again, all by this transaction: PostgreSQL keeps with each row who wrote it.
        """
        entries: list[Entry] = []
        for row in rows:
            rounds[row["round"]].withdrawals += 1
            commit, w, a_hash = (bytes(row[name]) for name in ("commit", "w", "a_hash"))
            entries.append({"type": "withdrawal", "commit": commit.hex(), "w": b64url(w), "a_hash": a_hash.hex()})
            here = (Sealed.letter_id == self.letter.id, Sealed.commit == commit)
            self.session.execute(update(Sealed).where(*here).values(is_withdrawn=True))
        return sorted(entries, key=lambda entry: leaf_hash(canonical_json(entry)))

    def _last(self, signed: int, withdrawn: int, choice: Choice) -> Entry:
        last = {"type": "closed", "signatures": signed, "withdrawals": withdrawn}
        if is_current(self.letter):
            last["dropped"] = published_as(sum(choice.dropped.values()), self.letter.k)
        return last

    def _follow(self, entries: list[Entry], chosen: list[Chosen], first: int, numbers: tuple[int, int]) -> None:
        """What is stored of entries beside the log: the place of each commit, the history, the milestones."""
        _remember(self.session, self.letter, chosen, first + _position_of_signatures(entries))
        size = self.log.size if is_current(self.letter) else None
        write_history(self.session, self.letter, self.hour_of_entries, *numbers, size)
        note_milestones(self.session, self.letter, entries, first, self.hour_of_entries)

    def _end(self) -> None:
        """A letter that was only open is published and closed in one."""
        letter = self.letter
        letter.closed = self.hour_of_entries
        if letter.state == OPEN:
            letter.published, letter.was_public = self.hour_of_entries, True
        self.session.flush()
        move(self.session, letter, CLOSED)


def _position_of_signatures(entries: list[Entry]) -> int:
    return next((place for place, entry in enumerate(entries) if entry["type"] == "signature"), 0)


def _remember(session: Session, letter: Letter, chosen: list[Chosen], first: int) -> None:
    """The place of each commit in the log, written in order of commits and not of arrival."""
    placed = sorted((signature.commit, signature.round, first + place) for place, signature in enumerate(chosen))
    rows = [
        {"letter_id": letter.id, "commit": commit, "round": number, "entry": entry, "is_withdrawn": False}
        for commit, number, entry in placed
    ]
    if rows:
        session.execute(insert(Sealed), rows)
