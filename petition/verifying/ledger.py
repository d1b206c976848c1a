"""The rules between entries: what each may do after those before it, and the totals that follow (protocol 8)."""

from collections import deque
from collections.abc import Iterable

from petition.crypto.blind_rsa import require_round_key
from petition.errors import BadShape
from petition.verifying.anonymity import BY_ONE, AnonymityChecker
from petition.verifying.bundles import Examined, Fact, Flaw, SignedRun, Withdrawn
from petition.verifying.commit_index import CommitIndex
from petition.verifying.entries import Annulled, Closed, Codes, Issued, Letter, Round
from petition.verifying.history import HistoryChecker, Totals
from petition.verifying.rounds import RoundState
from petition.verifying.verdict import Findings, plural, shown

APART = "apart"
ROUNDED_TO = 5
"""What ``dropped`` is a multiple of."""
NEVER = -1


class Ledger:
    """Reads what the entries of a log say, in order, and keeps the totals. What breaks a rule goes into the findings.

    ``cuts`` are the sizes at which the log is known to have been published.
    """

    def __init__(self, findings: Findings, history: HistoryChecker, cuts: Iterable[int]) -> None:
        self.letter: Letter | None = None
        self.rounds: dict[int, RoundState] = {}
        self.keys: list[tuple[int, bytes]] = []
        """The number and the key (SPKI in DER) of every ``round`` entry, in the order of the log."""
        self.commits = CommitIndex()
        self.closed: int | None = None
        """The number of the entry that closed the letter."""
        self.dropped = 0
        self.totals = Totals()
        self._findings = findings
        self.history = history
        self._anonymity = AnonymityChecker(findings)
        self._is_apart = False
        self._cuts = deque(sorted({size for size in cuts if size > 0}))
        self._next_cut = NEVER
        self._distinct_keys: set[bytes] = set()
        self._advance()

    def count_of(self, roll: str) -> int:
        """The count of a roll (by id), without annulled rounds."""
        counted = (state for state in self.rounds.values() if state.roll == roll and state.annulled is None)
        return sum(state.signatures - state.withdrawals for state in counted)

    def read(self, examined: Examined, first: int) -> None:
        """Read the next bundle, whose first entry has this number."""
        number = first
        for fact in examined.facts:
            if isinstance(fact, SignedRun):
                leaves = examined.leaves[32 * (number - first) :]
                self._sign_all(number, fact, leaves)
                number += len(fact.rounds)
                continue
            self._anonymity.interrupt()
            if isinstance(fact, Flaw):
                self._wrong(fact.check, number, fact.predicate)
            else:
                self._follow(number, fact)
            number += 1
            self._reach(number)

    def _reach(self, size: int) -> None:
        if size == self._next_cut:
            self._anonymity.cut(size)
            self.history.reach(size, self.totals)
            self._advance()

    def _advance(self) -> None:
        self._next_cut = self._cuts.popleft() if self._cuts else NEVER

    def _follow(self, number: int, fact: Fact) -> None:
        if self.closed is not None and not isinstance(fact, Withdrawn):
            self._wrong("closed", number, f"is no withdrawal, but the letter closed in entry {self.closed}")
        match fact:
            case Withdrawn():
                self._withdraw(number, fact)
            case Letter():
                self._begin(number, fact)
            case Round():
                self._open_round(number, fact)
            case Codes() | Issued() | Annulled():
                self._tell_of_round(number, fact)
            case Closed():
                self._close(number, fact)

    def _begin(self, number: int, letter: Letter) -> None:
        if number != 0:
            self._wrong("letter", number, "is a letter, which only entry 0 may be")
            return
        self.letter = letter
        self._is_apart = letter.timing == APART
        self._anonymity.k = letter.k

    def _open_round(self, number: int, opened: Round) -> None:
        if self.letter is None or opened.roll not in self.letter.rolls:
            self._wrong("rounds", number, f"names the roll {shown(opened.roll)}, which entry 0 does not have")
        try:
            require_round_key(opened.public_key)
        except BadShape as flaw:
            self._wrong("rounds", number, f"opens round {opened.round} with a key that cannot be used: {flaw}")
        if opened.public_key in self._distinct_keys:
            self._wrong("rounds", number, f"opens round {opened.round} with the key of another round")
        if opened.round in self.rounds:
            self._wrong("rounds", number, f"opens round {opened.round} a second time")
        self._distinct_keys.add(opened.public_key)
        self.keys.append((opened.round, opened.public_key))
        self.rounds.setdefault(opened.round, RoundState(opened.round, opened.roll, opened.public_key))

    def _tell_of_round(self, number: int, fact: Codes | Issued | Annulled) -> None:
        state = self.rounds.get(fact.round)
        if state is None:
            self._wrong("rounds", number, f"names round {fact.round}, which no earlier entry opens")
            return
        match fact:
            case Codes():
                self._count_codes(number, state, fact)
            case Issued():
                self._end_issuing(number, state, fact)
            case Annulled():
                self._annul(number, state, fact)
        self._require_limits(number, state)

    def _count_codes(self, number: int, state: RoundState, codes: Codes) -> None:
        for what, before, now in ("made", state.made, codes.made), ("voided", state.voided, codes.voided):
            if now < before:
                self._wrong("codes", number, f"lowers the codes {what} of round {state.number} from {before} to {now}")
        state.made, state.voided = codes.made, codes.voided

    def _end_issuing(self, number: int, state: RoundState, issued: Issued) -> None:
        if state.has_ended:
            self._wrong("issued", number, f"ends the issuing of round {state.number} a second time")
            return
        if issued.issued is not None and self.letter and issued.issued < self.letter.k and self.letter.k > BY_ONE:
            self._wrong(
                "issued",
                number,
                f"has {issued.issued} tokens issued in round {state.number}; under K, which is {self.letter.k}, it "
                "must be null",
            )
        state.has_ended, state.issued = True, issued.issued

    def _annul(self, number: int, state: RoundState, annulled: Annulled) -> None:
        if state.annulled is not None:
            self._wrong("annulled", number, f"annuls round {state.number} a second time")
            return
        if state.signatures:
            self.totals.change(-state.signatures, -state.withdrawals)
        state.annulled, state.reason = number, annulled.reason

    def _sign_all(self, number: int, run: SignedRun, leaves: bytes) -> None:
        start = 0
        for round_number, commit in zip(run.rounds, run.commits, strict=True):
            self._anonymity.sign(number, round_number, leaves[start : start + 32])
            self._sign(number, self.rounds[round_number], commit)
            start += 32
            number += 1
            if number == self._next_cut:
                self._reach(number)

    def _sign(self, number: int, state: RoundState, commit: bytes) -> None:
        if not self.commits.add(commit, number, state.number):
            earlier = self.commits.entry(self.commits.find(commit) or 0)
            self._wrong("commits", number, f"has the same commit as entry {earlier}")
            return
        state.signatures += 1
        if state.signatures > state.most_signatures:
            self._require_limits(number, state)
        self._require_time_to_sign(number, state)
        if state.annulled is None:
            self.totals.change(1, 0)

    def _require_time_to_sign(self, number: int, state: RoundState) -> None:
        if self.closed is not None:
            self._wrong("closed", number, f"is no withdrawal, but the letter closed in entry {self.closed}")
        if state.annulled is not None:
            self._wrong(
                "annulled", number, f"is a signature of round {state.number}, annulled in entry {state.annulled}"
            )
        if self._is_apart and not state.has_ended:
            self._wrong(
                "issued", number, f"is a signature of round {state.number} before that round's issuing had ended"
            )

    def _withdraw(self, number: int, withdrawal: Withdrawn) -> None:
        place = self.commits.find(withdrawal.commit)
        if place is None:
            self._wrong("withdrawals", number, "withdraws a commit that no earlier signature has")
            return
        if self.commits.is_withdrawn(place):
            entry = self.commits.entry(place)
            self._wrong("withdrawals", number, f"withdraws the signature in entry {entry} a second time")
            return
        self.commits.withdraw(place)
        state = self.rounds[self.commits.round(place)]
        state.withdrawals += 1
        if state.annulled is None:
            self.totals.change(0, 1)

    def _close(self, number: int, closed: Closed) -> None:
        if (closed.signatures, closed.withdrawals) != (self.totals.signatures, self.totals.withdrawals):
            self._wrong(
                "closed",
                number,
                f"closes the letter with {closed.signatures} signatures and {closed.withdrawals} withdrawals; the "
                f"entries before it have {self.totals.signatures} and {self.totals.withdrawals}",
            )
        self._require_possible(number, closed.dropped)
        self._anonymity.close()
        self.closed, self.dropped = number, closed.dropped

    def _require_possible(self, number: int, dropped: int) -> None:
        """``dropped`` says nothing about fewer than K signers, and no more can have been dropped than were under K."""
        if dropped == 0 or self.letter is None:
            return
        k = self.letter.k
        empty = sum(1 for state in self.rounds.values() if state.annulled is None and not state.signatures)
        most = (k - 1) * empty
        if k == BY_ONE or dropped < k or dropped % ROUNDED_TO or dropped > most:
            self._wrong(
                "closed",
                number,
                f"has {dropped} signatures dropped; it may be 0, or a multiple of {ROUNDED_TO} from K, which is {k}, "
                f"to {most}, because {plural(empty, 'round stayed', 'rounds stayed')} without a signature",
            )

    def _require_limits(self, number: int, state: RoundState) -> None:
        for check, clause in state.excesses():
            self._findings.wrong(check, f"After entry {number}, {clause}.")

    def _wrong(self, check: str, number: int, predicate: str) -> None:
        self._findings.wrong(check, f"Entry {number} {predicate.removesuffix('.')}.")
