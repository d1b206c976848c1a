"""The tree over all entries, built again, and its tiles compared with the published ones."""

from collections.abc import Callable

from petition.crypto.merkle import EMPTY, WIDTH, Tiles
from petition.crypto.notes import Checkpoint
from petition.errors import Refusal
from petition.verifying.pieces import Piece
from petition.verifying.verdict import Findings


class Tree:
    """Grows bundle by bundle, and knows no more of itself than its right edge.

    ``fetch`` gives the published bytes of a tile, or why there are none. ``since`` is an older checkpoint
    (its signature is checked): the root at its size is kept.
    """

    def __init__(self, findings: Findings, fetch: Callable[[Piece], bytes | Refusal], since: Checkpoint | None) -> None:
        self.tiles = 0
        """How many published tiles were compared."""
        self._findings = findings
        self._fetch = fetch
        self._tree = Tiles(0, {})
        self._since = since
        self._root_then = EMPTY if since and since.size == 0 else None

    @property
    def size(self) -> int:
        """The entries so far."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The root (32 bytes) over the entries so far."""
        return self._tree.root()

    def grow(self, leaves: bytes, lowest: bytes | Refusal) -> None:
        """Add the hashes of the next bundle; ``lowest`` is the published tile that must be these very hashes."""
        self._compare(Piece(0, self.size // WIDTH, len(leaves) // 32), leaves, lowest)
        hashes = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
        until = self._since.size - self.size if self._since else 0
        if 0 < until <= len(hashes):
            # The partial tiles of this moment are nobody's; the second half makes them again.
            self._append(hashes[:until])
            self._root_then = self.root
            hashes = hashes[until:]
        self._append(hashes)

    def finish(self) -> None:
        """Compare the partial tiles above the lowest level."""
        for level, content in self._tree.edge.items():
            if level > 0:
                self._demand(Piece(level, self.size >> 8 * (level + 1), len(content) // 32), content)

    def extends(self) -> bool:
        """Whether the first entries have the root of the older checkpoint."""
        return self._since is not None and self._root_then == self._since.root

    def _append(self, hashes: list[bytes]) -> None:
        for (level, index), content in self._tree.append(hashes).items():
            if level > 0 and len(content) == 32 * WIDTH:
                self._demand(Piece(level, index, WIDTH), content)

    def _demand(self, piece: Piece, content: bytes) -> None:
        self._compare(piece, content, self._fetch(piece))

    def _compare(self, piece: Piece, content: bytes, published: bytes | Refusal) -> None:
        """Note it if a published tile is not there, or not these bytes."""
        if isinstance(published, Refusal):
            self._findings.wrong("tiles", str(published))
        elif published != content:
            self._findings.wrong("tiles", f"{piece.path} does not have the hashes that the entries give.")
        else:
            self.tiles += 1
