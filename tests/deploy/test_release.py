"""The release script: refuses what is no release, and makes one that others can check."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, program, say

pytestmark = pytest.mark.long
PAGE_S_COMMANDS = ("    minisign", "    sha256sum", "    pipx")
IDENTITY = ["-c", "user.name=Tests", "-c", "user.email=tests@example.org"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository of its own with this checkout's files, at version 9.9.9."""
    files = say("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT).split("\0")
    copy = tmp_path / "checkout"
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    for name, old, new in (
        ("pyproject.toml", 'version = "', 'version = "9.9.9" # "'),
        ("petition/__init__.py", '__version__ = "', '__version__ = "9.9.9"  # "'),
        ("CHANGELOG.md", "# Changes\n", "# Changes\n\n## 9.9.9\n\n- Signs by itself.\n"),
    ):
        path = copy / name
        path.write_text(path.read_text().replace(old, new, 1))
    path = copy / "pyproject.toml"
    path.write_text(path.read_text().replace('"9.9.9" # "0', '"9.9.9"\n# "0', 1))
    say("git", "init", "-q", cwd=copy)
    commit(copy)
    return copy


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key of minisign's without a password; its public half is beside it."""
    path = tmp_path / "minisign.key"
    say(program("minisign"), "-G", "-W", "-p", tmp_path / "minisign.pub", "-s", path)
    return path


def commit(checkout: Path) -> None:
    say("git", "add", "-A", cwd=checkout)
    say("git", *IDENTITY, "commit", "-q", "-m", "A release", cwd=checkout)


def release(checkout: Path, folder: Path, key: Path, check: str = "true") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", checkout / "deploy/release.sh", "9.9.9", folder, key],
        env={**os.environ, "CHECK": check, "PYTHON": os.path.relpath(sys.executable, checkout)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def test_a_release_can_be_checked_by_others(checkout: Path, key: Path, tmp_path: Path) -> None:
    ran = release(checkout, tmp_path / "out", key)
    out = tmp_path / "out"

    assert ran.returncode == 0, ran.stdout
    assert {path.name for path in out.iterdir()} == {
        "petition-9.9.9.tar.gz", "petition-9.9.9-py3-none-any.whl", "requirements.lock", "NOTES.md", "SHA256SUMS",
        "SHA256SUMS.minisig",
    }  # fmt: skip
    say(program("minisign"), "-V", "-p", key.with_suffix(".pub"), "-m", out / "SHA256SUMS")
    say("sha256sum", "--check", "SHA256SUMS", cwd=out)
    notes = (out / "NOTES.md").read_text()
    assert "- Signs by itself." in notes
    assert hashlib.sha256((checkout / "petition/client.py").read_bytes()).hexdigest() in notes


def test_a_checker_can_follow_the_page_s_commands_to_a_checked_program(
    checkout: Path, key: Path, tmp_path: Path
) -> None:
    page = (ROOT / "docs/checking.md").read_text().partition("## In five minutes")[2]
    out = tmp_path / "out"
    release(checkout, out, key)
    public = key.with_suffix(".pub").read_text().splitlines()[1]
    signed, sums, install = (line.split() for line in page.splitlines() if line.startswith(PAGE_S_COMMANDS))
    signed[signed.index("PUBLIC-KEY")] = public

    assert "Trusted comment: Petition 9.9.9" in say(*signed, cwd=out)
    assert "petition-9.9.9-py3-none-any.whl: OK" in say(*sums, cwd=out)
    assert (install[0], (out / install[2].replace("VERSION", "9.9.9")).is_file()) == ("pipx", True)


def test_what_is_not_committed_is_not_released(checkout: Path, key: Path, tmp_path: Path) -> None:
    (checkout / "petition/more.py").touch()

    assert "not committed" in refused(release(checkout, tmp_path / "out", key))


def test_a_version_without_its_changes_is_not_released(checkout: Path, key: Path, tmp_path: Path) -> None:
    path = checkout / "CHANGELOG.md"
    path.write_text(path.read_text().replace("## 9.9.9", "## 9.9.8"))
    commit(checkout)

    assert "CHANGELOG.md has no section" in refused(release(checkout, tmp_path / "out", key))


def test_two_versions_in_one_release_are_refused(checkout: Path, key: Path, tmp_path: Path) -> None:
    path = checkout / "petition/__init__.py"
    path.write_text(path.read_text().replace('"9.9.9"', '"9.9.8"'))
    commit(checkout)

    assert "petition/__init__.py says another version" in refused(release(checkout, tmp_path / "out", key))


def test_nothing_is_built_where_a_check_fails(checkout: Path, key: Path, tmp_path: Path) -> None:
    assert "The checks failed" in refused(release(checkout, tmp_path / "out", key, check="false"))
    assert list((tmp_path / "out").iterdir()) == []


def refused(ran: "subprocess.CompletedProcess[str]") -> str:
    assert ran.returncode == 1, ran.stdout
    return ran.stdout
