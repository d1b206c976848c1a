"""Asks a web server as a visitor does, and as an attacker does: for other names, at other ports."""

import contextlib
import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

PATIENCE = 10.0
"""Seconds that a connection or an answer may take."""
MOST = 2**20
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Place:
    """Where a site is: the name in its address, and the ports for https and http."""

    host: str
    https: int = 443
    http: int = 80


@dataclass(frozen=True)
class Answer:
    """A status, headers by their lower-case names (more than one value by commas), and the beginning of the body."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    place: Place, path: str, *, plain: bool = False, host: str | None = None, body: bytes | None = None, **headers: str
) -> Answer | None:
    """The answer of a site's web server, no matter whom its certificate names; None if it hangs up or isn't there.

    ``plain`` asks without TLS; ``host`` is another name than the site's. ``accept_encoding`` and the like are headers.
    """
    try:
        line = _connect(place, plain)
    except OSError:
        return None
    with contextlib.closing(line):
        try:
            return _exchange(line, path, host or _host_header(place, plain), body, headers)
        except (OSError, HTTPException):
            return None


def _connect(place: Place, plain: bool) -> HTTPConnection:
    line = HTTPConnection(place.host, place.http if plain else place.https, timeout=PATIENCE)
    line.connect()
    if not plain:
        line.sock = _trusting().wrap_socket(line.sock, server_hostname=place.host)
    return line


def _exchange(line: HTTPConnection, path: str, host: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    method = "GET" if body is None else "POST"
    line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    own = {"Host": host, "Connection": "close", **({} if body is None else {"Content-Length": str(len(body))})}
    for name, value in {**own, **headers}.items():
        line.putheader(name.replace("_", "-"), value)
    line.endheaders()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):  # it may refuse by the head alone
        line.send(body or b"")
    answer = line.getresponse()
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return Answer(answer.status, found, answer.read(MOST))


def _host_header(place: Place, plain: bool) -> str:
    port, usual = (place.http, 80) if plain else (place.https, 443)
    return place.host if port == usual else f"{place.host}:{port}"


def is_open(place: Place, port: int) -> bool:
    """Whether something takes connections at a port."""
    try:
        socket.create_connection((place.host, port), PATIENCE / 3).close()
    except OSError:
        return False
    return True


def certificate_ends(place: Place) -> datetime:
    """When the site's certificate ends; raises ssl.SSLError where a browser would warn, OSError without an answer."""
    with (
        socket.create_connection((place.host, place.https), PATIENCE) as line,
        ssl.create_default_context().wrap_socket(line, server_hostname=place.host) as secured,
    ):
        found: Any = secured.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)


def greets(place: Place, name: str) -> bool:
    """Whether the web server shows a certificate to a client that asks for this name."""
    try:
        with socket.create_connection((place.host, place.https), PATIENCE) as line:
            _trusting().wrap_socket(line, server_hostname=name).close()
    except OSError:
        return False
    return True


def takes_old_encryption(place: Place) -> bool:
    """Whether TLS 1.1 is spoken, which has been broken for years."""
    old = _trusting()
    with contextlib.suppress(ssl.SSLError):
        old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # that it is old is the point
        old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection((place.host, place.https), PATIENCE) as line:
            old.wrap_socket(line, server_hostname=place.host).close()
    except OSError:
        return False
    return True


def _trusting() -> ssl.SSLContext:
    """A context for any certificate: who it names is looked at once, by itself."""
    found = ssl.create_default_context()
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found
