"""nginx keeps what everyone may read, as docs/scaling.md sets it up, and nothing of people who sign."""

import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import Clock
from tests.install_servers import find_program
from tests.ports import free_port
from tests.race import children
from tests.race.load import until_answered
from tests.walks import Campaign

pytestmark = [pytest.mark.race, pytest.mark.parametrize("kind", ["sqlite"])]
PAGE = (Path(__file__).parents[2] / "docs/scaling.md").read_text(encoding="utf-8")
CACHE, LOCATION = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
CONF = """daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{}}
http {{
access_log off;
client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
{cache}
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{server}; }}
{location}
}} }}"""


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """nginx's port, and the port of the server that it expects behind it."""
    nginx = find_program("nginx")
    if nginx is None:
        pytest.skip("no nginx: run make servers")
    port, server = free_port(), free_port()
    cache = CACHE.replace("/run/petition-cache", str(tmp_path / "cache"))
    location = LOCATION.replace("127.0.0.1:8000", f"127.0.0.1:{server}")
    location = re.sub(r"^ *include .*$", "", location, flags=re.MULTILINE)
    given = {"folder": tmp_path, "port": port, "server": server, "cache": cache, "location": location}
    (tmp_path / "conf").write_text(CONF.format(**given))
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "conf")], stderr=subprocess.DEVNULL)
    yield port, server
    process.terminate()
    process.wait()


def get(port: int, path: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "br, gzip"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_the_front_keeps_public_pages_and_nothing_of_people_who_sign(
    campaign: Campaign, clock: Clock, environ: dict[str, str], ports: tuple[int, int], tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC)
    letter = campaign.a_published_letter()
    public, hidden = campaign.address(letter), f"/s/{campaign.an_open_letter(slug='hidden')[:16]}/"
    paths = [public, f"{public}counts.json", "/_site/sign.js", f"{public}join", f"{public}sign", hidden]
    server = children.started(children.serve, environ, ports[1])
    until_answered(ports[1], "GET", "/healthz")
    until_answered(ports[0], "GET", "/healthz")
    before = [get(ports[0], path) for path in paths]
    server.kill()
    server.join()
    after = [get(ports[0], path) for path in paths]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())

    assert before == [200] * 6
    assert after == [200] * 3 + [502] * 3
    assert public.encode() in kept
    assert hidden.encode() not in kept
