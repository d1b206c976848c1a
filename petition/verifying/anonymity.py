"""Whether K was kept: each set of signatures that a reader can tell apart has at least K members (protocol 8)."""

from collections import Counter

from petition.verifying.verdict import Findings, plural

BY_ONE = 1
"""The K of a statement by one, whose log may have one signature."""

_LAST_LEAF = b"\xff" * 32


class AnonymityChecker:
    """Follows the signatures of a log. What a reader can tell apart by is the round, the update, and the batch.

    An update is what lies between two cuts (sizes at which the log is known to have been published). A batch is a
    run of signatures within one update in the order of their leaf hashes, with no other entry between: one sealing
    writes exactly such a run. The last batch before ``closed`` may be smaller, but its rounds may not.
    """

    def __init__(self, findings: Findings) -> None:
        self.k = 0
        """K; nothing is checked until it is known."""
        self._findings = findings
        self._rounds: Counter[int] = Counter()
        """Signatures by round, also withdrawn and annulled ones, without those of the newest batch."""
        self._short: set[int] = set()
        """Rounds that have signatures, but fewer than K."""
        self._batch: dict[int, int] = {}
        """Signatures of the newest batch by round, until it ends."""
        self._first = 0
        self._last = _LAST_LEAF

    def sign(self, number: int, round_number: int, leaf: bytes) -> None:
        """Entry ``number`` is a signature."""
        if leaf <= self._last:
            self._end_batch()
            self._first = number
        self._last = leaf
        self._batch[round_number] = self._batch.get(round_number, 0) + 1

    def interrupt(self) -> None:
        """An entry of another type."""
        self._last = _LAST_LEAF

    def close(self) -> None:
        """The letter closes: the batch before it is what was left, no matter how small."""
        self._add_batch()

    def cut(self, size: int) -> None:
        """The log was published at this size."""
        self._end_batch()
        self._last = _LAST_LEAF
        for number in sorted(self._short):
            signed = plural(self._rounds[number], "signature", "signatures")
            self._wrong(f"At {size} entries, round {number} has {signed}, fewer than K, which is {self.k}.")
        if self.k == BY_ONE and self._rounds.total() > 1:
            self._wrong(f"K is 1: a statement by one. At {size} entries, it has {self._rounds.total()} signatures.")

    def _end_batch(self) -> None:
        for number, count in self._batch.items():
            if count < self.k:
                self._wrong(
                    f"The batch that begins with entry {self._first} adds {plural(count, 'signature', 'signatures')} "
                    f"of round {number}, fewer than K, which is {self.k}."
                )
        self._add_batch()

    def _add_batch(self) -> None:
        for number, count in self._batch.items():
            self._rounds[number] += count
            if self._rounds[number] < self.k:
                self._short.add(number)
            else:
                self._short.discard(number)
        self._batch.clear()

    def _wrong(self, sentence: str) -> None:
        self._findings.wrong("k", sentence)
