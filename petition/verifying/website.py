"""Reads a published letter from its address on the web."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLError
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from petition.errors import BadShape, NotFound
from petition.verifying.pages import FIRST_PAGE
from petition.verifying.source import Unreachable, require_short
from petition.verifying.verdict import Invalid

T = TypeVar("T")
U = TypeVar("U")


THREADS = 4
AHEAD = 12
"""Files that are fetched, or were fetched and wait to be used."""
REDIRECTS = 3

_PAGE_OF_LETTER = re.compile(
    r"(/letters/[^/]+/)(?:before|how-we-verify|press|signatures(?:/[0-9]+)?|translations/[^/]+|what-the-log-says)/$"
)
"""The address of one of a letter's pages. Its files are beside the letter's own page."""

_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
"""What OpenSSL makes of an answer in plain http."""


@dataclass(frozen=True)
class Patience:
    """How often a file is asked for, and how many seconds each wait may take."""

    tries: int = 4
    silence: float = 30.0
    """Without a byte, until a connection is given up."""
    one_file: float = 180.0
    longest_pause: float = 10.0
    """Longest pause between two tries, no matter what the server asks for."""
    settling: float = 1.1
    """Until every process of a server knows of a sealing."""


class Website:
    """A letter's public address. Other hosts are never asked, even if a redirect leads there."""

    grows = True

    def __init__(self, address: str, patience: Patience | None = None) -> None:
        """Refuses with ``BadShape`` what is not an http or https address."""
        self._patience = patience or Patience()
        self.settles_after = self._patience.settling
        parts = _split(address)
        if parts is None:
            raise BadShape("%(address)s is not an http or https address.", address=address)
        path = re.sub(r"[^/]*\.html$", "", parts.path).rstrip("/") + "/"
        path = _PAGE_OF_LETTER.sub(r"\1", path)
        # A page in another language has the same log, which is at the address without the language.
        path = re.sub(r"^/[a-z]{2,3}(-[A-Za-z0-9]+)?(?=/letters/[^/]+/$)", "", path)
        self._base = parts._replace(path=path, query="", fragment="")
        self._own = threading.local()
        self._connections: list[HTTPConnection] = []

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()

    def read(self, path: str, longest: int) -> bytes:
        """As ``Source`` says. Tries again if a connection breaks or the server is busy."""
        address = self._base._replace(path=self._base.path + ("" if path == FIRST_PAGE else path))
        why, pause = "no answer", 0.0
        for attempt in range(self._patience.tries):
            if attempt:
                time.sleep(min(pause, self._patience.longest_pause))
            try:
                data = self._follow(address, path, longest)
            except (OSError, HTTPException) as error:
                self._hang_up()
                why = _why(error)
                pause = 0.0 if attempt == 0 else 1.0
                if isinstance(error, SSLError):
                    break
            else:
                if not isinstance(data, float):
                    return data
                why, pause = "the server is too busy", data
        raise Unreachable("%(path)s cannot be fetched: %(why)s.", path=path, why=why)

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """As ``Source`` says; a few at a time."""
        with ThreadPoolExecutor(THREADS) as threads:
            window: deque[Future[U]] = deque()
            try:
                for item in items:
                    window.append(threads.submit(fetch, item))
                    if len(window) >= AHEAD:
                        yield window.popleft().result()
                while window:
                    yield window.popleft().result()
            finally:
                threads.shutdown(wait=True, cancel_futures=True)

    def _follow(self, address: SplitResult, path: str, longest: int) -> bytes | float:
        """The file, or how many seconds the server asks to wait."""
        for _ in range(REDIRECTS + 1):
            response = self._ask(address)
            if response.status == 200:
                return self._body(response, path, longest)
            target, retry = response.headers.get("Location"), response.headers.get("Retry-After", "")
            response.read(longest)
            self._hang_up_unless_done(response)
            if response.status in (429, 503):
                return float(retry) if re.fullmatch("[0-9]{1,3}", retry) else 1.0
            if response.status in (404, 410):
                raise NotFound("%(path)s is missing: the server answers %(status)s.", path=path, status=response.status)
            if response.status not in (301, 302, 303, 307, 308) or not target:
                raise Invalid(f"{path}: the server answers {response.status}.")
            address = self._redirected(address, target, path)
        raise Invalid(f"{path} is redirected too often.")

    def _redirected(self, address: SplitResult, target: str, path: str) -> SplitResult:
        there = _split(urljoin(address.geturl(), target))
        if there is None or there.hostname != address.hostname or _port(there) not in (_port(address), 443):
            raise Invalid(f"{path} is redirected to another host, which is not followed.")
        if address.scheme == "https" and there.scheme != "https":
            raise Invalid(f"{path} is redirected from https to http, which is not followed.")
        return there

    def _ask(self, address: SplitResult) -> HTTPResponse:
        connection = self._connection(address)
        connection.request(
            "GET",
            address.path + (f"?{address.query}" if address.query else ""),
            headers={"Accept-Encoding": "identity", "User-Agent": "petition-verify"},
        )
        return connection.getresponse()

    def _body(self, response: HTTPResponse, path: str, longest: int) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            self._hang_up()
            raise Invalid(f"{path} comes compressed, which was not asked for.")
        data, until = bytearray(), time.monotonic() + self._patience.one_file
        while len(data) <= longest and (chunk := response.read1(2**16)):
            data += chunk
            if time.monotonic() > until:
                raise TimeoutError("it takes too long")
        if response.length and len(data) <= longest:
            raise ConnectionError("the connection broke off")
        response.close()
        if len(data) > longest:
            self._hang_up()
        return require_short(path, bytes(data), longest)

    def _connection(self, address: SplitResult) -> HTTPConnection:
        kept: dict[tuple[str, int], HTTPConnection] = self._own.__dict__.setdefault("connections", {})
        where = (address.scheme, _port(address))
        if where not in kept:
            kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
            kept[where] = kind(address.hostname or "", _port(address), timeout=self._patience.silence)
            self._connections.append(kept[where])
        return kept[where]

    def _hang_up(self) -> None:
        for connection in self._own.__dict__.get("connections", {}).values():
            connection.close()  # http.client connects again at the next request

    def _hang_up_unless_done(self, response: HTTPResponse) -> None:
        if not response.isclosed():
            self._hang_up()


def _why(error: Exception) -> str:
    if isinstance(error, SSLError) and error.reason in _NO_TLS:
        return "the server does not speak https there. If it should speak http, begin the address with http://"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    # What the request line cannot carry is no address.
    return parts if named and re.fullmatch("[!-~]*", parts.path + parts.query) else None


def _port(address: SplitResult) -> int:
    return address.port or {"http": 80, "https": 443}[address.scheme]
