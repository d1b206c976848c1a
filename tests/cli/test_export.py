"""``petition export``: the figures in each format, files by their names, history and log as streams."""

import json
import os
import pty
from pathlib import Path

import pytest

from petition.cli.export import FILE_NAMES
from petition.publishing.public_files import DATA_FILES
from tests.cli.conftest import SITE, Shell
from tests.commands import petition

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def address(shell: Shell) -> str:
    return shell.a_letter("coded")


@pytest.mark.parametrize("form", [*DATA_FILES, *FILE_NAMES])
def test_a_letter_is_exported_in_each_format_to_the_terminal_and_to_a_file(
    shell: Shell, address: str, form: str, tmp_path: Path
) -> None:
    file = tmp_path / f"export.{form}"
    shown = shell("export", "coded", "--format", form)
    written = shell("export", "coded", "--format", form, "-o", str(file))

    assert (shown.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert file.read_bytes() == shown.stdout_bytes != b""
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(("form", "name"), DATA_FILES.items())
def test_a_format_is_the_file_of_its_name(shell: Shell, address: str, form: str, name: str) -> None:
    assert (
        shell("export", "coded", "--format", form).stdout_bytes
        == shell("export", "coded", "--format", name).stdout_bytes
    )


def test_a_line_of_the_log_is_an_entry(shell: Shell, address: str) -> None:
    lines = shell("export", "coded", "--format", "log.jsonl").stdout.splitlines()

    assert [json.loads(line)["type"] for line in lines] == ["letter", "round"]


def test_a_format_that_is_none_is_wrong_usage(shell: Shell, address: str) -> None:
    assert shell("export", "coded", "--format", "docx").exit_code == 2


def test_a_name_that_holds_a_way_is_none(shell: Shell, address: str) -> None:
    assert shell("export", "coded", "--format", "log/checkpoint").exit_code == 2


def test_an_exported_json_is_the_one_that_the_site_serves(shell: Shell, address: str) -> None:
    found = json.loads(shell("export", "coded").stdout)

    assert (found["count"], found["state"], found["letter"]["url"]) == (0, "open", f"{SITE}/letters/coded/")


def test_a_draft_has_nothing_to_export(shell: Shell) -> None:
    shell.a_letter("unexported", is_open=False)
    for form in ("json", "log.jsonl", "history.csv"):
        result = shell("export", "unexported", "--format", form)

        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)


def test_an_export_that_cannot_be_written_is_one_line(shell: Shell, address: str, tmp_path: Path) -> None:
    result = shell("export", "coded", "-o", str(tmp_path / "no" / "such" / "file"))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert str(tmp_path / "no" / "such") in result.stderr


def test_what_a_terminal_cannot_show_is_not_written_to_it(shell: Shell, address: str) -> None:
    ours, theirs = pty.openpty()
    done = petition(shell.environ, "export", "coded", "--format", "pdf", stdout=theirs)
    os.close(theirs)
    os.close(ours)

    assert done.returncode == 1
    assert "-o facts.pdf" in done.stderr


def test_a_file_that_is_there_is_replaced_only_when_told(shell: Shell, address: str, tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("mine")
    refused, kept = shell("export", "coded", "-o", str(file)), file.read_text()
    told = shell("export", "coded", "-o", str(file), "--force")

    assert (refused.exit_code, kept) == (1, "mine")
    assert "--force" in refused.stderr
    assert told.exit_code == 0 and file.read_text() != "mine"
