"""The demo's site can be kept, for people who change pages."""

import subprocess
from pathlib import Path

import pytest

from tests.commands import petition
from tests.ports import free_port


def demo(*words: str) -> "subprocess.CompletedProcess[str]":
    return petition({}, "demo", *words)


@pytest.mark.long
def test_a_kept_demo_is_built_once(tmp_path: Path) -> None:
    kept = ("--keep", str(tmp_path / "kept"), "--no-serve", "--signers", "20", "--port", str(free_port()))
    first, second = demo(*kept), demo(*kept)

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout
    assert "and stays" in first.stdout
    assert second.stderr == ""


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.md").write_text("Dear Jeff,")
    ended = demo("--keep", str(tmp_path), "--no-serve")

    assert ended.returncode == 1
    assert "Name an empty folder." in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.md"]


def test_a_site_that_is_neither_served_nor_kept_is_refused() -> None:
    assert "--no-serve needs --keep" in demo("--no-serve").stderr
