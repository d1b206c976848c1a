"""The wheel runs its demo on each Python that is found here, and with the oldest dependencies that it says it takes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from tests.test_wheel import ROOT, bare, demo, fetch, run

pytestmark = pytest.mark.long
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TRIED = ("3.11", "3.12", "3.13")
"""Those that docs/hosting.md names as tried."""
QUIET = ("--quiet", "--disable-pip-version-check", "--only-binary=:all:")


def find_python(version: str) -> str | None:
    """The path of a Python of this version: this one, one on the PATH, or one of pyenv's."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    places = [sys.executable, shutil.which(f"python{version}"), *versions.glob(f"{version}.*/bin/python3")]
    return next((str(place) for place in places if place and version_of(place) == version), None)


def version_of(python: str | Path) -> str:
    """What a Python says of itself; nothing if it does not start."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", code], text=True, capture_output=True, check=False).stdout.strip()


def lowest() -> list[str]:
    """The oldest release of each dependency that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [re.sub(r">=([0-9.]+)[^;]*", r"==\1", line) for line in project["dependencies"]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), at=ROOT)
    [built] = folder.glob("*.whl")
    return built


def environment(python: str, folder: Path, wheel: Path, *dependencies: str) -> Path:
    """An environment of its own with these dependencies and the wheel."""
    subprocess.run([python, "-m", "venv", folder / "env"], env=bare(), check=True)
    pip = [str(folder / "env/bin/python"), "-m", "pip", "install", *QUIET]
    run(*pip, *dependencies, at=folder)
    run(*pip, "--no-deps", str(wheel), at=folder)
    run(str(folder / "env/bin/python"), "-m", "pip", "check", at=folder)
    return folder / "env"


def signs_publishes_and_verifies(installed: Path, folder: Path) -> None:
    """The demo signs through the real protocol, and what it serves is checked: pages, pictures, documents, the log."""
    with demo(installed, folder) as said:
        counts = json.loads(fetch(said["letter"] + "counts.json"))
        assert counts["letter"]["title"] in fetch(said["letter"])
        assert "<svg" in fetch(said["letter"] + "chart.svg")
        assert start_of(said["letter"] + "letter.pdf") == b"%PDF-"
        assert start_of(said["letter"] + "card.png") == b"\x89PNG\r"
        verdict = json.loads(run(str(installed / "bin/petition"), "verify", said["letter"], "--json", at=folder))
    assert verdict["ok"]
    assert verdict["count"] == counts["count"] > 0


def start_of(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return bytes(answer.read(5))


@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_runs_on(version: str, wheel: Path, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"No Python {version} found.")
    lock = ("--require-hashes", "-r", str(ROOT / "requirements.lock"))

    signs_publishes_and_verifies(environment(python, tmp_path, wheel, *lock), tmp_path)


def test_the_wheel_runs_with_the_oldest_dependencies_that_it_takes(wheel: Path, tmp_path: Path) -> None:
    pinned = lowest()

    assert all("==" in line for line in pinned)
    signs_publishes_and_verifies(environment(sys.executable, tmp_path, wheel, *pinned), tmp_path)


def test_the_page_for_hosts_names_the_pythons_that_were_tried() -> None:
    page = (ROOT / "docs/hosting.md").read_text("utf-8")
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    named = [line.rpartition(" ")[2] for line in classifiers if re.search(r":: 3\.\d+$", line)]

    assert f"Tried are the Pythons {', '.join(TRIED[:-1])} and {TRIED[-1]}" in re.sub(r"\s+", " ", page)
    assert named == list(TRIED)
