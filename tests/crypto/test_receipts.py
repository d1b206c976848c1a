"""What a receipt opens."""

import pytest

from petition.crypto.encodings import sha256
from petition.crypto.receipts import Opening, commit_of, group_key, name_key, opening
from petition.errors import BadShape


@pytest.fixture
def opened(vectors):
    return opening(bytes.fromhex(vectors["receipt"]["receipt"]))


def test_a_receipt_opens_to_the_values_of_the_vectors(vectors, opened):
    expected = vectors["receipt"]

    assert (opened.w.hex(), opened.a.hex()) == (expected["w"], expected["a"])
    assert (opened.w_hash, opened.a_hash) == (expected["w_hash"], expected["a_hash"])
    assert opened.commit == expected["commit"] == vectors["statement"]["commit"]


def test_its_rows_stand_under_the_keys_of_the_vectors(vectors, opened):
    assert opened.group_key("role").hex() == vectors["receipt"]["group_key_role"]
    assert opened.name_key().hex() == vectors["receipt"]["name_key"]
    assert vectors["names"]["oaep_label_utf8"].endswith("\n" + opened.name_key().hex())


def test_one_half_and_the_hash_of_the_other_give_the_commit_and_the_keys(opened):
    assert commit_of(bytes.fromhex(opened.w_hash), sha256(opened.a)) == opened.commit
    assert commit_of(sha256(opened.w), bytes.fromhex(opened.a_hash)) == opened.commit
    assert group_key(opened.a, "role") == opened.group_key("role")
    assert name_key(opened.a) == opened.name_key()


def test_fields_have_keys_of_their_own(opened):
    assert len({opened.group_key(name) for name in ("role", "roles", "site", "")} | {opened.name_key()}) == 5


def test_an_opening_does_not_show_its_secrets_when_printed(opened):
    assert opened.w.hex() not in repr(opened)
    assert str(opened.a) not in repr(opened)


@pytest.mark.parametrize(("w", "a"), [(b"", bytes(32)), (bytes(32), bytes(31)), (bytes(33), bytes(32))])
def test_halves_of_other_sizes_are_refused(w, a):
    with pytest.raises(BadShape, match="must have 32 bytes"):
        Opening(w, a)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_receipt_of_another_size_is_refused(size):
    with pytest.raises(BadShape, match="16 bytes"):
        opening(bytes(size))


def test_hashes_of_other_sizes_have_no_commit():
    with pytest.raises(BadShape, match="The a_hash must have 32 bytes"):
        commit_of(bytes(32), bytes(31))
