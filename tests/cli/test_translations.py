"""``petition translation``: translations that are not signed, from files."""

import json

from tests.cli.conftest import LETTER, Shell

GERMAN = LETTER.replace("We refuse to build it", "Wir weigern uns").replace("Language: en", "Language: de")


def written(shell: Shell, text: str, name: str = "german.md") -> str:
    file = shell.folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_one_is_added_listed_replaced_and_deleted(shell: Shell) -> None:
    shell.a_letter("heat")
    before = shell("letter", "text", "heat").stdout
    added = shell("translation", "add", "heat", written(shell, GERMAN))
    replaced = shell("translation", "add", "heat", written(shell, GERMAN.replace("weigern", "wehren")))
    (found,) = json.loads(shell("translation", "list", "heat", "--json").stdout)
    listed = shell("translation", "list", "heat").stdout
    deleted = shell("translation", "remove", "heat", "de")

    assert (added.exit_code, added.stdout, replaced.exit_code) == (0, "Added: de\n", 0)
    assert found == {"language": "de", "title": "Wir wehren uns", "is_shown": True}
    assert listed == "de  Deutsch  Wir wehren uns\n"
    assert (deleted.exit_code, shell("translation", "list", "heat").stdout) == (0, "")
    assert shell("letter", "text", "heat").stdout == before


def test_a_file_that_does_not_say_its_language_needs_an_option(shell: Shell) -> None:
    shell.a_letter("cold")
    file = written(shell, "# Wir weigern uns\n\nLieber Jo.\n\n1. Halt.\n2. Sagen.\n")
    refused = shell("translation", "add", "cold", file)

    assert (refused.exit_code, "--language de" in refused.stderr) == (1, True)
    assert shell("translation", "add", "cold", file, "--language", "de").exit_code == 0


def test_one_that_does_not_fit_is_refused(shell: Shell) -> None:
    shell.a_letter("damp")
    few = shell("translation", "add", "damp", written(shell, GERMAN.replace("2. Say so.\n", "")))
    same = shell("translation", "add", "damp", written(shell, LETTER))

    assert (few.exit_code, "has 1 demands" in few.stderr) == (1, True)
    assert (same.exit_code, "already has a signed text" in same.stderr) == (1, True)
    assert shell("translation", "remove", "damp", "de").exit_code == 1
    assert shell("translation", "list", "nothing").exit_code == 1
