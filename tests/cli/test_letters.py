"""``petition letter``: a letter's life without a browser."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.database import Databases
from petition.letters.access import hosted_letter
from petition.letters.fields import fields_of
from tests.cli.conftest import LETTER, SITE, Shell

pytestmark = pytest.mark.thorough


def shown(shell: Shell, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell("letter", "show", slug, "--json").stdout)
    return found


def test_importing_makes_a_draft_and_prints_its_slug(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text(LETTER)
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana")

    assert (result.exit_code, result.stdout) == (0, "we-refuse-to-build-it\n")
    assert shown(shell, "we-refuse-to-build-it")["state"] == "draft"


def test_what_a_letter_serves_can_be_imported_again_to_the_byte(shell: Shell, tmp_path: Path) -> None:
    shell.a_letter("twin-one")
    file = tmp_path / "again.md"
    file.write_text(LETTER.replace("Employer: Example Corp", "Employer: Example Corp  "))
    shell("letter", "import", str(file), "--organizer", "Ana", "--slug", "twin-two")
    shell("letter", "open", "twin-two")

    assert shown(shell, "twin-one")["text_sha256"] == shown(shell, "twin-two")["text_sha256"] is not None


def test_a_front_matter_may_ask_what_signers_are(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "asking.md"
    fields = "Field: Role | Software = 300 | Hardware\nfield: Site | North | South\n"
    file.write_text(f"---\nTitle: We ask\nTo: Jo\nEmployer: Example\n{fields}---\n\nDear Jo, | this stays = text.\n")
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana")
    shell("letter", "open", "we-ask")

    assert result.exit_code == 0
    assert fields_in(shell, "we-ask") == [("Role", [("Software", 300), ("Hardware", None)]),
                                          ("Site", [("North", None), ("South", None)])]  # fmt: skip


def fields_in(shell: Shell, slug: str) -> list[Any]:
    databases = Databases(f"sqlite:///{shell.environ['PETITION_DATA']}/petition.db", "sqlite://")
    with Session(databases.reading) as session:
        fields = fields_of(session, hosted_letter(session, slug).id)
    databases.dispose()
    return [(field.label, [(group.label, group.headcount) for group in field.options]) for field in fields]


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (b"\xff\xfe\x00", (), "not text in UTF-8"),
        (b"x" * 1_000_001, (), "larger than 1 MB"),
        (b"# " + b"x" * 201, (), "The title has 201 characters"),
        ("# a\u202eb".encode(), (), "right-to-left override"),
        (b"# Title", ("--slug", "Not a slug"), "small letters"),
        (b"# Title", ("--organizer", "Nobody"), "There is no organizer named Nobody."),
    ],
)
def test_what_is_no_letter_is_refused_in_a_line(
    shell: Shell, tmp_path: Path, content: bytes, words: tuple[str, ...], sentence: str
) -> None:
    file = tmp_path / "letter.md"
    file.write_bytes(content)
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana", *words)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert sentence in result.stderr


def test_a_slug_is_taken_once(shell: Shell, tmp_path: Path) -> None:
    shell.a_letter("taken", is_open=False)
    result = shell("letter", "import", str(shell.folder / "taken.md"), "--organizer", "Ana", "--slug", "taken")

    assert (result.exit_code, result.stderr) == (1, "The address taken is taken. Choose another one.\n")


def test_showing_a_draft_says_what_stands_in_the_way(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text("# Only a title")
    shell("organizer", "add", "Ana")
    shell("letter", "import", str(file), "--organizer", "Ana", "--slug", "begun")
    said = shell("letter", "show", "begun").stdout
    refused = shell("letter", "open", "begun")

    assert "in the way: The letter has no text yet. Write it." in said
    assert refused.exit_code == 1
    assert "The letter has no text yet. Write it." in refused.stderr


def test_a_letter_goes_through_its_life(shell: Shell) -> None:
    hidden = shell.a_letter("whole-life")
    published = shell("letter", "publish", "whole-life")
    closes = shell("letter", "close", "whole-life")
    withdrawn = shell("letter", "withdraw", "whole-life", "--reason", "They have stopped.")

    assert hidden.startswith(f"{SITE}/letters/whole-life-")
    assert published.stdout == f"{SITE}/letters/whole-life/\n"
    assert closes.stdout.startswith("Closes at 20")
    assert withdrawn.stdout == "Withdrawn.\n"
    assert shown(shell, "whole-life")["state"] == "withdrawn"


def test_a_letter_in_which_nobody_waits_can_be_closed_at_once(shell: Shell) -> None:
    shell.a_letter("short")
    shell("letter", "publish", "short")

    assert shell("letter", "close", "short", "--now").stdout == "Closed.\n"
    assert shown(shell, "short")["state"] == "closed"


def test_steps_out_of_order_are_refused(shell: Shell) -> None:
    shell.a_letter("eager", is_open=False)
    results = [shell("letter", step, "eager") for step in ("publish", "close", "withdraw")]

    assert [result.exit_code for result in results] == [1, 1, 1]
    assert all(result.stderr.startswith("A letter that is draft cannot become") for result in results)


def test_a_public_letter_is_not_withdrawn_without_a_reason(shell: Shell) -> None:
    shell.a_letter("reasoned")
    shell("letter", "publish", "reasoned")
    result = shell("letter", "withdraw", "reasoned")

    assert (result.exit_code, shown(shell, "reasoned")["state"]) == (1, "published")


def test_without_a_public_address_a_letter_does_not_open(shell: Shell) -> None:
    shell.a_letter("homeless", is_open=False)
    result = shell("letter", "open", "homeless", PETITION_URL="")

    assert result.exit_code == 1
    assert "Whoever runs the site must set PETITION_URL." in result.stderr


def test_the_list_has_slug_state_and_title(shell: Shell) -> None:
    shell.a_letter("listed", is_open=False)

    assert "listed  draft  We refuse to build it" in shell("letter", "list").stdout.splitlines()
    wanted = {"slug": "listed", "state": "draft", "title": "We refuse to build it"}
    assert wanted in json.loads(shell("letter", "list", "--json").stdout)


@pytest.mark.parametrize("words", [("show",), ("open",), ("publish",), ("close",), ("withdraw",)])
def test_a_letter_that_is_not_here_is_named(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell("letter", *words, "never-was")

    assert (result.exit_code, result.stderr) == (1, "There is no letter never-was here. See: petition letter list\n")
