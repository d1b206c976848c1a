"""A signer's own check: the log must hold exactly what the receipt file says."""

import hashlib
import json

import pytest

from petition.crypto.codes import receipt_words
from tests.verifying.forger import LETTER_ID, Opened, b64, canonical, pss, spki, statement
from tests.verifying.verdicts import detail, failed, wrongs


def file_of(log, signed, number=1, **changes):
    key = log.keys[number - 1]
    entry = log.signature(signed, number)
    members = {
        "petition": 1,
        "letter": "https://example.org/letters/test/",
        "letter_id": LETTER_ID,
        "round": number,
        "fingerprint": hashlib.sha256(spki(key)).hexdigest(),
        "message": entry["message"],
        "signature": entry["signature"],
        "receipt": b64(Opened(signed).receipt),
    }
    return json.dumps({name: value for name, value in (members | changes).items() if value is not None})


@pytest.fixture
def log(forger):
    f = forger().begin()
    f.open(2)
    f.codes(2, 5)
    f.sign(1, 2, 3)
    f.sign(4, 5, number=2)
    f.withdraw(2)
    f.annul(2)
    return f.seal()


def place_of(log, receipt, number=1):
    return log.entries.index(canonical(log.signature(receipt, number)))


def test_a_receipt_file_finds_its_signature(log, verdict_of):
    verdict = verdict_of(log, receipt=file_of(log, 3))

    assert wrongs(verdict) == {}
    assert f"stand byte for byte in entry {place_of(log, 3)}, under the key of round 1" in detail(verdict, "receipt")


def test_words_find_the_commit_and_say_that_it_is_only_that(log, verdict_of):
    verdict = verdict_of(log, receipt=receipt_words(Opened(1).receipt).lower())

    assert wrongs(verdict) == {}
    assert f"stands in entry {place_of(log, 1)}. A receipt written by hand shows no more" in detail(verdict, "receipt")


def test_a_withdrawal_is_told(log, verdict_of):
    assert "it has been withdrawn" in detail(verdict_of(log, receipt=file_of(log, 2)), "receipt")


def test_an_annulled_round_is_told(log, verdict_of):
    told = detail(verdict_of(log, receipt=file_of(log, 4, 2)), "receipt")

    assert "round 2 was annulled and is not counted: “Flooded by a bot.”" in told


def test_a_signature_that_the_log_lacks_is_missed(log, verdict_of):
    assert "is not in the log" in wrongs(verdict_of(log, receipt=file_of(log, 9)))["receipt"]
    assert "is not in the log" in wrongs(verdict_of(log, receipt=receipt_words(bytes(16))))["receipt"]


def test_a_round_key_made_for_one_person_is_found_out(log, verdict_of):
    own = file_of(log, 3, fingerprint=hashlib.sha256(spki(log.keys[2])).hexdigest())

    assert "is not the one that your receipt file names" in wrongs(verdict_of(log, receipt=own))["receipt"]


def test_a_signature_exchanged_for_another_is_found_out(log, verdict_of):
    message = bytes(32) + statement(Opened(3).commit)
    other = file_of(log, 3, message=b64(message), signature=b64(pss(log.keys[0], message)))

    assert "but not the message and signature of your file" in wrongs(verdict_of(log, receipt=other))["receipt"]


WRONG_FILES = {
    "another letter": {"letter_id": "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"},
    "another round": {"round": 7},
    "another receipt": {"receipt": b64(Opened(1).receipt)},
    "a short receipt": {"receipt": b64(bytes(15))},
    "no message": {"message": None},
    "no receipt": {"receipt": None},
    "a message that is no base64": {"message": "a b"},
    "a message of another kind": {"message": b64(b"hello")},
    "another version": {"petition": 2},
    "true as version": {"petition": True},
    "true as round": {"round": True},
    "a retry file": {"signature": None, "blinded_message": "AA", "inverse": "AA"},
}


@pytest.mark.parametrize("changes", WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_receipt_file_in_which_something_is_wrong_fails(log, verdict_of, changes):
    assert failed(verdict_of(log, receipt=file_of(log, 3, **changes))) == {"receipt"}


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", "hello", "{" * 9999, "\udcff", '{"petition":1,"petition":1}'])
def test_a_receipt_that_is_none_fails(log, verdict_of, text):
    assert failed(verdict_of(log, receipt=text)) == {"receipt"}
