"""The sample log, made by another implementation, and the command that verifies it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from petition.cli.verify import verify as command
from petition.verifying import CHECKS, open_source, verify
from tests.verifying.verdicts import detail, wrongs

SAMPLE = Path(__file__).parents[1] / "data" / "sample-log"


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_the_sample_log_is_verified_with_its_older_checkpoint_and_its_receipt():
    older, receipt = (SAMPLE / "checkpoint.first").read_bytes(), (SAMPLE / "receipt.txt").read_text()
    verdict = verify(open_source(str(SAMPLE)), since=older, receipt=receipt)

    assert wrongs(verdict) == {}
    assert (verdict.count, verdict.signatures, verdict.withdrawals, verdict.size) == (271, 274, 3, 282)
    assert verdict.root == "a99f4022b9e9e033664663a5fe16ef0239ba6962d62146728e50f4640be8af52"
    assert tuple(check.check for check in verdict.checks) == CHECKS
    assert "274 signatures are valid under the key of round 1, each counted once." in detail(verdict, "signatures")
    assert "that of 3 sealings or more" in detail(verdict, "signatures")


def test_the_command_says_it_in_words():
    ran = run(SAMPLE, "--since", SAMPLE / "checkpoint.first", "--receipt", SAMPLE / "receipt.txt")

    assert ran.exit_code == 0
    assert "Verified: 271" in ran.stdout
    assert ran.stderr == ""


def test_the_command_says_it_in_json():
    ran = run(SAMPLE, "--json", "--receipt", "0411-132Z-F7C6-6XNS-2462-9AAM-SRM")
    told = json.loads(ran.stdout)

    assert list(told) == ["ok", "count", "signatures", "withdrawals", "size", "root", "checks"]
    assert (told["ok"], told["count"]) == (True, 271)
    assert all(set(check) == {"check", "ok", "detail"} for check in told["checks"])
    assert [check["check"] for check in told["checks"]] == [check for check in CHECKS if check != "since"]


def test_the_command_refuses_what_is_not_verified(tmp_path):
    ran = run(tmp_path, "--json")

    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["ok"] is False
    assert "NOT VERIFIED: 18 of 18 checks failed." in run(tmp_path).stdout


WRONG_USAGE = {
    "no argument": [],
    "no such folder": ["/no/such/folder"],
    "a file": [SAMPLE / "letter.md"],
    "an address of another kind": ["ftp://example.org/letters/x/"],
    "an address without a host": ["https:///letters/x/"],
    "a host that is none": ["https://[/letters/x/"],
    "no such checkpoint": [SAMPLE, "--since", "/no/such/file"],
    "a folder as checkpoint": [SAMPLE, "--since", SAMPLE],
    "a receipt with a wrong character": [SAMPLE, "--receipt", "0411-132Z-F7C6-6XNS-2462-9AAM-SRN"],
    "neither file nor receipt": [SAMPLE, "--receipt", "/no/such/file"],
    "a receipt that no file name can be": [SAMPLE, "--receipt", "x\0y"],
    "no processes": [SAMPLE, "--processes", "0"],
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_exits_with_2(arguments):
    ran = run(*arguments)

    assert ran.exit_code == 2
    assert "Usage:" in ran.stderr


def test_a_garbage_receipt_file_fails_the_receipt_alone(tmp_path):
    (tmp_path / "receipt.json").write_bytes(b"\xff\xfe{")
    told = json.loads(run(SAMPLE, "--json", "--receipt", tmp_path / "receipt.json").stdout)

    assert [check["check"] for check in told["checks"] if not check["ok"]] == ["receipt"]


def test_what_stands_in_a_sentence_cannot_write_to_the_terminal(forger, verdict_of):
    log = forger().begin()
    log.annul(1, reason="\x1b[2J\u202e\n" + "long " * 100)
    told = detail(verdict_of(log), "annulled")

    assert told.isprintable()
    assert len(told) < 250
