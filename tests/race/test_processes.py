"""What happens at the same moment in several processes: servers, clocks, starts."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from petition.crypto.encodings import b64url
from petition.database import Databases
from petition.issuing.models import UNSPENT, Code
from petition.operations.migration import at_head
from tests.conftest import Clock
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race import children
from tests.race.crowd import recount, standing, together
from tests.race.load import until_answered, until_not_busy
from tests.race.test_same_moment import a_blinded_message
from tests.walks import Campaign

pytestmark = pytest.mark.race
FIFTY = 50


@pytest.fixture
def ports(environ: dict[str, str], campaign: Campaign) -> Iterator[list[int]]:
    """Three servers of the same site."""
    found = [free_port() for _ in range(3)]
    servers = [children.started(children.serve, environ, port) for port in found]
    for port in found:
        until_answered(port, "GET", "/healthz")
    yield found
    for server in servers:
        server.kill()
        server.join()


def test_fifty_who_ask_three_servers_with_one_code_get_one_token(campaign: Campaign, ports: list[int]) -> None:
    letter = campaign.a_published_letter()
    path, code = campaign.address(letter) + "tokens", campaign.codes(letter, 2)[0]

    def buy(number: int) -> int:
        body = {"code": code, "round": 1, "blinded_message": b64url(a_blinded_message())}
        return until_not_busy(ports[number % 3], "POST", path, body)[0]

    answers = Counter(together([lambda number=number: buy(number) for number in range(FIFTY)]))

    assert answers[201] == 1
    assert set(answers) == {201, 409}
    assert [row.request != UNSPENT for row in campaign.rows(Code, letter)].count(True) == 1


def test_fifty_uses_of_a_token_at_three_servers_are_one_signature(campaign: Campaign, ports: list[int]) -> None:
    letter = campaign.a_published_letter()
    path, [token] = campaign.address(letter) + "signatures", campaign.tokens(letter, 1)
    signed = {"message": b64url(token.message), "signature": b64url(token.signature), "appearance": {"step": "counted"}}
    answers = together([lambda number=n: until_not_busy(ports[number % 3], "POST", path, signed) for n in range(FIFTY)])

    assert answers == [(201, {"sealed": False})] * FIFTY
    assert standing(campaign, letter, [token]) == ["waits"]


def command(environ: dict[str, str], *words: str) -> "subprocess.Popen[bytes]":
    whole = [sys.executable, "-m", "petition", *words]
    return subprocess.Popen(whole, env=os.environ | environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_two_schedulers_seal_each_signature_once(
    campaign: Campaign, clock: Clock, environ: dict[str, str], tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC) - timedelta(hours=25)  # an update is due, and the time is not in doubt
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, 12)
    schedulers = [command(environ, "scheduler") for _ in range(2)]
    until = time.monotonic() + SECONDS
    while standing(campaign, letter, tokens).count("sealed") < 10 and time.monotonic() < until:
        time.sleep(0.1)
    for one in schedulers:
        one.send_signal(signal.SIGTERM)

    assert [one.communicate(timeout=SECONDS)[1] for one in schedulers] == [b"", b""]
    assert standing(campaign, letter, tokens).count("sealed") == 10
    assert recount(campaign, letter, tmp_path / "face") == 10


def empty_site(kind: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a site that was never started."""
    environ = {"PETITION_DATA": str(folder / "data"), "PETITION_URL": "https://letters.example.org"}
    if kind == "postgresql":
        url: Callable[[str], str] = request.getfixturevalue("postgres")
        server = create_engine(url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        names = {"PETITION_DATABASE_URL": "petition_empty", "PETITION_ISSUER_DATABASE_URL": "issuer_empty"}
        with server.connect() as connection:
            for variable, name in names.items():
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE {name}"))
                environ[variable] = url(name)
    return environ


def test_sites_started_at_the_same_moment_migrate_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environ = empty_site(kind, tmp_path, request)
    starts = [command(environ, "letter", "list") for _ in range(3)]
    said = [(start.communicate(timeout=SECONDS)[1], start.returncode) for start in starts]

    assert said == [(b"", 0)] * 3
    urls = (environ.get("PETITION_DATABASE_URL"), environ.get("PETITION_ISSUER_DATABASE_URL"))
    data = tmp_path / "data"
    databases = Databases(urls[0] or f"sqlite:///{data}/petition.db", urls[1] or f"sqlite:///{data}/issuer.db")
    assert at_head(databases.petition, "petition")
    assert at_head(databases.issuer, "issuer")
    databases.dispose()
