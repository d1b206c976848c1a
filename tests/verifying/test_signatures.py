"""One signature entry: the quick way and the careful way must agree on every byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petition.verifying.entries import Signature
from petition.verifying.shapes import read_entry
from petition.verifying.signatures import RoundKey, SignatureChecker, Valid
from petition.verifying.verdict import Invalid
from tests.verifying.log_builder import LETTER_ID, TEXT, LogBuilder, Opened, b64, canonical, sha, spki, statement
from tests.verifying.verdicts import wrongs

pytestmark = pytest.mark.thorough

STATEMENT = statement(Opened(1).commit)
INEXACT = {
    "a leading zero": bytes(32) + statement(Opened(1).commit, "01"),
    "a plus sign": bytes(32) + statement(Opened(1).commit, "+1"),
    "an Arabic digit": bytes(32) + statement(Opened(1).commit, "١"),
    "no last line feed": bytes(32) + STATEMENT[:-1],
    "one line feed more": bytes(32) + STATEMENT + b"\n",
    "one byte less in front": bytes(31) + STATEMENT,
    "one byte more in front": bytes(33) + STATEMENT,
    "no random bytes": STATEMENT,
    "carriage returns": bytes(32) + STATEMENT.replace(b"\n", b"\r\n"),
    "another version": bytes(32) + STATEMENT.replace(b"v1", b"v2"),
    "upper-case hex": bytes(32) + STATEMENT[:-65] + STATEMENT[-65:].upper(),
    "a shorter commit": bytes(32) + STATEMENT[:-2] + b"\n",
    "a commit that is not hex": bytes(32) + STATEMENT[:-2] + b"g\n",
    "nothing": b"",
    "a zero byte more": bytes(32) + STATEMENT + b"\0",
}


@pytest.mark.parametrize("message", INEXACT.values(), ids=INEXACT)
def test_a_statement_must_be_exact(build, verdict_of, message):
    log = build().begin()
    log.add(**log.signature(1, message=message))

    assert "an exact statement" in wrongs(verdict_of(log))["signatures"]


@pytest.fixture(scope="module")
def checker(rsa_keys):
    return SignatureChecker(
        LETTER_ID, sha(TEXT).hex(), {1: RoundKey(1, spki(rsa_keys[0])), 2: RoundKey(9, spki(rsa_keys[1]))}
    )


@pytest.fixture(scope="module")
def entry(rsa_keys):
    return canonical(LogBuilder(rsa_keys).signature(1))


def quickly(checker, number, data):
    """What the quick way says of an entry; None for whatever it leaves to the careful one."""
    candidate = checker.candidate(number, data)
    return candidate.valid if candidate and candidate.is_signed() else None


def carefully(checker, number, data):
    """What the careful way says of an entry; None for whatever it refuses."""
    try:
        read = read_entry(data)
        return checker.require_valid(number, read) if isinstance(read, Signature) else None
    except Invalid:
        return None


def test_a_valid_signature_is_valid_both_ways(checker, entry):
    assert quickly(checker, 2, entry) == carefully(checker, 2, entry) == Valid(1, Opened(1).commit)


@pytest.mark.parametrize("number", [0, 1, 2, 8, 9, 10])
@pytest.mark.parametrize("round_number", [1, 2, 3])
def test_a_signature_comes_after_its_round_both_ways(rsa_keys, checker, number, round_number):
    data = canonical(LogBuilder(rsa_keys).signature(1, round_number))

    assert quickly(checker, number, data) == carefully(checker, number, data)


@settings(max_examples=300)
@given(place=st.integers(0, 900), size=st.integers(0, 2), put=st.binary(max_size=2) | st.sampled_from([b"=", b"\n"]))
def test_a_changed_entry_is_judged_alike_both_ways(checker, entry, place, size, put):
    changed = entry[:place] + put + entry[place + size :]

    assert quickly(checker, 2, changed) == carefully(checker, 2, changed)


@settings(max_examples=200)
@given(
    message=st.binary(max_size=9) | st.sampled_from(sorted(INEXACT.values())), last=st.text("AEgwQYBz-_+/=", max_size=2)
)
def test_a_message_in_any_base64_is_judged_alike_both_ways(rsa_keys, checker, message, last):
    signed = LogBuilder(rsa_keys).signature(1, message=message, signature=bytes(384))
    data = canonical(signed | {"message": b64(message)[:-1] + last})

    assert quickly(checker, 2, data) == carefully(checker, 2, data)
