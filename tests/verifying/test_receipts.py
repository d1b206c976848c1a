"""A signer's own check: the log must have exactly what the receipt file says."""

import pytest

from petition.crypto.codes import receipt_words
from petition.crypto.pins import parse_pin, show_pin
from tests.verifying.log_builder import Opened, b64, pss, sha, statement
from tests.verifying.verdicts import detail, failed, wrongs


@pytest.fixture
def log(build):
    f = build().begin()
    f.open(2, made=5)
    f.batch(f.in_order(1, 2, 3), f.in_order(4, 5, 6, number=2))
    f.withdraw(2)
    f.annul(2)
    return f.seal()


def test_a_receipt_file_finds_its_signature(log, verdict_of):
    verdict = verdict_of(log, receipt=log.receipt_file(3))

    assert wrongs(verdict) == {}
    assert f"are in entry {log.place_of(3)}, byte for byte, and the record of round 1 has the pin" in detail(
        verdict, "receipt"
    )


def test_words_find_the_commit_and_say_that_it_is_only_that(log, verdict_of):
    verdict = verdict_of(log, receipt=receipt_words(Opened(1).receipt).lower())

    assert wrongs(verdict) == {}
    assert f"is in entry {log.place_of(1)}. A receipt written by hand shows no more" in detail(verdict, "receipt")


def test_a_withdrawal_is_shown(log, verdict_of):
    assert "it was withdrawn" in detail(verdict_of(log, receipt=log.receipt_file(2)), "receipt")


def test_an_annulled_round_is_shown(log, verdict_of):
    told = detail(verdict_of(log, receipt=log.receipt_file(4, 2)), "receipt")

    assert "round 2 was annulled and does not count: “Flooded by a bot.”" in told


def test_a_signature_that_the_log_lacks_is_missed(log, verdict_of):
    assert "is not in the log" in wrongs(verdict_of(log, receipt=log.receipt_file(9)))["receipt"]
    assert "is not in the log" in wrongs(verdict_of(log, receipt=receipt_words(bytes(16))))["receipt"]


OTHER_RECORDS = {
    "another key": {"public_key": "AAAA"},
    "another text": {"text_sha256": "ab" * 32},
    "another K": {"k": 4},
    "another roll": {"roll": "former"},
    "another timing": {"timing": "apart"},
    "another log": {"log_key": b64(bytes(32))},
    "other fields": {"fields_sha256": sha(b"[1]").hex()},
    "another host": {"hosts": ["example.org:8443"]},
    "a names key of one's own": {"names_keys": {"named": "00" * 32, "named_at:50": "cd" * 32}},
    "another round's number": {"round": 2},
    "another letter's id": {"letter_id": "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"},
}


@pytest.mark.parametrize("record", OTHER_RECORDS.values(), ids=OTHER_RECORDS)
def test_a_record_made_for_one_person_is_found_out(log, verdict_of, record):
    own = log.receipt_file(3, pin=log.pin(1, **record))

    assert "does not have the pin in your receipt file" in wrongs(verdict_of(log, receipt=own))["receipt"]


def test_a_pin_as_it_is_read_aloud_is_enough(log, verdict_of):
    spoken = show_pin(parse_pin(log.pin(1)))

    assert wrongs(verdict_of(log, receipt=log.receipt_file(3, pin=spoken))) == {}


def closed(log):
    log.open(3, made=9)
    log.close()
    return log.seal()


def test_while_the_letter_is_open_a_signature_may_wait(log, verdict_of):
    assert "may still be waiting" in wrongs(verdict_of(log, receipt=log.receipt_file(9)))["receipt"]


def test_after_the_close_a_small_round_or_the_server_is_named(log, verdict_of):
    told = wrongs(verdict_of(closed(log), receipt=log.receipt_file(9, 3)))["receipt"]

    assert "no signature of round 3: the round stayed under K, or the server hid it" in told


def test_after_the_close_words_say_the_same_as_far_as_they_can(log, verdict_of):
    told = wrongs(verdict_of(closed(log), receipt=receipt_words(bytes(16))))["receipt"]

    assert "If yours is one of them, it stayed under K, or the server hid it" in told


def test_after_the_close_a_signature_missing_from_a_large_round_is_lost(log, verdict_of):
    told = wrongs(verdict_of(closed(log), receipt=log.receipt_file(9)))["receipt"]

    assert "this log left it out or has lost it" in told


def test_a_signature_that_waited_in_an_annulled_round_was_deleted(log, verdict_of):
    told = wrongs(verdict_of(log, receipt=log.receipt_file(9, 2)))["receipt"]

    assert "Round 2 was annulled, and what waited in it was deleted: “Flooded by a bot.”" in told


def test_a_signature_exchanged_for_another_is_found_out(log, verdict_of):
    message = bytes(32) + statement(Opened(3).commit)
    other = log.receipt_file(3, message=b64(message), signature=b64(pss(log.keys[0], message)))

    assert "but not the message and signature in your file" in wrongs(verdict_of(log, receipt=other))["receipt"]


WRONG_FILES = {
    "another letter": {"letter_id": "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"},
    "another round": {"round": 7},
    "another receipt": {"receipt": b64(Opened(1).receipt)},
    "a short receipt": {"receipt": b64(bytes(15))},
    "no message": {"message": None},
    "no pin": {"pin": None},
    "a short pin": {"pin": "A" * 42},
    "a file of release 0.1.0": {"pin": None, "fingerprint": "ab" * 32},
    "no receipt": {"receipt": None},
    "a message that is not base64": {"message": "a b"},
    "a message of another kind": {"message": b64(b"hello")},
    "another version": {"petition": 2},
    "true as version": {"petition": True},
    "true as round": {"round": True},
    "a retry file": {"signature": None, "blinded_message": "AA", "inverse": "AA"},
}


@pytest.mark.parametrize("changes", WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_receipt_file_in_which_something_is_wrong_fails(log, verdict_of, changes):
    assert failed(verdict_of(log, receipt=log.receipt_file(3, **changes))) == {"receipt"}


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", "hello", "{" * 9999, "\udcff", '{"petition":1,"petition":1}'])
def test_what_is_not_a_receipt_fails(log, verdict_of, text):
    assert failed(verdict_of(log, receipt=text)) == {"receipt"}
