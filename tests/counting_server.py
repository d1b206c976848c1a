"""A real Valkey or Redis on a port of this machine, that keeps nothing on a disk."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from redis import Redis, RedisError

from tests.install_servers import find_program
from tests.patience import SECONDS
from tests.ports import free_port


class CountingServer:
    """Started and stopped as often as wanted; each start begins with an empty memory."""

    def __init__(self, program: str) -> None:
        self._program, self.port = program, free_port()
        self._folder = tempfile.mkdtemp(prefix="petition-counting-")
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self._program, *options, "--dir", self._folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + SECONDS
        while not self._answers():
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def content(self) -> dict[str, str]:
        """Everything that it keeps, as text."""
        with closing(self.client()) as client:
            return {name.decode(): (client.get(name) or b"").hex() for name in list(client.scan_iter())}

    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=SECONDS)

    def _answers(self) -> bool:
        try:
            with closing(self.client()) as client:
                return bool(client.ping())
        except (RedisError, OSError):
            return False

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)


@contextmanager
def a_counting_server() -> Iterator[CountingServer]:
    program = find_program("valkey-server") or find_program("redis-server")
    if program is None:
        pytest.skip("no Valkey and no Redis: run make servers")
    server = CountingServer(program)
    server.start()
    yield server
    server.remove()
