"""Highly available PostgreSQL: leaders are killed again and again under load, and no acknowledged signature is lost."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
import pytest

from petition.config import prepare_folders, settings
from petition.operations.doctor.hosts import check_hosts
from petition.operations.migration import migrate_both
from petition.operations.startup import open_secret
from tests.conftest import Clock
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race import children
from tests.race.cluster import Cluster, two_clusters
from tests.race.crowd import recount, standing
from tests.race.load import Crowd, until_answered
from tests.walks import Campaign

pytestmark = [pytest.mark.race, pytest.mark.long]
KILLS = 3
CODES = 2_000
INSERTS = 200


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    with two_clusters() as (who, what):
        for cluster, name in ((who, "issuer"), (what, "petition")):
            with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
        yield who, what


def test_no_acknowledged_signature_is_lost_while_leaders_are_killed(
    clusters: tuple[Cluster, Cluster],
    clock: Clock,
    keys: list[object],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    who, what = clusters
    clock.moment = datetime.now(UTC) - timedelta(hours=1)
    environ = {
        "PETITION_DATA": str(tmp_path / "host-0"),
        "PETITION_SECRETS": str(tmp_path / "secrets"),
        "PETITION_URL": "https://letters.example.org",
        "PETITION_DATABASE_URL": what.url("petition"),
        "PETITION_ISSUER_DATABASE_URL": who.url("issuer"),
        "PETITION_REPLICATED": "yes",
    }
    found = settings(environ)
    prepare_folders(found)
    left = iter(keys)
    campaign = Campaign(found, clock, lambda: next(left))  # type: ignore[arg-type,return-value]
    migrate_both(campaign.databases, found.data)
    open_secret(found, campaign.databases)
    letter = campaign.a_published_letter()
    crowd_codes = campaign.codes(letter, CODES)
    hosts = [environ | {"PETITION_DATA": str(tmp_path / f"host-{number}")} for number in (1, 2)]
    ports = [free_port() for _ in hosts]
    started = [children.started(children.serve, *each) for each in zip(hosts, ports, strict=True)]
    started += [children.started(children.seal_under_lease, host, letter, str(tmp_path / "told")) for host in hosts]
    said = []
    try:
        for port in ports:
            until_answered(port, "GET", "/healthz")
        half = CODES // 2
        crowds = [
            Crowd(port, campaign.address(letter), codes, at_once=2)
            for port, codes in zip(ports, (crowd_codes[:half], crowd_codes[half:]), strict=True)
        ]
        with crowds[0], crowds[1]:
            for _ in range(KILLS):
                for cluster in (what, who):
                    wait_for_signatures(crowds, 10)
                    begun = time.monotonic()
                    leader = cluster.until_led()
                    leader.kill()
                    killed = time.monotonic()
                    cluster.until_led()
                    said.append(
                        f"{cluster.scope}: {leader.name} killed after {sum(len(c.signed) for c in crowds)} signatures; "
                        f"led again with a synchronous replica after {time.monotonic() - killed:.0f} s"
                    )
                    leader.start()
                    assert begun <= killed
            wait_for_signatures(crowds, 10)
    finally:
        for one in started:
            one.kill()
            one.join()

    signed = [token for crowd in crowds for token in crowd.signed]
    withdrawn = [token for crowd in crowds for token in crowd.withdrawn]
    kept = [token for token in signed if token not in withdrawn]
    where = standing(campaign, letter, kept)
    sealed = recount(campaign, letter, tmp_path / "face")
    findings = [one for one in check_hosts(found, campaign.databases, campaign.master) if one.area == "replicas"]
    campaign.close()
    with capsys.disabled():
        print(*said, f"{len(signed)} acknowledged, {len(withdrawn)} taken back, {sealed} sealed", sep="\n")

    assert [crowd.refused for crowd in crowds] == [[], []]
    assert set(where) <= {"waits", "sealed"}
    assert {one.level for one in findings} == {"note"} and len(findings) == 2


def wait_for_signatures(crowds: list[Crowd], more: int) -> None:
    """Until this many more were acknowledged."""
    wanted = sum(len(crowd.signed) for crowd in crowds) + more
    until = time.monotonic() + SECONDS
    pause = threading.Event()
    while sum(len(crowd.signed) for crowd in crowds) < wanted:
        assert time.monotonic() < until, [crowd.refused for crowd in crowds]
        pause.wait(0.1)


def test_what_a_synchronous_replica_costs(
    clusters: tuple[Cluster, Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints it: the time of a commit that waits for the replica, and of one that does not, in turns."""
    clusters[1].until_led()
    with psycopg.connect(clusters[1].url("petition"), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS cost (commit bytea PRIMARY KEY, message bytea)")
        taken: dict[str, list[float]] = {"local": [], "on": []}
        for _ in range(INSERTS):
            for way, times in taken.items():
                connection.execute(f"SET synchronous_commit = {way}")
                begun = time.perf_counter()
                connection.execute("INSERT INTO cost VALUES (%s, %s)", (os.urandom(32), os.urandom(600)))
                times.append(time.perf_counter() - begun)
        connection.execute("DROP TABLE cost")
    alone, both = (median(times) * 1000 for times in taken.values())
    with capsys.disabled():
        print(f"a commit: {alone:.2f} ms on the leader alone, {both:.2f} ms with a synchronous replica")

    assert both > alone
