"""The rules between entries: what each may do after those before it, and the totals that follow."""

from collections.abc import Iterator
from dataclasses import dataclass

from petition.crypto.blind_rsa import require_round_key
from petition.errors import BadShape
from petition.verifying.bundles import Examined, Fact, Flaw, Valid, Withdrawn
from petition.verifying.commits import Commits
from petition.verifying.entries import Annulled, Closed, Codes, Issued, Letter, Round
from petition.verifying.history import Matching
from petition.verifying.verdict import Findings, number_of, said

_RANKS = {Letter: 0, Round: 1, Codes: 2, Issued: 3, Annulled: 4, Valid: 5, Withdrawn: 6, Closed: 7}
"""The order in which one sealing writes."""


@dataclass
class RoundState:
    """A round as of the entries read so far. All its signatures count here, also after it is annulled."""

    number: int
    roll: str
    public_key: bytes
    """SPKI in DER."""
    made: int = 0
    voided: int = 0
    issued: int | None = None
    annulled: int | None = None
    """The entry that annulled it."""
    reason: str = ""
    signatures: int = 0
    withdrawals: int = 0

    def beyond(self) -> Iterator[tuple[str, str]]:
        """For each limit that is exceeded, its check and what exceeds it."""
        if self.signatures > self.made - self.voided:
            yield "codes", f"{self._has()}, but {self.made} codes made less {self.voided} voided"
        if self.issued is not None and self.signatures > self.issued:
            yield "issued", f"{self._has()}, but {self.issued} tokens issued"
        if self.issued is not None and self.issued > self.made:
            yield "issued", f"round {self.number} has {self.issued} tokens issued, but {self.made} codes made"

    def _has(self) -> str:
        return f"round {self.number} has {number_of(self.signatures, 'signature', 'signatures')}"


class Ledger:
    """Reads the facts of a log in order, and keeps its totals; what breaks a rule goes into the findings."""

    def __init__(self, findings: Findings, matching: Matching) -> None:
        self.letter: Letter | None = None
        self.rounds: dict[int, RoundState] = {}
        self.keys: list[tuple[int, bytes]] = []
        """The number and the key (SPKI in DER) of every ``round`` entry, in the order of the log."""
        self.commits = Commits()
        self.closed: int | None = None
        self.signatures = self.withdrawals = 0
        self.per_roll: dict[str, int] = {}
        """The count of each roll that has had signatures."""
        self.sealings = 0
        """The fewest sealings that can have written the entries in this order."""
        self._findings = findings
        self._matching = matching
        self._distinct: set[bytes] = set()
        self._last: tuple[int, int | bytes] = (8, 0)

    def read(self, examined: Examined, first: int) -> None:
        """Take in the facts of the next bundle, whose first entry has this number."""
        for place, fact in enumerate(examined.facts):
            if isinstance(fact, Flaw):
                self._wrong(fact.check, first + place, fact.predicate)
            else:
                self._order(fact, examined.leaves[32 * place : 32 * place + 32])
                self._take(first + place, fact)

    def _order(self, fact: Fact, leaf: bytes) -> None:
        by: int | bytes = leaf if isinstance(fact, Valid | Withdrawn) else getattr(fact, "round", 0)
        here = (_RANKS[type(fact)], by)
        if here <= self._last:
            self.sealings += 1
        self._last = here

    def _take(self, number: int, fact: Fact) -> None:
        if self.closed is not None and not isinstance(fact, Withdrawn):
            self._wrong("closed", number, f"is no withdrawal, but the letter closed in entry {self.closed}")
        match fact:
            case Valid():
                self._sign(number, fact)
            case Withdrawn():
                self._withdraw(number, fact)
            case Letter():
                self._open_letter(number, fact)
            case Round():
                self._open_round(number, fact)
            case Codes() | Issued() | Annulled():
                self._about_round(number, fact)
            case Closed():
                self._close(number, fact)

    def _open_letter(self, number: int, letter: Letter) -> None:
        if number == 0:
            self.letter = letter
            self.per_roll = dict.fromkeys(letter.rolls, 0)
        else:
            self._wrong("letter", number, "is a letter, which only entry 0 may be")

    def _open_round(self, number: int, opening: Round) -> None:
        if self.letter is None or opening.roll not in self.letter.rolls:
            self._wrong("rounds", number, f"names the roll {said(opening.roll)}, which entry 0 does not have")
        try:
            require_round_key(opening.public_key)
        except BadShape as flaw:
            self._wrong("rounds", number, f"opens round {opening.round} with a key that cannot be used: {flaw}")
        if opening.public_key in self._distinct:
            self._wrong("rounds", number, f"opens round {opening.round} with the key of another round")
        if opening.round in self.rounds:
            self._wrong("rounds", number, f"opens round {opening.round} a second time")
        self._distinct.add(opening.public_key)
        self.keys.append((opening.round, opening.public_key))
        self.rounds.setdefault(opening.round, RoundState(opening.round, opening.roll, opening.public_key))

    def _about_round(self, number: int, fact: Codes | Issued | Annulled) -> None:
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
        self._demand_limits(number, state)

    def _count_codes(self, number: int, state: RoundState, codes: Codes) -> None:
        for what, before, now in ("made", state.made, codes.made), ("voided", state.voided, codes.voided):
            if now < before:
                self._wrong("codes", number, f"lowers the codes {what} of round {state.number} from {before} to {now}")
        state.made, state.voided = codes.made, codes.voided

    def _end_issuing(self, number: int, state: RoundState, issued: Issued) -> None:
        if state.issued is not None:
            self._wrong("issued", number, f"says a second time how many tokens round {state.number} issued")
            return
        state.issued = issued.issued

    def _annul(self, number: int, state: RoundState, annulled: Annulled) -> None:
        if state.annulled is not None:
            self._wrong("annulled", number, f"annuls round {state.number} a second time")
            return
        self._count(state, -state.signatures, -state.withdrawals)
        state.annulled, state.reason = number, annulled.reason

    def _sign(self, number: int, signature: Valid) -> None:
        state = self.rounds.get(signature.round)
        if state is None:
            self._wrong("signatures", number, f"names round {signature.round}, which no earlier entry opens")
            return
        if not self.commits.add(signature.commit, number, state.number):
            earlier = self.commits.entry(self.commits.find(signature.commit) or 0)
            self._wrong("commits", number, f"has the same commit as entry {earlier}")
            return
        if state.annulled is not None:
            self._wrong(
                "annulled", number, f"is a signature of round {state.number}, annulled in entry {state.annulled}"
            )
        if state.issued is None and self.letter is not None and self.letter.timing == "apart":
            self._wrong(
                "issued", number, f"is a signature of round {state.number} before that round's issuing had ended"
            )
        state.signatures += 1
        self._demand_limits(number, state)
        self._count(state, 1, 0)

    def _withdraw(self, number: int, withdrawal: Withdrawn) -> None:
        place = self.commits.find(withdrawal.commit)
        if place is None:
            self._wrong("withdrawals", number, "withdraws a commit that no earlier signature has")
            return
        if self.commits.withdrawn(place):
            entry = self.commits.entry(place)
            self._wrong("withdrawals", number, f"withdraws the signature in entry {entry} a second time")
            return
        self.commits.withdraw(place)
        state = self.rounds[self.commits.round(place)]
        state.withdrawals += 1
        self._count(state, 0, 1)

    def _close(self, number: int, closed: Closed) -> None:
        if closed != (self.signatures, self.withdrawals):
            self._wrong(
                "closed",
                number,
                f"closes the letter with {closed.signatures} signatures and {closed.withdrawals} withdrawals; "
                f"the entries before it have {self.signatures} and {self.withdrawals}",
            )
        self.closed = number

    def _count(self, state: RoundState, signatures: int, withdrawals: int) -> None:
        if state.annulled is not None or not (signatures or withdrawals):
            return
        self.signatures += signatures
        self.withdrawals += withdrawals
        self.per_roll[state.roll] = self.per_roll.get(state.roll, 0) + signatures - withdrawals
        self._matching.changed(self.signatures, self.withdrawals)

    def _demand_limits(self, number: int, state: RoundState) -> None:
        for check, words in state.beyond():
            self._findings.wrong(check, f"After entry {number}, {words}.")

    def _wrong(self, check: str, number: int, predicate: str) -> None:
        self._findings.wrong(check, f"Entry {number} {predicate.removesuffix('.')}.")
