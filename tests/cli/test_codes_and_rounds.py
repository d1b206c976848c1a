"""``petition codes``, ``petition round``, ``petition seal``."""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from petition.crypto.codes import read_code
from tests.cli.conftest import Shell


@pytest.fixture(scope="module")
def address(shell: Shell) -> str:
    """The hidden address of an open letter."""
    return shell.a_letter("coded")


def test_codes_are_printed_a_line_each(shell: Shell, address: str) -> None:
    result = shell("codes", "make", "coded", "--count", "3")
    codes = result.stdout.splitlines()

    assert len({read_code(code) for code in codes}) == 3
    assert all(re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-?){4}", code) for code in codes)
    assert re.search(r"petition codes void coded \d+\n$", result.stderr)


def test_codes_as_csv_say_where_to_join(shell: Shell, address: str) -> None:
    rows = list(csv.reader(io.StringIO(shell("codes", "make", "coded", "--count", "2", "--format", "csv").stdout)))

    assert rows[0] == ["code", "join"]
    assert [
        re.fullmatch(re.escape(f"{address}join#r=1&p={pin(shell, 'coded')}&c={row[0]}"), row[1]) is None
        for row in rows[1:]
    ] == [False] * 2


def test_links_without_codes_are_all_the_same(shell: Shell, address: str) -> None:
    said = shell("codes", "make", "coded", "--count", "2", "--format", "csv", "--no-code-in-link").stdout
    rows = list(csv.DictReader(io.StringIO(said)))

    assert {row["join"] for row in rows} == {f"{address}join#r=1&p={pin(shell, 'coded')}"}
    assert len({row["code"] for row in rows}) == 2


def pin(shell: Shell, slug: str) -> str:
    found = rounds(shell, slug)[0]["pin"]
    assert re.fullmatch("[A-Za-z0-9_-]{43}", found)
    return str(found)


def test_codes_on_paper_go_to_a_file(shell: Shell, address: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.pdf"
    words = ["--count", "2", "--format", "pdf", "--paper", "letter", "--neutral", "-o", str(file)]
    result = shell("codes", "make", "coded", *words)

    assert result.exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert file.stat().st_mode & 0o777 == 0o600


def test_more_codes_than_a_sheet_takes_are_not_made(shell: Shell, address: str, tmp_path: Path) -> None:
    before = batches(shell)
    words = ["--count", "1001", "--format", "pdf", "-o", str(tmp_path / "codes.pdf")]

    assert shell("codes", "make", "coded", *words).exit_code == 1
    assert batches(shell) == before


def test_codes_go_to_a_file_that_only_its_owner_reads(shell: Shell, address: str, tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    result = shell("codes", "make", "coded", "--count", "2", "-o", str(file))

    assert (result.exit_code, result.stdout) == (0, "")
    assert len(file.read_text().splitlines()) == 2
    assert file.stat().st_mode & 0o777 == 0o600


def batches(shell: Shell) -> int:
    return len(shell("codes", "list", "coded").stdout.splitlines())


@pytest.mark.parametrize("place", ["there.txt", "no/such/folder.txt"])
def test_codes_that_cannot_be_written_down_are_not_made(shell: Shell, address: str, tmp_path: Path, place: str) -> None:
    (tmp_path / "there.txt").write_text("somebody's codes")
    before = batches(shell)
    result = shell("codes", "make", "coded", "--count", "2", "-o", str(tmp_path / place))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert (tmp_path / "there.txt").read_text() == "somebody's codes"
    assert batches(shell) == before


def test_a_refusal_leaves_no_empty_file(shell: Shell, address: str, tmp_path: Path) -> None:
    result = shell("codes", "make", "coded", "--count", "2", "--roll", "nobody", "-o", str(tmp_path / "codes.txt"))

    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])


def test_a_draft_has_no_codes(shell: Shell) -> None:
    shell.a_letter("uncoded", is_open=False)
    result = shell("codes", "make", "uncoded", "--count", "2")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "This letter is not open yet. It takes no signatures.\n"


def test_a_batch_is_recalled_and_again_is_the_same(shell: Shell, address: str) -> None:
    made = shell("codes", "make", "coded", "--count", "4")
    number = made.stderr.split("Batch ")[1].split(":")[0]
    results = [shell("codes", "void", "coded", number) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert results[0].stdout == results[1].stdout
    assert f"batch {number}: round 1, 4 made, recalled" in shell("codes", "list", "coded").stdout


def test_a_program_reads_the_batches(shell: Shell, address: str) -> None:
    made = shell("codes", "make", "coded", "--count", "2")
    number = int(made.stderr.split("Batch ")[1].split(":")[0])
    told = json.loads(shell("codes", "list", "coded", "--json").stdout)

    assert {"batch": number, "round": 1, "made": 2, "recalled": False} in told


def test_a_batch_that_never_was_is_refused(shell: Shell, address: str) -> None:
    result = shell("codes", "void", "coded", "9999")

    assert (result.exit_code, result.stderr) == (1, "This letter has no print batch 9999.\n")


def rounds(shell: Shell, slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shell("round", "list", slug, "--json").stdout)
    return found


def test_rounds_are_listed_with_numbers_that_the_public_sees(shell: Shell, address: str) -> None:
    shell("seal", "coded")
    found = rounds(shell, "coded")[0]

    assert (found["round"], found["annulled"], found["issued"], found["signatures"]) == (1, None, None, 0)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", found["pin"])
    assert found["has_ended"] is False
    assert "used_about" in found and "spent" not in found


@pytest.fixture(scope="module")
def counted(shell: Shell) -> str:
    """The slug of a letter with K signatures of its first round in the count."""
    shell.a_letter("counted")
    shell.a_crowd("counted")
    return "counted"


def test_another_round_opens_with_its_codes_at_the_next_update(shell: Shell, counted: str) -> None:
    made = shell("codes", "make", counted, "--count", "20", "--new-round", "--format", "csv")
    assert made.exit_code == 0, made.stderr
    rows = list(csv.DictReader(io.StringIO(made.stdout)))
    first, second = rounds(shell, counted)

    assert re.search(
        r"^Round 2 opens on 20\d\d-\d\d-\d\d at 04:00 UTC; its codes work from then on\.$", made.stderr, re.M
    )
    assert re.search(rf"^Batch \d+: 20 codes\. .* petition codes void {counted} \d+$", made.stderr, re.M)
    assert {row["join"] for row in rows} == {
        row["join"].split("#")[0] + f"#r=2&p={second['pin']}&c={row['code']}" for row in rows
    }
    assert first["opens"] != second["opens"]
    assert first["pin"] != second["pin"]


def test_another_round_is_refused_before_k_of_the_last_are_counted_and_no_file_is_left(
    shell: Shell, address: str, tmp_path: Path
) -> None:
    words = ["--count", "20", "--new-round", "-o", str(tmp_path / "codes.txt")]
    result = shell("codes", "make", "coded", *words)

    assert (result.exit_code, result.stdout, list(tmp_path.iterdir())) == (1, "", [])
    assert len(rounds(shell, "coded")) == 1


def test_another_round_takes_at_least_2k_codes(shell: Shell) -> None:
    shell.a_letter("modest")
    shell.a_crowd("modest")
    result = shell("codes", "make", "modest", "--count", "19", "--new-round")

    assert (result.exit_code, result.stdout, len(rounds(shell, "modest"))) == (1, "", 1)
    assert "20" in result.stderr


def test_no_code_alone_is_no_batch(shell: Shell, address: str) -> None:
    assert shell("codes", "make", "coded", "--count", "0").exit_code == 2


def test_annulling_wants_a_reason_and_happens_once(shell: Shell) -> None:
    shell.a_letter("flooded")
    empty = shell("round", "annul", "flooded", "1", "--reason", " ")
    done = shell("round", "annul", "flooded", "1", "--reason", "Someone copied the sheet.")
    again = shell("round", "annul", "flooded", "1", "--reason", "Again.")

    assert [result.exit_code for result in (empty, done, again)] == [1, 0, 1]
    assert rounds(shell, "flooded")[0]["annulled"] == "Someone copied the sheet."


def test_a_round_that_never_was_is_refused(shell: Shell, address: str) -> None:
    result = shell("round", "annul", "coded", "7", "--reason", "x")

    assert (result.exit_code, result.stderr) == (1, "This letter has no set of codes 7.\n")


def test_between_set_times_nothing_is_due_and_the_next_one_is_named(shell: Shell, address: str) -> None:
    said = shell("seal", "coded").stdout

    assert re.fullmatch(r"coded: nothing is due; next update 20\d\d-\d\d-\d\d 04:00 UTC\n", said)


def test_sealing_by_hand_shows_nothing_about_who_waits(shell: Shell, address: str) -> None:
    shell.a_letter("watched")
    before = shell("seal", "watched").stdout
    shell.a_crowd("watched", 1)

    assert shell("seal", "watched").stdout == before


def test_sealing_everything_goes_through_all_letters(shell: Shell, address: str) -> None:
    said = shell("seal")

    assert said.exit_code == 0
    assert "coded: nothing is due" in said.stdout


def test_sealing_by_hand_is_not_taken_for_a_scheduler_that_runs(shell: Shell, address: str) -> None:
    shell("seal")
    told = json.loads(shell("doctor", "--json").stdout)["findings"]

    assert [one["what"] for one in told if one["area"] == "scheduler"] == ["The scheduler has not run here yet."]


def test_a_letter_that_is_held_says_so_between_set_times_too(shell: Shell) -> None:
    shell.a_letter("heldback")
    with closing(sqlite3.connect(f"{shell.environ['PETITION_DATA']}/petition.db")) as petition:
        petition.execute("UPDATE log SET is_held = 1 WHERE letter_id = (SELECT id FROM letter WHERE slug = 'heldback')")
        petition.commit()
    alone, among_all = shell("seal", "heldback"), shell("seal")

    assert (alone.exit_code, among_all.exit_code) == (1, 0)
    assert alone.stdout.startswith("heldback: held: its log may be older than the published one")
    assert "petition restore --since" in alone.stderr
    assert "heldback: held: " in among_all.stdout


def test_a_program_reads_what_was_done_and_what_comes_next(shell: Shell, address: str) -> None:
    told = {one["slug"]: one for one in json.loads(shell("seal", "--json").stdout)}

    assert told["coded"].keys() == {"slug", "done", "next"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00Z", told["coded"]["next"])


def test_a_draft_has_nothing_to_seal(shell: Shell) -> None:
    shell.a_letter("unsealed", is_open=False)

    result = shell("seal", "unsealed")

    assert (result.exit_code, result.stdout) == (1, "")


def test_a_letter_that_there_is_not_is_not_watched(shell: Shell) -> None:
    result = shell("seal", "nosuch", "--watch")

    assert (result.exit_code, result.stderr) == (1, "There is no letter nosuch here. See: petition letter list\n")


@pytest.mark.long
def test_all_of_it_works_on_postgresql_too(on_postgresql: Shell, tmp_path: Path) -> None:
    on_postgresql.a_letter("kept")
    codes = on_postgresql("codes", "make", "kept", "--count", "3").stdout.splitlines()
    voided = on_postgresql("codes", "void", "kept", "1")
    on_postgresql.a_crowd("kept")
    published = on_postgresql("letter", "publish", "kept")
    annulled = on_postgresql("round", "annul", "kept", "1", "--reason", "Copied.")

    assert (len(codes), voided.exit_code, published.exit_code, annulled.exit_code) == (3, 0, 0, 0)
    found = json.loads(on_postgresql("export", "kept").stdout)["verification"]
    assert found["codes_made"] == 18
