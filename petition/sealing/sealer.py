"""Sealing: the only moment at which anything public changes (protocol, section 7).

Signatures wait until enough of a round wait that no one can tell whose arrived. An update takes a random choice of
them, sorts it, and appends it to the log. It does so in short transactions (``petition.sealing.steps``): it reads what
waits, writes the new entries behind the end of the public log, and makes all of them public in one transaction. Only
then does it delete what waited. Cut off before that, it left nothing public, and the next one begins anew.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, make_transient

from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import Tiles, leaf_hash
from petition.letters.lifecycle import move
from petition.letters.models import Letter
from petition.letters.states import CLOSED, OPEN, SIGNABLE, WITHDRAWN, is_current
from petition.letters.update_times import is_done
from petition.randomness import Random
from petition.sealing.batching import settle
from petition.sealing.choosing import Choice, Chooser, Entry, published_as
from petition.sealing.group_releases import AnswersByRound, are_due, forget_tables, renew, settled_answers
from petition.sealing.history import is_counted, note_milestones, totals, write_history
from petition.sealing.log import log_of, log_seed, publish, tree_of, write_entries
from petition.sealing.models import Log
from petition.sealing.round_entries import Numbers, NumbersByRound, entries_of_rounds, numbers_by_round, room
from petition.sealing.steps import Changed, Steps, TakenOver, parts
from petition.sealing.update_hours import newest_hour_of_log
from petition.sealing.waiting import (
    Waiting,
    all_waiting,
    apply_late_removals,
    clear_unfinished,
    datas_of,
    drop,
    rewrite,
)
from petition.signing.appearances import forget_all
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.signatures import rounds_of

MARKED = 500
"""Withdrawals a statement."""
TRIES = 5
"""How often an update is begun anew because organizers changed the letter meanwhile."""


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
    leaves: int = 0,
    pause: Callable[[float], object] = time.sleep,
) -> Result:
    """Append what may be appended now, and sign a checkpoint; with ``closing``, all that may ever be, and the end.

    Refuses nothing and is safe from several processes: the newest one takes over. Commits after each step; its last
    one, and all of a closing, is left to be committed. ``due`` is the set time that this is for: nothing happens if it
    has been done. Where the clock was ahead before, what is appended now gets the hour of the newest entry, and none
    before it. ``leaves`` is how many of each round wait on, where that is more than usual.
    """
    numbers = list(numbers)
    for _ in range(TRIES):
        log = _hold(session, letter)
        if log.is_held:
            return Result(is_held=True)
        if letter.state == WITHDRAWN or (closing and letter.state not in SIGNABLE):
            return Result()
        if due is not None and is_done(log.updated, due, moment):
            return Result()
        try:
            steps = _begun(session, letter, log, as_one=closing, pause=pause)
            hour_of_entries = max(moment, newest_hour_of_log(session, letter.id) or moment)
            begun = _Update(steps, letter, log, moment, hour_of_entries, random, master, closing, leaves)
            return begun.run(numbers)
        except Changed:
            session.rollback()
        except TakenOver:
            session.rollback()
            return Result()
    return Result()


def stop_update(session: Session, letter: Letter) -> None:
    """Leave nothing of an update that is at work on a letter that ends: it stops at its next step."""
    log = log_of(session, letter.id, alone=True)
    if log.preparing is not None:
        clear_unfinished(Steps(session, letter, log, as_one=True), letter, log)
        log.preparing = None


def _hold(session: Session, letter: Letter) -> Log:
    """Hold a letter's log, and the letter, against other processes."""
    log = log_of(session, letter.id, alone=True)
    session.expire_all()  # another process that held the log before may have changed what this session read
    session.refresh(letter, with_for_update=True)
    return log


def _begun(session: Session, letter: Letter, log: Log, *, as_one: bool, pause: Callable[[float], object]) -> Steps:
    """The steps of an update that has begun; what one before it left unfinished is cleared."""
    was_cut_off = log.preparing is not None
    log.preparing = token_hex(16)  # only a name: no one's turn depends on it
    steps = Steps(session, letter, log, as_one=as_one, pause=pause)
    if was_cut_off:
        clear_unfinished(steps, letter, log)
    return steps


def finish_update(session: Session, letter: Letter, *, pause: Callable[[float], object] = time.sleep) -> None:
    """Clean up after an update that was cut off: nothing is chosen or published. Left to be committed."""
    log = _hold(session, letter)
    if log.preparing is None or log.is_held:
        return
    try:
        steps = _begun(session, letter, log, as_one=False, pause=pause)
        rewrite(steps, letter.id)
        log.preparing = None
        session.flush()
    except TakenOver:
        session.rollback()


@dataclass(frozen=True)
class _Plan:
    """What an update will append: entries of rounds, signatures, withdrawals; and what waits no more afterwards."""

    basis: tuple[str, datetime | None]
    """The letter's state, and when it closes."""
    first: list[Entry]
    choice: Choice
    signatures: list[Waiting]
    places: list[tuple[bytes, int, int]]
    """Commit, round, and place among the signatures, in the order of commits, and not of arrival."""
    withdrawals: list[tuple[bytes, int, Entry]]
    """Commit, round and entry, in the log's order."""
    gone: list[bytes]
    annulled: frozenset[int]
    """Rounds."""

    @property
    def growing(self) -> Counter[int]:
        """How many signatures of each round are appended."""
        return Counter(one.round for one in self.signatures)


@dataclass
class _Update:
    """One update of one letter, which holds the log and the letter in each of its steps."""

    steps: Steps
    letter: Letter
    log: Log
    moment: datetime
    hour_of_entries: datetime
    """The moment, or the hour of the log's newest entry where that is later."""
    random: Random
    master: bytes
    closing: bool
    leaves: int

    def __post_init__(self) -> None:
        self.session = self.steps.session

    def run(self, numbers: list[Numbers]) -> Result:
        """Prepare, publish, clean up."""
        waiting = all_waiting(self.steps, self.letter.id)
        plan = self._plan(waiting, numbers)
        settle(self.steps, self.letter, without=plan.annulled.union(plan.choice.dropped))
        tree = tree_of(self.session, self.log)
        self._write(tree, plan)
        answers = self._answers(plan)
        self.steps.end_before(len(waiting))
        entries = self._publish(tree, plan, numbers, answers)
        self._clean_up(plan)
        return Result(len(plan.signatures), entries, len(plan.choice.held))

    # Before: nothing of this is public.

    def _plan(self, waiting: list[Waiting], numbers: list[Numbers]) -> _Plan:
        """What will be appended, worked out with copies of the rounds: the real ones change when it is published."""
        rounds = self._rounds(are_copies=True)
        told = self._told(rounds, numbers)
        choose = self._chooser(rounds, told)
        with self.steps.apart(len(waiting)):
            choice = choose(waiting)
            signatures = choice.signatures
            places = sorted((one.commit, one.round, place) for place, one in enumerate(signatures))
            held = {one.commit for one in choice.held}
            gone = sorted(one.commit for one in waiting if one.commit not in held)
        growing = Counter(one.round for one in signatures)
        first = list(entries_of_rounds(self.letter, self.moment, rounds, told, growing))
        annulled = frozenset(number for number, row in rounds.items() if row.annulled is not None)
        basis = (self.letter.state, self.letter.closes)
        return _Plan(basis, first, choice, signatures, places, self._withdrawals(), gone, annulled)

    def _rounds(self, *, are_copies: bool = False) -> dict[int, Round]:
        rounds = {row.number: row for row in rounds_of(self.session, self.letter.id)}
        return {number: _copy_of(row) for number, row in rounds.items()} if are_copies else rounds

    def _told(self, rounds: Mapping[int, Round], numbers: Iterable[Numbers]) -> NumbersByRound:
        """The issuer's numbers; none once the letter has ended, or where version 0.1.0 began its log: then only
        withdrawals follow."""
        if self.letter.state not in SIGNABLE or not is_current(self.letter):
            return {}
        return numbers_by_round(self.letter, rounds, numbers)

    def _chooser(self, rounds: Mapping[int, Round], told: NumbersByRound) -> Callable[[list[Waiting]], Choice]:
        """What chooses of all that waits; it needs no database."""
        if not told:  # no one counts what waits in a log of version 1, so it goes
            holds = is_current(self.letter) and not self.closing
            return lambda waiting: Choice(held=waiting if holds else [])
        holds = self.letter.closes is not None and not self.closing and not self.leaves
        left = self._room(rounds, told)
        chooser = Chooser(self.letter.k, self.random, self.closing, holds, self.leaves)
        return lambda waiting: chooser.choose(waiting, rounds, left)

    def _room(self, rounds: Mapping[int, Round], told: NumbersByRound) -> dict[int, int]:
        return {number: room(row, told.get(number), self.moment) for number, row in rounds.items()}

    def _withdrawals(self) -> list[tuple[bytes, int, Entry]]:
        """The withdrawals that wait, by leaf hash; they go out however few."""
        here = select(Withdrawal).where(Withdrawal.letter_id == self.letter.id)
        counted = here.join(
            Sealed, (Sealed.letter_id == Withdrawal.letter_id) & (Sealed.commit == Withdrawal.commit)
        ).where(Sealed.entry < self.log.size)
        found = []
        for row in self.session.scalars(counted):
            entry = {"type": "withdrawal", "commit": row.commit.hex(), "w": b64url(row.w), "a_hash": row.a_hash.hex()}
            found.append((leaf_hash(canonical_json(entry)), row.commit, row.round, entry))
        return [(commit, number, entry) for _, commit, number, entry in sorted(found, key=lambda one: one[0])]

    def _write(self, tree: Tiles, plan: _Plan) -> None:
        """Write all entries but the last behind the public log, and the place of each commit in it."""
        letter_id, first = self.letter.id, tree.size + len(plan.first)
        write_entries(self.session, letter_id, tree, [canonical_json(entry) for entry in plan.first])
        for part in parts(self.steps, plan.signatures):
            write_entries(self.session, letter_id, tree, datas_of(self.session, letter_id, part))
        for part in parts(self.steps, plan.withdrawals):
            write_entries(self.session, letter_id, tree, [canonical_json(entry) for _, _, entry in part])
        for part in parts(self.steps, plan.places):
            rows = [{"commit": commit, "round": number, "entry": first + place} for commit, number, place in part]
            same = {"letter_id": letter_id, "is_withdrawn": False}
            self.session.execute(insert(Sealed), [{**same, **row} for row in rows])

    def _answers(self, plan: _Plan) -> AnswersByRound | None:
        """All answers that have settled, if the letter may get new tables of groups now; None if it may not."""
        rounds = self._rounds()
        signed, withdrawn = totals(rounds.values())
        going = sum(1 for _, number, _ in plan.withdrawals if is_counted(rounds[number]))
        total = signed - withdrawn + len(plan.signatures) - going
        annulled = any(row.annulled is not None and not row.is_annulment_logged for row in rounds.values())
        if not annulled and not are_due(self.session, self.letter, total):
            return None
        return settled_answers(self.steps, self.letter.id)

    # The one transaction in which all of it becomes public.

    def _publish(self, tree: Tiles, plan: _Plan, numbers: list[Numbers], answers: AnswersByRound | None) -> int:
        """Make public what was written; how many entries these are."""
        session, letter, log = self.session, self.letter, self.log
        if (letter.state, letter.closes) != plan.basis:
            raise Changed
        rounds = self._rounds()
        told = self._told(rounds, numbers)
        if told:
            self._forget_annulled(rounds, plan)
            self._note_enough(rounds, told, plan)
        if list(entries_of_rounds(letter, self.moment, rounds, told, plan.growing)) != plan.first:
            raise Changed
        self._count(rounds, plan)
        log.updated = self.moment
        signed, withdrawn = totals(rounds.values())
        entries = [*plan.first, *(entry for _, _, entry in plan.withdrawals)]
        if self.closing:
            entries.append(self._last(signed, withdrawn, plan.choice))
            write_entries(session, letter.id, tree, [canonical_json(entries[-1])])
        if tree.size == log.size:
            return 0
        before = log.size
        publish(session, log, tree, log_seed(log, self.master))
        size = log.size if is_current(letter) else None
        write_history(session, letter, self.hour_of_entries, signed, withdrawn, size)
        note_milestones(session, letter, plan.first, before, self.hour_of_entries)
        if self.closing:
            note_milestones(session, letter, entries[-1:], log.size - 1, self.hour_of_entries)
        if answers is not None:
            renew(session, letter, signed - withdrawn, answers, moment=self.hour_of_entries)
        letter.edition += 1
        if self.closing:
            self._end()
        return log.size - before

    def _forget_annulled(self, rounds: Mapping[int, Round], plan: _Plan) -> None:
        """What annulled rounds had goes, and what rounds had that stay under K at the end."""
        if any(row.annulled is not None and plan.growing[number] for number, row in rounds.items()):
            raise Changed
        for row in rounds.values():
            if row.annulled is not None and not row.is_annulment_logged:
                forget_all(self.session, self.letter.id, row.number)
                if row.signatures:  # else no table counts it: organizers could have new ones as often as they like
                    forget_tables(self.session, self.letter.id)
        for number in plan.choice.dropped:
            forget_all(self.session, self.letter.id, number)

    def _note_enough(self, rounds: Mapping[int, Round], told: NumbersByRound, plan: _Plan) -> None:
        left = self._room(rounds, told)
        known = Counter(one.round for one in (*plan.choice.held, *plan.signatures))
        for number, row in rounds.items():
            row.has_enough = row.signatures + min(known[number], left[number]) >= self.letter.k

    def _count(self, rounds: Mapping[int, Round], plan: _Plan) -> None:
        """Count with each round what it got, and mark what was withdrawn from it.

        The marks are set again, all by this transaction: PostgreSQL keeps with each row who wrote it.
        """
        for number, more in plan.growing.items():
            rounds[number].signatures += more
        for _, number, _ in plan.withdrawals:
            rounds[number].withdrawals += 1
        commits = sorted(commit for commit, _, _ in plan.withdrawals)
        for start in range(0, len(commits), MARKED):
            some = commits[start : start + MARKED]
            marked = update(Sealed).where(Sealed.letter_id == self.letter.id, Sealed.commit.in_(some))
            self.session.execute(marked.values(is_withdrawn=True))
            over = delete(Withdrawal).where(Withdrawal.letter_id == self.letter.id, Withdrawal.commit.in_(some))
            self.session.execute(over)

    def _last(self, signed: int, withdrawn: int, choice: Choice) -> Entry:
        last = {"type": "closed", "signatures": signed, "withdrawals": withdrawn}
        if is_current(self.letter):
            last["dropped"] = published_as(sum(choice.dropped.values()), self.letter.k)
        return last

    def _end(self) -> None:
        """A letter that was only open is published and closed in one."""
        letter = self.letter
        letter.closed = self.hour_of_entries
        if letter.state == OPEN:
            letter.published, letter.was_public = self.hour_of_entries, True
        self.session.flush()
        move(self.session, letter, CLOSED)

    # After: what was counted waits no more.

    def _clean_up(self, plan: _Plan) -> None:
        """Delete what was counted or goes from what waits; the rest is written anew in the order of its keys."""
        self.steps.end_before(len(plan.gone))
        drop(self.steps, Pending, self.letter.id, plan.gone)
        apply_late_removals(self.session, self.letter)
        if self.closing:
            self.session.execute(delete(Tombstone).where(Tombstone.letter_id == self.letter.id))
        rewrite(self.steps, self.letter.id)
        self.log.preparing = None
        self.session.flush()


def _copy_of(row: Round) -> Round:
    """A round that no session knows."""
    values = {column.name: getattr(row, column.name) for column in Round.__table__.columns}
    copy = Round(**values)
    make_transient(copy)
    return copy
