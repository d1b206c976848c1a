"""One process signs, another seals, and a third, sharing no code with either, verifies; static hosts serve the same."""

import http.server
import os
import shutil
import subprocess
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from petition.demo.drive import served
from petition.verifying import open_source, verify
from tests.commands import petition
from tests.patience import SECONDS
from tests.ports import free_port
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

RECIPE = Path(__file__).parent.parent / "docs/check-by-hand.sh"
NGINX = """
{user}
daemon off; pid {folder}/nginx.pid; error_log stderr crit;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
"""


@pytest.fixture
def kind() -> str:
    """The processes meet at the databases of one folder."""
    return "sqlite"


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """The site at an address of this machine: a letter names its hosts, and clients send to no other."""
    return environ | {"PETITION_URL": f"http://127.0.0.1:{free_port()}"}


@pytest.fixture
def folder(campaign: Campaign, environ: dict[str, str], tmp_path: Path) -> Path:
    """A letter that strangers signed and sealed in other processes, published as a folder."""
    letter = campaign.a_published_letter(slug="stop")
    codes = campaign.codes(letter, 5)
    site = campaign.settings.url or ""
    port = urlsplit(site).port or 0
    with served(campaign.settings, campaign.clock, port):
        for number, code in enumerate(codes):
            receipt = str(tmp_path / f"receipt-{number}.json")
            petition(environ, "sign", f"{site}/letters/stop/", "--code", code, "--receipt", receipt, check=True)
    petition(environ, "seal", "stop", check=True)
    petition(environ, "publish", "stop", "--to", str(tmp_path / "www/here/stop"), check=True)
    return tmp_path / "www/here/stop"


def test_a_stranger_with_a_shell_and_openssl_verifies_what_two_processes_made(folder: Path) -> None:
    ran = subprocess.run(["sh", str(RECIPE), str(folder), "3"], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout + ran.stderr


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.mark.long
def test_nginx_and_a_plain_python_server_serve_the_same_bytes_and_both_verify(folder: Path, tmp_path: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("no nginx: install the package “nginx-light”")
    root, port = folder.parent.parent, free_port()
    (tmp_path / "nginx.conf").write_text(
        NGINX.format(user="user root;" if os.geteuid() == 0 else "", folder=tmp_path, port=port, root=root)
    )
    running = subprocess.Popen([nginx, "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)])
    plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    hosts = [f"http://127.0.0.1:{number}/here/stop/" for number in (port, plain.server_address[1])]
    try:
        wait_for(hosts[0])
        verdicts = []
        for host in hosts:
            with closing(open_source(host)) as source:
                verdicts.append(verify(source))
        for name in ("index.html", "press/", "counts.json", "log/checkpoint", "log/tile/entries/000.p/6"):
            bodies = {urlopen(host + name, timeout=SECONDS).read() for host in hosts}
            assert len(bodies) == 1, name
    finally:
        running.terminate()
        running.wait()
        plain.shutdown()
        plain.server_close()
    assert [(verdict.ok, verdict.count) for verdict in verdicts] == [(True, 3), (True, 3)]


def wait_for(address: str) -> None:
    for _ in range(10 * SECONDS):
        try:
            urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nginx did not come up")
