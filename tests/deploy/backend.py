"""A program behind a web server that remembers what arrived, and when: a measuring device for what a front promises."""

import threading
import time
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Arrived:
    """One request, as it came out of the web server."""

    path: str
    headers: dict[str, str]
    size: int
    seconds: float
    """How long its body took to arrive."""


@dataclass
class Backend:
    """Everything that arrived."""

    port: int
    requests: list[Arrived] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    """Paths of requests that began to arrive."""


@contextmanager
def backend(port: int) -> Iterator[Backend]:
    """A server on a port of this machine."""
    found = Backend(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.begun.append(self.path)
            start = time.monotonic()
            size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Arrived(self.path, headers, size, time.monotonic() - start))
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.end_headers()
            self.wfile.write(b"hello\n")

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
