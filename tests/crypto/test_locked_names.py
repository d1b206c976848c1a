"""Names that only their step's key reads."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from petition.crypto.locked_names import LOCKED_SIZE, NamesPrivateKey, label, lock_name
from petition.errors import BadShape, TooLong
from tests.stored_keys import fresh_keys

LETTER, STEP, SIGNER = "0123456789ABCDEFGHJKMNPQRS", "named_at:200", bytes(range(32))
ANA = "Ana Núñez\nMachine operator".encode()


@pytest.fixture(scope="module")
def key():
    with fresh_keys():
        return NamesPrivateKey.generate()


@pytest.fixture(scope="module")
def locked(key):
    return lock_name(key.public_key(), LETTER, STEP, SIGNER, ANA)


def test_the_label_is_that_of_the_vectors(vectors):
    signer = bytes.fromhex(vectors["receipt"]["name_key"])

    assert label(LETTER, STEP, signer) == vectors["names"]["oaep_label_utf8"].encode()


def test_a_locked_name_opens_with_the_private_half(key, locked):
    assert len(locked) == LOCKED_SIZE
    assert key.unlock(locked, LETTER, STEP, SIGNER) == ANA
    assert NamesPrivateKey.from_pkcs8(key.as_pkcs8()).unlock(locked, LETTER, STEP, SIGNER) == ANA


@pytest.mark.parametrize(
    "place",
    [("1" * 26, STEP, SIGNER), (LETTER, "named", SIGNER), (LETTER, "named_at:20", SIGNER), (LETTER, STEP, bytes(32))],
    ids=["another letter", "named", "another N", "another signer"],
)
def test_copied_anywhere_else_it_does_not_open(key, locked, place):
    with pytest.raises(ValueError):
        key.unlock(locked, *place)


def test_another_key_does_not_open_it(locked):
    with pytest.raises(ValueError):
        NamesPrivateKey.generate().unlock(locked, LETTER, STEP, SIGNER)


@pytest.mark.parametrize("size", [1, 300])
def test_names_of_one_to_three_hundred_bytes_are_locked(key, size):
    locked = lock_name(key.public_key(), LETTER, STEP, SIGNER, b"x" * size)

    assert key.unlock(locked, LETTER, STEP, SIGNER) == b"x" * size


def test_a_longer_name_is_refused(key):
    with pytest.raises(TooLong, match="300"):
        lock_name(key.public_key(), LETTER, STEP, SIGNER, b"x" * 301)


@pytest.mark.thorough
@pytest.mark.parametrize(("bits", "exponent"), [(2048, 65537), (3072, 3)])
def test_a_key_of_another_kind_is_refused(bits, exponent):
    other = generate_private_key(exponent, bits).public_key()

    with pytest.raises(BadShape, match="no names key"):
        lock_name(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), LETTER, STEP, SIGNER, b"Ana")


def test_what_is_no_key_is_refused():
    with pytest.raises(BadShape, match="no names key"):
        lock_name(b"no key", LETTER, STEP, SIGNER, b"Ana")
