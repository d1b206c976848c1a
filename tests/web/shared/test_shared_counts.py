"""Several hosts count limits and wrong passwords together, in a real server; without it each process counts alone."""

import http.client
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from petition.config import settings
from petition.counting_server import connected
from petition.operations.doctor.limits import check_limits
from petition.web.shared.limits import RARELY_BY_HOUR, SharedCounts
from petition.web.shared.login_throttle import Backoff
from petition.web.shared.shared_counts import AWAY_SECONDS, DAY, KEY_SECONDS, SharedDayKey, Store
from tests.conftest import Clock
from tests.counting_server import CountingServer, a_counting_server
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race import children
from tests.race.load import until_answered
from tests.walks import Campaign

MASTER = b"\7" * 32
ADDRESS = "address 192.0.2.1"


class Host:
    """A process of a host, with a clock for waiting and one that says what day it is."""

    def __init__(self, server: CountingServer, folder: Path, master: bytes = MASTER) -> None:
        folder.mkdir(exist_ok=True)
        self.seconds, self.day = 0.0, 20_000.0 * DAY + 9 * 3600
        self.client = connected(server.url, SECONDS)  # on a busy machine it may answer late
        store = Store(self.client, folder, lambda: self.seconds)
        self.key = SharedDayKey(store, master, lambda what: f"own {what}", lambda: self.day)
        self.counts = SharedCounts(store, lambda: self.seconds, lambda: self.day)
        self.waits = Backoff(lambda: self.seconds)
        self.waits.share(store, self.key.digest)


@pytest.fixture
def server() -> Iterator[CountingServer]:
    with a_counting_server() as found:
        yield found


@pytest.fixture
def a_host(server: CountingServer, tmp_path: Path) -> Iterator[Callable[..., Host]]:
    made: list[Host] = []

    def make(name: str, master: bytes = MASTER) -> Host:
        made.append(Host(server, tmp_path / name, master))
        return made[-1]

    yield make
    for host in made:
        host.client.close()


def test_hosts_count_one_visitor_together(a_host: Callable[..., Host]) -> None:
    first, second = a_host("a"), a_host("b")

    assert [host.counts.add("knock", 60) for host in (first, second, second, first)] == [1, 2, 3, 4]
    assert second.counts.add("something else", 60) == 1


def test_a_count_begins_where_the_first_to_count_says_and_is_over_with_its_minute(
    server: CountingServer, a_host: Callable[..., Host]
) -> None:
    first, second = a_host("a"), a_host("b")
    first.day = second.day = first.day + 59
    begun = [host.counts.add("knock", 60, beginning) for host, beginning in ((first, 7), (second, 3))]
    with closing(server.client()) as client:
        left = [client.pttl(name) for name in server.content() if "day" not in name]
    first.day += 1

    assert begun == [8, 9]
    assert [0 < milliseconds <= 1000 for milliseconds in left] == [True]
    assert first.counts.add("knock", 60) == 1


def test_wrong_passwords_at_one_host_make_the_next_try_at_another_wait(a_host: Callable[..., Host]) -> None:
    first, second = a_host("a"), a_host("b")
    for _ in range(12):
        first.waits.wrong("name of Ana")

    assert 60 < second.waits.left("name of Ana", 5) <= 128
    assert second.waits.left("name of Ben", 5) == 0

    second.waits.right("name of Ana")
    assert first.waits.left("name of Ana", 5) == 0


def test_every_host_has_the_key_of_the_day_and_the_next_day_another(a_host: Callable[..., Host]) -> None:
    first, second = a_host("a"), a_host("b")
    today = {host.key.digest(ADDRESS) for host in (first, second)}
    first.day = second.day = first.day + DAY
    tomorrow = {host.key.digest(ADDRESS) for host in (first, second)}

    assert len(today) == len(tomorrow) == 1
    assert today != tomorrow


def test_neither_the_server_nor_the_master_secret_alone_gives_the_key(
    server: CountingServer, a_host: Callable[..., Host]
) -> None:
    first, thief = a_host("a"), a_host("b", b"\1" * 32)
    with_another_secret = thief.key.digest(ADDRESS) != first.key.digest(ADDRESS)
    with closing(server.client()) as client:
        client.flushall()
    later = a_host("c")

    assert with_another_secret
    assert later.key.digest(ADDRESS) != first.key.digest(ADDRESS)


def test_the_server_keeps_digests_only_and_none_for_longer_than_two_days(
    server: CountingServer, a_host: Callable[..., Host]
) -> None:
    host = a_host("a")
    host.counts.add(f"join {ADDRESS}", 60)
    host.waits.wrong("name of Ana")
    kept = server.content()
    with closing(server.client()) as client:
        longest = [client.ttl(name) for name in kept]

    assert len(kept) == 3
    assert not [name for name in kept if "192" in name or "Ana" in name]
    assert all(0 < seconds <= 2 * DAY for seconds in longest)


def test_a_server_that_forgot_everything_gets_the_key_back_from_a_host(
    server: CountingServer, a_host: Callable[..., Host]
) -> None:
    first = a_host("a")
    before = first.key.digest(ADDRESS)
    server.stop()
    server.start()
    first.day += KEY_SECONDS
    first.key.digest(ADDRESS)
    second = a_host("b")

    assert second.key.digest(ADDRESS) == before


def test_without_the_server_each_process_counts_alone_and_says_so_once(
    server: CountingServer, tmp_path: Path, a_host: Callable[..., Host], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = a_host("same"), a_host("same")
    before = [host.counts.add("knock", 60) for host in (first, second)]
    server.stop()
    with caplog.at_level(logging.WARNING, "petition"):
        alone = [host.counts.add("knock", 60) for host in (first, second, first, first)]
        first.waits.wrong("name of Ana")
        server.start()
        for host in (first, second):
            host.seconds += AWAY_SECONDS
        again = [host.counts.add("knock", 60) for host in (first, second)]

    assert (before, alone, again) == ([1, 2], [1, 1, 2, 3], [1, 2])
    said = [record.getMessage() for record in caplog.records]
    assert said == ["limits are counted by each process for itself", "limits are counted together again"]


def test_the_doctor_says_whether_the_server_keeps_visitors_on_a_disk(server: CountingServer) -> None:
    found = settings({"PETITION_LIMITS_URL": server.url})
    levels = [finding.level for finding in check_limits(found)]
    with closing(server.client()) as client:
        client.config_set("save", "3600 1")
    [snapshots] = check_limits(found)
    server.stop()
    [away] = check_limits(found)
    server.start()

    assert levels == ["ok"]
    assert (snapshots.level, away.level) == ("wrong", "wrong")
    assert "save 3600 1" in snapshots.what and "doesn't answer: nothing listens at this port. Each" in away.what


@pytest.mark.race
@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_reported_too_often_at_one_host_is_refused_at_another(
    server: CountingServer, campaign: Campaign, clock: Clock, environ: dict[str, str], tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC)
    path = campaign.address(campaign.a_published_letter()) + "report"
    shared = {"PETITION_SECRETS": environ["PETITION_DATA"], "PETITION_LIMITS_URL": server.url, "PETITION_PROXIES": "1"}
    ports = [free_port() for _ in range(2)]
    hosts = [environ | shared | {"PETITION_DATA": str(tmp_path / str(port))} for port in ports]
    servers = [children.started(children.serve, *each) for each in zip(hosts, ports, strict=True)]
    try:
        for port in ports:
            until_answered(port, "GET", "/healthz")
        answers = [posted(ports[number % 2], path, "192.0.2.1") for number in range(RARELY_BY_HOUR.most + 1)]
        other = posted(ports[0], path, "192.0.2.2")
    finally:
        for one in servers:
            one.kill()
            one.join()

    assert set(answers[: RARELY_BY_HOUR.least]) == {200}
    assert answers[-1] == 429
    assert other == 200
    assert "192.0.2" not in str(server.content())


def posted(port: int, path: str, address: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as line:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}
        line.request("POST", path, f"text=harm+{os.urandom(4).hex()}", headers)
        return line.getresponse().status
