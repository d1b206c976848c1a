"""A site whose changes leave the machine has a weaker profile: the doctor finds it, and the promises page tells it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from petition.operations.doctor.findings import Finding
from petition.operations.doctor.hosts import check_hosts
from petition.operations.startup import open_secret
from petition.publishing.cache import TOLD
from petition.publishing.templates import HostFacts
from tests.visitors import SITE
from tests.walks import Campaign

on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])
on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
TELLS = 'id="replicated"'


@pytest.fixture
def slot(campaign: Campaign) -> Iterator[None]:
    """A slot for a replica, which keeps the server's log until the replica has it."""
    engine = campaign.databases.petition.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_create_physical_replication_slot('replica', true)"))
        yield
        connection.execute(text("SELECT pg_drop_replication_slot('replica')"))


def found(campaign: Campaign, *, is_replicated: bool) -> list[Finding]:
    settings = replace(campaign.settings, is_replicated=is_replicated)
    open_secret(settings, campaign.databases)
    everything = check_hosts(settings, campaign.databases, campaign.master)
    return [finding for finding in everything if finding.area == "replicas"]


@on_postgresql
def test_a_site_whose_changes_stay_on_the_machine_is_well(campaign: Campaign) -> None:
    assert [finding.level for finding in found(campaign, is_replicated=False)] == ["ok", "ok"]


@on_postgresql
def test_a_replica_of_which_pages_do_not_tell_is_wrong(campaign: Campaign, slot: None) -> None:
    told = found(campaign, is_replicated=False)

    assert [finding.level for finding in told] == ["wrong", "wrong"]
    assert "replication slot" in told[0].what and "PETITION_REPLICATED=yes" in told[0].mend


@on_postgresql
def test_where_pages_tell_of_it_the_doctor_names_the_weaker_profile(campaign: Campaign, slot: None) -> None:
    told = found(campaign, is_replicated=True)

    assert [finding.level for finding in told] == ["note", "note"]
    assert "in which order and when" in told[0].what


@on_sqlite
def test_the_promises_page_tells_of_it_on_such_a_site_only(campaign: Campaign) -> None:
    pages = []
    for is_replicated in (False, True):
        campaign.settings = replace(campaign.settings, is_replicated=is_replicated)
        pages.append(campaign.app().test_client().get("/promises/", base_url=SITE).data.decode())

    assert [TELLS in page for page in pages] == [False, True]


@pytest.mark.parametrize("is_replicated", [False, True])
def test_so_does_the_page_in_a_published_folder(is_replicated: bool) -> None:
    page = TOLD["promises/"]("en", HostFacts(is_replicated=is_replicated))

    assert (TELLS in page.body.decode()) is is_replicated
