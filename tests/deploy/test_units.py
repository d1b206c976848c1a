"""The units of systemd: they load, they may do little, and they are what the documentation says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, say

UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("petition*.*") if path.is_file())
SERVICES = [name for name in UNITS if name.endswith(".service")]
MOST = 2.0
"""Points of exposure, of 10, that systemd-analyze may find."""

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's files as far as units need them: ours, the system's own, and the program's command."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(DEPLOY / "systemd", root / "etc/systemd/system")
    system = next(path for path in map(Path, ("/usr/lib/systemd/system", "/lib/systemd/system")) if path.is_dir())
    shutil.copytree(system, root / "usr/lib/systemd/system", symlinks=True)
    (root / "lib").symlink_to("usr/lib")
    command = root / "opt/petition/current/bin/petition"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    (root / "etc/petition").mkdir()
    (root / "etc/petition/petition.env").touch()
    return root


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_understood_whole(root: Path, unit: str) -> None:
    ran = subprocess.run(
        ["systemd-analyze", "verify", f"--root={root}", "--man=no", "--recursive-errors=no", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    ours = [line for line in ran.stderr.splitlines() if "petition" in line]
    assert ours == []


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_exposed_little(root: Path, unit: str) -> None:
    said = say("systemd-analyze", "security", "--offline=true", f"--root={root}", "--no-pager", unit)

    match = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert match is not None, said
    assert float(match[1]) <= MOST


def test_without_the_shared_rules_the_score_would_be_bad(root: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(root, tmp_path / "bare", symlinks=True)
    shutil.rmtree(bare / "etc/systemd/system/petition-.service.d")
    said = say(
        "systemd-analyze", "security", "--offline=true", f"--root={bare}", "--no-pager", "petition-server.service"
    )

    match = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert match is not None, said
    assert float(match[1]) > 8


def test_every_timer_has_its_service_and_starts_with_the_rest() -> None:
    timers = [name for name in UNITS if name.endswith(".timer")]

    assert len(timers) == 4
    for name in timers:
        assert name.replace(".timer", ".service") in UNITS
        assert "WantedBy=petition.target" in (DEPLOY / "systemd" / name).read_text()


@pytest.mark.parametrize("unit", SERVICES)
def test_only_what_is_public_is_written_for_others_to_read(unit: str) -> None:
    """A drop-in would win over the unit's own line, so each has its own."""
    lines = (DEPLOY / "systemd" / unit).read_text().splitlines()

    assert ("UMask=0022" if unit == "petition-publish.service" else "UMask=0077") in lines
    assert "UMask" not in (DEPLOY / "systemd/petition-.service.d/hardening.conf").read_text()


def test_every_service_waits_until_the_clock_was_set() -> None:
    lines = (DEPLOY / "systemd/petition-.service.d/hardening.conf").read_text().splitlines()

    assert "Wants=time-sync.target" in lines
    assert any(line.startswith("After=") and "time-sync.target" in line.split() for line in lines)


def test_the_server_for_the_onion_service_trusts_no_proxy() -> None:
    assert "UnsetEnvironment=PETITION_PROXIES" in (DEPLOY / "systemd/petition-onion.service").read_text().splitlines()


def test_what_names_hidden_letters_does_not_reach_the_systems_log() -> None:
    lines = (DEPLOY / "systemd/petition-doctor.service").read_text().splitlines()

    assert "StandardOutput=truncate:/var/lib/petition/doctor.txt" in lines
    assert "StandardError=null" in lines
