"""Real servers for the client to talk to: a web server that remembers what it was sent, and a SOCKS5 proxy."""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: object

    @property
    def members(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass(frozen=True)
class Reply:
    """What goes back.

    ``cut`` ends the connection without a word. ``at_once`` is how many bytes of the answer, head included, go out
    before the rest comes drop by drop. ``is_endless`` repeats the body for as long as a client reads.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    at_once: int | None = None
    is_endless: bool = False

    def value(self) -> Any:
        """The JSON in the body."""
        return json.loads(self.body)

    @staticmethod
    def of(value: Any, status: int = 200) -> "Reply":
        return Reply(status, json.dumps(value).encode())

    @staticmethod
    def refusal(status: int, detail: str) -> "Reply":
        return Reply.of({"title": "No", "status": status, "detail": detail}, status)


NOT_FOUND = Reply(404)
Answering = Callable[[Seen], Reply]


class Web(ThreadingHTTPServer):
    """Answers by a function, and keeps every request in ``seen``."""

    answer: Answering
    scheme = "http"

    def __init__(self, answer: Answering) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen: list[Seen] = []

    @property
    def port(self) -> int:
        return self.server_port

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    def rounds_asked(self) -> list[int]:
        """The rounds for which a code was sent, in order."""
        return [seen.members["round"] for seen in self.posts() if seen.path.endswith("tokens")]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the test."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Web

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = Seen(self.command, self.path, dict(self.headers), body, self.client_address)
        if self.path != "/favicon.ico":  # which browsers ask for when they like
            self.server.seen.append(seen)
        reply = self.server.answer(seen)
        self.close_connection = self.close_connection or reply.cut
        if reply.cut:
            return
        length = {} if reply.is_endless else {"Content-Length": str(len(reply.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**length, **reply.headers}.items())
        answer = f"HTTP/1.1 {reply.status} OK\r\n{head}\r\n".encode("latin-1") + reply.body
        self.close_connection |= reply.is_endless or reply.headers.get("Connection") == "close"
        self.wfile.write(answer[: reply.at_once])
        if reply.at_once is not None:
            self.drip(answer[reply.at_once :])
        while reply.is_endless:
            self.wfile.write(reply.body)

    def drip(self, rest: bytes) -> None:
        """Send so slowly that no one should wait for the end."""
        for byte in rest:
            time.sleep(0.05)
            self.wfile.write(bytes([byte]))

    do_POST = do_GET  # noqa: N815


@contextlib.contextmanager
def serving(answer: Answering, context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A web server on a free port of this machine."""
    server = Web(answer)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    with running(server):
        yield server


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Socks(socketserver.ThreadingTCPServer):
    """A SOCKS5 proxy that connects to one target whatever it is asked for, and remembers what that was."""

    daemon_threads = True

    def __init__(self, target: int, password: tuple[str, str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), SocksHandler)
        self.target = target
        self.password = password
        self.asked: list[tuple[int, bytes, int]] = []
        self.logins: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class SocksHandler(socketserver.StreamRequestHandler):
    server: Socks

    def handle(self) -> None:
        _version, count = self.rfile.read(2)
        offered = self.rfile.read(count)
        self.wfile.write(b"\x05\x02" if 2 in offered else b"\x05\x00")
        if 2 in offered and not self.sign_in():
            return
        _version, _command, _reserved, kind = self.rfile.read(4)
        host = self.rfile.read({1: 4, 4: 16}.get(kind) or self.rfile.read(1)[0])
        self.server.asked.append((kind, host, int.from_bytes(self.rfile.read(2), "big")))
        if not self.server.target:
            self.wfile.write(b"\x05\x04\x00\x01" + bytes(6))
            return
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=pump, args=(there, self.connection), daemon=True)
            back.start()
            pump(self.connection, there)
            back.join(5)

    def sign_in(self) -> bool:
        self.rfile.read(1)
        user, password = (self.rfile.read(self.rfile.read(1)[0]).decode() for _ in range(2))
        self.server.logins.append((user, password))
        right = self.server.password in (None, (user, password))
        self.wfile.write(b"\x01\x00" if right else b"\x01\x01")
        return right


def pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
