"""``petition run``: migrates, then watches over two children, the server and the one clock."""

import ctypes
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from petition import create_app
from petition.cli.context import ground
from petition.cli.seal import stay

GRACE_SECONDS = 10
HEADER_SECONDS = 10
"""How long the head of a request may take to arrive."""
SET_PARENT_DEATH_SIGNAL = 1
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
WORKERS = click.option("--workers", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1, help="One a core.")


@click.command()
@HOST
@PORT
@WORKERS
@click.option("--only", type=click.Choice(["server", "scheduler"]), help="Start this part alone.")
def run(host: str, port: int, workers: int, only: str | None) -> None:
    """Serve the site, and be its clock: seals, mails, closes on schedule.

    Put a web server with a certificate in front of it, or an onion service; set PETITION_URL to the public address.
    """
    here = ground()
    here.databases.dispose()
    if only != "scheduler":
        public = here.settings.url or "not set (PETITION_URL)"
        click.echo(f"Serving on http://{host}:{port}/ – public address: {public}")
    sys.stdout.flush()
    watch_over(children(host, port, workers, only), tell_service_manager)


def children(host: str, port: int, workers: int, only: str | None = None) -> list[list[str]]:
    """The command lines of server and clock, or of one of them."""
    petition = [sys.executable, "-m", "petition"]
    server = [*petition, "serve", "--host", host, "--port", str(port), "--workers", str(workers)]
    parts = {"server": server, "scheduler": [*petition, "clock"]}
    return [parts[only]] if only else list(parts.values())


def tell_service_manager() -> None:
    """Tell systemd, if it started this program and asked (sd_notify(3)), that the children are started."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(b"READY=1", place.replace("@", "\0", 1) if place.startswith("@") else place)


def watch_over(commands: list[list[str]], once_started: Callable[[], None] | None = None) -> None:
    """Keep the children running until a signal says stop; one that dies is started again, ever more slowly."""
    running = [_start(command) for command in commands]
    waits = [1.0] * len(commands)
    stopping = False

    def stop(*_: Any) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if once_started is not None:
        once_started()
    while not stopping:
        time.sleep(0.2)
        for place, child in enumerate(running):
            if child.poll() is not None and not stopping:
                time.sleep(waits[place])
                waits[place] = min(60.0, waits[place] * 2)
                running[place] = _start(commands[place])
    _end(running)


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, preexec_fn=end_with_parent)


def end_with_parent() -> None:
    """On Linux: be killed when the process that started this one is gone, however it went, so that none outlives it.

    Nothing is lost by it: what was answered is on disk.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def application() -> Any:
    """The web application of one worker of the server."""
    from petition.web.app import make_front

    end_with_parent()
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit("The server that this worker belongs to is gone.")
    return make_front(create_app())


def _end(running: list["subprocess.Popen[bytes]"]) -> None:
    for child in running:
        child.terminate()
    for child in running:
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@click.command(hidden=True)
@HOST
@PORT
@WORKERS
def serve(host: str, port: int, workers: int) -> None:
    """The server alone, without an access log."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    Granian(
        "petition.cli.run:application",
        factory=True,
        interface=Interfaces.RSGI,
        address=host,
        port=port,
        workers=workers,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve()


@click.command(hidden=True)
def clock() -> None:
    """The clock alone."""
    stay(ground())
