"""Whole Debian machines in containers of systemd, booted from Debian's packages, without any way to the outside.

What install.sh fetches lies ready in them: Debian's packages in apt's cache, Python's in a folder of wheels.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker

from tests.deploy.tools import NAME, ROOT, eventually, program, say

MIRROR = "http://deb.debian.org/debian"
BASE = "systemd-sysv,dbus,sudo,python3,ca-certificates,iproute2"
"""What every server of Debian has, as far as it matters here."""
LATER = "python3-venv openssl nginx caddy tor nftables certbot"
"""What install.sh may install."""
OUTSIDE, INSIDE = "10.213.77.1", "10.213.77.2"
"""A visitor's address, and the machine's."""
STATES = ("initializing", "starting", "running", "degraded")
"""What a machine says of itself as soon as it can be asked."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FETCH = textwrap.dedent(
    """
    import http.client, json, ssl, sys
    url, host, name = sys.argv[1:]
    anyone = ssl.create_default_context(); anyone.check_hostname = False; anyone.verify_mode = ssl.CERT_NONE
    scheme, _, rest = url.partition("://"); place, _, path = rest.partition("/")
    line = http.client.HTTPConnection(place, 443 if scheme == "https" else None, timeout=60)
    if scheme == "https":
        import socket
        line.connect(); line.sock = anyone.wrap_socket(line.sock, server_hostname=name)
    line.request("GET", "/" + path, headers={"Host": host})
    answer = line.getresponse()
    print(json.dumps([answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().hex()]))
    """
)


@dataclass
class Answer:
    """What a web server said."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Machine:
    """A machine that is up; ``root`` is its file system, ``leader`` its first process."""

    root: Path
    leader: int

    def run(self, *command: str, typed: str | None = None, user: str | None = None) -> str:
        """What a command says on the machine; fails with all of it if the command fails."""
        ran = self.try_run(*command, typed=typed, user=user)
        assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}"
        return ran.stdout

    def try_run(
        self, *command: str, typed: str | None = None, user: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """The same for a command that may fail."""
        environ = [f"PATH={PATH}", "TERM=dumb"]
        become = ["runuser", "-u", user, "--"] if user else []
        return subprocess.run(
            [*self.enter("-m", "-u", "-i", "-p", "-C"), "env", "-i", *environ, *become, *command],
            input=typed,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def enter(self, *more: str) -> list[str]:
        """The beginning of a command that runs in the machine's network, and in more of it."""
        return ["nsenter", "-t", str(self.leader), "-n", *more]

    def fetch(self, url: str, host: str = NAME, name: str = NAME) -> Answer:
        """Ask a web server as a visitor on the machine itself; ``name`` is for TLS."""
        said = say(*self.enter(), sys.executable, "-c", FETCH, url, host, name)
        status, headers, body = json.loads(said)
        return Answer(status, headers, bytes.fromhex(body))

    def install(self, *options: str, source: str = "/source") -> str:
        """Run install.sh."""
        return self.run("sh", f"{source}/deploy/install.sh", *options)

    def logs(self) -> bytes:
        """Everything that any program logged: the journal with all its fields, and every file below /var/log."""
        self.run("journalctl", "--sync")
        journal = subprocess.run(
            [*self.enter("-m", "-p"), "journalctl", "--all", "-o", "export"], stdout=subprocess.PIPE, check=True
        ).stdout
        files = (path for path in (self.root / "var/log").rglob("*") if path.is_file() and path.suffix != ".journal")
        return journal + b"".join(path.read_bytes() for path in files)

    def state(self) -> dict[str, tuple[int, int, int]]:
        """Mode, size and time of every file that an installation may change."""
        found = {}
        for top in ("etc", "opt", "usr/local", "var/lib/petition-public", "lib/systemd"):
            for path in (self.root / top).rglob("*"):
                status = path.lstat()
                found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns)
        return found


def base(suite: str, folder: Path) -> Path:
    """A Debian that was never booted."""
    if os.geteuid() != 0:
        pytest.skip("Only root can boot a machine.")
    program("systemd-nspawn")
    tree = folder / suite
    fetch = f'chroot "$1" apt-get install -y -qq --no-install-recommends --download-only {LATER}'
    how = ["--variant=minbase", f"--include={BASE}", "--skip=cleanup/apt", f"--customize-hook={fetch}"]
    say(program("mmdebstrap"), "--quiet", *how, suite, str(tree), MIRROR)
    return tree


def wheels(tree: Path, folder: Path) -> Path:
    """The locked dependencies for the Python of a Debian, in a folder."""
    version = say("chroot", tree, "python3", "-c", "import platform; print(platform.python_version())").strip()
    place, wanted = folder / f"wheels-{version}", folder / f"{version}.lock"
    wanted.write_text("".join(locked(ROOT / "requirements.lock", version)))
    lock = ["--require-hashes", "--no-deps", "-r", str(wanted)]
    kind = ["--only-binary=:all:", "--python-version", version]
    say(sys.executable, "-m", "pip", "download", "-q", *lock, *kind, "-d", str(place))
    return place


def locked(lock: Path, version: str) -> Iterator[str]:
    """The parts of a lock file that are for a Python of this version; pip would judge by the Python that it runs on."""
    there = {"python_full_version": version, "python_version": ".".join(version.split(".")[:2])}
    for part in re.findall(r"^[a-z].*?(?=^[a-z]|\Z)", lock.read_text(), re.MULTILINE | re.DOTALL):
        marker = re.match(r"[^;]*?; (?P<marker>.*?) \\\n", part)
        if marker is None or Marker(marker["marker"]).evaluate(there):
            yield part.replace(f" ; {marker['marker']}", "") if marker else part


@contextmanager
def machine(tree: Path, packages: Path, folder: Path) -> Iterator[Machine]:
    """A machine that boots from a tree and leaves the tree as it is."""
    root, parts = folder / "root", {name: folder / name for name in ("upper", "work")}
    for path in (root, *parts.values()):
        path.mkdir()
    layers = f"lowerdir={tree},upperdir={parts['upper']},workdir={parts['work']}"
    say("mount", "-t", "overlay", "overlay", "-o", layers, root)
    try:
        for place in ("wheels", "source"):
            (root / place).mkdir()
        (root / "etc/pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
        (root / "etc/hostname").write_text("machine\n")
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 machine\n")
        with booted(root, packages, folder) as leader:
            yield Machine(root, leader)
    finally:
        say("umount", root)
        shutil.rmtree(folder / "upper", ignore_errors=True)


@contextmanager
def booted(root: Path, packages: Path, folder: Path) -> Iterator[int]:
    """The first process of a machine, once all is up."""
    kind = ["-q", "-D", str(root), "--register=no", "--keep-unit", "--boot", "--console=pipe"]
    shared = [f"--bind-ro={packages}:/wheels", f"--bind-ro={ROOT}:/source"]
    environ = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    with (folder / "console").open("wb") as console:
        running = subprocess.Popen(
            [program("systemd-nspawn"), *kind, *shared, "--private-network"],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            env=environ,
        )
        try:
            leader = eventually(lambda: leader_of(running.pid), 30)
            here = Machine(root, leader)
            eventually(lambda: here.try_run("systemctl", "is-system-running").stdout.strip() in STATES, 60)
            up = here.try_run("systemctl", "is-system-running", "--wait").stdout.strip()
            assert up == "running", here.run("systemctl", "--failed", "--no-pager")
            yield leader
            here.try_run("systemctl", "poweroff")
            running.wait(60)
        finally:
            running.kill()
            running.wait()


def leader_of(pid: int) -> int:
    """The child that is the first process of a machine; 0 as long as there is none. The first child only sets it up."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next((int(child) for child in children if is_first(child)), 0)


def is_first(pid: str) -> bool:
    """Whether a process has the number 1 in a namespace of its own."""
    found = re.search(r"^NSpid:(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None and found[1].split()[1:][-1:] == ["1"]


@contextmanager
def reachable(here: Machine) -> Iterator[None]:
    """A line from this machine to that one, with an address at each end, as if over the internet."""
    say("ip", "link", "add", "petition-out", "type", "veth", "peer", "name", "petition-in", "netns", str(here.leader))
    try:
        say("ip", "address", "add", f"{OUTSIDE}/24", "dev", "petition-out")
        say("ip", "link", "set", "petition-out", "up")
        say(*here.enter(), "ip", "address", "add", f"{INSIDE}/24", "dev", "petition-in")
        say(*here.enter(), "ip", "link", "set", "petition-in", "up")
        yield
    finally:
        subprocess.run(["ip", "link", "delete", "petition-out"], check=False, stderr=subprocess.DEVNULL)


def json_of(text: str) -> Any:
    """The last line of what a command said."""
    return json.loads(text.strip().splitlines()[-1])
