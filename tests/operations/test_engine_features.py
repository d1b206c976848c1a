"""Engines that only speak PostgreSQL's protocol refuse some of its features with SQLSTATE 0A000: said once, no error.

None of them is here. PostgreSQL itself answers so: to CLUSTER along an index that cannot order rows, and where a
function before its own in the search path says it.
"""

import pytest
from sqlalchemy import text

from petition.database import Databases, forget_order
from petition.operations.engine_features import missing_features
from petition.operations.lease import SharedLease
from petition.operations.secrets_folder import SecretsFolder
from petition.operations.startup import open_secret
from tests.walks import Campaign

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])


def refuse_function(campaign: Campaign, name: str, argument: str) -> None:
    """Have the server of this database say that it lacks a function."""
    body = "BEGIN RAISE EXCEPTION 'not supported' USING ERRCODE = '0A000'; END"
    with campaign.databases.petition.begin() as connection:
        database = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS lacking"))
        made = f"CREATE FUNCTION lacking.{name}({argument}) RETURNS boolean LANGUAGE plpgsql AS $$ {body} $$"
        connection.execute(text(made))
        connection.execute(text(f"ALTER DATABASE {database} SET search_path = lacking, pg_catalog, public"))
    campaign.databases.dispose()


def test_postgresql_lacks_nothing(campaign: Campaign) -> None:
    assert list(missing_features(campaign.databases.petition)) == []
    assert list(missing_features(campaign.databases.issuer)) == []


def test_a_table_that_cannot_be_rewritten_is_taken_for_one_that_keeps_no_order(campaign: Campaign) -> None:
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("CREATE TABLE elsewhere (id integer)"))
        connection.execute(text("CREATE INDEX pk_elsewhere ON elsewhere USING hash (id)"))

    assert forget_order(campaign.databases.petition, "elsewhere") == []


def test_a_database_without_advisory_locks_is_named_with_what_follows(campaign: Campaign) -> None:
    refuse_function(campaign, "pg_try_advisory_xact_lock", "integer")
    [(follows, mend)] = missing_features(campaign.databases.petition)

    assert "advisory locks" in follows
    assert "--only server" in mend


def test_without_advisory_locks_a_host_works_alone(campaign: Campaign) -> None:
    open_secret(campaign.settings, campaign.databases)
    refuse_function(campaign, "pg_try_advisory_lock", "bigint")
    databases = Databases(campaign.settings.database_url, campaign.settings.issuer_database_url)
    lease = SharedLease(databases, SecretsFolder(campaign.settings.rounds_folder))
    lease.look()
    with databases.petition.begin():
        has_begun = True
    mine = lease.is_mine()
    lease.release()
    databases.dispose()

    assert mine and has_begun
