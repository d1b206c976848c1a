"""Lost answers, and going on after them."""

import json
from pathlib import Path

import pytest

from petition import client
from tests.client.conftest import Run
from tests.client.issuing import CODE, Issuer, b64, cut_on
from tests.client.serving import Reply, Seen, Web

RETRY = "receipt.retry.json"


def blinded(web: Web) -> list[str]:
    return [seen.members["blinded_message"] for seen in web.posts() if seen.path.endswith("tokens")]


def after_a_lost_answer(run: Run, letter: str, issuer: Issuer) -> str:
    """What was said when the code was exchanged and the answer was lost."""
    issuer.late_fault = cut_on("tokens")
    ran = run("sign", letter, "--code", CODE)
    assert ran.status == 1
    issuer.late_fault = lambda _, reply: reply
    return ran.said


def test_a_lost_answer_costs_nothing(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    said = after_a_lost_answer(run, letter, issuer)
    assert "may have been used" in said
    assert f"--retry {RETRY}" in said

    ran = run("sign", letter, "--code", CODE, "--retry", RETRY)

    assert (ran.status, len(issuer.signatures)) == (0, 1)
    first, second = blinded(web)
    assert first == second
    assert [path.name for path in Path().iterdir()] == ["receipt.json"]


def test_the_retry_file_has_the_members_that_are_agreed(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    after_a_lost_answer(run, letter, issuer)

    members = json.loads(Path(RETRY).read_text())
    rest = {"petition", "letter", "letter_id", "round", "pin", "message", "receipt"}
    assert set(members) == rest | {"blinded_message", "inverse"}
    assert members["blinded_message"] == blinded(web)[0]


def test_the_retry_file_is_there_before_the_code_leaves(run: Run, letter: str, issuer: Issuer) -> None:
    found = []

    def look(seen: Seen) -> None:
        found.append((seen.path.rpartition("/")[2], [path.name for path in Path().iterdir()]))

    issuer.fault = look
    run("sign", letter, "--code", CODE)

    assert found[-2:] == [("tokens", [RETRY]), ("signatures", ["receipt.json"])]
    assert {tuple(names) for _, names in found[:-2]} == {()}


def test_an_attempt_that_was_cut_off_is_not_forgotten(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    after_a_lost_answer(run, letter, issuer)

    ran = run("sign", letter, "--code", CODE)

    assert (ran.status, len(web.posts())) == (1, 1)
    assert f"--retry {RETRY}" in ran.said


def test_a_retry_file_can_be_named_at_once(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.late_fault = cut_on("tokens")
    run("sign", letter, "--code", CODE, "--retry", "begun.json")
    issuer.late_fault = lambda _, reply: reply

    assert Path("begun.json").exists()
    assert run("sign", letter, "--code", CODE, "--retry", "begun.json").status == 0
    assert not Path("begun.json").exists()


def test_a_retry_file_is_kept_only_when_asked(run: Run, letter: str) -> None:
    run("sign", letter, "--code", CODE, "--retry", "begun.json", "--keep-retry")

    assert Path("begun.json").exists()


def test_a_retry_can_end_in_a_saved_file(run: Run, letter: str, issuer: Issuer) -> None:
    after_a_lost_answer(run, letter, issuer)

    run("sign", letter, "--code", CODE, "--retry", RETRY, "--token-only", "later.json")

    assert client.load("later.json").signature
    assert issuer.signatures == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_stumbles_leaves_the_retry_file(run: Run, letter: str, issuer: Issuer, status: int) -> None:
    issuer.late_fault = lambda seen, reply: Reply(status, b"oops") if seen.method == "POST" else reply

    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 1
    assert f"--retry {RETRY}" in ran.said
    assert Path(RETRY).exists()


def test_a_refused_retry_keeps_its_file(run: Run, letter: str, issuer: Issuer) -> None:
    after_a_lost_answer(run, letter, issuer)
    issuer.codes[CODE] = bytes(384)

    ran = run("sign", letter, "--code", CODE, "--retry", RETRY)

    assert ran.status == 1
    assert "This code has been used." in ran.said
    assert Path(RETRY).exists()


@pytest.mark.parametrize("answer", [{}, {"blind_signature": "AAAA"}, {"blind_signature": 5}, []])
def test_an_answer_that_makes_no_sense_can_be_asked_for_again(
    run: Run, letter: str, issuer: Issuer, answer: object
) -> None:
    issuer.late_fault = lambda seen, reply: Reply.of(answer, 201) if seen.method == "POST" else reply

    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 1
    assert f"--retry {RETRY}" in ran.said


@pytest.mark.parametrize("change", [{"blinded_message": b64(b"\1" * 384)}, {"inverse": b64(b"\1" * 384)}], ids=list)
def test_a_changed_retry_file_is_refused(
    run: Run, letter: str, issuer: Issuer, web: Web, change: dict[str, str]
) -> None:
    after_a_lost_answer(run, letter, issuer)
    Path(RETRY).write_text(json.dumps({**json.loads(Path(RETRY).read_text()), **change}))

    ran = run("sign", letter, "--code", CODE, "--retry", RETRY)

    assert (ran.status, len(web.posts())) == (1, 1)
    assert "changed or damaged" in ran.said


def test_the_two_kinds_of_file_are_told_apart(run: Run, letter: str, issuer: Issuer) -> None:
    after_a_lost_answer(run, letter, issuer)

    assert "give it with --retry" in run("sign", letter, "--token", RETRY).said
    run("sign", letter, "--code", CODE, "--retry", RETRY, "--token-only", "later.json")
    assert "give it with --token" in run("sign", letter, "--code", CODE, "--retry", "later.json").said


def test_a_signature_whose_answer_was_lost_can_be_sent_again(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    issuer.late_fault = cut_on("signatures")
    ran = run("sign", letter, "--code", CODE)
    assert ran.status == 1
    assert "It may have arrived" in ran.said
    assert "--token receipt.json" in ran.said
    issuer.late_fault = lambda _, reply: reply

    again = run("sign", letter, "--token", "receipt.json")

    assert (again.status, len(issuer.signatures)) == (0, 1)
    assert len(blinded(web)) == 1


def test_a_signature_that_is_refused_stays_in_its_file(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.fault = lambda seen: Reply.refusal(410, "This has ended.") if seen.path.endswith("signatures") else None

    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 1
    assert "The server says: This has ended." in ran.said
    assert client.load("receipt.json").signature


def test_a_dead_server_is_said_in_one_sentence(run: Run) -> None:
    ran = run("sign", "http://127.0.0.1:1/s/0123456789ABCDEF/", "--code", CODE)

    assert ran.status == 1
    assert "could not be reached" in ran.said
    assert "Nothing of yours was sent" in ran.said
