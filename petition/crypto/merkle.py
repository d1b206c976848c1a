"""Merkle trees (RFC 9162 2.1) and their tiles (C2SP tlog-tiles, height 8). Hashes are 32 raw bytes."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

TILE_WIDTH = 256
"""Hashes in a full tile."""

EMPTY = sha256().digest()
"""The root of a tree without entries."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes (RFC 9162 2.1.1)."""
    level = leaf_hashes
    while len(level) > 1:
        # A node without a sibling rises as it is: the same tree as splitting at powers of two.
        level = [*map(node_hash, level[::2], level[1::2]), *level[len(level) & ~1 :]]
    return level[0] if level else EMPTY


class Tiles:
    """A tree that grows, known by its right edge alone: its size, and the partial last tile of every level.

    ``edge`` maps each level L to the bytes of its partial tile, 32 for each of its (size >> 8L) mod 256
    hashes; levels without one are absent. Refuses with ``ValueError`` an edge that does not fit the size.
    """

    def __init__(self, size: int, edge: Mapping[int, bytes]) -> None:
        widths = {level: (size >> 8 * level) % TILE_WIDTH for level in range(size.bit_length() // 8 + 1)}
        if {level: 32 * width for level, width in widths.items() if width} != {
            level: len(tile) for level, tile in edge.items()
        }:
            raise ValueError(f"These tiles are not the right edge of a tree of {size} entries.")
        self.size = size
        self.edge = dict(edge)

    def append(self, leaf_hashes: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
        """Add leaves; return every tile that changed, by (level, index), with its whole new content.

        A full tile has 8192 bytes; the last one of a level may be partial. Nothing left of the edge
        is needed. When a hash has not 32 bytes, ``ValueError`` is raised and nothing is added.
        """
        hashes = list(leaf_hashes)
        if any(len(leaf) != 32 for leaf in hashes):
            raise ValueError("A leaf hash has 32 bytes.")
        changed: dict[tuple[int, int], bytes] = {}
        added, level, before = len(hashes), 0, self.size
        while hashes:
            content = self.edge.pop(level, b"") + b"".join(hashes)
            tiles = [content[start : start + 32 * TILE_WIDTH] for start in range(0, len(content), 32 * TILE_WIDTH)]
            changed |= {(level, before // TILE_WIDTH + place): tile for place, tile in enumerate(tiles)}
            if len(tiles[-1]) < 32 * TILE_WIDTH:
                self.edge[level] = tiles.pop()
            hashes = [root(_hashes(tile)) for tile in tiles]
            level, before = level + 1, before // TILE_WIDTH
        self.size += added
        return changed

    def root(self) -> bytes:
        """The root of the whole tree, from the edge alone."""
        reached: list[bytes] = []
        for level in sorted(self.edge):
            reached = [root(_hashes(self.edge[level]) + reached)]
        return reached[0] if reached else EMPTY


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[start : start + 32] for start in range(0, len(tile), 32)]


def tile_path(index: int) -> str:
    """A tile's index as its address contains it: ``x001/x234/067`` for 1234067 (C2SP tlog-tiles)."""
    if index < 0:
        raise ValueError("Tiles are counted from 0.")
    last = f"{index % 1000:03}"
    while index := index // 1000:
        last = f"x{index % 1000:03}/{last}"
    return last
