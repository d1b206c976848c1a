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
    return _levels(leaf_hashes)[-1][0] if leaf_hashes else EMPTY


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaf ``index`` to the root (RFC 9162 2.1.3.1), lowest first."""
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"A tree of {len(leaf_hashes)} entries has no entry {index}.")
    siblings = ((level, index >> height ^ 1) for height, level in enumerate(_levels(leaf_hashes)))
    return [level[sibling] for level, sibling in siblings if sibling < len(level)]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the tree of this size and root has this leaf hash at ``index`` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            reached = node_hash(sibling, reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and reached == root


def consistency_proof(old: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes that show that the tree grew from its first ``old`` leaves (RFC 9162 2.1.4.1).

    Empty for an old size of 0 and for the tree's own size.
    """
    if not 0 <= old <= len(leaf_hashes):
        raise ValueError(f"A tree of {len(leaf_hashes)} entries was never one of {old}.")
    return _subproof(old, leaf_hashes, True) if old else []


def _subproof(old: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(old, leaves[:split], whole), root(leaves[split:])]
    return [*_subproof(old - split, leaves[split:], False), root(leaves[:split])]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of size ``new`` extends the one of size ``old`` (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY
    if old == new:
        return not proof and old_root == new_root
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not steps:
        return False
    was = now = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _levels(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    # A node without a sibling rises as it is: the same tree as splitting at powers of two.
    levels = [list(leaf_hashes)]
    while len(below := levels[-1]) > 1:
        above = list(map(node_hash, below[::2], below[1::2]))
        levels.append(above + below[len(below) & ~1 :])
    return levels


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
