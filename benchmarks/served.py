"""What the served program costs: the site as its host runs it, over bare applications behind the same server.

``python -m benchmarks --http``. Compared is the CPU time (user and system) of all processes of each, for the same
requests over connections of their own, in turns.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.__main__ import KEY, Act, Measured, bare, cpu, insert_raw, medians, raw_table, sign_with_fresh_key, told
from benchmarks.million import begin, signed, the_campaign
from benchmarks.overload import MEMBERS, WARM, ask
from benchmarks.sites import started
from petition.crypto.blind_rsa import blind, prepare
from petition.crypto.encodings import b64url
from tests.ports import free_port
from tests.race.load import until_answered

TURNS, AT_ONCE, MANY_AT_ONCE = 5, 200, 1000
"""Requests in a turn; more of those that cost little, because the CPU time is told in hundredths of a second."""
WORKERS = 2
BODY = "BENCHMARKED_BODY"
"""Names the file with the answer of the bare application that reads."""


def reading() -> Any:
    """An application that answers everything with one file."""
    return bare(Path(os.environ[BODY]).read_bytes())


def serve(application: str, port: int) -> None:
    """Serve one of the bare applications, as ``petition run`` serves its own."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        application,
        factory=True,
        interface=Interfaces.WSGI,
        port=port,
        workers=WORKERS,
        backpressure=64,
        log_level=LogLevels.warning,
    ).serve()


@contextmanager
def serving(application: str) -> Iterator[tuple[int, psutil.Process]]:
    """A bare application behind the server: its port, and the process above its workers."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.served", f"benchmarks.{application}", str(port)]
    with subprocess.Popen(command) as server:
        until_answered(port, "GET", "/")
        yield port, psutil.Process(server.pid)
        server.terminate()


def used(top: psutil.Process) -> float:
    """CPU time that a process and those below it have used, in µs."""
    return 1e6 * sum(sum(each.cpu_times()[:2]) for each in (top, *top.children(recursive=True)))


def cost(top: psutil.Process, act: Act, times: int = AT_ONCE) -> float:
    """CPU time that one act costs the server, in µs; measured from outside."""
    before = used(top)
    for _ in range(times):
        act()
    return (used(top) - before) / times


def posts(port: int, path: str, bodies: Iterator[Any]) -> Act:
    def post() -> None:
        assert ask(port, "POST", path, next(bodies)) == 201

    return post


def measured(folder: str) -> Iterator[Measured]:
    """Each figure, of a site in a folder."""
    count = (TURNS + 1) * AT_ONCE
    letter, digest = begin(f"{folder}/data", KEY)
    campaign = the_campaign(f"{folder}/data")
    codes, path = campaign.codes(letter, count), campaign.address(letter)
    campaign.close()
    blinded = blind(KEY.public, prepare(os.urandom(200), os.urandom), os.urandom).message
    der = KEY.der()
    rows = signed(der, letter, digest, count)
    exchanges = [{"code": code, "round": 1, "blinded_message": b64url(blinded)} for code in codes]
    signatures = [{"message": b64url(row["message"]), "signature": b64url(row["signature"]), **MEMBERS} for row in rows]
    table, spent = raw_table(Path(folder) / "raw.db"), iter(rows)
    sent, asked = iter(signatures), iter(exchanges)

    def verify_and_insert() -> None:
        row = next(spent)
        assert KEY.public.verify(row["message"], row["signature"])
        insert_raw(table, letter, row["message"], row["signature"])

    with ExitStack() as running:
        port = free_port()
        site = running.enter_context(started(f"{folder}/data", port))
        running.callback(site.terminate)
        top = psutil.Process(site.pid)
        time.sleep(WARM)
        os.environ[BODY] = f"{folder}/page"
        Path(os.environ[BODY]).write_bytes(page(port, path))
        reads, reader = running.enter_context(serving("served:reading"))
        takes, taker = running.enter_context(serving("__main__:bare_post"))
        kept, form, record, bare_page, counted, exchanged, post, verified, private, raw = medians(
            TURNS,
            lambda: cost(top, lambda: ask(port, "GET", path), MANY_AT_ONCE),
            lambda: cost(top, lambda: ask(port, "GET", f"{path}join"), MANY_AT_ONCE),
            lambda: cost(top, lambda: ask(port, "GET", f"{path}round.json"), MANY_AT_ONCE),
            lambda: cost(reader, lambda: ask(reads, "GET", path), MANY_AT_ONCE),
            lambda: cost(top, posts(port, f"{path}signatures", sent)),
            lambda: cost(top, posts(port, f"{path}tokens", asked)),
            lambda: cost(taker, posts(takes, "/letters/million/signatures", iter(signatures)), MANY_AT_ONCE),
            lambda: cpu(verify_and_insert, AT_ONCE),
            lambda: cpu(lambda: sign_with_fresh_key(der, blinded), AT_ONCE),
            lambda: cpu(lambda: insert_raw(table, letter, b"", b""), AT_ONCE),
        )
    for what, found in (("page", kept), ("form for a code", form), ("round's record", record)):
        yield Measured(f"a kept {what}, served", found, {"a bare WSGI answer": bare_page}, 2.5)
    floors = {"verify and raw insert": verified, "a bare POST": post}
    yield Measured("a signature, served", counted, floors, 3.5)
    floors = {"the private operation, with a fresh key": private, "raw insert": raw, "a bare POST": post}
    yield Measured("a code exchanged, served", exchanged, floors, 2)


def page(port: int, path: str) -> bytes:
    """A page as the site answers it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:  # noqa: S310 - our own
        return bytes(answer.read())


def main() -> int:
    """Print every ratio. Returns 1 if one is above its limit."""
    with tempfile.TemporaryDirectory() as folder:
        return told(measured(folder))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
