"""The onion service: Tor itself takes the file, and makes an address of it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, eventually, program

TORRC = (DEPLOY / "tor/petition.conf").read_text()


def test_the_way_from_tor_ends_at_a_listener_of_its_own() -> None:
    [port] = re.findall(r"^HiddenServicePort 80 (.*)$", TORRC, re.MULTILINE)
    nginx = (DEPLOY / "nginx/petition-onion.conf").read_text()
    caddy = (DEPLOY / "caddy/Caddyfile").read_text()
    unit = (DEPLOY / "systemd/petition-onion.service").read_text()

    assert port == "127.0.0.1:8081"
    assert f"listen {port};" in nginx
    assert "http://:8081 {\n\tbind 127.0.0.1\n" in caddy
    assert "proxy_pass http://127.0.0.1:8001;" in nginx
    assert "reverse_proxy 127.0.0.1:8001 {" in caddy
    assert "run --only server --port 8001" in unit


def test_visitors_under_attack_prove_work() -> None:
    assert "HiddenServicePoWDefensesEnabled 1" in TORRC.splitlines()
    assert "SocksPort 0" in TORRC.splitlines()


@pytest.mark.long
def test_tor_takes_the_file_and_makes_an_address(tmp_path: Path) -> None:
    """It needs no network for that."""
    folder = tmp_path / "service"
    torrc = tmp_path / "torrc"
    torrc.write_text(TORRC.replace("/var/lib/tor/petition/", f"{folder}/"))
    tor = [program("tor"), "-f", str(torrc), "--defaults-torrc", "/dev/null", "--DataDirectory", str(tmp_path / "data")]
    checked = subprocess.run([*tor, "--verify-config"], capture_output=True, text=True, check=False)
    modules = subprocess.run([program("tor"), "--list-modules"], capture_output=True, text=True, check=True).stdout
    with subprocess.Popen([*tor, "--DisableNetwork", "1"], stdout=subprocess.DEVNULL) as running:
        try:
            address = eventually(lambda: (folder / "hostname").read_text().strip())
        finally:
            running.terminate()

    assert checked.returncode == 0, checked.stdout
    warnings = [line for line in checked.stdout.splitlines() if "[warn]" in line and "as root" not in line]
    assert warnings == []
    assert "pow: yes" in modules
    assert re.fullmatch(r"[a-z2-7]{56}\.onion", address)
