"""Highly available PostgreSQL on this machine: nodes under Patroni, etcd that elects their leader, HAProxy in front."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.install_servers import find_program
from tests.ports import free_port

NODES = 3
SECONDS = 180
"""How long an election, or a node's return, may take on a busy machine."""
BINARIES = Path("/usr/lib/postgresql")
PATRONI = """
scope: {scope}
namespace: /petition/
name: node{number}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{hosts: [{etcd}]}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 4
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters: {{max_connections: 60, shared_buffers: 16MB, wal_log_hints: "on", max_wal_size: 256MB}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/data
  bin_dir: {binaries}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: trusted}}
    replication: {{username: replicator, password: trusted}}
    rewind: {{username: rewinder, password: trusted}}
  parameters: {{unix_socket_directories: {folder}}}
watchdog: {{mode: "off"}}
"""
HAPROXY = """
global
  maxconn 400
defaults
  mode tcp
  timeout connect 4s
  timeout client 30m
  timeout server 30m
  timeout check 4s
"""
LISTEN = """
listen {scope}
  bind 127.0.0.1:{port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


def until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, f"{what} took longer than {SECONDS} s"
        time.sleep(0.2)


def program(name: str) -> str:
    found = find_program(name)
    if found is None:
        pytest.skip(f"no {name}: run make servers")
    return found


def binaries() -> Path:
    found = sorted(BINARIES.glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL of Debian: run make servers")
    return found[-1]


class Machine:
    """Starts programs as a user who is not root, which PostgreSQL demands, and ends all of them."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="petition-cluster-"))
        self.user = "postgres" if os.geteuid() == 0 else None
        self._started: list[subprocess.Popen[bytes]] = []
        if self.user:
            shutil.chown(self.folder, self.user)

    def place(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir(mode=0o700)
        if self.user:
            shutil.chown(made, self.user)
        return made

    def start(self, command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
        with log.open("ab") as out:
            given: dict[str, Any] = {"stdout": out, "stderr": out, "cwd": self.folder, "start_new_session": True}
            process = subprocess.Popen(command, user=self.user, **given)
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started[::-1]:
            kill_all(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program that was started here and everything that it started, at once."""
    with contextlib.suppress(psutil.NoSuchProcess):
        whole = psutil.Process(process.pid)
        for one in (*whole.children(recursive=True), whole):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
    process.wait()


class Node:
    """A PostgreSQL under Patroni."""

    def __init__(self, machine: Machine, scope: str, number: int, etcd: str) -> None:
        self._machine = machine
        self.name, self.port, self.rest = f"node{number}", free_port(), free_port()
        self._folder = machine.place(f"{scope}-{number}")
        self._conf = self._folder / "patroni.yml"
        ports = {"rest": self.rest, "port": self.port, "etcd": etcd}
        values = {"scope": scope, "number": number, "folder": self._folder, "binaries": binaries(), **ports}
        self._conf.write_text(PATRONI.format(**values))
        self._conf.chmod(0o644)

    def start(self) -> None:
        self._process = self._machine.start([program("patroni"), str(self._conf)], self._folder / "log")

    def kill(self) -> None:
        """As when the machine loses its power: Patroni and PostgreSQL at once."""
        pid = int((self._folder / "data/postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        kill_all(self._process)
        with contextlib.suppress(psutil.NoSuchProcess):
            for one in (*postmaster.children(recursive=True), postmaster):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

    def end(self) -> None:
        with contextlib.suppress(OSError, psutil.NoSuchProcess, ValueError):
            self.kill()

    def is_(self, role: str) -> bool:
        """Whether Patroni says that it is the ``primary``, or a ``synchronous`` replica."""
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/{role}", timeout=4) as answer,
        ):
            return bool(answer.status == 200)
        return False


class Cluster:
    """Three nodes, of which one takes writes, and another has everything that was acknowledged."""

    def __init__(self, machine: Machine, scope: str, etcd: str) -> None:
        self.scope, self.port = scope, free_port()
        self.nodes = [Node(machine, scope, number, etcd) for number in range(NODES)]
        for node in self.nodes:
            node.start()

    def leader(self) -> Node | None:
        return next((node for node in self.nodes if node.is_("primary")), None)

    def until_led(self) -> Node:
        """Wait until one takes writes and another is synchronous."""
        until(lambda: self.leader() is not None and any(node.is_("synchronous") for node in self.nodes), self.scope)
        found = self.leader()
        assert found is not None
        return found

    def url(self, name: str) -> str:
        """The address of a database of the cluster, by way of HAProxy."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def two_clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """Who may sign, and what was signed; each its own cluster, elected by the same three etcd."""
    needed = [program(name) for name in ("etcd", "patroni", "haproxy")]
    binaries()
    machine = Machine()
    clusters: list[Cluster] = []
    try:
        etcd = start_etcd(machine, needed[0])
        clusters += [Cluster(machine, scope, etcd) for scope in ("who", "what")]
        start_haproxy(machine, needed[2], clusters)
        for cluster in clusters:
            cluster.until_led()
        yield clusters[0], clusters[1]
    finally:
        for cluster in clusters:
            for node in cluster.nodes:
                node.end()
        machine.close()


def start_etcd(machine: Machine, etcd: str) -> str:
    """Three members; their addresses as Patroni wants them."""
    ports = [(free_port(), free_port()) for _ in range(NODES)]
    peers = ",".join(f"m{number}=http://127.0.0.1:{peer}" for number, (_, peer) in enumerate(ports))
    for number, (client, peer) in enumerate(ports):
        place = machine.place(f"etcd-{number}")
        client_url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        command = [etcd, "--name", f"m{number}", "--data-dir", str(place / "data"), "--initial-cluster", peers]
        command += ["--listen-client-urls", client_url, "--advertise-client-urls", client_url]
        command += ["--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url]
        command += ["--heartbeat-interval", "500", "--election-timeout", "5000"]
        machine.start(command, place / "log")
    return ", ".join(f'"127.0.0.1:{client}"' for client, _ in ports)


def start_haproxy(machine: Machine, haproxy: str, clusters: Sequence[Cluster]) -> None:
    place = machine.place("haproxy")
    text = HAPROXY
    for cluster in clusters:
        text += LISTEN.format(scope=cluster.scope, port=cluster.port)
        for node in cluster.nodes:
            text += f"  server {node.name} 127.0.0.1:{node.port} check port {node.rest}\n"
    (place / "conf").write_text(text)
    (place / "conf").chmod(0o644)
    machine.start([haproxy, "-db", "-f", str(place / "conf")], place / "log")
