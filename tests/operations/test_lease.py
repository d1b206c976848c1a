"""The lease of several hosts: one has it, another takes over, and one that comes back late writes nothing."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from petition.cli import main
from petition.database import Databases
from petition.errors import Conflict
from petition.letters.models import Letter
from petition.operations.doctor.checks import check
from petition.operations.doctor.hosts import check_hosts
from petition.operations.lease import LeaseLost, OnlyHost, SharedLease, lease_for
from petition.operations.secrets_folder import LEADER, SecretsFolder, is_led, problem, require_folder
from petition.operations.startup import open_secret
from petition.scheduler_record import LastRun, SchedulerRecord
from tests.walks import Campaign

on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])
NEVER = 3600.0


class Host:
    """A host with connections of its own. It looks when it is told to."""

    def __init__(self, campaign: Campaign, folder: Path) -> None:
        found = campaign.settings
        self.databases = Databases(found.database_url, found.issuer_database_url)
        self.lease = SharedLease(self.databases, SecretsFolder(folder), NEVER)

    def rename(self, letter_id: str, slug: str) -> None:
        """Write something."""
        with Session(self.databases.petition) as session:
            session.get_one(Letter, letter_id).slug = slug
            session.commit()

    def close(self) -> None:
        self.lease.release()
        self.databases.dispose()


@pytest.fixture
def a_host(campaign: Campaign) -> Iterator[Callable[[], Host]]:
    open_secret(campaign.settings, campaign.databases)
    made: list[Host] = []

    def make(folder: Path | None = None) -> Host:
        made.append(Host(campaign, folder or campaign.settings.rounds_folder))
        return made[-1]

    yield make
    for host in made:
        host.close()


def end_session_of_holder(campaign: Campaign) -> None:
    """What the server does with a holder that says nothing for long."""
    query = f"""SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = {LEADER >> 32} AND objid = {LEADER & 0xFFFFFFFF}"""
    with campaign.databases.petition.connect() as connection:
        assert connection.execute(text(query)).all()


@on_postgresql
def test_one_of_three_hosts_has_it(a_host: Callable[[], Host]) -> None:
    hosts = [a_host() for _ in range(3)]
    for host in hosts * 2:
        host.lease.look()

    assert [host.lease.is_mine() for host in hosts] == [True, False, False]
    assert is_led(hosts[2].databases.petition)


@on_postgresql
def test_another_host_takes_over_when_the_holder_is_gone(campaign: Campaign, a_host: Callable[[], Host]) -> None:
    first, second = a_host(), a_host()
    first.lease.look()
    second.lease.look()
    end_session_of_holder(campaign)
    second.lease.look()
    first.lease.look()

    assert (first.lease.is_mine(), second.lease.is_mine()) == (False, True)


@on_postgresql
def test_the_holder_that_stops_in_order_gives_it_up_at_once(a_host: Callable[[], Host]) -> None:
    first, second = a_host(), a_host()
    first.lease.look()
    first.lease.release()
    second.lease.look()

    assert (first.lease.is_mine(), second.lease.is_mine()) == (False, True)


@on_postgresql
def test_a_holder_that_does_not_know_that_it_lost_it_writes_nothing(
    campaign: Campaign, a_host: Callable[[], Host]
) -> None:
    letter = campaign.a_draft(slug="before")
    first, second = a_host(), a_host()
    first.lease.look()
    end_session_of_holder(campaign)
    second.lease.look()
    for databases in (first.databases.petition, first.databases.issuer):
        with pytest.raises(LeaseLost), databases.begin():
            pass
    with pytest.raises(LeaseLost):
        first.rename(letter, "stale")
    second.rename(letter, "after")

    assert first.lease.is_mine()  # it believes so
    assert campaign.letter_row(letter).slug == "after"


@on_postgresql
def test_the_next_holder_waits_for_what_the_last_one_has_begun(campaign: Campaign, a_host: Callable[[], Host]) -> None:
    letter = campaign.a_draft(slug="before")
    first, second = a_host(), a_host()
    first.lease.look()
    with Session(first.databases.petition) as session, ThreadPoolExecutor(1) as pool:
        session.get_one(Letter, letter).slug = "begun"
        session.flush()
        end_session_of_holder(campaign)
        looking = pool.submit(second.lease.look)
        pause = threading.Event()
        pause.wait(0.5)
        waited = not looking.done() and not second.lease.is_mine()
        session.commit()
        looking.result(60)

    assert waited
    assert second.lease.is_mine()
    assert campaign.letter_row(letter).slug == "begun"


@on_postgresql
def test_nothing_is_written_while_it_is_held(campaign: Campaign, a_host: Callable[[], Host]) -> None:
    """A row that is written every few seconds would be a clock that dates what waits."""
    host = a_host()
    host.lease.look()
    before = rows_of_the_lease(campaign)
    for _ in range(20):
        host.lease.look()

    assert rows_of_the_lease(campaign) == before


def rows_of_the_lease(campaign: Campaign) -> list[tuple[str, ...]]:
    """Where the rows are, and which transactions wrote or held them."""
    query = text("SELECT ctid::text, xmin::text, xmax::text, number::text FROM host_lease")
    found = []
    for engine in (campaign.databases.petition, campaign.databases.issuer):
        with engine.connect() as connection:
            found += [tuple(row) for row in connection.execute(query)]
    return found


@on_postgresql
def test_a_host_whose_folder_is_a_copy_is_refused_and_never_gets_it(
    campaign: Campaign, a_host: Callable[..., Host], tmp_path: Path
) -> None:
    copy = tmp_path / "rounds"
    copy.mkdir(mode=0o700)
    first = a_host()
    first.lease.look()
    for path in campaign.settings.rounds_folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    for _ in range(20):
        first.lease.look()
    second = a_host(copy)
    second.lease.look()
    shared, copied = (SecretsFolder(folder) for folder in (campaign.settings.rounds_folder, copy))
    with campaign.databases.petition.connect() as connection:
        seen = [folder.is_shared_with_leader(connection) for folder in (shared, copied)]

    assert seen == [True, False]
    assert not second.lease.is_mine()
    assert problem(campaign.settings, campaign.databases, campaign.master) == ""


@on_postgresql
def test_the_database_knows_a_folder_and_nothing_that_it_holds(campaign: Campaign) -> None:
    require_folder(campaign.settings, campaign.databases, campaign.master)
    with campaign.databases.petition.connect() as connection:
        known = connection.execute(text("SELECT folder FROM host_lease")).scalar_one()
    name = SecretsFolder(campaign.settings.rounds_folder).name() or b""

    assert len(bytes.fromhex(known)) == 32
    assert known not in (campaign.master.hex(), name.hex())
    assert problem(campaign.settings, campaign.databases, b"\1" * 32) != ""


@on_postgresql
def test_the_doctor_says_so_of_a_folder_that_does_not_fit(campaign: Campaign) -> None:
    open_secret(campaign.settings, campaign.databases)
    before = [finding.level for finding in check_hosts(campaign.settings, campaign.databases, campaign.master)]
    campaign.settings.rounds_folder.joinpath("folder-name").write_bytes(bytes(32))
    after = [one for one in check(campaign.settings, campaign.clock()) if one.area == "hosts"]

    assert "wrong" not in before
    assert [one.level for one in after] == ["wrong"]
    assert "doesn't hold the secrets of this site's databases" in after[0].what


@on_postgresql
def test_a_failure_from_before_another_host_had_the_lease_is_no_longer_told(
    campaign: Campaign, a_host: Callable[[], Host]
) -> None:
    record = SchedulerRecord(campaign.settings.data)
    record.write(LastRun(campaign.clock() - timedelta(hours=5), ("count update (LeaseLost)",)))
    alone = [one.level for one in check(campaign.settings, campaign.clock()) if one.area == "scheduler"]
    a_host().lease.look()
    led = [one for one in check(campaign.settings, campaign.clock()) if one.area == "scheduler"]

    assert alone == ["wrong"]
    assert [one.level for one in led] == ["ok"] and "another host" in led[0].what


@on_postgresql
def test_after_the_folder_is_lost_a_command_begins_with_another(campaign: Campaign, environ: dict[str, str]) -> None:
    open_secret(campaign.settings, campaign.databases)
    campaign.settings.rounds_folder.joinpath("folder-name").unlink()
    with pytest.raises(Conflict, match="petition adopt"):
        open_secret(campaign.settings, campaign.databases)
    asked = CliRunner().invoke(main, ["adopt"], env=environ)
    done = CliRunner().invoke(main, ["adopt", "--yes"], env=environ)

    assert (asked.exit_code, done.exit_code) == (1, 0)
    assert open_secret(campaign.settings, campaign.databases) == campaign.master


@pytest.mark.parametrize("kind", ["sqlite"])
def test_on_sqlite_there_is_nothing_to_adopt(campaign: Campaign, environ: dict[str, str]) -> None:
    assert CliRunner().invoke(main, ["adopt", "--yes"], env=environ).exit_code == 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_site_on_sqlite_needs_no_lease(campaign: Campaign) -> None:
    open_secret(campaign.settings, campaign.databases)
    lease = lease_for(campaign.databases, campaign.settings.rounds_folder)

    assert isinstance(lease, OnlyHost) and lease.is_mine()
    assert list(campaign.settings.rounds_folder.iterdir()) == []
