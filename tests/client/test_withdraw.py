"""Taking a signature back."""

import json
from pathlib import Path

import pytest

from petition import client
from tests.client.conftest import Run
from tests.client.issuing import CODE, LOG_KEY, PUBLIC, SHORT, Issuer, Round, b64, cut_on, key_pair
from tests.client.logs import canonical, entries_of, log_of, publish
from tests.client.serving import Reply, Web

RECEIPT = bytes(range(16))
WORDS = client.receipt_words(RECEIPT)


def test_a_written_receipt_takes_its_signature_back(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    ran = run("withdraw", letter, "--receipt", WORDS)

    w, a = client.openings(RECEIPT)
    assert ran.status == 0
    assert issuer.withdrawn == [{"w": b64(w), "a": b64(a)}]
    assert "was not public yet" in ran.said
    assert [seen.method for seen in web.seen] == ["POST"]


def test_the_receipt_itself_is_never_sent(run: Run, letter: str, web: Web) -> None:
    run("withdraw", letter, "--receipt", WORDS)

    assert b64(RECEIPT) not in str(web.seen)
    assert WORDS not in str(web.seen)


def test_a_receipt_file_takes_its_signature_back(run: Run, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE)
    issuer.was_sealed = True

    ran = run("withdraw", letter, "--receipt", "receipt.json")

    assert (ran.status, len(issuer.withdrawn)) == (0, 1)
    assert "It stays in the public log" in ran.said


def test_a_receipt_file_is_not_shown_to_another_letters_server(run: Run, web: Web, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE)

    ran = run("withdraw", web.url + "/s/ZZZZZZZZZZZZZZZZ", "--receipt", "receipt.json")

    assert (ran.status, issuer.withdrawn) == (1, [])
    assert "another letter" in ran.said


def test_a_receipt_in_words_goes_to_the_address_given(run: Run, public: str, web: Web) -> None:
    run("withdraw", public, "--receipt", WORDS)

    assert [seen.path for seen in web.seen] == [PUBLIC + "withdrawals"]


def test_a_receipt_file_goes_to_the_letters_own_address(run: Run, public: str, web: Web) -> None:
    run("sign", public, "--code", CODE)
    web.seen.clear()
    run("withdraw", public, "--receipt", "receipt.json")

    assert [seen.path for seen in web.posts()] == [SHORT + "withdrawals"]
    assert {seen.path.startswith(SHORT) for seen in web.seen} == {True}


def test_a_slip_of_the_pen_is_found_before_anything_is_sent(run: Run, letter: str, web: Web) -> None:
    ran = run("withdraw", letter, "--receipt", WORDS[:-1] + "7")

    assert (ran.status, web.seen) == (1, [])
    assert "check character" in ran.said


def test_a_refusal_is_passed_on(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.fault = lambda _: Reply.refusal(404, "There is no signature with this receipt.")

    ran = run("withdraw", letter, "--receipt", WORDS)

    assert ran.status == 1
    assert "There is no signature with this receipt." in ran.said


ANNULLED = {"type": "annulled", "round": 1, "reason": "Someone copied the codes"}
NEITHER = "No signature has this receipt, or its set was canceled."
DO = {"withdraw": ("withdraw",), "change": ("change", "--appear", "counted")}


def canceled_in_public(issuer: Issuer, number: int = 1) -> None:
    """The letter is public, its log tells of a canceled set, and the server does not know a receipt."""
    entries = [*entries_of(log_of(issuer)), {**ANNULLED, "round": number}]
    issuer.files = publish([canonical(entry) for entry in entries], LOG_KEY).files
    issuer.fault = lambda seen: Reply.refusal(404, NEITHER) if seen.method == "POST" else None


@pytest.mark.parametrize("does", DO)
@pytest.mark.parametrize("has_file", [True, False], ids=["a file", "words"])
def test_once_the_log_tells_of_a_canceled_set_its_receipts_hear_of_it(
    run: Run, letter: str, issuer: Issuer, does: str, has_file: bool
) -> None:
    run("sign", letter, "--code", CODE)
    issuer.signatures.clear()
    canceled_in_public(issuer)
    command, *more = DO[does]

    ran = run(command, letter, "--receipt", "receipt.json" if has_file else WORDS, *more)

    assert ran.status == 1
    assert "The organizers canceled set 1 of the codes (Someone copied the codes)." in ran.said
    assert NEITHER not in ran.said


@pytest.mark.parametrize("has_file", [True, False], ids=["a file", "words"])
def test_where_another_set_was_canceled_the_servers_words_stand(
    run: Run, letter: str, issuer: Issuer, has_file: bool
) -> None:
    issuer.rounds[2] = Round(key=key_pair(3))
    run("sign", issuer.link(letter.partition("/s/")[0]))
    canceled_in_public(issuer, 2)

    ran = run("withdraw", letter, "--receipt", "receipt.json" if has_file else WORDS)

    assert ran.status == 1
    assert NEITHER in ran.said


def test_a_lost_answer_does_no_harm(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.late_fault = cut_on("withdrawals")

    ran = run("withdraw", letter, "--receipt", WORDS)

    assert ran.status == 1
    assert "The same command again does no harm" in ran.said


def test_only_a_plain_yes_counts(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.fault = lambda _: Reply.of({"withdrawn": "maybe"})

    assert run("withdraw", letter, "--receipt", WORDS).status == 1


def test_the_answer_for_programs_stands_alone(run: Run, letter: str) -> None:
    result = run("withdraw", letter, "--receipt", WORDS, "--json").result

    assert result == {"ok": True, "withdrawn": True, "was_sealed": False, "commit": client.commitment(RECEIPT)}


def test_the_receipt_file_can_be_any_file_of_that_form(run: Run, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE)
    moved = Path("somewhere").resolve()
    moved.write_text(json.dumps(json.loads(Path("receipt.json").read_text())))

    assert run("withdraw", letter, "--receipt", moved).status == 0
