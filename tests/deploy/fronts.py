"""nginx and Caddy with deploy/'s files, started for real on free ports, with a certificate signed by itself."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.tools import DEPLOY, NAME, eventually, program, say
from tests.ports import free_port

HOST = "127.0.0.1"
TEMPORARY = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
"""Folders in which nginx would put what does not fit its memory. Once it runs, no one may write there."""


@dataclass
class Front:
    """A web server that runs: its ports, the ports of the programs behind it, and the folder with all that it wrote."""

    http: int
    https: int
    onion: int
    server: int
    onion_server: int
    folder: Path

    def call(self, head: str, body: bytes = b"", *, name: str | None = NAME, port: int | None = None) -> bytes:
        """The whole answer to a request; over TLS unless a port is given."""
        with self.connect(name, port) as line:
            line.sendall(request(head, body))
            return read_all(line)

    def connect(self, name: str | None = NAME, port: int | None = None) -> socket.socket:
        """A connection; over TLS with this name in its greeting, unless a port is given."""
        line = socket.create_connection((HOST, port or self.https), timeout=20)
        if port is not None:
            return line
        anyone = ssl.create_default_context()
        anyone.check_hostname = False
        anyone.verify_mode = ssl.CERT_NONE
        return anyone.wrap_socket(line, server_hostname=name)

    def written(self) -> bytes:
        """All that it wrote into any log, or said to its terminal."""
        return b"".join(path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and "log" in path.parts)


def request(head: str, body: bytes = b"") -> bytes:
    """A request line and headers as bytes; the host is ours, unless the headers say another."""
    lines = head.splitlines()
    if not any(line.lower().startswith("host:") for line in lines):
        lines.append(f"Host: {NAME}")
    length = [f"Content-Length: {len(body)}"] if body or lines[0].startswith("POST") else []
    return "\r\n".join([*lines, *length, "Connection: close", "", ""]).encode() + body


def read_all(line: socket.socket) -> bytes:
    """Everything until the other side ends."""
    parts = []
    try:
        while part := line.recv(65536):
            parts.append(part)
    except (ConnectionResetError, ssl.SSLEOFError):
        pass  # it ended the hard way
    return b"".join(parts)


@contextmanager
def front(kind: str, folder: Path) -> Iterator[Front]:
    """nginx or Caddy, running."""
    ports = [free_port() for _ in range(5)]
    found = Front(*ports, folder)
    (folder / "log").mkdir()
    certificate(folder)
    command = {"nginx": nginx, "caddy": caddy}[kind](found)
    with (folder / "log/said").open("wb") as said:
        running = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, cwd=folder, env=home(folder))
        try:
            eventually(lambda: socket.create_connection((HOST, found.https), 1).close() or True, 20)
            for temporary in TEMPORARY:
                shutil.rmtree(folder / temporary, ignore_errors=True)
                (folder / temporary).touch()
            yield found
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def home(folder: Path) -> dict[str, str]:
    """An environment in which nothing outside the folder is written."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}


def certificate(folder: Path) -> None:
    """A key and a certificate for the name, signed by itself."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "privkey.pem"]
    of_name = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-out", "fullchain.pem"]
    say("openssl", "req", "-x509", *key, *of_name, cwd=folder)


def moved(text: str, found: Front) -> str:
    """A file of deploy/ with the ports and folders of a test in the places of the real ones."""
    places = {
        "127.0.0.1:8000": f"127.0.0.1:{found.server}",
        "127.0.0.1:8001": f"127.0.0.1:{found.onion_server}",
        "127.0.0.1:8081": f"127.0.0.1:{found.onion}",
        "http://:8081": f"http://:{found.onion}",
        "/etc/petition/tls": str(found.folder),
        "/usr/local/share/petition/pages": str(DEPLOY / "pages"),
    }
    for real, here in places.items():
        text = text.replace(real, here)
    return text


def nginx(found: Front) -> list[str]:
    """The command; as on Debian, whose own nginx.conf stands around our files, with its access log for all sites."""
    etc, inner = found.folder / "etc", "/etc/nginx"
    shutil.copytree(inner, etc, symlinks=False, ignore=shutil.ignore_patterns("sites-*", "modules-enabled", "conf.d"))
    for kind, names in {
        "conf.d": ["petition-http.conf"],
        "snippets": ["petition-proxy.conf", "petition-pages.conf"],
        "sites-enabled": ["petition.conf", "petition-onion.conf"],
    }.items():
        (etc / kind).mkdir(exist_ok=True)
        for name in names:
            text = moved((DEPLOY / "nginx" / name).read_text(), found)
            text = re.sub(r"listen 443", f"listen {HOST}:{found.https}", text)
            text = re.sub(r"listen 80\b", f"listen {HOST}:{found.http}", text)
            (etc / kind / name).write_text(re.sub(r".*listen \[::\].*\n", "", text))
    main = (etc / "nginx.conf").read_text()
    assert "access_log /var/log/nginx/access.log;" in main, "Debian's nginx.conf is not what this test was written for"
    main = re.sub(r"^user .*;$|^include .*modules-enabled.*$", "", main, flags=re.MULTILINE)
    main = main.replace(inner, str(etc)).replace("/var/log/nginx", str(found.folder / "log"))
    main = main.replace("/run/nginx.pid", str(found.folder / "pid"))
    temporary = "".join(f"{kind}_temp_path {found.folder}/{kind};\n" for kind in TEMPORARY)
    (etc / "nginx.conf").write_text(main.replace("http {\n", f"http {{\n{temporary}", 1))
    return [program("nginx"), "-p", str(found.folder), "-c", str(etc / "nginx.conf"), "-g", "daemon off;"]


def caddy(found: Front) -> list[str]:
    """The command; with our certificate, because no authority can be asked here."""
    text = moved((DEPLOY / "caddy/Caddyfile").read_text(), found)
    text = text.replace("\tadmin off\n", f"\tadmin off\n\thttp_port {found.http}\n\thttps_port {found.https}\n", 1)
    tls = f"\ttls {found.folder}/fullchain.pem {found.folder}/privkey.pem\n"
    text = text.replace(f"{NAME} {{\n", f"{NAME} {{\n{tls}", 1)
    path = found.folder / "Caddyfile"
    path.write_text(text)
    return [program("caddy"), "run", "--config", str(path), "--adapter", "caddyfile"]
