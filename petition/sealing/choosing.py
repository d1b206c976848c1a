"""Which waiting signatures are counted now (protocol 7): at least K of each round, or none.

Every signature in the log shows its round, so K and H count within a round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash
from petition.letters.states import ALONE, held_back
from petition.randomness import Random
from petition.sealing.unordered_writes import Row
from petition.signing.models import Round

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Chosen:
    """A signature on its way into the log."""

    leaf: bytes
    entry: Entry
    commit: bytes
    round: int


@dataclass
class Choice:
    """What goes into the log, what waits on, and what is never published because its round stayed under K."""

    taken: list[Row] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    dropped: dict[int, int] = field(default_factory=dict)
    """How many, by the round's number; only when the letter closes."""

    @property
    def signatures(self) -> list[Chosen]:
        """What goes into the log, in its order: by leaf hash, across rounds."""
        return sorted((_as_entry(row) for row in self.taken), key=lambda signature: signature.leaf)


@dataclass(frozen=True)
class Chooser:
    """The rule of one update: ``closes`` takes all that may ever be counted, ``holds`` nothing."""

    k: int
    random: Random
    closes: bool = False
    holds: bool = False

    def choose(self, waiting: list[Row], rounds: Mapping[int, Round], room: Mapping[int, int]) -> Choice:
        """Of all that waits: what is counted now. What annulled rounds had is neither taken nor held.

        ``room`` is how many more signatures of each round the log may take.
        """
        choice = Choice()
        for number, row in sorted(rounds.items()):
            mine = [one for one in waiting if one["round"] == number]
            if row.annulled is None:
                self._choose_of_round(choice, row, _shuffled(mine, self.random), room[number])
        return choice

    def _choose_of_round(self, choice: Choice, row: Round, shuffled: list[Row], room: int) -> None:
        allowed = shuffled[: min(room, len(shuffled) - self._left_out(row, shuffled))]
        is_enough = self.k <= len(allowed) + (row.signatures if self.closes else 0)
        taken = allowed if is_enough and not self.holds else []
        choice.taken += taken
        if self.closes:
            if not taken and not row.signatures:
                choice.dropped[row.number] = min(len(shuffled), self.k - 1)
            return
        commits = {one["commit"] for one in taken}
        choice.held += [one for one in shuffled if one["commit"] not in commits]

    def _left_out(self, row: Round, shuffled: list[Row]) -> int:
        """How many an update leaves waiting, by chance; of a statement by one person, all but the first signature."""
        if self.k == ALONE:
            return max(0, len(shuffled) - (0 if row.signatures else 1))
        return 0 if self.closes else min(len(shuffled), held_back(self.k))


def published_as(dropped: int, k: int) -> int:
    """How many were dropped, as the log says it: rounded down to fives, then nothing under K."""
    fives = dropped - dropped % 5
    return fives if fives >= k and k != ALONE else 0


def _shuffled(rows: list[Row], random: Random) -> list[Row]:
    """In random order: sorted by 16 fresh random bytes each."""
    return [row for _, row in sorted(((random(16), row) for row in rows), key=lambda pair: pair[0])]


def _as_entry(row: Mapping[str, Any]) -> Chosen:
    entry = {
        "type": "signature",
        "round": row["round"],
        "message": b64url(row["message"]),
        "signature": b64url(row["signature"]),
    }
    return Chosen(leaf_hash(canonical_json(entry)), entry, bytes(row["commit"]), row["round"])
