"""PostgreSQL's own log must not keep what the tables don't: when people come."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from petition.operations.doctor.server_log import SILENT, check_server_log
from tests.walks import Campaign

HOSTING = Path(__file__).parents[2] / "docs" / "hosting.md"
on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])


@contextmanager
def with_settings(campaign: Campaign, **values: str) -> Iterator[None]:
    """A database whose administrator gave it settings of its own."""
    engine = campaign.databases.petition
    with engine.begin() as connection:
        database = f'ALTER DATABASE "{connection.scalar(text("SELECT current_database()"))}"'
        for name, value in values.items():
            connection.execute(text(f"{database} SET {name} = '{value}'"))
    engine.dispose()
    yield
    with engine.begin() as connection:
        connection.execute(text(f"{database} RESET ALL"))


@on_postgresql
def test_a_server_that_logs_each_statement_is_found_with_what_ends_it(campaign: Campaign) -> None:
    with with_settings(campaign, log_statement="mod", log_min_duration_statement="0"):
        told = list(check_server_log("petition", campaign.databases.petition))
    [wrong] = [finding for finding in told if finding.level == "wrong"]

    assert "log_statement = mod" in wrong.what and "log_min_duration_statement = 0" in wrong.what
    assert "ALTER SYSTEM SET log_statement = 'none';" in wrong.mend


@on_postgresql
def test_a_server_with_its_usual_settings_has_nothing_wrong(campaign: Campaign) -> None:
    told = list(check_server_log("petition", campaign.databases.petition))

    assert "wrong" not in {finding.level for finding in told}


def test_the_page_for_hosts_has_each_setting() -> None:
    page = HOSTING.read_text()

    assert [name for name, value in SILENT.items() if f"    {name} = {value}\n" not in page] == []
