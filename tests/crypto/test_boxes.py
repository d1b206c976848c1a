"""Derived keys and locked boxes."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.crypto.boxes import derive, lock, unlock

KEY = bytes(range(32))


def hkdf(material, info, size):
    """RFC 5869 with SHA-256 and no salt, word for word."""
    prk = hmac.digest(bytes(32), material, hashlib.sha256)
    output, block, count = b"", b"", 0
    while len(output) < size:
        count += 1
        block = hmac.digest(prk, block + info + bytes([count]), hashlib.sha256)
        output += block
    return output[:size]


@given(st.binary(min_size=1, max_size=64), st.text(max_size=20), st.integers(1, 100))
def test_keys_are_derived_by_hkdf(secret, label, size):
    material = len(secret).to_bytes(8, "big") + secret

    assert derive(secret, label, size=size) == hkdf(material, label.encode(), size)


def test_every_secret_and_the_label_count():
    keys = {
        derive(b"ab", "pepper"),
        derive(b"ab", "mail"),
        derive(b"ab", "pepper", b""),
        derive(b"a", "pepper", b"b"),
        derive(b"a", "pepper", b"", b"b"),
        derive(b"b", "pepper", b"a"),
    }

    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}


def test_nothing_is_derived_from_nothing():
    with pytest.raises(ValueError, match="empty secret"):
        derive(b"", "pepper", b"other")


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_locked_can_be_unlocked(plain, label):
    assert unlock(KEY, lock(KEY, plain, label), label) == plain


def test_the_same_thing_never_looks_the_same_in_its_box():
    assert len({lock(KEY, b"name", "names") for _ in range(5)}) == 5


def test_a_box_shows_nothing_but_the_length():
    box = lock(KEY, b"a name that nobody may see", "names")

    assert b"name" not in box
    assert len(box) == 12 + 26 + 16


@pytest.mark.parametrize("key", [KEY[::-1], KEY[:16], b""])
def test_another_key_opens_nothing(key):
    with pytest.raises(ValueError, match="does not open"):
        unlock(key, lock(KEY, b"name", "names"), "names")


@pytest.mark.parametrize("label", ["", "name", "names "])
def test_another_label_opens_nothing(label):
    with pytest.raises(ValueError, match="does not open"):
        unlock(KEY, lock(KEY, b"name", "names"), label)


@given(st.data())
def test_a_changed_box_does_not_open(data):
    box = bytearray(lock(KEY, b"name", "names"))
    bit = data.draw(st.integers(0, 8 * len(box) - 1))
    box[bit // 8] ^= 1 << bit % 8

    with pytest.raises(ValueError, match="does not open"):
        unlock(KEY, bytes(box), "names")


@pytest.mark.parametrize("size", [0, 11, 12, 27, 31])
def test_a_cut_box_does_not_open(size):
    with pytest.raises(ValueError, match="does not open"):
        unlock(KEY, lock(KEY, b"name", "names")[:size], "names")
