"""Pins: what they cover, and how they are written."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.crypto.encodings import canonical_json
from petition.crypto.pins import MEMBERS, matches, parse_pin, pin_of, show_pin, write_pin
from petition.errors import BadShape

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "pins.json").read_text("utf-8"))["pin"]
PINS = st.binary(min_size=32, max_size=32)
OTHER_VALUES = {
    "fields_sha256": "0" * 64,
    "hosts": ["evil.example"],
    "k": 4,
    "letter_id": "1123456789ABCDEFGHJKMNPQRS",
    "log_key": "B" * 43,
    "names_keys": {"named": "0" * 64},
    "public_key": "AAAA",
    "roll": "others",
    "round": 7,
    "text_sha256": "1" * 64,
    "timing": "other",
}


@pytest.mark.parametrize("vector", VECTORS)
def test_a_pin_is_the_one_of_the_vectors(vector):
    assert canonical_json(vector["record"]).decode() == vector["canonical_utf8"]
    assert write_pin(pin_of(vector["record"])) == vector["pin"]
    assert show_pin(pin_of(vector["record"])) == vector["read_aloud"]


@pytest.mark.parametrize("vector", VECTORS)
def test_both_writings_of_the_vectors_match_the_record(vector):
    whole, spoken = parse_pin(vector["pin"]), parse_pin(vector["read_aloud"])

    assert (len(whole), len(spoken)) == (32, 20)
    assert matches(pin_of(vector["record"]), whole)
    assert matches(pin_of(vector["record"]), spoken)


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_each_member_changes_the_pin(member):
    record = VECTORS[0]["record"]

    other = pin_of({**record, member: OTHER_VALUES[member]})

    assert not matches(other, parse_pin(VECTORS[0]["pin"]))
    assert not matches(other, parse_pin(VECTORS[0]["read_aloud"]))


@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_a_record_without_one_of_its_members_has_no_pin(member):
    less = {name: value for name, value in VECTORS[0]["record"].items() if name != member}

    with pytest.raises(BadShape, match="covers"):
        pin_of(less)


def test_a_record_with_another_member_has_no_pin():
    with pytest.raises(BadShape, match="covers"):
        pin_of({**VECTORS[0]["record"], "title": "More"})


@given(PINS)
@example(bytes(32))
@example(b"\xff" * 32)
def test_a_pin_is_read_back_however_it_is_written(pin):
    assert parse_pin(write_pin(pin)) == parse_pin(f"  {write_pin(pin)}\n") == pin
    assert parse_pin(show_pin(pin)) == parse_pin(show_pin(pin).lower().replace("-", " ").replace("0", "o")) == pin[:20]


@pytest.mark.parametrize("length", [0, 16, 31, 33, 42, 44])
def test_a_pin_of_another_length_is_refused(length):
    with pytest.raises(BadShape, match="not a whole pin"):
        parse_pin("A" * length)


@pytest.mark.parametrize("text", ["A" * 42 + "B", "A" * 42 + "=", "A" * 42 + "+", "U" * 32, "É" * 32, "A" * 31 + "*"])
def test_other_characters_are_refused(text):
    with pytest.raises(BadShape):
        parse_pin(text)


@given(PINS, st.integers(0, 31))
def test_a_pin_matches_nothing_shorter(pin, size):
    assert matches(pin, pin[:size]) == (size == 20)


@pytest.mark.parametrize("size", [0, 20, 31, 33])
def test_no_pin_of_another_size_is_written(size):
    for write in (write_pin, show_pin):
        with pytest.raises(ValueError, match="32 bytes"):
            write(bytes(size))
