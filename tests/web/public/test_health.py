"""What the site says to its host's watchdogs."""

import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.database import Databases
from petition.operations.readiness import Readiness
from tests.conftest import Clock
from tests.forwarder import Forwarder, there
from tests.visitors import SITE
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


def asked(app: Any, path: str) -> tuple[int, str]:
    answer = app.test_client().get(path, base_url=SITE)
    return answer.status_code, answer.text


def test_a_whole_site_is_alive_and_ready(app: Any) -> None:
    assert (asked(app, "/healthz"), asked(app, "/readyz")) == ((200, "alive\n"), (200, "ready\n"))


def test_a_database_whose_tables_are_not_those_of_the_models_is_not_ready(campaign: Campaign) -> None:
    app = campaign.app()
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("ALTER TABLE letter DROP COLUMN contact"))

    status, said = asked(app, "/readyz")
    assert status == 503
    assert said == "petition: its tables are not those of this version; see petition doctor\n"


def test_a_database_of_another_revision_is_not_ready(campaign: Campaign) -> None:
    app = campaign.app()
    with campaign.databases.issuer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert asked(app, "/readyz") == (503, "issuer: not at the newest revision\n")


def test_a_master_secret_that_fits_no_more_is_not_ready(campaign: Campaign) -> None:
    campaign.an_open_letter()
    found = Readiness(campaign.settings, campaign.databases, os.urandom(32), campaign.clock)

    assert found.problems() == ["keys: a log's key does not open; see petition doctor"]


def test_an_open_round_without_its_secret_is_not_ready(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    app = campaign.app()
    (campaign.settings.rounds_folder / f"{letter}-1").unlink()

    assert asked(app, "/readyz") == (503, "keys: the secret of an open round is missing; see petition doctor\n")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_database_that_only_reads_is_not_ready(campaign: Campaign) -> None:
    url = f"sqlite:///file:{campaign.settings.data}/issuer.db?mode=ro&uri=true"
    only_reads = Databases(campaign.settings.database_url, url)
    found = Readiness(campaign.settings, only_reads, campaign.master, campaign.clock).problems()
    only_reads.dispose()

    assert found == ["issuer: the database does not answer, or can't be written"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_database_whose_file_was_removed_is_not_ready(campaign: Campaign) -> None:
    with campaign.databases.issuer.connect():
        pass
    (campaign.settings.data / "issuer.db").unlink()
    found = Readiness(campaign.settings, campaign.databases, campaign.master, campaign.clock).problems()

    assert "issuer: the database does not answer, or can't be written" in found


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_database_to_which_another_writes_is_ready(campaign: Campaign) -> None:
    with campaign.databases.issuer.begin():
        found = Readiness(campaign.settings, campaign.databases, campaign.master, campaign.clock)

        assert found.problems() == []


def test_a_site_whose_update_is_overdue_is_not_ready_until_it_was_made(campaign: Campaign, clock: Clock) -> None:
    campaign.an_open_letter(k=3)
    found = Readiness(campaign.settings, campaign.databases, campaign.master, clock, count(step=100).__next__)
    clock.pass_time(hours=20, minutes=50)  # the set time was at 4, and it is 5:50
    in_time = found.problems()
    clock.pass_time(minutes=20)
    late = found.problems()
    campaign.tick()

    assert (in_time, late, found.problems()) == ([], ["updates: the last one is overdue; see petition doctor"], [])


def test_an_answer_is_good_for_a_moment(campaign: Campaign) -> None:
    passed = [0.0]
    found = Readiness(campaign.settings, campaign.databases, campaign.master, campaign.clock, lambda: passed[0])
    assert found.problems() == []
    with campaign.databases.issuer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    before = found.problems()
    passed[0] += 3

    assert (before, found.problems()) == ([], ["issuer: not at the newest revision"])


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_database_that_is_away_is_not_ready_and_ready_again_when_it_is_back(
    environ: dict[str, str], clock: Clock, make_key: Callable[[], PrivateKey]
) -> None:
    forwarder = Forwarder(environ)
    with forwarder:
        campaign = Campaign(settings(there(environ, forwarder)), clock, make_key)
        prepare_folders(campaign.settings)
    found = Readiness(campaign.settings, campaign.databases, campaign.master, campaign.clock, count(step=100).__next__)
    away = found.problems()
    with forwarder:
        back = found.problems()
    campaign.close()

    assert [line.partition(":")[0] for line in away[:2]] == ["petition", "issuer"]
    assert "Error" not in "".join(away)
    assert back == []
