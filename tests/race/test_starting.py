"""``petition run`` looks before it starts, says that it serves when it does, and ends in order."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forwarder import Forwarder, there
from tests.patience import SECONDS
from tests.ports import free_port
from tests.walks import Campaign

pytestmark = pytest.mark.race
only_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
only_postgresql = pytest.mark.parametrize("kind", ["postgresql"])
HURRIED = "after it refused to gracefully stop"
"""Said of a worker that did not end in time, as on a busy machine or while a visitor stays."""


class Program:
    """A ``petition run`` in a process of its own."""

    def __init__(self, environ: dict[str, str], *words: str) -> None:
        command = [sys.executable, "-m", "petition", "run", "--workers", "1", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=os.environ | environ, text=True, **pipes)

    def line(self, stream: str = "stdout") -> str:
        """The next line that it says."""
        pipe = getattr(self.process, stream)
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            assert selector.select(SECONDS), f"it said nothing on {stream} for {SECONDS} s"
        return str(pipe.readline())

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Tell it to stop; its exit status, and what it said since."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """Wait until it ends by itself."""
        said, complained = self.process.communicate(timeout=SECONDS)
        lines = [line for line in complained.splitlines(keepends=True) if HURRIED not in line]
        return self.process.returncode, said, "".join(lines)


@contextmanager
def running(environ: dict[str, str], *words: str) -> Iterator[Program]:
    program = Program(environ, *words)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()


def get(port: int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=SECONDS) as answer:
        return int(answer.status)


@only_sqlite
def test_it_says_that_it_serves_when_it_answers_keeps_others_out_and_ends_quietly(environ: dict[str, str]) -> None:
    port = free_port()
    with running(environ, "--port", str(port)) as program:
        said = program.line()
        answered = get(port, "/readyz")
        with running(environ, "--port", str(free_port())) as second:
            refused = second.ended()
        with running(environ, "--only", "scheduler") as third:
            also = third.ended()
        ended = program.end()

    assert said.startswith(f"Serving on http://127.0.0.1:{port}/")
    assert (answered, ended) == (200, (0, "", ""))
    assert refused[:2] == (1, "") and refused[2].count("\n") == 1
    assert "Another petition program is at work" in refused[2]
    assert also[0] == 1


@pytest.mark.long
@only_sqlite
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_end_it_as_quietly(environ: dict[str, str], number: signal.Signals) -> None:
    port = free_port()
    with running(environ, "--port", str(port)) as program:
        program.line()

        assert program.end(number) == (0, "", "")


@only_sqlite
def test_a_port_that_is_taken_is_one_sentence(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with running(environ, "--port", str(port)) as program:
            status, said, complained = program.ended()

    assert (status, said) == (1, "")
    assert complained.count("\n") == 1 and f"Port {port}" in complained and "--port" in complained


@only_sqlite
def test_a_scheduler_and_servers_run_side_by_side_each_at_its_port(environ: dict[str, str], tmp_path: Path) -> None:
    """One server is for the web and one for the onion service."""
    ports, place = (free_port(), free_port()), str(tmp_path / "notify")
    told_of = {**environ, "NOTIFY_SOCKET": place}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(place)
        manager.settimeout(SECONDS)
        with running(told_of, "--only", "scheduler") as scheduler:
            told = [manager.recv(100)]
            with (
                running(told_of, "--only", "server", "--port", str(ports[0])) as first,
                running(environ, "--only", "server", "--port", str(ports[1])) as second,
            ):
                told.append(manager.recv(100))
                second.line()
                answered = [get(port, "/healthz") for port in ports]
                ended = [program.end()[0] for program in (first, second, scheduler)]

    assert told == [b"READY=1", b"READY=1"]
    assert answered == [200, 200]
    assert ended == [0, 0, 0]


@contextmanager
def a_request_in_hand(port: int) -> Iterator[socket.socket]:
    """A visitor whose request the server is reading; the last ten bytes of it are still to come."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as visitor:
        head = b"POST /letters/none/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n"
        visitor.sendall(head)
        assert visitor.recv(100).startswith(b"HTTP/1.1 100")
        visitor.sendall(b"0123456789")
        yield visitor


def wait_until_nobody_listens(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
        except OSError:
            return
        time.sleep(0.02)


@only_sqlite
def test_a_request_in_hand_is_answered_before_it_ends_and_a_visitor_who_stays_does_not_hold_it_up(
    environ: dict[str, str],
) -> None:
    port = free_port()
    with running(environ, "--only", "server", "--port", str(port)) as program:
        program.line()
        with a_request_in_hand(port) as visitor, a_request_in_hand(port):
            program.process.send_signal(signal.SIGTERM)
            wait_until_nobody_listens(port)
            visitor.sendall(b"0123456789")
            answer = visitor.recv(100)
            status, _, complained = program.ended()

    assert answer.startswith(b"HTTP/1.1 4")
    assert (status, complained) == (0, "")


@only_sqlite
def test_a_wrong_master_secret_does_not_start(environ: dict[str, str], campaign: Campaign) -> None:
    campaign.an_open_letter(slug="ours")
    campaign.settings.secret_file.write_bytes(os.urandom(32))
    with running(environ, "--port", str(free_port())) as program:
        status, said, complained = program.ended()

    assert (status, said) == (1, "")
    assert complained.count("\n") == 1 and "master secret" in complained and "ours" in complained


@only_sqlite
def test_a_host_without_the_secrets_of_open_rounds_does_not_start(environ: dict[str, str], campaign: Campaign) -> None:
    letter = campaign.an_open_letter(slug="ours")
    (campaign.settings.rounds_folder / f"{letter}-1").unlink()
    with running(environ, "--port", str(free_port())) as program:
        status, _, complained = program.ended()

    assert status == 1 and "round 1 of ours" in complained
    assert "petition round end" in complained


@only_postgresql
def test_a_database_that_is_away_at_the_start_is_waited_for(environ: dict[str, str]) -> None:
    port = free_port()
    forwarder = Forwarder(environ)
    with running(there(environ, forwarder), "--port", str(port)) as program:
        waits = program.line("stderr")
        time.sleep(3)  # longer than the two seconds after which it once gave up
        assert program.process.poll() is None
        with forwarder:
            said = program.line()
            answered = get(port, "/readyz")
            ended = program.end()

    assert waits.startswith("A database does not answer yet; waiting for it.")
    assert said.startswith("Serving on") and answered == 200
    assert ended[0] == 0


@only_postgresql
def test_an_outage_is_one_line_however_many_come(environ: dict[str, str], campaign: Campaign) -> None:
    letter, port = campaign.an_open_letter(), free_port()
    paths = [f"{campaign.address(letter)}join", "/organize/sign-in", "/letters/none/", "/", "/letters/never/"] * 20
    forwarder = Forwarder(environ)
    with running(there(environ, forwarder), "--only", "server", "--port", str(port)) as program:
        with forwarder:
            program.line()
            before = [status_of(port, path) for path in paths[:5]]
        statuses = {status_of(port, path) for path in paths}
        with forwarder:
            after = [status_of(port, path) for path in paths[:5]]
            ended = program.end()
    lines = [json.loads(line) for line in ended[2].splitlines()]

    assert before == after
    assert 503 in statuses and statuses <= {200, 404, 503}
    assert [line["event"] for line in lines] == ["a database is away", "the database is back"]
    assert lines[0]["kind"] == "OperationalError" and lines[0]["place"].startswith("petition/")


def status_of(port: int, path: str) -> int:
    try:
        return get(port, path)
    except urllib.error.HTTPError as error:
        with error:
            assert "Traceback" not in error.read().decode()
        return error.code
