"""Where a published letter is read from: a folder, or its address on the web."""

import re
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

from petition.errors import BadShape, NotFound, Refusal

T = TypeVar("T")
U = TypeVar("U")


class Source(Protocol):
    """The files of one published letter, by their paths, like ``log/checkpoint``."""

    grows: bool
    """Whether files may be replaced by newer ones while they are read."""

    def read(self, path: str, longest: int) -> bytes:
        """The bytes of a file.

        Refuses with ``NotFound`` a file that is not there, with ``Refusal`` one that cannot be read or has
        more than ``longest`` bytes; the sentence names the file.
        """

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """``map(fetch, items)``, in order; reads ahead where that saves time, and never far."""

    def close(self) -> None:
        """No more will be read."""


class Folder:
    """A folder that ``petition publish`` wrote."""

    grows = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, path: str, longest: int) -> bytes:
        """As ``Source`` says; anything but a regular file is refused."""
        try:
            # A pipe would let the verifier wait forever, so look before opening.
            if not stat.S_ISREG((self._path / path).stat().st_mode):
                raise Refusal("%(path)s is not a file.", path=path)
            with (self._path / path).open("rb") as file:
                data = file.read(longest + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound("%(path)s is missing.", path=path) from None
        except OSError as error:
            raise Refusal("%(path)s cannot be read: %(why)s.", path=path, why=error.strerror) from None
        return _bounded(path, data, longest)

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """As ``Source`` says; one by one."""
        yield from map(fetch, items)

    def close(self) -> None:
        """Nothing is held open."""


class Website:
    """A letter's public address. Other hosts are never asked, whatever a redirect says."""

    grows = True

    THREADS = 4
    AHEAD = 12
    TRIES = 4
    REDIRECTS = 3
    SILENCE = 30.0
    """Seconds without a byte after which a connection is given up."""
    PATIENCE = 180.0
    """Seconds that one file may take."""
    LONGEST_PAUSE = 10.0

    def __init__(self, address: str) -> None:
        """Refuses with ``BadShape`` what is no http or https address."""
        parts = _split(address)
        if parts is None:
            raise BadShape("%(address)s is not an http or https address.", address=address)
        path = re.sub(r"[^/]*\.html$", "", parts.path).rstrip("/") + "/"
        # A page in another language has the same log, which stands at the address without the language.
        path = re.sub(r"^/[a-z]{2,3}(-[A-Za-z0-9]+)?(?=/letters/[^/]+/$)", "", path)
        self._base = parts._replace(path=path, query="", fragment="")
        self._own = threading.local()
        self._connections: list[HTTPConnection] = []

    def close(self) -> None:
        """Hang up."""
        for connection in self._connections:
            connection.close()

    def read(self, path: str, longest: int) -> bytes:
        """As ``Source`` says; a connection that breaks and a server that asks for patience get more tries."""
        address = self._base._replace(path=self._base.path + path)
        why = "no answer"
        for attempt in range(self.TRIES):
            try:
                data = self._follow(address, path, longest)
            except (OSError, HTTPException) as error:
                self._forget()
                why = str(error) or type(error).__name__
                pause = 0.0 if attempt == 0 else 1.0
            else:
                if not isinstance(data, float):
                    return data
                why, pause = "the server asks for patience", data
            if attempt + 1 < self.TRIES:
                time.sleep(min(pause, self.LONGEST_PAUSE))
        raise Refusal("%(path)s cannot be fetched: %(why)s.", path=path, why=why)

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """As ``Source`` says; a few at a time."""
        with ThreadPoolExecutor(self.THREADS) as threads:
            window: deque[Future[U]] = deque()
            try:
                for item in items:
                    window.append(threads.submit(fetch, item))
                    if len(window) >= self.AHEAD:
                        yield window.popleft().result()
                while window:
                    yield window.popleft().result()
            finally:
                threads.shutdown(wait=True, cancel_futures=True)

    def _follow(self, address: SplitResult, path: str, longest: int) -> bytes | float:
        """The file, or the seconds that the server wants to be left alone."""
        for _ in range(self.REDIRECTS + 1):
            response = self._ask(address)
            if response.status == 200:
                return self._body(response, path, longest)
            target, retry = response.headers.get("Location"), response.headers.get("Retry-After", "")
            response.read(longest)
            self._forget_unless_done(response)
            if response.status in (429, 503):
                return float(retry) if re.fullmatch("[0-9]{1,3}", retry) else 1.0
            if response.status in (404, 410):
                raise NotFound("%(path)s is missing: the server answers %(status)s.", path=path, status=response.status)
            if response.status not in (301, 302, 303, 307, 308) or not target:
                raise Refusal("%(path)s: the server answers %(status)s.", path=path, status=response.status)
            address = self._redirected(address, target, path)
        raise Refusal("%(path)s is redirected too often.", path=path)

    def _redirected(self, address: SplitResult, target: str, path: str) -> SplitResult:
        there = _split(urljoin(address.geturl(), target))
        if there is None or there.hostname != address.hostname or _port(there) not in (_port(address), 443):
            raise Refusal("%(path)s is redirected to another host, which is not followed.", path=path)
        if address.scheme == "https" and there.scheme != "https":
            raise Refusal("%(path)s is redirected from https to http, which is not followed.", path=path)
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
            self._forget()
            raise Refusal("%(path)s comes compressed, which was not asked for.", path=path)
        data, until = bytearray(), time.monotonic() + self.PATIENCE
        while len(data) <= longest and (chunk := response.read1(2**16)):
            data += chunk
            if time.monotonic() > until:
                raise TimeoutError("it takes too long")
        if response.length and len(data) <= longest:
            raise ConnectionError("the connection broke off")
        response.close()
        if len(data) > longest:
            self._forget()
        return _bounded(path, bytes(data), longest)

    def _connection(self, address: SplitResult) -> HTTPConnection:
        kept: dict[tuple[str, int], HTTPConnection] = self._own.__dict__.setdefault("connections", {})
        where = (address.scheme, _port(address))
        if where not in kept:
            kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
            kept[where] = kind(address.hostname or "", _port(address), timeout=self.SILENCE)
            self._connections.append(kept[where])
        return kept[where]

    def _forget(self) -> None:
        for connection in self._own.__dict__.get("connections", {}).values():
            connection.close()  # http.client connects again at the next request

    def _forget_unless_done(self, response: HTTPResponse) -> None:
        if not response.isclosed():
            self._forget()


def open_source(where: str) -> Source:
    """A folder or an address, as people write it. Refuses with ``BadShape`` what is neither."""
    if re.match("https?://", where, re.IGNORECASE):
        return Website(where)
    if not Path(where).is_dir():
        raise BadShape(
            "There is no folder %(where)s. Give a folder that “petition publish” wrote, or the letter's "
            "address, which begins with https://.",
            where=where,
        )
    return Folder(Path(where))


def _bounded(path: str, data: bytes, longest: int) -> bytes:
    if len(data) > longest:
        raise Refusal("%(path)s is longer than the %(longest)s bytes that it may have.", path=path, longest=longest)
    return data


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
