"""The front of the server under more load than it can answer: who is turned away, in which order, and who never is."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from petition.web.server import RETRY_AFTER, Front
from tests.patience import SECONDS

PAGE = (200, [("Content-Type", "text/html")], b"the letter")
MUCH = 1_000


def run(happen: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: where a browser was used before, the main one has a loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(happen())).result()


class Request:
    """A request as the server hands it to the front (RSGI)."""

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path, self.query_string = method, path, ""
        self.headers: dict[str, str] = {"content-length": "0"}
        self.server, self.client, self.scheme, self.http_version = "127.0.0.1:80", "127.0.0.1:1000", "http", "1.1"
        self.authority = None


@dataclass
class Connection:
    """Where the front writes its answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise AssertionError("there is no body to read")

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")


class Unfinished(Connection):
    """One over which all but the end of a long body came."""

    SIZE = 1_000_000

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b" " * self.SIZE
        await asyncio.Event().wait()


class Whole(Connection):
    """One over which a long body came."""

    SIZE = 2_000_000

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b" " * self.SIZE


class Cached:
    """One page that is in memory."""

    def ready(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        return ("200 OK", PAGE[1], PAGE[2]) if environ["PATH_INFO"] == "/letters/x/" else None


class Hanging:
    """An application in which everything hangs until it may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.may_go_on.wait(SECONDS)
        start_response("201 Created" if environ["REQUEST_METHOD"] == "POST" else "200 OK", [])
        return [b"done"]


class Crowd:
    """Many people at a front whose application hangs."""

    def __init__(self) -> None:
        self.app = Hanging()
        refusal = lambda status, _: ("text/html", f"{status}: send it again".encode())  # noqa: E731
        self.front = Front(self.app, Cached(), refusal, [], lambda _: True)
        self._all: list[tuple[asyncio.Task[None], Connection]] = []

    def come(self, count: int, method: str, path: str) -> list[Connection]:
        """That many people send a request."""
        found = [Connection() for _ in range(count)]
        for one in found:
            self._all.append((asyncio.ensure_future(self.front.__rsgi__(Request(method, path), one)), one))
        return found

    async def settle(self) -> None:
        """Until everyone waits or was answered."""
        for _ in range(5):
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Nothing hangs any more, and everyone gets an answer."""
        self.app.may_go_on.set()
        await asyncio.gather(*(task for task, _ in self._all))


def statuses(people: list[Connection]) -> set[int]:
    """0 for those who still wait."""
    return {one.status for one in people}


READ, JOIN, SIGN = ("GET", "/letters/x/sign"), ("POST", "/letters/x/tokens"), ("POST", "/letters/x/signatures")


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.mark.thorough
def test_readers_are_turned_away_first_then_newcomers_and_never_those_who_used_their_code(crowd: Crowd) -> None:
    async def happen() -> None:
        signing = crowd.come(60, *SIGN)
        await crowd.settle()
        reading, joining = crowd.come(3, *READ), crowd.come(3, *JOIN)
        await crowd.settle()
        assert (statuses(reading), statuses(joining), statuses(signing)) == ({503}, {0}, {0})

        signing += crowd.come(100, *SIGN)
        await crowd.settle()
        late = crowd.come(3, *JOIN)
        signing += crowd.come(MUCH, *SIGN)
        await crowd.settle()
        assert (statuses(late), statuses(joining), statuses(signing)) == ({503}, {0}, {0})
        await crowd.end()
        assert (statuses(joining), statuses(signing)) == ({201}, {201})
        assert {one.headers["Retry-After"] for one in reading + late} == {RETRY_AFTER}
        assert {one.body for one in reading + late} == {b"503: send it again"}

    run(happen)


def test_many_readers_hold_up_no_one_who_signs_joins_or_writes(crowd: Crowd) -> None:
    async def happen() -> None:
        reading = crowd.come(MUCH, *READ)
        await crowd.settle()
        others = [crowd.come(1, *what)[0] for what in (JOIN, SIGN, ("GET", "/organize/letters"))]
        await crowd.settle()
        assert statuses(others) == {0}
        assert statuses(reading) == {0, 503}
        assert sum(one.status == 0 for one in reading) <= 33
        await crowd.end()
        assert [one.status for one in others] == [201, 201, 200]

    run(happen)


@pytest.mark.thorough
def test_a_page_in_memory_is_answered_whatever_hangs(crowd: Crowd) -> None:
    async def happen() -> None:
        for what in (READ, JOIN, SIGN):
            crowd.come(MUCH, *what)
        await crowd.settle()
        page = crowd.come(1, "GET", "/letters/x/")[0]
        await crowd.settle()
        assert (page.status, page.body) == (200, PAGE[2])
        await crowd.end()

    run(happen)


def test_once_the_signers_are_through_readers_are_answered_again(crowd: Crowd) -> None:
    async def happen() -> None:
        crowd.come(200, *SIGN)
        await crowd.settle()
        await crowd.end()
        reading = crowd.come(3, *READ)
        await crowd.settle()
        await crowd.end()
        assert statuses(reading) == {200}

    run(happen)


def test_long_bodies_of_strangers_take_no_room_from_an_organizer_who_saves() -> None:
    async def happen() -> None:
        app = Hanging()
        app.may_go_on.set()
        front = Front(app, Cached(), lambda *_: ("text/html", b""), [], lambda environ: "HTTP_COOKIE" in environ)

        def send(connection: Unfinished | Whole, **headers: str) -> asyncio.Task[None]:
            request = Request("POST", "/organize/letters/x/write")
            request.headers = {"content-length": str(connection.SIZE + 1), **headers}
            return asyncio.ensure_future(front.__rsgi__(request, connection))

        strangers = [send(Unfinished()) for _ in range(80)]
        await asyncio.sleep(0.01)
        organizer = Whole()
        await send(organizer, cookie="organizer=1")

        assert organizer.status == 201
        for each in strangers:
            each.cancel()
        await asyncio.gather(*strangers, return_exceptions=True)

    run(happen)
