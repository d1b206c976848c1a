"""Codes, letter ids, written receipts."""

import hashlib
import hmac
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.crypto.codes import (
    ALPHABET,
    CHECK,
    code_from_bytes,
    new_code,
    new_letter_id,
    read_code,
    read_receipt,
    receipt_words,
    show,
)
from petition.errors import BadShape

RECEIPTS = st.binary(min_size=16, max_size=16)
AS_TYPED = {"0": "0oO", "1": "1iIlL"}


@st.composite
def as_people_type(draw, text):
    """The same characters in any case, with look-alikes, spaces and hyphens."""
    typed = ""
    for character in text:
        choices = AS_TYPED.get(character, character + character.lower())
        typed += draw(st.sampled_from(choices)) + draw(st.sampled_from(["", "", "-", " ", "\u2011", "\u00a0"]))
    return typed


def test_bytes_become_the_code_of_the_vectors(vectors):
    code = code_from_bytes(bytes.fromhex(vectors["code"]["bytes"]))

    assert show(code) == vectors["code"]["code"]


@pytest.mark.parametrize("written", ["code", "also_read_as"])
def test_both_writings_of_the_vectors_are_read(vectors, written):
    assert read_code(vectors["code"][written]) == "008J4CT4ANK7F24S"


def test_a_mailed_code_is_the_one_of_the_vectors(vectors):
    mail = vectors["mail_code"]
    about = f"{mail['letter_id']}\n{mail['round']}\n{mail['address_normalized']}".encode()
    digest = hmac.digest(bytes.fromhex(mail["mail_key"]), about, hashlib.sha256)

    assert show(code_from_bytes(digest[:10])) == mail["code"]


@given(st.binary(min_size=10, max_size=10), st.data())
def test_a_code_is_read_however_it_is_typed(ten, data):
    code = code_from_bytes(ten)

    assert read_code(data.draw(as_people_type(code))) == code
    assert read_code(show(code)) == code


def test_all_80_bits_stand_in_a_code():
    assert code_from_bytes(bytes(10)) == "0" * 16
    assert code_from_bytes(b"\xff" * 10) == "Z" * 16
    assert code_from_bytes(bytes(9) + b"\x01") == "0" * 15 + "1"


@pytest.mark.parametrize("size", [0, 9, 11])
def test_no_code_is_made_of_other_sizes(size):
    with pytest.raises(ValueError, match="10 bytes"):
        code_from_bytes(bytes(size))


@pytest.mark.parametrize("text", ["", "008J-4CT4-ANK7-F24", "008J-4CT4-ANK7-F24S-0"])
def test_a_code_of_another_length_is_refused_with_what_to_do(text):
    with pytest.raises(BadShape, match="16 characters.*try again"):
        read_code(text)


@pytest.mark.parametrize("wrong", ["U", "u", "*", "\u00c4", "\u00df", "\u0660"])
def test_a_character_that_no_code_has_is_named(wrong):
    with pytest.raises(BadShape) as refused:
        read_code("008J-4CT4-ANK7-F24" + wrong)

    assert wrong.upper() in str(refused.value) or wrong in str(refused.value)


@given(st.text(max_size=40))
@example("ß" * 8)
def test_whatever_is_typed_is_a_code_or_refused(text):
    try:
        code = read_code(text)
    except BadShape:
        return

    assert len(code) == 16
    assert set(code) <= set(ALPHABET)


def test_new_codes_and_letter_ids_take_what_the_source_gives():
    assert new_code(lambda size: bytes(range(size))) == code_from_bytes(bytes(range(10)))
    assert new_letter_id(lambda size: bytes(range(32 - size, 32))) == ALPHABET[-26:]


def test_letter_ids_have_26_characters_of_the_alphabet():
    letter_id = new_letter_id(os.urandom)

    assert len(letter_id) == 26
    assert set(letter_id) <= set(ALPHABET)


@pytest.mark.parametrize("which", ["receipt", "receipt_all_ones"])
def test_receipts_are_written_and_read_as_in_the_vectors(vectors, which):
    receipt = bytes.fromhex(vectors[which]["receipt"])

    assert receipt_words(receipt) == vectors[which]["words"]
    assert read_receipt(vectors[which]["words"]) == receipt


@pytest.mark.thorough
@given(RECEIPTS, st.data())
def test_a_receipt_is_read_however_it_is_typed(receipt, data):
    assert read_receipt(data.draw(as_people_type(receipt_words(receipt)))) == receipt


@given(RECEIPTS, st.integers(0, 26), st.data())
def test_a_single_wrong_character_is_always_found(receipt, place, data):
    words = receipt_words(receipt).replace("-", "")
    wrong = data.draw(st.sampled_from([c for c in (ALPHABET if place < 26 else CHECK) if c != words[place]]))

    with pytest.raises(BadShape, match="wrong"):
        read_receipt(words[:place] + wrong + words[place + 1 :])


@given(RECEIPTS, st.integers(0, 24))
def test_swapped_neighbors_are_always_found(receipt, place):
    words = receipt_words(receipt).replace("-", "")
    swapped = words[:place] + words[place + 1] + words[place] + words[place + 2 :]

    if swapped != words:
        with pytest.raises(BadShape, match="wrong"):
            read_receipt(swapped)


def test_a_number_of_more_than_128_bits_is_no_receipt():
    number = 2**128
    words = "8" + "0" * 25 + CHECK[number % 37]

    with pytest.raises(BadShape, match="wrong"):
        read_receipt(words)


@pytest.mark.parametrize("text", ["", "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ", "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ**"])
def test_a_receipt_of_another_length_is_refused(text):
    with pytest.raises(BadShape, match="27 characters"):
        read_receipt(text)


def test_check_characters_stand_only_at_the_end():
    with pytest.raises(BadShape, match=r"A receipt never has \*"):
        read_receipt("*ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ*")


def test_every_check_character_can_be_read():
    found = {receipt_words(bytes(15) + bytes([n]))[-1] for n in range(37)}

    assert found == set(CHECK)
    assert all(read_receipt(receipt_words(bytes(15) + bytes([n])).lower())[-1] == n for n in range(37))


@pytest.mark.parametrize("size", [0, 15, 17])
def test_no_receipt_is_written_of_other_sizes(size):
    with pytest.raises(ValueError, match="16 bytes"):
        receipt_words(bytes(size))
