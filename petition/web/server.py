"""The front of the server: what it answers at once, what waits for a thread, and what it turns away.

It runs on granian's event loop (RSGI). Cached pages are answered there, whatever else hangs. Every other request is
read whole before it may take a thread, so a slow sender costs nothing. Each kind of request has threads and a queue
of its own. When those who have used their code have to wait, readers are turned away first, then people who have not
used theirs yet; there is always room for those who have.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

SIGNING_BODY = 64 * 1024
DESK_BODY = 8 * 1024 * 1024
"""What an organizer pasted is read up to here, so that its own form refuses it and nothing typed is lost."""
SMALL_BODY = 16 * 1024
"""So much of each body is always read, however much others send: what signers send is smaller."""
MB = 1024 * 1024
READ_SECONDS, READ_DESK_SECONDS = 20, 120
"""How long a body may take to arrive."""
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps others waiting. A signature asks the database many times and waits for its turn
after each; readers' pages only compute. Python's own 5 ms would make signers wait longest."""
RETRY_AFTER = "5"
CHOOSING = {
    name: f"HTTP_{name.upper().replace('-', '_')}"
    for name in ("accept-encoding", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "range")
}
"""Headers that choose an encoding, a status or an onion address for a cached file."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Answer = tuple[int, list[tuple[str, str]], bytes]
Refusal = Callable[[int, bool], tuple[str, bytes]]


class Cached(Protocol):
    """Public files that need neither a thread nor the database."""

    def ready(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """The answer to a GET or HEAD from memory, or None."""


class BadBody(Exception):
    """A body that is not read: the status says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Lane:
    """Threads for one kind of request, how many requests may wait for them, and how many bytes of unfinished bodies
    are held at a time, beside the small beginning of each. Once ``yields_at`` people wait to sign, it takes nobody."""

    name: str
    threads: int
    room: int
    bytes: int
    yields_at: float = inf

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix=self.name)
        self.taken = 0
        self.unread = 0

    @property
    def is_full(self) -> bool:
        """Whether another request would have to wait too long."""
        return self.taken >= self.threads + self.room

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return max(0, self.taken - self.threads)


class Front:
    """An RSGI application around a WSGI one.

    ``cached`` answers public files. ``refusal`` gives media type and bytes for a status that the front decides itself
    (408, 503), for a person or, where its second argument is true, for a program. ``headers`` go with those.
    ``knows`` says whether a request comes from a browser in which an organizer signed in before.
    """

    def __init__(
        self,
        app: Wsgi,
        cached: Cached,
        refusal: Refusal,
        headers: list[tuple[str, str]],
        knows: Callable[[dict[str, Any]], bool],
    ) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        self._app = app
        self._cached = cached
        self._refusal = refusal
        self._headers = headers
        self._knows = knows
        self._lanes = {
            "readers": Lane("readers", 3, 30, 1 * MB, yields_at=50),
            "joining": Lane("joining", 2, 200, 16 * MB, yields_at=150),
            "signing": Lane("signing", 3, 5_000, 64 * MB),
            "desk": Lane("desk", 3, 60, 64 * MB),
            "strangers": Lane("strangers", 4, 60, 16 * MB, yields_at=50),
        }

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        """Answer one request."""
        if scope.method in ("GET", "HEAD"):
            ready = self._cached.ready(question_of(scope))
            if ready is not None:
                status, headers, body = ready
                send(proto, scope.method, (int(status[:3]), headers, body))
                return
        environ = environ_of(scope)
        lane = self._lanes[self._lane_of(environ)]
        try:
            await read_body(environ, proto, lane)
        except BadBody as flaw:
            send(proto, scope.method, self._refused(environ, flaw.status))
            return
        send(proto, scope.method, await self._in_lane(environ, lane))

    async def _in_lane(self, environ: dict[str, Any], lane: Lane) -> Answer:
        if lane.is_full or self._lanes["signing"].waiting >= lane.yields_at:
            return self._refused(environ, 503)
        lane.taken += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(lane.pool, called, self._app, environ)
        finally:
            lane.taken -= 1

    def _lane_of(self, environ: dict[str, Any]) -> str:
        name = lane_of(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        return "desk" if name == "strangers" and self._knows(environ) else name

    def _refused(self, environ: dict[str, Any], status: int) -> Answer:
        wants_json = "json" in environ.get("HTTP_ACCEPT", "") or "json" in environ.get("CONTENT_TYPE", "")
        media_type, body = self._refusal(status, wants_json)
        headers = [("Content-Type", media_type), ("Cache-Control", "no-store"), ("Retry-After", RETRY_AFTER)]
        headers += self._headers
        return status, headers, body


async def read_body(environ: dict[str, Any], proto: Any, lane: Lane) -> None:
    """Put the whole body into the request, or refuse it: 408 too slow, 503 too many at once.

    Of a body that is too long only the length goes on, so that the application refuses it in its own words.
    """
    is_desk = environ["PATH_INFO"].startswith("/organize/")
    most, seconds = (DESK_BODY, READ_DESK_SECONDS) if is_desk else (SIGNING_BODY, READ_SECONDS)
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        most = 0
    announced = environ.get("CONTENT_LENGTH", "0" if "HTTP_TRANSFER_ENCODING" not in environ else "")
    if announced == "0" or (announced.isdecimal() and int(announced) > most):
        return
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in bounded(proto, most, lane):
                body += chunk
    except TimeoutError:
        raise BadBody(408) from None
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(bytes(body[:most]))


async def bounded(proto: Any, most: int, lane: Lane) -> AsyncIterator[bytes]:
    """The chunks of a body up to a little more than it may have. What goes beyond a small body is counted, so that
    those who send much are turned away first, and never people who only sign."""
    held = counted = 0
    try:
        async for chunk in proto:
            held += len(chunk)
            more = max(0, held - SMALL_BODY) - counted
            if lane.unread + more > lane.bytes:
                raise BadBody(503)
            lane.unread += more
            counted += more
            yield bytes(chunk)
            if held > most:
                return
    finally:
        lane.unread -= counted


def lane_of(method: str, path: str) -> str:
    """Which threads a request waits for. Those who hold a token may have spent their code: they are signing. Those who
    send organizers' pages anything, such as a passphrase, which is slow to check, are strangers unless their browser
    is known."""
    if path.startswith("/organize"):
        return "strangers" if method == "POST" else "desk"
    if method in ("GET", "HEAD"):
        return "readers"
    last = path.rstrip("/").rpartition("/")[2]
    return "joining" if last in ("tokens", "join", "mail", "report") else "signing"


def path_of(scope: Any) -> str:
    """The path as WSGI has it (PEP 3333): decoded, its bytes as Latin-1."""
    return unquote_to_bytes(scope.path.partition("?")[0]).decode("latin-1")


def question_of(scope: Any) -> dict[str, Any]:
    """The few parts of a GET or HEAD that choose a cached answer, under their names in WSGI."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope.query_string,
    }
    for name, key in CHOOSING.items():
        value = scope.headers.get(name)
        if value is not None:
            found[key] = value
    return found


def environ_of(scope: Any) -> dict[str, Any]:
    """The request as WSGI has it (PEP 3333), its body still empty."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # in WSGI it would pass for the one with a hyphen, which only the proxy may set
            continue
        key = name.replace("-", "_").upper()
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{value}" if key in environ else value
    if "HTTP_HOST" not in environ and scope.authority:
        environ["HTTP_HOST"] = scope.authority
    return environ


def called(app: Wsgi, environ: dict[str, Any]) -> Answer:
    """What the WSGI application answers."""
    found: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        found[:] = [int(status[:3]), headers]

    parts = app(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return found[0], found[1], body


def send(proto: Any, method: str, answer: Answer) -> None:
    """Write an answer out; HEAD and empty ones without a body."""
    status, headers, body = answer
    if method == "HEAD" or not body:
        proto.response_empty(status, headers)
    else:
        proto.response_bytes(status, headers, body)
