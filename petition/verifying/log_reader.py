"""Reads a log from its first entry to its last, bundle by bundle, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing, suppress

from petition.crypto.merkle import TILE_WIDTH
from petition.errors import Refusal
from petition.verifying.bundles import Task, letter_of, rounds_named, rounds_opened
from petition.verifying.ledger import Ledger
from petition.verifying.signatures import RoundKey
from petition.verifying.source import Source
from petition.verifying.tiles import Tile, bundles_and_tiles, fetch_tile
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings, Invalid
from petition.verifying.workers import examine_all

Progress = Callable[[int, int], None]
"""Called now and then with how many entries are done, and how many there are."""


class LogReader:
    """One pass over the entries of a log of the given size.

    ``sought`` is a leaf hash to look for; ``found`` becomes the number of the first entry that has it. ``stopped``
    says why reading ended before the last entry, if it did.
    """

    def __init__(self, source: Source, size: int, sought: bytes | None = None) -> None:
        self.found: int | None = None
        self.stopped: str | None = None
        self._source = source
        self._size = size
        self._sought = sought
        self._tiles: deque[tuple[Tile, bytes | Refusal]] = deque()
        """For each bundle that is being examined: which one it is, and the published tile of its hashes."""
        self._keys: dict[int, RoundKey] = {}
        self._letter = ("", "")

    def run(self, tree: Tree, ledger: Ledger, findings: Findings, processes: int, progress: Progress) -> None:
        """Read everything into the tree and the ledger; the findings say what is wrong."""
        with closing(self._tasks()) as tasks, closing(examine_all(tasks, processes)) as results:
            for examined in results:
                bundle, lowest = self._tiles.popleft()
                if isinstance(examined, Invalid):
                    self.stopped = f"{bundle.path} {examined}."
                    break
                self._look_for(examined.leaves, tree.size)
                ledger.read(examined, tree.size)
                tree.grow(examined.leaves, lowest)
                progress(tree.size, self._size)
        if self.stopped:
            findings.wrong("bundles", self.stopped)
        else:
            tree.finish()

    def _tasks(self) -> Generator[Task]:
        tiles = bundles_and_tiles(self._size)
        with closing(self._source.ahead(lambda tile: (tile, fetch_tile(self._source, tile)), tiles)) as fetched:
            for (bundle, data), (_, lowest) in zip(fetched, fetched, strict=True):
                if isinstance(data, Refusal):
                    self.stopped = str(data)
                    return
                self._tiles.append((bundle, lowest))
                yield self._task(bundle, data)

    def _task(self, bundle: Tile, data: bytes) -> Task:
        first = TILE_WIDTH * bundle.number
        with suppress(Invalid):  # examining the bundle will say what is wrong
            self._prepare(first, bundle.width, data)
        return Task(first, bundle.width, data, *self._letter, self._keys_for(data))

    def _keys_for(self, data: bytes) -> dict[int, RoundKey]:
        """The keys that a bundle needs. All of them, if there is only one: searching would take longer."""
        if len(self._keys) <= 1:
            return self._keys
        return {number: self._keys[number] for number in rounds_named(data) if number in self._keys}

    def _prepare(self, first: int, width: int, data: bytes) -> None:
        if first == 0 and (letter := letter_of(data, width)):
            self._letter = (letter.letter_id, letter.text_sha256)
        for place, opened in rounds_opened(data, width):
            self._keys.setdefault(opened.round, RoundKey(first + place, opened.public_key))

    def _look_for(self, leaves: bytes, first: int) -> None:
        if self._sought is None or self.found is not None:
            return
        for place in range(0, len(leaves), 32):
            if leaves[place : place + 32] == self._sought:
                self.found = first + place // 32
                return
