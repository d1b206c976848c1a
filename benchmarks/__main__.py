"""What the program costs, as ratios to floors measured in the same run: absolute times say more of the machine.

Each thing and its floor run in turns in this process; compared are the medians of their CPU times (user and system).
"""

import io
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from wsgiref.handlers import SimpleHandler

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key
from flask import Flask, request
from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition import config
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import b64url
from petition.crypto.tokens import statement_bytes
from petition.database import SQLITE_PRAGMAS
from petition.letters.models import Letter
from petition.migration import migrate_both
from petition.sealing.log import append, log_of, log_seed
from petition.signing.models import Pending
from tests.walks import Campaign

ROUNDS, AT_ONCE = 11, 20
MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEY = PrivateKey.generate()
"""The key of all rounds here: making one takes a while."""
PLAIN_KEY: Any = load_der_private_key(KEY.der(), None)
Act = Callable[[], Any]


def cpu(act: Act, times: int = AT_ONCE) -> float:
    """CPU time of one act, in µs."""
    start = time.process_time_ns()
    for _ in range(times):
        act()
    return (time.process_time_ns() - start) / 1000 / times


def in_turns(*acts: Act) -> list[float]:
    """The median of each act's CPU times, in µs, measured in turns after one turn to warm up."""
    turns = [[cpu(act) for act in acts] for _ in range(ROUNDS + 1)][1:]
    return [median(times) for times in zip(*turns, strict=True)]


def tell(what: str, cost: float, floors: dict[str, float], ratio: float) -> None:
    named = " + ".join(f"{name} {micros:,.0f}" for name, micros in floors.items())
    print(f"{what:<38}{cost:>12,.0f} µs   {ratio:>6.2f} × {named}", flush=True)


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


def bare(body: bytes) -> Any:
    """A WSGI application that has one answer."""

    def answer(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
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


def a_page(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    app, path = campaign.app(), campaign.address(letter)
    body = asked(app, "GET", path).partition(b"\r\n\r\n")[2]
    page, floor = in_turns(lambda: asked(app, "GET", path), lambda: asked(bare(body), "GET", path))
    tell(f"a kept page of {len(body) / 1000:.0f} kB", page, {"a bare WSGI answer": floor}, page / floor)


def a_signature(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(slug="signed")
    path, app, plain = campaign.address(letter) + "signatures", campaign.app(), bare_post()
    made = [signed(campaign, letter) for _ in range((ROUNDS + 1) * AT_ONCE)]
    fresh, verified = iter(made), iter(made)
    public = KEY.public
    table = raw_table(campaign.settings.data / "raw.db")

    def sign() -> None:
        answer = asked(app, "POST", path, next(fresh)[2])
        assert b"201 CREATED" in answer, answer

    def verify_and_insert() -> None:
        message, signature, _ = next(verified)
        assert public.verify(message, signature)
        table.execute("BEGIN IMMEDIATE")
        table.execute("INSERT INTO pending VALUES (?, ?, 1, ?, ?)", (letter, os.urandom(32), message, signature))
        table.execute("COMMIT")

    cost, raw, post = in_turns(sign, verify_and_insert, lambda: asked(plain, "POST", path, made[0][2]))
    tell("a signature, end to end", cost, {"verify and raw insert": raw, "a bare POST": post}, cost / (raw + post))


def signed(campaign: Campaign, letter_id: str) -> tuple[bytes, bytes, bytes]:
    """A message, its signature by the key itself, and the request that brings both."""
    with Session(campaign.databases.reading) as session:
        text_sha256 = session.get_one(Letter, letter_id).text_sha256 or ""
    message = os.urandom(32) + statement_bytes(letter_id, 1, text_sha256, os.urandom(32).hex())
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    signature = PLAIN_KEY.sign(message, pss, hashes.SHA384())
    members = {"message": b64url(message), "signature": b64url(signature), "appearance": {"step": "counted"}}
    return message, signature, json.dumps(members).encode()


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


def a_sealing(campaign: Campaign) -> None:
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
    tell("sealing 10,000 who wait", costs[1], {"sealing 1,000": costs[0]}, costs[1] / costs[0])


def an_append(campaign: Campaign) -> None:
    small, large = (a_log(campaign, size) for size in (1_000, 100_000))
    low, high = in_turns(small, large)
    tell("an entry after 100,000 others", high, {"after 1,000": low}, high / low)


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


def main() -> None:
    print(f"{'what':<38}{'CPU':>12}      ratio to its floor")
    with a_site() as campaign:
        for measure in (a_page, a_signature, a_sealing, an_append):
            measure(campaign)


if __name__ == "__main__":
    main()
