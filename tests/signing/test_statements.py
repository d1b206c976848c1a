"""The statement has one form; everything else is refused."""

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.crypto.codes import ALPHABET
from petition.errors import BadShape
from petition.signing.statements import Statement, parse

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
STATEMENTS = st.builds(
    Statement,
    letter_id=st.text(ALPHABET, min_size=26, max_size=26),
    round=st.integers(1, 999_999_999),
    text_sha256=HEX,
    commit=HEX,
)
GOOD = Statement("0123456789ABCDEFGHJKMNPQRS", 12, "0a" * 32, "f9" * 32)
WRONG = {
    "nothing": b"",
    "another version": GOOD.as_bytes().replace(b"-v1", b"-v2"),
    "a leading zero": GOOD.as_bytes().replace(b"\n12\n", b"\n012\n"),
    "round zero": GOOD.as_bytes().replace(b"\n12\n", b"\n0\n"),
    "a negative round": GOOD.as_bytes().replace(b"\n12\n", b"\n-1\n"),
    "a round of ten digits": GOOD.as_bytes().replace(b"\n12\n", b"\n1000000000\n"),
    "another script's digits": GOOD.as_bytes().replace(b"\n12\n", "\n١\n".encode()),
    "a letter that Crockford leaves out": GOOD.as_bytes().replace(b"ABC", b"AIC"),
    "a letter id in small letters": GOOD.as_bytes().replace(b"ABC", b"abc"),
    "upper-case hex": GOOD.as_bytes().replace(b"f9", b"F9"),
    "a short commit": GOOD.as_bytes().replace(b"f9\n", b"\n"),
    "no last line feed": GOOD.as_bytes()[:-1],
    "one line feed more": GOOD.as_bytes() + b"\n",
    "carriage returns": GOOD.as_bytes().replace(b"\n", b"\r\n"),
    "a final zero": GOOD.as_bytes() + b"\0",
    "spaces": GOOD.as_bytes().replace(b"\n12\n", b"\n 12\n"),
    "something in front": b"x" + GOOD.as_bytes(),
    "two statements": GOOD.as_bytes() * 2,
}


@given(STATEMENTS, st.binary(min_size=32, max_size=32))
def test_a_statement_is_read_as_it_was_written(statement: Statement, prefix: bytes) -> None:
    assert parse(prefix + statement.as_bytes()) == statement


@given(st.binary(max_size=300))
@example(GOOD.as_bytes())
@example(bytes(31) + GOOD.as_bytes())
@example(bytes(33) + GOOD.as_bytes())
def test_other_bytes_are_refused(message: bytes) -> None:
    with pytest.raises(BadShape):
        parse(message)


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG.keys())
def test_what_is_almost_a_statement_is_refused(statement: bytes) -> None:
    with pytest.raises(BadShape):
        parse(os.urandom(32) + statement)


def test_a_changed_byte_is_refused_or_makes_another_statement() -> None:
    whole = GOOD.as_bytes()
    for place in range(len(whole)):
        for byte in set(range(256)) - {whole[place]}:
            changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
            try:
                read = parse(bytes(32) + changed)
            except BadShape:
                continue
            assert read != GOOD
            assert read.as_bytes() == changed
