"""Proofs of a Merkle tree and their verification (RFC 9162 2.1): what a monitor does, and no part of the program."""

from collections.abc import Sequence

from petition.crypto.merkle import EMPTY, node_hash, root


def inclusion_proof(index: int, leaf_hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes that lead from leaf ``index`` to the root (RFC 9162 2.1.3.1), lowest first."""
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"A tree of {len(leaf_hashes)} entries has no entry {index}.")
    siblings = ((level, index >> height ^ 1) for height, level in enumerate(levels(leaf_hashes)))
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
    return subproof(old, leaf_hashes, True) if old else []


def subproof(old: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*subproof(old, leaves[:split], whole), root(leaves[split:])]
    return [*subproof(old - split, leaves[split:], False), root(leaves[:split])]


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


def levels(leaf_hashes: Sequence[bytes]) -> list[list[bytes]]:
    # A node without a sibling rises as it is: the same tree as splitting at powers of two.
    levels = [list(leaf_hashes)]
    while len(below := levels[-1]) > 1:
        above = list(map(node_hash, below[::2], below[1::2]))
        levels.append(above + below[len(below) & ~1 :])
    return levels
