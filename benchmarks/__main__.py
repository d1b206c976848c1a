"""What the program costs, as ratios to floors measured in the same run: absolute times say more of the machine.

Each thing and its floor run in turns in this process; compared are the medians of their CPU times (user and system).
With ``--http``: of the served program, by all its processes.
"""

import io
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from wsgiref.handlers import SimpleHandler

from flask import Flask, request
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.limits import at_most
from petition import config
from petition.crypto.blind_rsa import PrivateKey, blind, prepare
from petition.crypto.encodings import b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token
from petition.database import SQLITE_PRAGMAS
from petition.letters.fields import read_field
from petition.operations.migration import migrate_both
from petition.sealing.log import append, log_of, log_seed
from petition.signing.models import Pending
from tests.walks import Campaign

ROUNDS, AT_ONCE = 11, 20
MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEY = PrivateKey.generate()
"""The key of all rounds here: making one takes a while."""
Act = Callable[[], Any]


def cpu(act: Act, times: int = AT_ONCE) -> float:
    """CPU time of one act, in µs."""
    start = time.process_time_ns()
    for _ in range(times):
        act()
    return (time.process_time_ns() - start) / 1000 / times


def in_turns(*acts: Act) -> list[float]:
    """The median of each act's CPU times, in µs, measured in turns after one turn to warm up."""
    return medians(ROUNDS, *(partial(cpu, act) for act in acts))


def medians(rounds: int, *measures: Callable[[], float]) -> list[float]:
    """The median of each measure, taken in turns after one turn to warm up."""
    turns = [[measure() for measure in measures] for _ in range(rounds + 1)][1:]
    return [median(found) for found in zip(*turns, strict=True)]


@dataclass(frozen=True)
class Measured:
    """A cost and its floors, in µs of CPU time; and how many times the floors it may be."""

    what: str
    cost: float
    floors: Mapping[str, float]
    limit: float

    @property
    def ratio(self) -> float:
        return self.cost / sum(self.floors.values())

    def __str__(self) -> str:
        named = " + ".join(f"{name} {micros:,.0f}" for name, micros in self.floors.items())
        limit = at_most(self.ratio, self.limit)
        return f"{self.what:<30}{self.cost:>10,.0f} µs  {self.ratio:>6.2f} × {named}; {limit}"


# A site, and requests to it without a network.


@contextmanager
def a_site() -> Iterator[Campaign]:
    with tempfile.TemporaryDirectory() as folder:
        found = config.settings({"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org"})
        config.prepare_folders(found)
        campaign = Campaign(found, lambda: MOMENT, lambda: KEY)
        migrate_both(campaign.databases, Path(folder))
        yield campaign
        campaign.close()


def asked(app: Any, method: str, path: str, body: bytes = b"") -> bytes:
    """An answer's bytes, by way of the standard library's WSGI handler."""
    out = io.BytesIO()
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "letters.example.org",
        "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT_ENCODING": "",
    }  # fmt: skip
    handler = SimpleHandler(io.BytesIO(body), out, sys.stderr, environ)
    handler.os_environ = {}
    handler.run(app)
    return out.getvalue()


def bare(body: bytes, headers: Sequence[tuple[str, str]] = ()) -> Any:
    """A WSGI application that has one answer; with two headers unless others are given."""
    sent = [*headers] or [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]

    def answer(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [*sent])
        return [body]

    return answer


def bare_post() -> Flask:
    """A Flask application that reads a JSON object and answers with another one."""
    app = Flask("bare")

    @app.post("/letters/<address>/signatures")
    def post(address: str) -> tuple[dict[str, bool], int]:
        return {"sealed": "message" not in request.get_json()}, 201

    return app


# What is measured.


def a_page(campaign: Campaign) -> Iterator[Measured]:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    app, path = campaign.app(), campaign.address(letter)
    head, _, body = asked(app, "GET", path).partition(b"\r\n\r\n")
    _, *lines = head.decode().split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines) if name != "Date"]
    apps = (app, bare(body), bare(body, headers))
    page, floor, alike = medians(
        ROUNDS, *(partial(cpu, partial(asked, each, "GET", path), 10 * AT_ONCE) for each in apps)
    )
    yield Measured(f"a kept page of {len(body) / 1000:.0f} kB", page, {"a bare WSGI answer": floor}, 3.3)
    yield Measured("the same page", page, {"a bare answer with its headers": alike}, 2.2)


def signatures(campaign: Campaign) -> Iterator[Measured]:
    """One that is counted alone, one with an answer to a question, one with a name; each over the same floor."""
    role = read_field("Role", [("Software", None), ("Hardware", None)])
    letter = campaign.an_open_letter(slug="signed", fields=(role,), names=("named",))
    path, app, plain = campaign.address(letter) + "signatures", campaign.app(), bare_post()
    counted, grouped, named = (campaign.tokens(letter, (ROUNDS + 1) * AT_ONCE) for _ in range(3))
    groups = [{"field": role.id, "option": "software"}]
    bodies = [
        [requested(token, {"step": "counted"}) for token in counted],
        [requested(token, {"step": "grouped", "groups": groups, **halves(token)}) for token in grouped],
        [requested(token, {"step": "named", **lock(campaign, letter, token), **halves(token)}) for token in named],
    ]
    table = raw_table(campaign.settings.data / "raw.db")
    verified = iter(counted)

    def verify_and_insert() -> None:
        token = next(verified)
        assert KEY.public.verify(token.message, token.signature)
        insert_raw(table, letter, token.message, token.signature)

    floors = [verify_and_insert, lambda: asked(plain, "POST", path, bodies[0][0])]
    *costs, raw, post = in_turns(*(accepted(app, path, of_kind) for of_kind in bodies), *floors)
    for what, cost, limit in zip(("counted", "in a group", "with a name"), costs, (3, 3.2, 3.4), strict=True):
        yield Measured(f"a signature, {what}", cost, {"verify and raw insert": raw, "a bare POST": post}, limit)


def requested(token: Token, appearance: Mapping[str, Any]) -> bytes:
    members = {"message": b64url(token.message), "signature": b64url(token.signature), "appearance": appearance}
    return json.dumps(members).encode()


def halves(token: Token) -> dict[str, str]:
    """What shows that an appearance belongs to a signature."""
    opened = opening(token.receipt)
    return {"a": b64url(opened.a), "w_hash": opened.w_hash}


def lock(campaign: Campaign, letter: str, token: Token) -> dict[str, str]:
    return {"locked_name": b64url(campaign.locked(letter, token, "Maria Muster"))}


def accepted(app: Any, path: str, bodies: Sequence[bytes]) -> Act:
    """Sends the next request; each is accepted."""
    left = iter(bodies)

    def send() -> None:
        answer = asked(app, "POST", path, next(left))
        assert b"201 CREATED" in answer, answer

    return send


def an_exchange(campaign: Campaign) -> Iterator[Measured]:
    letter = campaign.an_open_letter(slug="exchanged")
    path, app, plain = campaign.address(letter) + "tokens", campaign.app(), bare_post()
    blinded = blind(KEY.public, prepare(os.urandom(200), os.urandom), os.urandom).message
    bodies = [bought(code, blinded) for code in campaign.codes(letter, (ROUNDS + 1) * AT_ONCE)]
    table = raw_table(campaign.settings.data / "raw-codes.db")
    floors: list[Act] = [
        partial(sign_with_fresh_key, KEY.der(), blinded),
        lambda: insert_raw(table, letter, b"", b""),
        lambda: asked(plain, "POST", path, bodies[0]),
    ]
    cost, private, raw, post = in_turns(accepted(app, path, bodies), *floors)
    named = {"the private operation, with a fresh key": private, "raw insert": raw, "a bare POST": post}
    yield Measured("a code exchanged", cost, named, 1.8)


def sign_with_fresh_key(key: bytes, blinded: bytes) -> bytes:
    """What a program must do that keeps no key: a key that was just read has no blinding factor yet."""
    return PrivateKey.from_der(key).blind_sign(blinded)


def bought(code: str, blinded: bytes) -> bytes:
    """The request that exchanges a code."""
    return json.dumps({"code": code, "round": 1, "blinded_message": b64url(blinded)}).encode()


def insert_raw(table: sqlite3.Connection, letter: str, message: bytes, signature: bytes) -> None:
    """A durable insert with the driver alone."""
    table.execute("BEGIN IMMEDIATE")
    table.execute("INSERT INTO pending VALUES (?, ?, 1, ?, ?)", (letter, os.urandom(32), message, signature))
    table.execute("COMMIT")


def raw_table(path: Path) -> sqlite3.Connection:
    """The table of those who wait, without a program around it."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        "CREATE TABLE pending (letter_id, commit_ BLOB, round, message, signature, PRIMARY KEY (letter_id, commit_)) "
        "WITHOUT ROWID"
    )
    return connection


def a_sealing(campaign: Campaign) -> Iterator[Measured]:
    costs = []
    for count in (1_000, 10_000):
        letter = campaign.an_open_letter(slug=f"sealed-{count}")
        campaign.codes(letter, count)
        rows = [
            {"letter_id": letter, "commit": os.urandom(32), "round": 1, "message": bytes(215), "signature": bytes(384)}
            for _ in range(count)
        ]
        with Session(campaign.databases.petition) as session:
            session.execute(insert(Pending), rows)
            session.commit()
        costs.append(cpu(lambda letter=letter: campaign.seal(letter), 1))
    yield Measured("an update of 10,000", costs[1], {"of 1,000": costs[0]}, 15)


def an_append(campaign: Campaign) -> Iterator[Measured]:
    small, large = (a_log(campaign, size) for size in (1_000, 100_000))
    low, high = in_turns(small, large)
    yield Measured("an entry after 100,000 others", high, {"after 1,000": low}, 2)


def a_log(campaign: Campaign, size: int) -> Act:
    letter = campaign.an_open_letter(slug=f"log-{size}")

    def add(count: int = 1) -> None:
        with Session(campaign.databases.petition) as session:
            log = log_of(session, letter, alone=True)
            entries: list[Any] = [{"type": "codes", "round": 1, "made": n, "voided": 0} for n in range(count)]
            append(session, log, entries, log_seed(log, campaign.master))
            session.commit()

    for _ in range(size // 1000):
        add(1000)
    return add


def main() -> int:
    """Print every ratio. Returns 1 if one is above its limit."""
    if "--http" in sys.argv:
        from benchmarks import served

        return served.main()
    with a_site() as campaign:
        kinds = (a_page, signatures, an_exchange, a_sealing, an_append)
        return told(found for measure in kinds for found in measure(campaign))


def told(figures: Iterable[Measured]) -> int:
    """Print each figure. Returns 1 if one is above its limit."""
    failed = False
    for found in figures:
        print(found, flush=True)
        failed |= found.ratio > found.limit
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
