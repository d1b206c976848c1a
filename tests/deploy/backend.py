"""A program behind a web server that remembers what arrived: it measures what the web server promises."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Arrived:
    """One request, as it came out of the web server; ``size`` is its body's, in bytes."""

    path: str
    headers: dict[str, str]
    size: int


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
            size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append(Arrived(self.path, headers, size))
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.end_headers()
            self.wfile.write(b"hello\n")

        do_POST = do_GET  # noqa: N815

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
