"""base64url, canonical JSON, hours."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.crypto.encodings import b64url, canonical_json, from_b64url, hour, sha256
from petition.errors import BadShape

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=100))
@example(b"\xfb\xff\xfe")
def test_bytes_survive_base64url(data):
    assert from_b64url(b64url(data), len(data)) == data


@given(st.text(alphabet="ABQgw_-+/= \n\u00e9", max_size=8))
@example("AB")
@example("AA==")
@example("A")
def test_no_two_texts_are_read_as_the_same_bytes(text):
    try:
        data = from_b64url(text)
    except BadShape:
        return

    assert b64url(data) == text


@pytest.mark.parametrize(
    "text", ["AA==", "AB", "A", "+/8", "AA A", "AAA\n", " AAA", "ÄÄÄÄ", "A\u0660AA", None, 7, b"AAAA"]
)
def test_only_canonical_base64url_is_read(text):
    with pytest.raises(BadShape, match="The signature must be written in base64url without padding."):
        from_b64url(text, what="signature")


def test_a_wrong_size_is_refused_with_both_sizes():
    with pytest.raises(BadShape, match="The w must have 32 bytes; this one has 3."):
        from_b64url("AAAA", 32, "w")


def test_nothing_is_a_value_of_no_bytes():
    assert from_b64url("") == b""


def test_keys_are_ordered_by_utf_16_code_units():
    # The example of RFC 8785 3.2.3: as code points, U+1F600 would follow U+FB33.
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    assert list(json.loads(canonical_json(names)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_are_escaped_no_more_than_needed():
    # RFC 8785 3.2.2.2, with its sample string.
    text = "\u20ac$\u000f\nA'\u0042\u0022\u005c\\\"/\b\f\t\r\u007f\u2028"

    assert canonical_json(text) == (b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\b\\f\\t\\r\x7f\xe2\x80\xa8"')


def test_there_are_no_spaces_and_inner_objects_are_ordered_too():
    value = {"b": [True, None, {"z": 1, "a": ()}], "a": {"d": -5, "c": ""}}

    assert canonical_json(value) == b'{"a":{"c":"","d":-5},"b":[true,null,{"a":[],"z":1}]}'


@given(VALUES)
def test_canonical_json_is_json_and_its_own_canonical_form(value):
    text = canonical_json(value)

    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize(
    "value",
    [1.5, 1.0, float("nan"), 2**53, -(2**53), {1: "a"}, {None: 1}, b"bytes", {"a"}, [0.5], {"a": {"b": 0.5}}],
)
def test_what_json_readers_may_read_differently_is_refused(value):
    with pytest.raises(ValueError, match="Canonical JSON"):
        canonical_json(value)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}])
def test_half_a_character_is_refused(value):
    with pytest.raises(ValueError, match="surrogates"):
        canonical_json(value)


def test_every_entry_of_the_sample_log_is_canonical(sample_log):
    tile = (sample_log / "log/tile/entries/000").read_bytes()
    entry = tile[2 : 2 + int.from_bytes(tile[:2], "big")]

    assert canonical_json(json.loads(entry)) == entry


def test_a_moment_is_written_in_utc_without_seconds():
    moment = datetime(2026, 11, 22, 16, 7, 59, 999, timezone(timedelta(hours=2)))

    assert hour(moment) == "2026-11-22T14:07Z"
    assert hour(datetime(2026, 11, 22, 14, tzinfo=UTC)) == "2026-11-22T14:00Z"


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        hour(datetime(2026, 11, 22, 14))  # noqa: DTZ001


def test_parts_are_hashed_as_if_joined():
    assert sha256(b"ab", b"", b"c") == sha256(b"abc")
    assert sha256().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
