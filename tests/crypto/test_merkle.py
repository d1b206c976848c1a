"""Trees, proofs and tiles, against published numbers and against RFC 9162's own definitions."""

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from petition.crypto.merkle import EMPTY, Tiles, leaf_hash, node_hash, root, tile_path
from tests.merkle_proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion

# The tree that implementations of RFC 6962 test with: its entries, and its roots from 1 entry to 8.
PUBLISHED = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
PUBLISHED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
SIZES = st.integers(1, 300)


def defined_root(leaves):
    """MTH of RFC 9162 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:k]) + defined_root(leaves[k:])).digest()


def hashes_of(tile):
    return [tile[start : start + 32] for start in range(0, len(tile), 32)]


def expected_tiles(leaves):
    """Every tile of a tree by C2SP tlog-tiles' definition: roots of complete subtrees, 256 a tile."""
    tiles, level, hashes = {}, 0, leaves
    while hashes:
        for start in range(0, len(hashes), 256):
            tiles[level, start // 256] = b"".join(hashes[start : start + 256])
        whole = len(hashes) // 256 * 256
        hashes = [defined_root(hashes[start : start + 256]) for start in range(0, whole, 256)]
        level += 1
    return tiles


@pytest.mark.parametrize("size", range(10))
def test_roots_are_those_of_the_vectors(vectors, size):
    entries = vectors["tree"]["entries_utf8"][:size]

    assert root([leaf_hash(entry.encode()) for entry in entries]).hex() == vectors["tree"]["roots_by_size"][str(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_that_were_published(size):
    assert root([leaf_hash(entry) for entry in PUBLISHED[:size]]).hex() == PUBLISHED_ROOTS[size - 1]


def test_proofs_are_those_that_were_published():
    leaves = [leaf_hash(entry) for entry in PUBLISHED]

    assert [step.hex() for step in inclusion_proof(5, leaves)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in consistency_proof(6, leaves)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_leaves_and_nodes_are_never_confused():
    left, right = LEAVES[:2]

    assert node_hash(left, right) != leaf_hash(left + right)
    assert root([]) == EMPTY
    assert root([left]) == left


@given(st.integers(0, 600))
def test_roots_are_as_defined(size):
    assert root(LEAVES[:size]) == defined_root(LEAVES[:size])


@given(SIZES, st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(size, data):
    leaves = LEAVES[:size]
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    proof, top = inclusion_proof(index, leaves), root(leaves)

    assert verify_inclusion(index, size, leaves[index], proof, top)
    assert verify_inclusion(other, size, leaves[index], proof, top) == (other == index)
    assert not verify_inclusion(index, size, LEAVES[size], proof, top)
    assert not verify_inclusion(index, size, leaves[index], proof, LEAVES[0][::-1])
    assert not verify_inclusion(index, size, leaves[index], [*proof, top], top)
    assert not proof or not verify_inclusion(index, size, leaves[index], proof[:-1], top)


def test_a_proof_that_stops_below_the_root_shows_nothing():
    two = root(LEAVES[:2])

    assert verify_inclusion(0, 2, LEAVES[0], LEAVES[1:2], two)
    assert not verify_inclusion(0, 3, LEAVES[0], LEAVES[1:2], two)
    assert verify_consistency(1, 2, LEAVES[0], two, LEAVES[1:2])
    assert not verify_consistency(1, 3, LEAVES[0], two, LEAVES[1:2])


@pytest.mark.parametrize("index", [-1, 7])
def test_there_is_no_proof_for_an_entry_that_is_not_there(index):
    with pytest.raises(ValueError, match="no entry"):
        inclusion_proof(index, LEAVES[:7])
    assert not verify_inclusion(index, 7, LEAVES[0], [], LEAVES[0])


@given(st.integers(0, 300), st.integers(0, 300))
@example(0, 0)
@example(0, 5)
@example(128, 256)
def test_a_consistency_proof_shows_that_a_tree_only_grew(one, another):
    old, new = sorted((one, another))
    proof = consistency_proof(old, LEAVES[:new])
    before, after = root(LEAVES[:old]), root(LEAVES[:new])

    assert verify_consistency(old, new, before, after, proof)
    assert not verify_consistency(old, new, before[::-1], after, proof)
    assert not verify_consistency(old, new, before, after, [*proof, before])
    assert old == 0 or not verify_consistency(old, new, before, after[::-1], proof)
    assert not proof or not verify_consistency(old, new, before, after, proof[:-1])


@given(st.integers(2, 300), st.data())
def test_a_tree_that_changed_an_old_entry_has_no_proof(new, data):
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = LEAVES[:changed] + [LEAVES[-1]] + LEAVES[changed + 1 : new]

    proof = consistency_proof(old, leaves)

    assert not verify_consistency(old, new, root(LEAVES[:old]), root(leaves), proof)


@pytest.mark.parametrize("old", [-1, 8])
def test_a_tree_never_was_of_a_size_it_did_not_reach(old):
    with pytest.raises(ValueError, match="was never one of"):
        consistency_proof(old, LEAVES[:7])
    assert not verify_consistency(old, 7, LEAVES[0], LEAVES[0], [])


@pytest.mark.thorough
@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), max_size=6))
@example([256])
@example([255, 1])
@example([256, 256])
@example([0])
@example([65_536])
@example([65_535, 1, 1])
@example([65_280, 600])
def test_appending_in_any_pieces_gives_the_same_tiles_and_root(pieces):
    leaves, tiles, start = LEAVES[: sum(pieces)], {}, 0
    tree = Tiles(0, {})

    for piece in pieces:
        tiles |= tree.append(iter(leaves[start : start + piece]))
        start += piece

    assert tree.size == len(leaves)
    assert tiles == expected_tiles(leaves)
    assert tree.root() == root(leaves)
    assert tree.root() == Tiles(tree.size, tree.edge).root()


@given(st.integers(0, 600), st.integers(0, 600))
def test_only_tiles_that_changed_are_given(size, more):
    tree = Tiles(0, {})
    before = tree.append(LEAVES[:size])
    resumed = Tiles(tree.size, tree.edge)

    changed = resumed.append(LEAVES[size : size + more])

    after = expected_tiles(LEAVES[: size + more])
    assert changed == {where: tile for where, tile in after.items() if before.get(where) != tile}


def test_the_edge_is_what_is_partial():
    tree = Tiles(0, {})
    tree.append(LEAVES[: 256 * 2 + 3])

    assert {level: len(hashes_of(tile)) for level, tile in tree.edge.items()} == {0: 3, 1: 2}


@pytest.mark.parametrize(
    ("size", "edge"),
    [(1, {}), (0, {0: b""}), (1, {0: bytes(64)}), (256, {0: bytes(32)}), (3, {0: bytes(96), 1: bytes(32)})],
)
def test_an_edge_must_fit_the_size(size, edge):
    with pytest.raises(ValueError, match="right edge"):
        Tiles(size, edge)


def test_a_leaf_that_is_no_hash_changes_nothing():
    tree = Tiles(0, {})
    tree.append(LEAVES[:5])

    with pytest.raises(ValueError, match="32 bytes"):
        tree.append([LEAVES[5], b"short"])
    assert (tree.size, tree.root()) == (5, root(LEAVES[:5]))


def test_tile_paths_are_those_of_the_vectors(vectors):
    for index, path in vectors["tile_paths"].items():
        assert tile_path(int(index)) == path


def test_tiles_are_counted_from_0():
    with pytest.raises(ValueError, match="from 0"):
        tile_path(-1)
