"""Several hosts on one PostgreSQL, as processes with folders and ports of their own, and one folder of secrets."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from petition.coordination import rounds
from petition.crypto.blind_rsa import PublicKey, blind, finalize, prepare
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import statement_bytes
from petition.operations.startup import open_secret
from petition.scheduler_record import SchedulerRecord
from petition.sealing.models import Sealing
from petition.signing.models import Pending
from tests.conftest import Clock
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race import children
from tests.race.crowd import recount, standing
from tests.race.load import ask, until_answered
from tests.race.test_starting import running
from tests.walks import Campaign

pytestmark = [pytest.mark.race, pytest.mark.parametrize("kind", ["postgresql"])]
ENOUGH = 5
"""An update counts none where fewer wait: K + H."""
TAKES_OVER = "another host is gone: this one does what happens by itself from now on"
Wait = Callable[[], bool]


def until(is_so: Wait) -> None:
    """Wait for something that happens by itself."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, f"it did not happen within {SECONDS} s"
        time.sleep(0.1)


def waiting_hosts(campaign: Campaign) -> int:
    """How many hosts have asked for the lease and found it taken. Nothing but the server's sessions shows that."""
    asked = "datname = current_database() AND query LIKE 'SELECT pg_try_advisory_lock(%'"
    with campaign.databases.petition.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {asked}")) or 0)


@pytest.fixture
def hosts(environ: dict[str, str], campaign: Campaign, tmp_path: Path) -> list[dict[str, str]]:
    """The environments of three hosts, each with a data folder of its own. They share the campaign's secrets."""
    shared = {"PETITION_SECRETS": environ["PETITION_DATA"]}
    return [environ | shared | {"PETITION_DATA": str(tmp_path / f"host-{number}")} for number in range(3)]


class Scheduler:
    """What happens by itself on one host, in a process of its own; what it logs is in a file."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self._log, self._data = log, Path(environ["PETITION_DATA"])
        with log.open("wb") as out:
            command = [sys.executable, "-m", "petition", "scheduler"]
            self.process = subprocess.Popen(command, env=os.environ | environ, stdout=out, stderr=out)

    def says(self) -> list[str]:
        return [json.loads(line)["event"] for line in self._log.read_text().splitlines()]

    def has_held(self) -> bool:
        """Whether it ever had the lease: only then it looks what is due."""
        return SchedulerRecord(self._data).read() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def schedulers(hosts: list[dict[str, str]], tmp_path: Path) -> Iterator[Callable[[int], Scheduler]]:
    started: list[Scheduler] = []

    def start(number: int) -> Scheduler:
        started.append(Scheduler(hosts[number], tmp_path / f"log-{number}-{len(started)}"))
        return started[-1]

    yield start
    for one in started:
        one.process.send_signal(signal.SIGCONT)
        one.kill()


# Signing


def test_someone_gets_a_token_at_one_host_signs_at_another_and_looks_at_a_third(
    campaign: Campaign, clock: Clock, hosts: list[dict[str, str]]
) -> None:
    clock.moment = datetime.now(UTC)
    letter = campaign.a_published_letter()
    code = campaign.codes(letter, 1)[0]
    path, ports = campaign.address(letter), [free_port() for _ in hosts]
    servers = [children.started(children.serve, *each) for each in zip(hosts, ports, strict=True)]
    try:
        for port in ports:
            until_answered(port, "GET", "/healthz")
        record = ask(ports[0], "GET", f"{path}round.json")[1]
        receipt, key = os.urandom(16), PublicKey.from_spki(from_b64url(record["public_key"]))
        statement = statement_bytes(letter, 1, record["text_sha256"], opening(receipt).commit)
        message = prepare(statement, os.urandom)
        blinded = blind(key, message, os.urandom)
        bought = {"code": code, "round": 1, "blinded_message": b64url(blinded.message)}
        answers = [ask(port, "POST", f"{path}tokens", bought) for port in ports]
        signature = finalize(key, message, from_b64url(answers[0][1]["blind_signature"]), blinded.inverse)
        signed = {"message": b64url(message), "signature": b64url(signature), "appearance": {"step": "counted"}}
        added = ask(ports[1], "POST", f"{path}signatures", signed)
        again = ask(ports[2], "POST", f"{path}signatures", signed)
        ready = [ask(port, "GET", "/readyz")[0] for port in ports]
    finally:
        for server in servers:
            server.kill()
            server.join()

    assert [status for status, _ in answers] == [201, 201, 201]
    assert len({answer["blind_signature"] for _, answer in answers}) == 1
    assert added == again == (201, {"sealed": False})
    assert ready == [200, 200, 200]
    assert len(campaign.rows(Pending, letter)) == 1


# What happens by itself


def test_one_of_three_hosts_seals_and_when_it_is_killed_another_goes_on(
    campaign: Campaign, clock: Clock, schedulers: Callable[[int], Scheduler], tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC) - timedelta(hours=25)  # an update is due, and the time is not in doubt
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, 12)
    started = [schedulers(number) for number in range(3)]
    until(lambda: standing(campaign, letter, tokens).count("sealed") == 10)
    until(lambda: any(one.has_held() for one in started))
    [holder] = [one for one in started if one.has_held()]
    until(lambda: waiting_hosts(campaign) == 2)
    holder.kill()
    until(lambda: sum(one.has_held() for one in started) == 2)
    clock.moment = datetime.now(UTC) - timedelta(hours=2)
    hourly = campaign.a_published_letter(updates="hourly", slug="hourly")
    more = campaign.sign_all(hourly, 12)
    second = next(one for one in started if one is not holder and one.has_held())
    until(lambda: bool(second.says()))
    second.kill()
    until(lambda: standing(campaign, hourly, more).count("sealed") == 10)
    until(lambda: all(one.has_held() for one in started))
    until(lambda: all(one.says() for one in started if one is not holder))

    assert sorted(one.says() for one in started) == [[], [TAKES_OVER], [TAKES_OVER]]
    assert len(campaign.rows(Sealing, letter)) == 1
    assert recount(campaign, letter, tmp_path / "face") == 10
    assert recount(campaign, hourly, tmp_path / "hourly") == 10


@pytest.mark.long
def test_a_holder_that_was_paused_and_comes_back_does_no_harm(
    campaign: Campaign, clock: Clock, hosts: list[dict[str, str]], tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC) - timedelta(hours=25)
    letter = campaign.a_published_letter()
    logs = [tmp_path / f"busy-{number}" for number in range(2)]
    given = [(environ, letter, str(log)) for environ, log in zip(hosts, logs, strict=False)]
    busy = [children.started(children.seal_under_lease, *each) for each in given]
    tokens = []
    try:
        until(lambda: any(newest(log) for log in logs))
        holder = 0 if newest(logs[0]) else 1
        for _ in range(4):
            other = 1 - holder
            before = newest(logs[other])
            os.kill(busy[holder].pid or 0, signal.SIGSTOP)
            tokens += campaign.sign_all(letter, 8)
            until(lambda log=logs[other], before=before: newest(log) > before)  # type: ignore[misc]
            os.kill(busy[holder].pid or 0, signal.SIGCONT)
            until(lambda log=logs[holder]: log.read_text().endswith("lost\n"))  # type: ignore[misc]
            until(lambda all_=tuple(tokens): standing(campaign, letter, all_).count("waits") < ENOUGH)  # type: ignore[misc]
            holder = other
    finally:
        for process in busy:
            os.kill(process.pid or 0, signal.SIGCONT)
            process.kill()
            process.join()

    where = standing(campaign, letter, tokens)
    assert set(where) <= {"waits", "sealed"}
    assert recount(campaign, letter, tmp_path / "face") == where.count("sealed")


def newest(log: Path) -> int:
    """The newest number under which a process had the lease; 0 if it never had it."""
    return (
        max((int(line) for line in log.read_text().splitlines() if line.isdecimal()), default=0) if log.exists() else 0
    )


# Folders


def test_a_host_with_a_folder_of_its_own_does_not_start(
    campaign: Campaign, hosts: list[dict[str, str]], tmp_path: Path
) -> None:
    campaign.a_draft()
    open_secret(campaign.settings, campaign.databases)
    said = []
    for secrets in ("none", "master secret only", "another"):
        own = tmp_path / secrets
        own.mkdir(mode=0o700)
        if secrets != "none":
            (own / "secret").write_bytes(campaign.master if "master" in secrets else bytes(32))
            (own / "secret").chmod(0o600)
        with running(hosts[1] | {"PETITION_SECRETS": str(own)}, "--port", str(free_port())) as host:
            said.append(host.ended())

    assert [(status, out) for status, out, _ in said] == [(1, "")] * 3
    assert all(complained.count("\n") == 1 for _, _, complained in said)
    assert "There is no master secret at" in said[0][2] and "PETITION_SECRETS" in said[0][2]
    assert all("doesn't hold the secrets of this site's databases" in complained for _, _, complained in said[1:])
    assert not (tmp_path / "none/secret").exists()


@pytest.mark.long
def test_a_host_with_a_copy_of_the_folder_does_not_start(
    campaign: Campaign, hosts: list[dict[str, str]], schedulers: Callable[[int], Scheduler], tmp_path: Path
) -> None:
    campaign.an_open_letter()
    schedulers(0)
    until((campaign.settings.rounds_folder / "leader-mark").exists)
    copied = tmp_path / "copy"
    shutil.copytree(campaign.settings.data, copied)
    (copied / "rounds/leader-mark").write_text("1")  # as it is when two minutes have passed
    with running(hosts[1] | {"PETITION_SECRETS": str(copied)}, "--port", str(free_port())) as second:
        status, said, complained = second.ended()

    assert (status, said, complained.count("\n")) == (1, "", 1)
    assert "one of the two is a copy" in complained


def test_secrets_that_one_host_destroys_are_gone_for_all_even_from_a_copy(
    campaign: Campaign, hosts: list[dict[str, str]], schedulers: Callable[[int], Scheduler], tmp_path: Path
) -> None:
    open_secret(campaign.settings, campaign.databases)
    letter = campaign.an_open_letter()
    [code] = campaign.codes(letter, 1)
    copied = tmp_path / "copy"
    shutil.copytree(campaign.settings.data, copied, ignore=shutil.ignore_patterns("*.lock"))
    hosts[1]["PETITION_SECRETS"] = str(copied)
    port = free_port()
    server = children.started(children.serve, hosts[0], port)
    until_answered(port, "GET", "/healthz")
    schedulers(1)
    rounds.destroy_now(campaign.services, letter)
    until(lambda: not (copied / f"rounds/{letter}-1").exists())
    asked = {"code": code, "round": 1, "blinded_message": b64url(b"\1" * 384)}
    status, _ = until_answered(port, "POST", f"{campaign.address(letter)}tokens", asked)
    server.kill()
    server.join()

    assert status == 410
    assert not (campaign.settings.rounds_folder / f"{letter}-1").exists()
