"""The built wheel holds all that the program needs: installed elsewhere, it runs the whole demo."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.patience import SECONDS
from tests.ports import free_port

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.race


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel in it, and the dependencies of this one in reach."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), at=ROOT)
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / "env"), at=folder)
    [wheel] = folder.glob("*.whl")
    python = folder / "env/bin/python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        str(wheel),
        at=folder,
    )
    packages = run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", at=folder)
    # A line of a .pth names a folder, and the .pth files in that folder are not read: this checkout stays out.
    Path(packages.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env"


@contextmanager
def demo(installed: Path, elsewhere: Path) -> Iterator[dict[str, Any]]:
    """What the demo prints when it is ready; it is stopped at the end as by Ctrl-C."""
    port = free_port()
    command = [installed / "bin/petition", "demo", "--signers", "20", "--json", "--port", str(port)]
    with subprocess.Popen(command, cwd=elsewhere, env=bare(), stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield json.loads(running.stdout.readline())
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(SECONDS)


def run(*command: str, at: Path) -> str:
    return subprocess.run(command, cwd=at, env=bare(), check=True, text=True, stdout=subprocess.PIPE).stdout


def bare() -> dict[str, str]:
    """An environment that says nothing of this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PETITION", "VIRTUAL"))}


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def test_program_templates_and_both_chains_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import petition.database as d; print(d.__file__, d.place_of('templates'), d.place_of('migrations'))"
    places = [Path(place) for place in run(str(installed / "bin/python"), "-c", code, at=tmp_path).split()]

    assert all(place.is_relative_to(installed) for place in places)
    assert (places[1] / "public/letter.html").is_file()
    assert all(list((places[2] / chain / "versions").glob("0001*.py")) for chain in ("petition", "issuer"))


def test_the_demo_runs_from_another_folder_and_leaves_nothing(installed: Path, tmp_path: Path) -> None:
    with demo(installed, tmp_path) as said:
        page, counts = fetch(said["letter"]), json.loads(fetch(said["letter"] + "counts.json"))
        files = [fetch(said["site"] + name) for name in ("readyz", "client.py", "sign.js", "openapi.json")]

    assert counts["letter"]["title"] in page
    assert 3 <= counts["count"] <= 20
    assert files[0] == "ready\n"
    assert not Path(said["data"]).exists()
