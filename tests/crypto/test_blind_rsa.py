"""Blind signatures: RFC 9474's own numbers, round trips, and everything that is refused."""

import json
import os

import pytest
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from petition.crypto.blind_rsa import (
    MODULUS_SIZE,
    PrivateKey,
    PublicKey,
    blind,
    blind_with,
    finalize,
    prepare,
    require_round_key,
    self_test,
)
from petition.errors import BadShape, Refusal
from tests.crypto.conftest import DATA

RFC_9474 = json.loads((DATA / "rfc9474.json").read_text("utf-8"))["vectors"]
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
RSASSA_PSS = bytes.fromhex("300b06092a864886f70d01010a")

each_vector = pytest.mark.parametrize("vector", RFC_9474, ids=lambda vector: vector["variant"])


def number(vector, name):
    return int(vector[name], 16)


def value(vector, name):
    return bytes.fromhex(vector[name])


def public_key(vector):
    return PublicKey(number(vector, "n"), number(vector, "e"))


@pytest.fixture(scope="module")
def rfc_key():
    return PrivateKey.from_numbers(*(number(RFC_9474[0], name) for name in "nedpq"))


@pytest.fixture(scope="module")
def damaged_key(round_key):
    """A key whose private exponent was changed, as a fault in memory would."""
    good = serialization.load_der_private_key(round_key.der(), None).private_numbers()
    numbers = rsa.RSAPrivateNumbers(good.p, good.q, good.d + 2, good.dmp1, good.dmq1, good.iqmp, good.public_numbers)
    return PrivateKey(numbers.private_key(unsafe_skip_rsa_key_validation=True))


@pytest.fixture
def prepared():
    return prepare(b"a statement", os.urandom)


@each_vector
def test_the_message_is_prepared_as_in_rfc_9474(vector):
    prefix = value(vector, "msg_prefix")

    assert prefix + value(vector, "msg") == value(vector, "input_msg")
    if prefix:
        assert prepare(value(vector, "msg"), lambda size: prefix[:size]) == value(vector, "input_msg")


@each_vector
def test_the_message_is_blinded_as_in_rfc_9474(vector):
    key, inverse = public_key(vector), number(vector, "inv")

    blinded = blind_with(key, value(vector, "input_msg"), value(vector, "salt"), inverse)

    assert blinded.message == value(vector, "blinded_msg")
    assert blinded.inverse == inverse


@each_vector
def test_the_blinded_message_is_signed_as_in_rfc_9474(vector, rfc_key):
    assert rfc_key.public == public_key(vector)
    assert rfc_key.blind_sign(value(vector, "blinded_msg")) == value(vector, "blind_sig")


@each_vector
def test_the_signature_is_unblinded_as_in_rfc_9474(vector):
    prepared, answer = value(vector, "input_msg"), value(vector, "blind_sig")

    signature = finalize(public_key(vector), prepared, answer, number(vector, "inv"), salt=vector["salt_length"])

    assert signature == value(vector, "sig")


@each_vector
def test_the_signature_of_rfc_9474_is_valid_with_its_own_salt_length_only(vector):
    key, message, signature = public_key(vector), value(vector, "input_msg"), value(vector, "sig")

    assert key.verify(message, signature, vector["salt_length"])
    assert not key.verify(message, signature, 48 - vector["salt_length"])


@pytest.mark.parametrize("salt", [0, 48])
def test_a_message_goes_out_blind_and_comes_back_signed(round_key, prepared, salt):
    blinded = blind(round_key.public, prepared, os.urandom, salt=salt)
    signature = finalize(round_key.public, prepared, round_key.blind_sign(blinded.message), blinded.inverse, salt=salt)

    assert len(blinded.message) == len(signature) == MODULUS_SIZE
    assert round_key.public.verify(prepared, signature, salt)


def test_the_same_blinded_message_always_gets_the_same_answer(round_key, prepared):
    blinded = blind(round_key.public, prepared, os.urandom)

    assert len({round_key.blind_sign(blinded.message) for _ in range(40)}) == 1


def test_the_same_message_is_never_blinded_alike(round_key, prepared):
    assert len({blind(round_key.public, prepared, os.urandom) for _ in range(5)}) == 5


def test_a_prepared_message_starts_with_32_random_bytes():
    assert prepare(b"a statement", lambda size: b"r" * size) == b"r" * 32 + b"a statement"


@given(st.data())
def test_a_changed_bit_makes_a_signature_invalid(data):
    vector = RFC_9474[0]
    key, message, signature = public_key(vector), value(vector, "input_msg"), value(vector, "sig")
    changed = bytearray(message + signature)
    bit = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[bit // 8] ^= 1 << bit % 8

    assert not key.verify(bytes(changed[: len(message)]), bytes(changed[len(message) :]))


@each_vector
def test_signatures_of_another_length_or_not_below_n_are_invalid(vector):
    key, message, signature = public_key(vector), value(vector, "input_msg"), value(vector, "sig")
    above = number(vector, "sig") + key.n
    forged = [signature[1:], b"\0" + signature, above.to_bytes(key.size + 1, "big"), b""]
    if above.bit_length() == 8 * key.size:
        forged.append(above.to_bytes(key.size, "big"))

    assert not any(key.verify(message, other, vector["salt_length"]) for other in forged)


def test_an_answer_by_another_key_is_refused(round_key, prepared):
    blinded = blind(round_key.public, prepared, os.urandom)

    with pytest.raises(Refusal, match="no valid signature"):
        finalize(round_key.public, prepared, b"\1" * MODULUS_SIZE, blinded.inverse)


def test_an_answer_to_another_message_is_refused(round_key, prepared):
    blinded = blind(round_key.public, prepared, os.urandom)
    answer = round_key.blind_sign(blinded.message)

    with pytest.raises(Refusal, match="no valid signature"):
        finalize(round_key.public, prepared + b".", answer, blinded.inverse)


@pytest.mark.parametrize("size", [0, MODULUS_SIZE - 1, MODULUS_SIZE + 1])
def test_an_answer_of_another_length_is_refused(round_key, prepared, size):
    with pytest.raises(BadShape, match="384 bytes"):
        finalize(round_key.public, prepared, bytes(size), 2)


@pytest.mark.parametrize("size", [0, 1, MODULUS_SIZE - 1, MODULUS_SIZE + 1, 2 * MODULUS_SIZE])
def test_a_blinded_message_of_another_length_is_refused_before_it_is_signed(damaged_key, size):
    with pytest.raises(BadShape, match="384 bytes"):
        damaged_key.blind_sign(b"\0" * (size - 1) + b"\2" * bool(size))


@pytest.mark.parametrize("from_n", [None, -1, 0, 1, 2])
@pytest.mark.parametrize("small", [0, 1])
def test_numbers_at_and_over_the_ends_are_refused_before_they_are_signed(damaged_key, from_n, small):
    blinded = small if from_n is None else damaged_key.public.n + from_n

    with pytest.raises(BadShape, match="out of range"):
        damaged_key.blind_sign(blinded.to_bytes(MODULUS_SIZE, "big"))


def test_the_largest_number_is_refused(round_key):
    with pytest.raises(BadShape, match="out of range"):
        round_key.blind_sign(b"\xff" * MODULUS_SIZE)


@pytest.mark.parametrize("from_end", [2, -2])
def test_the_numbers_next_to_the_ends_are_signed(round_key, from_end):
    n, e = round_key.public.n, round_key.public.e
    blinded = from_end % n

    answer = int.from_bytes(round_key.blind_sign(blinded.to_bytes(MODULUS_SIZE, "big")), "big")

    assert pow(answer, e, n) == blinded


def test_a_wrong_result_never_leaves_the_issuer(damaged_key):
    with pytest.raises(RuntimeError, match="wrong result"):
        damaged_key.blind_sign((12345).to_bytes(MODULUS_SIZE, "big"))


def test_a_round_key_has_3072_bits_and_the_usual_exponent(round_key):
    assert round_key.public.n.bit_length() == 3072
    assert round_key.public.e == 65537
    assert round_key.public.size == MODULUS_SIZE


def test_keys_survive_being_written(round_key):
    spki = round_key.public.spki()

    assert PrivateKey.from_der(round_key.der()).public == round_key.public
    assert PublicKey.from_spki(spki) == require_round_key(spki) == round_key.public


def test_a_key_read_back_signs(round_key, prepared):
    blinded = blind(round_key.public, prepared, os.urandom)

    assert PrivateKey.from_der(round_key.der()).blind_sign(blinded.message) == round_key.blind_sign(blinded.message)


def test_numbers_that_do_not_fit_sign_nothing(prepared):
    vector = RFC_9474[0]
    n, e, d, p, q = (number(vector, name) for name in "nedpq")
    key = PrivateKey.from_numbers(n, e, d + 2, p, q)

    with pytest.raises(RuntimeError, match="wrong result"):
        key.blind_sign(blind(key.public, prepared, os.urandom).message)


def test_a_key_that_is_not_rsa_is_no_private_key():
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(ValueError, match="not an RSA key"):
        PrivateKey.from_der(other)


def test_a_key_loads_its_verifier_once(round_key):
    key = PublicKey(round_key.public.n, round_key.public.e)

    assert key.loaded is key.loaded


def test_a_blinded_message_does_not_show_its_inverse_when_printed(round_key, prepared):
    blinded = blind(round_key.public, prepared, os.urandom)

    assert str(blinded.inverse) not in repr(blinded)


def test_a_round_key_keeps_its_der(sample_log):
    log = sample_log / "log"
    pem = (log / "issuer.pem").read_bytes()
    spki = serialization.load_pem_public_key(pem).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert require_round_key(spki).spki() == spki


def with_pss(spki):
    body = spki[4:].replace(RSA_ENCRYPTION, RSASSA_PSS)
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


def elliptic(_):
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda spki: b"", id="nothing"),
        pytest.param(lambda spki: bytes(range(200)), id="noise"),
        pytest.param(lambda spki: spki[:200], id="half a key"),
        pytest.param(lambda spki: spki + b"\0", id="a byte too many"),
        pytest.param(lambda spki: b"\x30\x83\0" + spki[2:], id="a length in too many bytes"),
        pytest.param(lambda spki: spki[24:], id="PKCS #1"),
        pytest.param(lambda spki: spki[:-1] + b"\0", id="an even exponent"),
        pytest.param(with_pss, id="the algorithm RSASSA-PSS"),
        pytest.param(elliptic, id="an elliptic curve"),
    ],
)
def test_only_canonical_spki_of_rsa_encryption_is_read(round_key, spoil):
    with pytest.raises(BadShape, match="not an RSA public key"):
        PublicKey.from_spki(spoil(round_key.public.spki()))


def test_other_keys_are_no_round_keys(round_key):
    larger, threefold = public_key(RFC_9474[0]), PublicKey(round_key.public.n, 3)

    for key in (larger, threefold, PublicKey(round_key.public.n >> 1 | 1, 65537)):
        assert PublicKey.from_spki(key.spki()) == key
        with pytest.raises(BadShape, match="3072 bits and the exponent 65537"):
            require_round_key(key.spki())


def test_a_key_too_small_for_the_salt_blinds_nothing():
    with pytest.raises(ValueError, match="too small"):
        blind(PublicKey(2**700 + 1, 65537), b"message", os.urandom)


def test_this_machine_passes_the_start_up_test():
    self_test()


def nothing_at_all(_, number):
    return number.to_bytes(MODULUS_SIZE, "big")


def test_the_start_up_test_fails_when_the_library_computes_something_else(monkeypatch):
    monkeypatch.setattr(RSA.RsaKey, "_decrypt_to_bytes", nothing_at_all)

    with pytest.raises(RuntimeError, match="nothing may be signed here"):
        self_test()


def test_the_start_up_test_fails_when_the_library_lost_the_operation(monkeypatch):
    monkeypatch.delattr(RSA.RsaKey, "_decrypt_to_bytes")

    with pytest.raises(RuntimeError, match="nothing may be signed here"):
        self_test()


def test_the_start_up_test_fails_when_anything_passes_for_a_signature(monkeypatch):
    monkeypatch.setattr(PublicKey, "verify", lambda *_: True)

    with pytest.raises(RuntimeError, match="nothing may be signed here"):
        self_test()
