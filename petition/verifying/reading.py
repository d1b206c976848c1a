"""Reading a log from its first entry to its last, bundle by bundle, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress

from petition.crypto.merkle import WIDTH
from petition.errors import BadShape, Refusal
from petition.verifying.bundles import RoundKey, Task, letter_of, rounds_named, rounds_opened
from petition.verifying.ledger import Ledger
from petition.verifying.pieces import Piece, bundles_and_tiles, fetch
from petition.verifying.pool import examine_all
from petition.verifying.sources import Source
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings

Progress = Callable[[int, int], None]
"""Told now and then how many entries are done, of how many."""


class Reading:
    """One pass over the entries of a log of the given size.

    ``sought`` is a leaf hash to look for; ``found`` becomes the number of the first entry that has it.
    ``stopped`` says why the reading ended before the last entry, if it did.
    """

    def __init__(self, source: Source, size: int, sought: bytes | None = None) -> None:
        self.found: int | None = None
        self.stopped: str | None = None
        self._source = source
        self._size = size
        self._sought = sought
        self._pieces: deque[tuple[Piece, bytes | Refusal]] = deque()
        """For each bundle that is being examined: which one it is, and the published tile of its hashes."""
        self._keys: dict[int, RoundKey] = {}
        self._letter = ("", "")

    def run(self, tree: Tree, ledger: Ledger, findings: Findings, processes: int, progress: Progress) -> None:
        """Read everything; what is wrong goes into the findings, what is there into tree and ledger."""
        with closing(self._tasks()) as tasks, closing(examine_all(tasks, processes)) as results:
            for examined in results:
                piece, lowest = self._pieces.popleft()
                if isinstance(examined, BadShape):
                    self.stopped = f"{piece.path} {examined}."
                    break
                self._look(examined.leaves, tree.size)
                ledger.read(examined, tree.size)
                tree.grow(examined.leaves, lowest)
                progress(tree.size, self._size)
        if self.stopped:
            findings.wrong("bundles", self.stopped)
        else:
            tree.finish()

    def _tasks(self) -> Generator[Task]:
        pieces = bundles_and_tiles(self._size)
        with closing(self._source.ahead(lambda piece: (piece, fetch(self._source, piece)), pieces)) as fetched:
            for (piece, data), (_, lowest) in zip(fetched, fetched, strict=True):
                if isinstance(data, Refusal):
                    self.stopped = str(data)
                    return
                self._pieces.append((piece, lowest))
                yield self._task(piece, data)

    def _task(self, piece: Piece, data: bytes) -> Task:
        first = WIDTH * piece.number
        with suppress(BadShape):  # examining the bundle will say what is wrong
            self._prepare(first, piece.width, data)
        named = rounds_named(data)
        keys = {number: self._keys[number] for number in named if number in self._keys}
        return Task(first, piece.width, data, *self._letter, keys)

    def _prepare(self, first: int, width: int, data: bytes) -> None:
        if first == 0 and (letter := letter_of(data, width)):
            self._letter = (letter.letter_id, letter.text_sha256)
        for place, opened in rounds_opened(data, width):
            self._keys.setdefault(opened.round, RoundKey(first + place, opened.public_key))

    def _look(self, leaves: bytes, first: int) -> None:
        if self._sought is None or self.found is not None:
            return
        for place in range(0, len(leaves), 32):
            if leaves[place : place + 32] == self._sought:
                self.found = first + place // 32
                return
