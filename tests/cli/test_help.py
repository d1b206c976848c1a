"""Each command teaches its use, and wrong use differs from a refusal."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from petition import __version__
from petition.cli import main

OF_THE_CLIENT = ("sign", "check", "withdraw")


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = [path for path, command in commands() if not command.hidden]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_teaches_in_sentences(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*path, "--help"], prog_name="petition")
    words = " ".join(result.output.split())

    assert result.exit_code == 0
    assert words.lower().startswith(f"usage: petition {' '.join(path)}")
    assert words.count(". ") + words.endswith(".") >= 1
    assert len(words) > 120


@pytest.mark.parametrize("path", [path for path in ALL if path[0] not in OF_THE_CLIENT], ids=" ".join)
def test_every_option_explains_itself(path: tuple[str, ...]) -> None:
    command = dict(commands())[path]
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]

    silent = [option.name for option in options if not option.help and option.name not in ("port", "form", "processes")]
    assert silent == []


def test_the_way_in_names_what_to_type_first() -> None:
    said = CliRunner().invoke(main, ["--help"], prog_name="petition").output

    for first in ("petition demo", "petition run", "petition organizer", "petition sign ADDRESS", "petition verify"):
        assert first in " ".join(said.split())
    assert all(path[0] in said for path in ALL)


def test_hidden_commands_are_the_two_halves_of_run() -> None:
    assert {path for path, command in commands() if command.hidden} == {("metrics",), ("scheduler",), ("serve",)}


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(main, ["--version"], prog_name="petition").output == f"petition, version {__version__}\n"


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## (\S+)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest is not None
    assert project["version"] == newest[1] == __version__


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["letter"],
        ["letter", "nonsense"],
        ["letter", "show"],
        ["codes", "make", "x"],
        ["codes", "make", "x", "--count", "0"],
        ["codes", "make", "x", "--count", "ten"],
        ["codes", "void", "x", "9" * 30],
        ["round", "annul", "x", "1"],
        ["export", "x", "--format", "docx"],
        ["run", "--port", "0"],
        ["verify"],
        ["sign"],
        ["letter", "import", "/nowhere.md", "--organizer", "Ana"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_says_how(words: list[str], tmp_path: Path) -> None:
    result = CliRunner(env={"PETITION_DATA": str(tmp_path)}).invoke(main, words, prog_name="petition")

    assert result.exit_code == 2
    assert "usage" in result.output.lower()
