"""Which waiting signatures are counted now (protocol 7): at least K of each round, or none.

Every signature in the log shows its round, so K and H count within a round.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from petition.letters.states import ALONE, held_back
from petition.randomness import Random
from petition.sealing.waiting import Waiting
from petition.signing.models import Round

Entry = Mapping[str, Any]


@dataclass
class Choice:
    """What goes into the log, what waits on, and what is never published because its round stayed under K."""

    taken: list[Waiting] = field(default_factory=list)
    held: list[Waiting] = field(default_factory=list)
    dropped: dict[int, int] = field(default_factory=dict)
    """How many, by the round's number; only when the letter closes."""

    @property
    def signatures(self) -> list[Waiting]:
        """What goes into the log, in its order: by leaf hash, across rounds."""
        return sorted(self.taken)


@dataclass(frozen=True)
class Chooser:
    """The rule of one update: ``closes`` takes all that may ever be counted, ``holds`` nothing. ``leaves`` is how many
    of each round wait on, where that is more than H."""

    k: int
    random: Random
    closes: bool = False
    holds: bool = False
    leaves: int = 0

    def choose(self, waiting: Collection[Waiting], rounds: Mapping[int, Round], room: Mapping[int, int]) -> Choice:
        """Of all that waits: what is counted now. What annulled rounds had is neither taken nor held.

        ``room`` is how many more signatures of each round the log may take.
        """
        choice = Choice()
        for number, row in sorted(rounds.items()):
            mine = [one for one in waiting if one.round == number]
            if row.annulled is None:
                self._choose_of_round(choice, row, _shuffled(mine, self.random), room[number])
        return choice

    def _choose_of_round(self, choice: Choice, row: Round, shuffled: list[Waiting], room: int) -> None:
        allowed = max(0, min(room, len(shuffled) - self._left_out(row, shuffled)))
        is_enough = self.k <= allowed + (row.signatures if self.closes else 0)
        count = allowed if is_enough and not self.holds else 0
        choice.taken += shuffled[:count]
        if not self.closes:
            choice.held += shuffled[count:]
        elif not count and not row.signatures:
            choice.dropped[row.number] = min(len(shuffled), self.k - 1)

    def _left_out(self, row: Round, shuffled: list[Waiting]) -> int:
        """How many an update leaves waiting, by chance; of a statement by one person, all but the first signature."""
        if self.k == ALONE:
            return max(0, len(shuffled) - (0 if row.signatures else 1))
        return 0 if self.closes else min(len(shuffled), max(held_back(self.k), self.leaves))


def published_as(dropped: int, k: int) -> int:
    """How many were dropped, as the log says it: rounded down to fives, then nothing under K."""
    fives = dropped - dropped % 5
    return fives if fives >= k and k != ALONE else 0


def _shuffled(waiting: list[Waiting], random: Random) -> list[Waiting]:
    """In random order: sorted by 16 fresh random bytes each."""
    return [one for _, one in sorted(((random(16), one) for one in waiting), key=lambda pair: pair[0])]
