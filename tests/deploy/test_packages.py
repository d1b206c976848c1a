"""What is released: a wheel that is the same on every machine, and a source archive that builds and tests."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT, say

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive of this checkout, unpacked elsewhere."""
    folder = tmp_path_factory.mktemp("sdist")
    build("sdist", ROOT, folder)
    [archive] = folder.glob("petition-*.tar.gz")
    say(sys.executable, "-m", "tarfile", "-e", archive, folder)
    return folder / archive.name.removesuffix(".tar.gz")


def build(kind: str, source: Path, folder: Path) -> None:
    say(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", folder, cwd=source)


def digest(folder: Path) -> str:
    [wheel] = folder.glob("*.whl")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_source_archive_holds_what_a_host_and_a_contributor_need(unpacked: Path) -> None:
    for name in (
        "deploy/install.sh", "deploy/systemd/petition-server.service", "docs/hosting.md", "requirements.lock",
        "requirements-test.lock", "Makefile", ".ci/run", "tests/conftest.py", "benchmarks", "LICENSE",
    ):  # fmt: skip
        assert (unpacked / name).exists(), name
    assert os.access(unpacked / "deploy/install.sh", os.X_OK)
    assert not list(unpacked.rglob("__pycache__"))
    assert not list(unpacked.rglob("*.db"))


def test_a_wheel_is_the_same_from_the_archive_and_from_a_checkout(unpacked: Path, tmp_path: Path) -> None:
    build("wheel", ROOT, tmp_path / "checkout")
    build("wheel", unpacked, tmp_path / "archive")

    assert digest(tmp_path / "checkout") == digest(tmp_path / "archive")


def test_a_wheel_is_the_same_another_day_with_other_permissions(unpacked: Path, tmp_path: Path) -> None:
    other = shutil.copytree(unpacked, tmp_path / "other")
    for path in other.rglob("*"):
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    build("wheel", unpacked, tmp_path / "one")
    build("wheel", other, tmp_path / "two")

    assert digest(tmp_path / "one") == digest(tmp_path / "two")


@pytest.mark.long
def test_the_archive_tests_itself(unpacked: Path) -> None:
    """A few of its tests, on the program that lies in it."""
    where = "import petition, pathlib; print(pathlib.Path(petition.__file__).parent.parent)"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/crypto", "tests/test_config.py"],
        cwd=unpacked,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    )

    assert say(sys.executable, "-c", where, cwd=unpacked).strip() == str(unpacked)
    assert ran.returncode == 0, ran.stdout
