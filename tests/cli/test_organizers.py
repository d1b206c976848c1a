"""``petition organizer``."""

import json
import re

from tests.cli.conftest import SITE, Shell


def test_adding_prints_a_one_time_link_and_to_whom_to_give_it(shell: Shell) -> None:
    result = shell("organizer", "add", "Ana")

    assert result.exit_code == 0
    assert re.fullmatch(rf"{SITE}/organize/welcome/[\w-]{{32}}\n", result.stdout)
    assert result.stderr == "Give this link to Ana, and to nobody else. It works once, within a week.\n"


def test_without_a_public_address_it_says_where_the_link_works(shell: Shell) -> None:
    result = shell("organizer", "add", "Uma", PETITION_URL="")

    assert result.stdout.startswith("http://127.0.0.1:8000/organize/welcome/")
    assert result.stderr.splitlines()[1].startswith("PETITION_URL isn't set: this link works on this machine only")


def test_a_name_is_taken_once(shell: Shell) -> None:
    shell("organizer", "add", "Ben")
    result = shell("organizer", "add", "Ben")

    assert (result.exit_code, result.stderr) == (1, "The name Ben is taken. Choose another one.\n")


def test_a_name_has_1_to_100_characters_that_can_be_seen(shell: Shell) -> None:
    results = [shell("organizer", "add", name) for name in ("", " ", "x" * 101, "a\u202eb", "a\x07b")]

    assert [result.exit_code for result in results] == [1] * 5
    assert all(result.stderr.count("\n") == 1 for result in results)


def test_resetting_prints_another_link(shell: Shell) -> None:
    first = shell("organizer", "add", "Carla", "--json")
    second = shell("organizer", "reset", "Carla", "--json")

    links = [json.loads(result.stdout)["sign_in"] for result in (first, second)]
    assert links[0] != links[1]
    assert json.loads(second.stdout)["name"] == "Carla"


def test_resetting_an_unknown_organizer_is_refused(shell: Shell) -> None:
    result = shell("organizer", "reset", "Nobody")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "petition organizer list" in result.stderr


def test_the_list_says_who_has_no_passphrase_yet(shell: Shell) -> None:
    shell("organizer", "add", "Dora")

    dora = next(line for line in shell("organizer", "list").stdout.splitlines() if line.startswith("Dora  "))
    told = next(one for one in json.loads(shell("organizer", "list", "--json").stdout) if one["name"] == "Dora")

    assert dora.endswith("  (has not set a password yet)")
    assert told["has_passphrase"] is False
