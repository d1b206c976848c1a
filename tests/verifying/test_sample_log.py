"""The sample log, made by another implementation, and the command that verifies it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from petition.cli.verify import verify as command
from petition.verifying import CHECKS, open_source, verify
from petition.verifying.verdict import ON_REQUEST
from tests.verifying.log_builder import write
from tests.verifying.verdicts import detail, wrongs

SAMPLE = Path(__file__).parents[1] / "data" / "sample-log"
MEMBERS = ["ok", "k", "count", "signatures", "withdrawals", "size", "root", "checks"]


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_the_sample_log_is_verified_with_its_older_checkpoint_and_its_receipt():
    older, receipt = (SAMPLE / "checkpoint.first").read_bytes(), (SAMPLE / "receipt.txt").read_text()
    verdict = verify(open_source(str(SAMPLE)), since=[older], receipt=receipt)

    assert wrongs(verdict) == {}
    assert (verdict.k, verdict.count, verdict.signatures, verdict.withdrawals, verdict.size) == (10, 271, 274, 3, 282)
    assert verdict.root == "efccc44ff294a795a9aac2695409a2eedb5e3f8f32395d7eb4d798bc658fdb73"
    assert [check.check for check in verdict.checks] == [check for check in CHECKS if check != "witnesses"]
    assert "274 signatures are valid under the key of round 1." in detail(verdict, "signatures")
    assert "K is 10" in detail(verdict, "k")


def test_the_command_says_it_in_words():
    ran = run(SAMPLE, "--since", SAMPLE / "checkpoint.first", "--receipt", SAMPLE / "receipt.txt")

    assert ran.exit_code == 0
    assert "Verified: 271" in ran.stdout
    assert "The pages and pictures beside the log are no part of this proof" in ran.stdout
    assert ran.stderr == ""


def test_the_command_says_it_in_json():
    ran = run(SAMPLE, "--json", "--receipt", "0411-132Z-F7C6-6XNS-2462-9AAM-SRM")
    told = json.loads(ran.stdout)

    assert list(told) == MEMBERS
    assert (told["ok"], told["k"], told["count"]) == (True, 10, 271)
    assert all(set(check) == {"check", "ok", "detail"} for check in told["checks"])
    assert [check["check"] for check in told["checks"]] == [c for c in CHECKS if c not in ON_REQUEST - {"receipt"}]


def test_older_checkpoints_can_be_repeated(tmp_path):
    (tmp_path / "newest").write_bytes((SAMPLE / "log/checkpoint").read_bytes())
    ran = run(SAMPLE, "--since", SAMPLE / "checkpoint.first", "--since", tmp_path / "newest")

    assert ran.exit_code == 0
    assert "every older checkpoint that was given (entries: 123, 282)" in ran.stdout


def test_the_command_refuses_what_is_not_verified(build, tmp_path):
    log = build().begin()
    log.codes(1, 1)
    ran = run(log.write(tmp_path))

    assert ran.exit_code == 1
    assert "NOT VERIFIED: 1 of 21 checks failed." in ran.stdout


def test_the_command_says_what_a_sound_log_holds_where_a_file_beside_it_differs(build, tmp_path):
    log = build().begin()
    log.sign(1, 2, 3)
    folder = log.seal().write(tmp_path)
    (folder / "counts.json").write_text(json.dumps(log.counts() | {"count": 4}))
    ran = run(folder)

    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[-1] == (
        "NOT VERIFIED: 1 of 21 checks failed. The log itself holds 3 (signatures 3, withdrawals 0); the files beside "
        "it don't agree."
    )


def test_the_command_names_no_number_of_a_log_that_is_not_sound(build, tmp_path):
    log = build().begin()
    log.sign(1, 2, 3)
    ran = run(write(tmp_path, log.seal().files() | {"letter.md": b"# Another text\n"}))

    assert ran.stdout.endswith("NOT VERIFIED: 1 of 21 checks failed. Do not rely on any number here.\n")


def test_the_command_saves_a_copy_that_it_can_check_again(tmp_path):
    first = run(SAMPLE, "--save", tmp_path / "copy")
    again = run(tmp_path / "copy")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert again.stdout == first.stdout


def test_a_copy_is_saved_over_nothing(tmp_path):
    (tmp_path / "mine").write_text("mine")
    ran = run(SAMPLE, "--save", tmp_path)

    assert ran.exit_code == 2
    assert f"The folder {tmp_path} is not empty. Name a new one for the copy." in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


NOTHING_TO_CHECK = {
    "an empty folder": ("files", "could not be fetched, nothing was checked", {}),
    "version 1": ("version", "made by 0.1.0: it has version 1", {"version": ...}),
    "version 3": ("version", "version 3", {"version": 3}),
}


@pytest.mark.parametrize("kind", NOTHING_TO_CHECK)
def test_the_command_says_in_one_sentence_that_nothing_was_checked(build, tmp_path, kind):
    check, words, letter = NOTHING_TO_CHECK[kind]
    if letter:
        log = build().begin(**letter) if letter["version"] is not ... else without_version(build())
        log.write(tmp_path)
    plain, as_json = run(tmp_path), run(tmp_path, "--json")

    assert (plain.exit_code, as_json.exit_code) == (3, 3)
    assert words in plain.stdout
    assert "nothing was checked" in plain.stdout
    assert "WRONG" not in plain.stdout
    told = json.loads(as_json.stdout)
    assert list(told) == MEMBERS
    assert [told[name] for name in MEMBERS[:-1]] == [False] + [None] * 6
    assert told["checks"] == [{"check": check, "ok": False, "detail": plain.stdout.strip()}]


def without_version(log):
    del log.letter["version"]
    return log.begin()


WRONG_USAGE = {
    "no argument": [],
    "no such folder": ["/no/such/folder"],
    "a file": [SAMPLE / "letter.md"],
    "an address of another kind": ["ftp://example.org/letters/x/"],
    "an address without a host": ["https:///letters/x/"],
    "a host that is not one": ["https://[/letters/x/"],
    "no such checkpoint": [SAMPLE, "--since", "/no/such/file"],
    "a folder as checkpoint": [SAMPLE, "--since", SAMPLE],
    "a receipt with a wrong character": [SAMPLE, "--receipt", "0411-132Z-F7C6-6XNS-2462-9AAM-SRN"],
    "neither file nor receipt": [SAMPLE, "--receipt", "/no/such/file"],
    "a receipt that cannot be a file name": [SAMPLE, "--receipt", "x\0y"],
    "no processes": [SAMPLE, "--processes", "0"],
    "a file to save a copy in": [SAMPLE, "--save", SAMPLE / "letter.md"],
    "a checkpoint that is none": [SAMPLE, "--since", SAMPLE / "letter.md"],
    "a checkpoint that is no text": [SAMPLE, "--since", SAMPLE / "log/tile/0/000"],
    "a witness's key that is none": [SAMPLE, "--witness", "abc"],
}


@pytest.mark.parametrize("arguments", WRONG_USAGE.values(), ids=WRONG_USAGE)
def test_wrong_usage_exits_with_2(arguments):
    ran = run(*arguments)

    assert ran.exit_code == 2
    assert "Usage:" in ran.stderr


def test_a_damaged_checkpoint_of_ones_own_is_named(tmp_path):
    mine = tmp_path / "mine"
    mine.write_bytes((SAMPLE / "checkpoint.first").read_bytes().replace(b"\n123\n", b"\n1x3\n"))
    ran = run(SAMPLE, "--since", mine)

    assert ran.exit_code == 2
    assert f"In {mine}, which you gave: The size in the checkpoint is not a plain number." in ran.stderr


def test_a_checkpoint_of_ones_own_that_the_log_never_had_is_named_and_fails_the_check(tmp_path):
    mine = tmp_path / "mine"
    mine.write_bytes((SAMPLE / "checkpoint.first").read_bytes().replace(b"\n123\n", b"\n124\n"))
    ran = run(SAMPLE, "--since", SAMPLE / "checkpoint.first", "--since", mine)

    assert ran.exit_code == 1
    assert f"In {mine}, which you gave: The signature of" in ran.stdout
    assert "NOT VERIFIED: 1 of 22 checks failed." in ran.stdout


def test_a_garbage_receipt_file_fails_only_the_receipt(tmp_path):
    (tmp_path / "receipt.json").write_bytes(b"\xff\xfe{")
    told = json.loads(run(SAMPLE, "--json", "--receipt", tmp_path / "receipt.json").stdout)

    assert [check["check"] for check in told["checks"] if not check["ok"]] == ["receipt"]


def test_a_value_in_a_sentence_cannot_write_to_the_terminal(build, verdict_of):
    log = build().begin()
    log.annul(1, reason="\x1b[2J\u202e\n" + "long " * 100)
    told = detail(verdict_of(log), "annulled")

    assert told.isprintable()
    assert len(told) < 250


def test_the_documentation_explains_every_check_by_its_name():
    documentation = (Path(__file__).parents[2] / "docs/checking.md").read_text()
    table = documentation.partition("## Every check")[2].partition("\n## ")[0]

    assert [check for check in CHECKS if f"`{check}`" not in table] == []
