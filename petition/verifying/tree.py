"""The Merkle tree over all entries, computed again and compared with the published tiles."""

from collections.abc import Callable, Iterable

from petition.crypto.merkle import EMPTY, TILE_WIDTH, Tiles
from petition.errors import Refusal
from petition.verifying.tiles import Tile
from petition.verifying.verdict import Findings


class Tree:
    """Grows bundle by bundle, and keeps only its right edge.

    ``fetch`` gives the published bytes of a tile, or why there are none. ``older`` are sizes of older trees:
    ``roots`` gets the root (32 bytes) at each of them that this tree reaches.
    """

    def __init__(self, findings: Findings, fetch: Callable[[Tile], bytes | Refusal], older: Iterable[int] = ()) -> None:
        self.compared = 0
        """How many published tiles were compared."""
        self.roots: dict[int, bytes] = {0: EMPTY}
        self._findings = findings
        self._fetch = fetch
        self._tree = Tiles(0, {})
        self._older = sorted(set(older))

    @property
    def size(self) -> int:
        """The entries so far."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root (32 bytes) over the entries so far."""
        return self._tree.root()

    def grow(self, leaves: bytes, lowest: bytes | Refusal) -> None:
        """Add the leaf hashes of the next bundle. ``lowest`` is the published tile that must consist of them."""
        self._compare(Tile(0, self.size // TILE_WIDTH, len(leaves) // 32), leaves, lowest)
        hashes = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
        begun = self.size
        for older in [size for size in self._older if begun < size < begun + len(hashes)]:
            self._append(hashes[self.size - begun : older - begun])
            self.roots[older] = self.root
        self._append(hashes[self.size - begun :])
        if self.size in self._older:
            self.roots[self.size] = self.root

    def finish(self) -> None:
        """Compare the partial tiles above the lowest level."""
        for level, content in self._tree.edge.items():
            if level > 0:
                self._fetch_and_compare(Tile(level, self.size >> 8 * (level + 1), len(content) // 32), content)

    def _append(self, hashes: list[bytes]) -> None:
        for (level, index), content in self._tree.append(hashes).items():
            if level > 0 and len(content) == 32 * TILE_WIDTH:
                self._fetch_and_compare(Tile(level, index, TILE_WIDTH), content)

    def _fetch_and_compare(self, tile: Tile, content: bytes) -> None:
        self._compare(tile, content, self._fetch(tile))

    def _compare(self, tile: Tile, content: bytes, published: bytes | Refusal) -> None:
        if isinstance(published, Refusal):
            self._findings.wrong("tiles", str(published))
        elif published != content:
            self._findings.wrong("tiles", f"{tile.path} does not have the hashes that the entries give.")
        else:
            self.compared += 1
