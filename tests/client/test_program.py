"""The file as it is downloaded: one file, nothing beyond Python, and a help that fits one screen."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from petition import client
from tests.client.conftest import Run
from tests.client.issuing import CODE, Issuer
from tests.patience import SECONDS

PROGRAM = Path(client.__file__)


def test_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(PROGRAM.read_text())

    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_neither_executes_nor_starts_anything() -> None:
    called = {
        node.func.id
        for node in ast.walk(ast.parse(PROGRAM.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert not called & {"eval", "exec", "compile", "__import__", "open"}
    assert "subprocess" not in PROGRAM.read_text()


def test_it_reads_as_python_3_9() -> None:
    ast.parse(PROGRAM.read_text(), feature_version=(3, 9))


def test_it_runs_alone(issuer: Issuer, letter: str, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-W", "error", str(PROGRAM), "sign", letter, "--code", CODE]

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(issuer.signatures) == 1


def test_a_screen_that_knows_no_umlauts_is_no_obstacle(letter: str, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", str(PROGRAM), "sign", letter, "--code", "\u00fc"]
    environ = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=SECONDS, check=False, env=environ)

    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "words", [["--help"], ["sign", "--help"], ["check", "--help"], ["withdraw", "--help"]], ids=str
)
def test_help_fits_a_screen(run: Run, words: list[str]) -> None:
    ran = run(*words)

    assert ran.status == 0
    lines = ran.out.splitlines()
    assert len(lines) <= 36
    assert max(map(len, lines)) <= 79


def test_without_a_command_help_is_given(run: Run) -> None:
    ran = run()

    assert (ran.status, ran.out) == (2, "")
    assert "sign ADDRESS" in ran.err


def test_help_promises_no_more_than_it_keeps(run: Run) -> None:
    said = run("--help").said

    assert "whoever watches it" in said
    assert "it shows that you signed" in said


def test_the_name_in_help_is_the_one_it_was_called_by(capsys: pytest.CaptureFixture[str]) -> None:
    client.main(["sign", "--help"], prog="petition")

    assert "usage: petition sign" in capsys.readouterr().out


def test_what_the_computer_refuses_is_said_without_a_traceback(run: Run, letter: str) -> None:
    ran = run("check", letter, "--receipt", "x" * 5000)

    assert ran.status == 1
    assert "says no" in ran.said
