"""``petition letter``: a letter's life without a browser."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.database import Databases
from petition.letters.access import hosted_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.fields import fields_of
from tests.cli.conftest import LETTER, SITE, Shell
from tests.commands import petition
from tests.letters.drafting.importing.word_files import p, t, title, word_file

pytestmark = pytest.mark.thorough


def shown(shell: Shell, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell("letter", "show", slug, "--json").stdout)
    return found


def test_importing_makes_a_draft_and_prints_its_slug(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text(LETTER)
    shell("organizer", "add", "Ana")
    result = petition(shell.environ, "letter", "import", str(file), "--organizer", "Ana")

    assert (result.returncode, result.stdout) == (0, "we-refuse-to-build-it\n")
    assert shown(shell, "we-refuse-to-build-it")["state"] == "draft"


def test_what_a_letter_serves_can_be_imported_again_to_the_byte(shell: Shell, tmp_path: Path) -> None:
    shell.a_letter("twin-one")
    file = tmp_path / "again.md"
    file.write_text(LETTER.replace("Employer: Example Corp", "Employer: Example Corp  "))
    shell("letter", "import", str(file), "--organizer", "Ana", "--slug", "twin-two")
    shell("letter", "open", "twin-two")

    assert shown(shell, "twin-one")["text_sha256"] == shown(shell, "twin-two")["text_sha256"] is not None


def test_opening_names_characters_without_a_font(shell: Shell) -> None:
    shell.a_letter("plain", is_open=False)
    plain = shell("letter", "open", "plain")
    shell.a_letter("rare", is_open=False, text=LETTER.replace("refuse", "refuse \U00030001", 1))
    told = shell("letter", "open", "rare")

    assert plain.stderr == ""
    assert "\U00030001" in told.stderr and "fonts-noto-cjk" in told.stderr
    assert told.exit_code == 0


SETTINGS = """\
k: 5
Timing: apart
Updates: hourly
roll: Workers of Example
roll: Contractors
codes: printed, mail
mail: Contractors | agency.example, *.agency.example
names: at once, 50, 200
names months: 6
goal: 1,000
threshold: 500
contact: press@example.org
close: 2030-12-01 10:00
issuing days: 5
pause hours: 48
Field: Role | Software = 300 | Hardware
field: Site | North | South
"""


def test_a_front_matter_takes_the_settings_of_the_page_review(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "asking.md"
    file.write_text(f"---\nTitle: We ask\nTo: Jo\nEmployer: Example\n{SETTINGS}---\n\nDear Jo, | this stays = text.\n")
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "we-ask\n", "")
    assert settings_of(shell, "we-ask") == {
        "k": 5, "timing": "apart", "updates": "hourly", "rolls": ["Workers of Example", "Contractors"],
        "routes": ["code", "mail"], "mail_domains": {"workers-2": ["*.agency.example", "agency.example"]},
        "name_steps": ["named", "named_at:50", "named_at:200"], "names_months": 6, "goal": 1000, "threshold": 500,
        "contact": "press@example.org", "ends": "2030-12-01T10:00", "issuing_days": 5, "pause_hours": 48,
    }  # fmt: skip
    assert fields_in(shell, "we-ask") == [("Role", [("Software", 300), ("Hardware", None)]),
                                          ("Site", [("North", None), ("South", None)])]  # fmt: skip


def settings_of(shell: Shell, slug: str) -> dict[str, Any]:
    databases = Databases(f"sqlite:///{shell.environ['PETITION_DATA']}/petition.db", "sqlite://")
    names = ("k", "timing", "updates", "routes", "mail_domains", "name_steps", "names_months", "goal", "threshold",
             "contact", "issuing_days", "pause_hours")  # fmt: skip
    with Session(databases.reading) as session:
        letter = hosted_letter(session, slug)
        found = {name: getattr(letter, name) for name in names}
        found["rolls"] = [roll.name for roll in rolls_of(session, letter)]
        found["ends"] = letter.ends.strftime("%Y-%m-%dT%H:%M") if letter.ends else None
    databases.dispose()
    return found


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("k: many", "“k: many” is no number. Write, for example: k: 10"),
        ("k: 2", "must be from 3 to 50"),
        ("timing: later", "The timing must be"),
        ("updates: weekly", "Updates"),
        ("names: soon", "“names: soon” is no number."),
        ("codes: pigeon", "“codes: pigeon”: write printed, mail, or both."),
        ("mail: Others | a.example", "“mail: Others | a.example” names no roll"),
        ("publish: tomorrow", "“tomorrow” is no hour in UTC. Write, for example: 2026-12-01 10:00"),
        ("field: Role", "2 to 40 answers"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_no_draft_is_made(
    shell: Shell, tmp_path: Path, line: str, sentence: str
) -> None:
    file = tmp_path / "asking.md"
    file.write_text(f"---\ntitle: Not made\n{line}\n---\nText.\n")
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana")

    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert "not-made" not in shell("letter", "list").stdout


def test_what_is_not_as_in_the_file_is_said_on_standard_error(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.docx"
    file.write_bytes(word_file(title("A document"), p(t("seen"), t("unseen", "<w:vanish/>"))))
    shell("organizer", "add", "Ana")
    result = shell("letter", "import", str(file), "--organizer", "Ana")

    assert (result.stdout, result.stderr) == ("a-document\n", "Not as in the file: Hidden text: 1\n")


def test_the_text_of_a_letter_is_printed_to_the_byte(shell: Shell, tmp_path: Path) -> None:
    shell.a_letter("a-draft", is_open=False)
    printed = shell("letter", "text", "a-draft").stdout
    (tmp_path / "again.md").write_text(printed)
    shell("letter", "import", str(tmp_path / "again.md"), "--organizer", "Ana", "--slug", "a-copy")
    shell("letter", "open", "a-copy")

    assert shell("letter", "text", "a-copy").stdout == printed
    assert hashlib.sha256(printed.encode()).hexdigest() == shown(shell, "a-copy")["text_sha256"]
    assert shell("letter", "text", "no-such").exit_code == 1


def fields_in(shell: Shell, slug: str) -> list[Any]:
    databases = Databases(f"sqlite:///{shell.environ['PETITION_DATA']}/petition.db", "sqlite://")
    with Session(databases.reading) as session:
        fields = fields_of(session, hosted_letter(session, slug).id)
    databases.dispose()
    return [(field.label, [(group.label, group.headcount) for group in field.options]) for field in fields]


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (b"\xff\xfe\x00", (), "as UTF-8 text"),
        (b"x" * 1_000_001, (), "larger than 1 MB"),
        (b"---\ntitle: " + b"x" * 201 + b"\n---\n", (), "Shorten the title: it has 201 characters"),
        ("# a\u202eb".encode(), (), "right-to-left override"),
        (b"# Title", ("--slug", "Not a slug"), "lowercase letters"),
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


def test_showing_a_draft_lists_its_obstacles(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.md"
    file.write_text("# Only a title")
    shell("organizer", "add", "Ana")
    shell("letter", "import", str(file), "--organizer", "Ana", "--slug", "begun")
    said = shell("letter", "show", "begun").stdout
    refused = shell("letter", "open", "begun")

    assert "in the way: Write the text of the letter." in said
    assert refused.exit_code == 1
    assert "Write the text of the letter." in refused.stderr


def test_a_letter_goes_through_its_life(shell: Shell) -> None:
    hidden = shell.a_letter("whole-life")
    shell.a_crowd("whole-life")
    published = shell("letter", "publish", "whole-life")
    closes = shell("letter", "close", "whole-life")
    withdrawn = shell("letter", "withdraw", "whole-life", "--reason", "They have stopped.")

    assert re.fullmatch(f"{SITE}/s/[0-9A-HJKMNP-TV-Z]{{16}}/", hidden)
    assert published.stdout == f"{SITE}/letters/whole-life/\n"
    assert closes.stdout.startswith("Closes at 20")
    assert hidden != published.stdout.strip()
    assert withdrawn.stdout == "Withdrawn.\n"
    assert shown(shell, "whole-life")["state"] == "withdrawn"


def test_no_letter_is_published_before_k_are_counted(shell: Shell) -> None:
    shell.a_letter("short")
    result = shell("letter", "publish", "short")

    assert (result.exit_code, shown(shell, "short")["state"]) == (1, "open")
    assert "10" in result.stderr


def test_no_letter_closes_at_once_but_in_a_demo(shell: Shell) -> None:
    shell.a_letter("waits")
    shell.a_crowd("waits")
    shell("letter", "publish", "waits")
    result = shell("letter", "close", "waits", "--now")

    assert (result.exit_code, shown(shell, "waits")["state"]) == (1, "published")


def test_steps_out_of_order_are_refused(shell: Shell) -> None:
    shell.a_letter("eager", is_open=False)
    results = [shell("letter", step, "eager") for step in ("publish", "close", "withdraw")]

    assert [result.exit_code for result in results] == [1, 1, 1]
    assert all(result.stderr.startswith("You can't do this now") for result in results)


def test_a_public_letter_is_not_withdrawn_without_a_reason(shell: Shell) -> None:
    shell.a_letter("reasoned")
    shell.a_crowd("reasoned")
    shell("letter", "publish", "reasoned")
    result = shell("letter", "withdraw", "reasoned")

    assert (result.exit_code, shown(shell, "reasoned")["state"]) == (1, "published")


def test_without_a_public_address_a_letter_does_not_open(shell: Shell) -> None:
    shell.a_letter("homeless", is_open=False)
    result = shell("letter", "open", "homeless", PETITION_URL="")

    assert result.exit_code == 1
    assert "Ask this site's host to set PETITION_URL." in result.stderr


def test_the_list_has_slug_state_and_title(shell: Shell) -> None:
    shell.a_letter("listed", is_open=False)

    assert "listed  draft  We refuse to build it" in shell("letter", "list").stdout.splitlines()
    wanted = {"slug": "listed", "state": "draft", "title": "We refuse to build it", "awaits_approval": False}
    assert wanted in json.loads(shell("letter", "list", "--json").stdout)


@pytest.mark.parametrize("words", [("show",), ("open",), ("publish",), ("close",), ("withdraw",)])
def test_a_letter_that_is_not_here_is_named(shell: Shell, words: tuple[str, ...]) -> None:
    result = shell("letter", *words, "never-was")

    assert (result.exit_code, result.stderr) == (1, "There is no letter never-was here. See: petition letter list\n")
