"""Every derivation and encoding of the client against numbers that others computed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from petition import client
from petition.client import Key, Stop
from tests.client.issuing import key_pair, spki_of, spki_without_pair

DATA = Path(__file__).parents[1] / "data"
VALUES = json.loads((DATA / "petition.json").read_text())
VECTORS = json.loads((DATA / "rfc9474.json").read_text())["vectors"]


def hex_of(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def key_of(vector: dict[str, Any]) -> Key:
    return Key(int(vector["n"], 16), int(vector["e"], 16))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["variant"])
def test_blinding_gives_the_blinded_message_of_rfc_9474(vector: dict[str, Any]) -> None:
    factor = pow(int(vector["inv"], 16), -1, key_of(vector).n)

    blinded, inverse = client.blind(key_of(vector), hex_of(vector, "input_msg"), hex_of(vector, "salt"), factor)

    assert blinded == hex_of(vector, "blinded_msg")
    assert inverse == int(vector["inv"], 16)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["variant"])
def test_finalizing_gives_the_signature_of_rfc_9474(vector: dict[str, Any]) -> None:
    message, answer = hex_of(vector, "input_msg"), hex_of(vector, "blind_sig")

    signature = client.finalize(key_of(vector), message, answer, int(vector["inv"], 16), vector["salt_length"])

    assert signature == hex_of(vector, "sig")


@pytest.mark.parametrize(
    "spoil", [lambda b: bytes(len(b)), lambda b: b[:-1], lambda b: b"\0" + b, lambda b: b"\xff" * 512]
)
def test_an_answer_that_is_no_signature_is_refused(spoil: Any) -> None:
    vector = VECTORS[0]

    with pytest.raises(Stop, match="not a signature by the round's key"):
        client.finalize(
            key_of(vector), hex_of(vector, "input_msg"), spoil(hex_of(vector, "blind_sig")), int(vector["inv"], 16)
        )


def test_a_changed_byte_makes_a_signature_invalid() -> None:
    vector = VECTORS[0]
    signature = bytearray(hex_of(vector, "sig"))
    signature[100] ^= 1

    assert not client.verify(key_of(vector), hex_of(vector, "input_msg"), bytes(signature))
    assert not client.verify(key_of(vector), hex_of(vector, "input_msg") + b"x", hex_of(vector, "sig"))


def test_a_signature_with_n_added_is_refused() -> None:
    vector = VECTORS[0]
    key = key_of(vector)
    larger = (int(vector["sig"], 16) + key.n).to_bytes(key.size + 1, "big")

    assert not client.verify(key, hex_of(vector, "input_msg"), larger)
    assert not client.verify(key, hex_of(vector, "input_msg"), larger[-key.size :])


def test_a_receipt_opens_as_the_vectors_say() -> None:
    values = VALUES["receipt"]
    receipt = bytes.fromhex(values["receipt"])

    assert [part.hex() for part in client.openings(receipt)] == [values["w"], values["a"]]
    assert client.commitment(receipt) == values["commit"]


@pytest.mark.parametrize("name", ["receipt", "receipt_all_ones"])
def test_a_receipt_is_written_down_and_read_again(name: str) -> None:
    receipt = bytes.fromhex(VALUES[name]["receipt"])

    assert client.receipt_words(receipt) == VALUES[name]["words"]
    assert client.read_receipt(VALUES[name]["words"]) == receipt


@given(st.binary(min_size=16, max_size=16))
@example(bytes(16))
@settings(max_examples=50)
def test_a_receipt_survives_lower_case_spaces_and_look_alikes(receipt: bytes) -> None:
    typed = client.receipt_words(receipt).lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert client.read_receipt(typed) == receipt


@given(st.binary(min_size=16, max_size=16), st.integers(0, 25), st.sampled_from(client.ALPHABET))
@settings(max_examples=100)
def test_one_wrong_character_in_a_receipt_is_found(receipt: bytes, place: int, other: str) -> None:
    words = client.receipt_words(receipt).replace("-", "")
    slip = words[:place] + other + words[place + 1 :]

    if slip == words:
        assert client.read_receipt(slip) == receipt
    else:
        with pytest.raises(Stop, match="some character in it is wrong"):
            client.read_receipt(slip)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 24))
@settings(max_examples=100)
def test_two_swapped_characters_in_a_receipt_are_found(receipt: bytes, place: int) -> None:
    words = client.receipt_words(receipt).replace("-", "")
    slip = words[:place] + words[place + 1] + words[place] + words[place + 2 :]

    if slip != words:
        with pytest.raises(Stop, match="two are swapped"):
            client.read_receipt(slip)


@pytest.mark.parametrize("typed", ["", "0004", "0" * 26, "0" * 28, "U" * 27, "!" * 27, "Z" * 26 + "0"])
def test_what_cannot_be_a_receipt_is_refused(typed: str) -> None:
    with pytest.raises(Stop, match="receipt"):
        client.read_receipt(typed)


def test_a_code_is_read_as_people_type_it() -> None:
    code = VALUES["code"]["code"].replace("-", "")

    assert client.read_code(VALUES["code"]["code"]) == code
    assert client.read_code(VALUES["code"]["also_read_as"]) == code


@pytest.mark.parametrize(
    ("typed", "hint"), [("008J-4CT4", "has 8"), ("008J4CT4ANK7F24U", "never contain U"), ("é" * 16, "never contain é")]
)
def test_what_cannot_be_a_code_is_refused_with_a_hint(typed: str, hint: str) -> None:
    with pytest.raises(Stop, match=hint):
        client.read_code(typed)


def test_the_statement_is_the_one_of_the_vectors() -> None:
    values = VALUES["statement"]
    statement = client.Statement(values["letter_id"], values["round"], values["text_sha256"], values["commit"])

    message = statement.message()

    assert message[32:].decode() == values["statement_utf8"]
    assert client.Statement.read(message) == statement


@pytest.mark.parametrize(
    "spoil", [lambda m: m + b"\n", lambda m: m[:-1], lambda m: m.replace(b"\n1\n", b"\n01\n"), bytes.lower]
)
def test_a_statement_with_a_byte_out_of_place_is_refused(spoil: Any) -> None:
    with pytest.raises(Stop):
        client.Statement.read(bytes(32) + spoil(VALUES["statement"]["statement_utf8"].encode()))


def test_roots_are_those_of_the_vectors() -> None:
    hashes = [client.leaf_hash(entry.encode()) for entry in VALUES["tree"]["entries_utf8"]]

    roots = {str(size): client.tree_root(hashes[:size]).hex() for size in range(len(hashes) + 1)}

    assert roots == VALUES["tree"]["roots_by_size"]


def test_parts_of_the_log_are_named_as_in_the_vectors() -> None:
    assert {number: client.tile_path(int(number)) for number in VALUES["tile_paths"]} == VALUES["tile_paths"]


def test_the_checkpoint_of_the_vectors_is_accepted() -> None:
    note = VALUES["note"]
    name, public = client.read_vkey(note["vkey"].encode())

    size, root = client.read_checkpoint(note["checkpoint"].encode(), name, public)

    assert (size, root.hex()) == (9, VALUES["tree"]["roots_by_size"]["9"])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
@settings(max_examples=15)
def test_ed25519_agrees_with_another_library(seed: bytes, message: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)

    assert client.ed25519_verify(public, message, signature)
    assert not client.ed25519_verify(public, message + b"x", signature)


def test_ed25519_refuses_what_rfc_8032_refuses() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"")
    s_again = int.from_bytes(signature[32:], "little") + client.ORDER

    assert not client.ed25519_verify(public, b"", signature[:32] + s_again.to_bytes(32, "little"))
    assert not client.ed25519_verify(public, b"", signature[:-1])
    assert not client.ed25519_verify(b"\xff" * 32, b"", signature)
    assert not client.ed25519_verify(b"\x02" + bytes(31), b"", signature)


SMALL_ORDER = [
    y + sign
    for y in (*("00" * 31, "01" + "00" * 30), *(low + "ff" * 30 for low in ("ec", "ed", "ee")))
    for sign in (("00", "80") if y.endswith("00") else ("7f", "ff"))
] + ["26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"]  # fmt: skip


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_for_which_anyone_can_sign_signs_nothing(key: str) -> None:
    for_all_messages = bytes([1, *bytes(63)])

    assert not any(client.ed25519_verify(bytes.fromhex(key), bytes([n]), for_all_messages) for n in range(16))


def test_a_round_key_is_read() -> None:
    numbers = key_pair(1).public_key().public_numbers()

    assert Key.of_round(spki_of(key_pair(1))) == Key(numbers.n, 65537)


@pytest.mark.parametrize(
    "spki",
    [
        lambda: spki_without_pair(2048),
        lambda: spki_without_pair(3080),
        lambda: spki_without_pair(1024, 3),
        lambda: spki_of(key_pair(1)) + b"\0",
        lambda: spki_of(key_pair(1))[:-1] + b"\3",
        lambda: spki_of(key_pair(1))[:33] + b"\x7f" + spki_of(key_pair(1))[34:],
        lambda: b"",
    ],
    ids=["2048 bits", "3080 bits", "e = 3", "a byte more", "another e", "3071 bits", "nothing"],
)
def test_any_other_key_is_refused(spki: Callable[[], bytes]) -> None:
    with pytest.raises(Stop, match="3072 bits"):
        Key.of_round(spki())


@given(st.dictionaries(st.text("abc_", max_size=5), st.one_of(st.text(), st.integers(0, 2**53 - 1), st.none())))
@settings(max_examples=50)
def test_canonical_json_is_read_back_and_stays(value: dict[str, Any]) -> None:
    text = client.canonical(value)

    assert client.canonical(client.read_object(text, "It")) == text


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "AA\n", "+/", "é", 5, None, ["AA"]])
def test_base64url_has_one_spelling(text: object) -> None:
    with pytest.raises(Stop):
        client.from_b64url(text, "value")
