"""Slow and hostile clients beside honest ones, at the server that a host runs."""

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from petition.crypto.encodings import b64url
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race.load import ask, until_answered
from tests.race.test_same_moment import a_blinded_message
from tests.walks import Campaign

pytestmark = pytest.mark.race
HUNDREDS = 300
UNFINISHED = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{{"


@pytest.fixture
def kind() -> str:
    """What is tested lies in front of any database."""
    return "sqlite"


@pytest.fixture
def port(environ: dict[str, str], campaign: Campaign) -> Iterator[int]:
    """The server, with one worker."""
    found = free_port()
    whole = [sys.executable, "-m", "petition", "serve", "--port", str(found), "--workers", "1"]
    server = subprocess.Popen(whole, env=os.environ | environ, start_new_session=True)
    until_answered(found, "GET", "/healthz")
    yield found
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@dataclass(frozen=True)
class Got:
    """An answer that was read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes


def got(port: int, path: str, method: str = "GET", **headers: str) -> Got:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.request(method, path, headers={"Connection": "close", **headers})
        answer = connection.getresponse()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def test_hundreds_of_unfinished_bodies_hold_up_nobody(campaign: Campaign, port: int) -> None:
    letter = campaign.a_published_letter()
    path, code = campaign.address(letter), campaign.codes(letter, 1)[0]
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(HUNDREDS)]
    for one in slow:
        one.sendall(UNFINISHED.format(path=f"{path}tokens").encode())

    body = {"code": code, "round": 1, "blinded_message": b64url(a_blinded_message())}
    assert ask(port, "POST", f"{path}tokens", body)[0] == 201
    assert got(port, path).status == 200
    assert got(port, f"{path}join").status == 200
    assert got(port, "/organize/sign-in").status == 200
    for one in slow:
        one.close()


def a_long_one(port: int, path: str, size: int) -> socket.socket:
    """A connection that sends most of a body, and never the rest; or was refused meanwhile."""
    made = socket.create_connection(("127.0.0.1", port))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {size + 2}\r\n\r\n"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        made.sendall(head.encode() + b"[" + b" " * size)
    return made


TO_THE_BRIM = [*[7_900_000] * 8, 3_883_700, *[500] * 50]
"""Sizes that leave less than a signature's of 64 MB."""


@pytest.mark.parametrize(
    ("where", "sizes"),
    [("/organize/letters", TO_THE_BRIM), ("tokens", [64_000] * HUNDREDS)],
    ids=["organizers'", "signers'"],
)
def test_unfinished_long_bodies_hold_up_no_signer(campaign: Campaign, port: int, where: str, sizes: list[int]) -> None:
    letter = campaign.a_published_letter()
    path, code = campaign.address(letter), campaign.codes(letter, 1)[0]
    token = campaign.tokens(letter, 1)[0]
    slow = [a_long_one(port, where if where[0] == "/" else path + where, size) for size in sizes]

    body = {"code": code, "round": 1, "blinded_message": b64url(a_blinded_message())}
    assert ask(port, "POST", f"{path}tokens", body)[0] == 201
    signed = {"message": b64url(token.message), "signature": b64url(token.signature)}
    assert ask(port, "POST", f"{path}signatures", signed | {"appearance": {"step": "counted"}})[0] == 201
    for one in slow:
        one.close()


def test_a_page_that_was_read_before_is_answered_while_the_database_hangs(campaign: Campaign, port: int) -> None:
    letter = campaign.a_published_letter()
    path = campaign.address(letter)
    first = got(port, path)
    with contextlib.closing(sqlite3.connect(campaign.settings.data / "petition.db", isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        again = [got(port, path) for _ in range(20)]
        held.execute("ROLLBACK")

    assert {answer.status for answer in again} == {200}
    assert {answer.body for answer in again} == {first.body}


def test_the_server_makes_pages_before_anyone_asks(campaign: Campaign, port: int) -> None:
    letter = campaign.a_published_letter()
    made = campaign.settings.public_folder / letter
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not list(made.glob("*/es/before/index.html")):
        time.sleep(0.1)

    assert list(made.glob("*/es/before/index.html"))


def test_cached_files_are_the_same_with_and_without_a_thread(campaign: Campaign, port: int) -> None:
    letter = campaign.a_published_letter()
    path = campaign.address(letter)
    made, from_memory = got(port, path), got(port, path)
    tag = made.headers["etag"]

    assert made.body == from_memory.body
    assert set(made.headers.items()) - set(from_memory.headers.items()) <= {("date", made.headers["date"])}
    assert got(port, path, **{"If-None-Match": tag}).status == 304
    head = got(port, path, "HEAD")
    assert head.headers["content-length"] == made.headers["content-length"]
    assert got(port, path, **{"Accept-Encoding": "br"}).headers["content-encoding"] == "br"


@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_a_body_that_is_too_long_is_refused_in_the_site_s_words(
    campaign: Campaign, port: int, headers: dict[str, str]
) -> None:
    path = campaign.address(campaign.a_published_letter())
    long = b"[" + b" " * 100_000
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(
                "POST",
                f"{path}tokens",
                body=iter([long]) if headers else long,
                headers={"Content-Type": "application/json", "Connection": "close", **headers},
                encode_chunked=bool(headers),
            )
        answer = connection.getresponse()
        body = answer.read()

    assert answer.status == 413
    assert b"64 kB" in body
