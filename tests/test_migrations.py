"""Both chains of revisions, on both databases: what they lead to is what the models say."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, String, create_engine, func, insert, inspect, literal, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from petition.database import Databases, IssuerBase, PetitionBase, files_of, place_of
from petition.operations.migration import CHAIN_NAMES, alembic_config, at_head, known_revisions, migrate_both
from petition.operations.schema import METADATA, changes
from petition.signing.models import Answer, Pending
from tests.patience import SECONDS
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

FROZEN = {
    "issuer/versions/0001_first_tables.py": "126ecd9751a40266e1e568c079a40366456f85992f6fece1a9a6663e0ee679b8",
    "petition/versions/0001_first_tables.py": "95094dacc4ed93364053c1c2df5bb4053aac602890a1e99472894de8b7553e40",
}
"""SHA-256 of every revision that is part of a release. These files never change: write another revision."""
OF_ROWS = {("petition", "0005")}
"""Revisions that change rows alone."""
OF_ALEMBIC = {"alembic_version", "migration_lock", "host_lease"}
MIGRATE = """
import sys
from pathlib import Path
from petition.database import Databases
from petition.operations.migration import migrate_both
migrate_both(Databases(*sys.argv[1:3]), Path(sys.argv[3]))
"""


@pytest.fixture
def urls(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> list[str]:
    """The addresses of four empty databases, two for each chain."""
    if kind == "sqlite":
        return [f"sqlite:///{tmp_path}/{number}.db" for number in range(4)]
    url_of = request.getfixturevalue("postgres")
    server = create_engine(url_of("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        for number in range(4):
            connection.execute(text(f"DROP DATABASE IF EXISTS empty_{number} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE empty_{number}"))
    return [url_of(f"empty_{number}") for number in range(4)]


@pytest.fixture
def empty(urls: list[str]) -> Iterator[Databases]:
    databases = Databases(*urls[:2])
    yield databases
    databases.dispose()


@pytest.fixture
def modelled(urls: list[str]) -> Iterator[Databases]:
    """Databases whose tables were made from the models, without any revision."""
    databases = Databases(*urls[2:])
    for chain, engine in chains(databases):
        METADATA[chain].create_all(engine)
    yield databases
    databases.dispose()


def chains(databases: Databases) -> list[tuple[str, Engine]]:
    return [("petition", databases.petition), ("issuer", databases.issuer)]


def definitions(engine: Engine) -> dict[str, Any]:
    """Each table as the database has it: every column, key and option, whatever their order."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            made = [
                row
                for file in files_of(connection)
                for row in connection.execute(text(f"SELECT name, sql FROM {file}.sqlite_master WHERE sql IS NOT NULL"))
            ]
            return {name: sorted(parts(sql)) for name, sql in made if name not in OF_ALEMBIC}
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, "
                "is_identity FROM information_schema.columns WHERE table_schema = 'public'"
            )
        ).all()
        keys = connection.execute(
            text("SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                 "WHERE connamespace = 'public'::regnamespace")
        ).all()  # fmt: skip
        indexes = connection.execute(
            text("SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'")
        ).all()
    found: dict[str, Any] = {}
    for table, *rest in [*columns, *keys, *indexes]:
        if table not in OF_ALEMBIC:
            found.setdefault(table, set()).add(tuple(rest))
    return found


def parts(sql: str) -> list[str]:
    """Columns, keys and options of a definition. SQLite puts a column that was added later on another's line."""
    beginning, _, rest = sql.partition("(")
    inside, _, options = rest.rpartition(")")
    pieces = [beginning, *re.split(r",(?![^()]*\))", inside), options]
    return [re.sub(r'["\s]+', " ", piece).strip() for piece in pieces]


def run(engine: Engine, chain: str, verb: Any, revision: str) -> None:
    with engine.connect() as connection:
        verb(alembic_config(chain, connection), revision)
        connection.commit()


def revisions(chain: str) -> list[str]:
    """Oldest first."""
    walked = ScriptDirectory.from_config(alembic_config(chain)).walk_revisions()
    return [script.revision for script in walked][::-1]


def test_autogenerate_finds_nothing_to_add(empty: Databases, tmp_path: Path) -> None:
    migrate_both(empty, tmp_path)

    for chain, engine in chains(empty):
        with engine.connect() as connection:
            assert changes(connection, METADATA[chain]) == []


def test_the_tables_are_defined_as_the_models_say_also_where_autogenerate_does_not_look(
    empty: Databases, modelled: Databases, tmp_path: Path
) -> None:
    migrate_both(empty, tmp_path)

    for (chain, migrated), (_, made) in zip(chains(empty), chains(modelled), strict=True):
        assert definitions(migrated) == definitions(made)
        assert set(METADATA[chain].tables) <= set(definitions(migrated))


def test_each_revision_goes_up_and_down_and_up_again(empty: Databases, tmp_path: Path) -> None:
    for chain, engine in chains(empty):
        seen = {"base": definitions(engine)}
        for older, newer in zip(["base", *revisions(chain)], revisions(chain), strict=False):
            run(engine, chain, command.upgrade, newer)
            seen[newer] = definitions(engine)
            run(engine, chain, command.downgrade, older)
            assert definitions(engine) == seen[older]
            run(engine, chain, command.upgrade, newer)
            assert definitions(engine) == seen[newer]
            assert seen[newer] != seen[older] or (chain, newer) in OF_ROWS
        assert at_head(engine, chain)
        run(engine, chain, command.downgrade, "base")
        assert set(inspect(engine).get_table_names()) <= OF_ALEMBIC


def test_answers_that_are_stored_already_get_one_length(empty: Databases) -> None:
    run(empty.petition, "petition", command.upgrade, "0004")
    with empty.petition.connect() as connection:
        row = {"letter_id": "L" * 26, "round": 1, "field": "role"}
        for number, option in enumerate(("hr", "operations")):
            values = {**row, "key": bytes([number] * 32), "option": literal(option, String())}
            connection.execute(insert(Answer).values(values))
        connection.commit()

    run(empty.petition, "petition", command.upgrade, "0005")

    with Session(empty.petition) as session:
        assert set(session.scalars(select(func.length(Answer.option)))) == {40}
        assert set(session.scalars(select(Answer.option))) == {"hr", "operations"}


@pytest.mark.parametrize("chain", sorted(METADATA))
def test_a_chain_is_one_line_from_one_beginning(chain: str) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(chain))

    assert (len(scripts.get_heads()), len(scripts.get_bases())) == (1, 1)
    assert len(revisions(chain)) == len(list((place_of("migrations") / chain / "versions").glob("*.py")))


@pytest.mark.parametrize("chain", sorted(METADATA))
def test_a_revision_stays_what_it_was_whatever_the_models_become(chain: str) -> None:
    for path in (place_of("migrations") / chain / "versions").glob("*.py"):
        assert not re.search(r"^\s*(import|from) petition", path.read_text(encoding="utf-8"), re.MULTILINE), path.name


@pytest.mark.parametrize("name", sorted(FROZEN))
def test_a_revision_that_was_released_never_changes(name: str) -> None:
    assert hashlib.sha256((place_of("migrations") / name).read_bytes()).hexdigest() == FROZEN[name]


def test_the_two_chains_share_no_table() -> None:
    assert not set(PetitionBase.metadata.tables) & set(IssuerBase.metadata.tables)


def test_two_processes_that_migrate_at_once_both_end_well(empty: Databases, urls: list[str], tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", MIGRATE, *urls[:2], str(tmp_path)]) for _ in range(2)]

    assert [process.wait(SECONDS) for process in started] == [0, 0]
    assert all(at_head(engine, chain) for chain, engine in chains(empty))


@pytest.mark.parametrize("chain", CHAIN_NAMES)
def test_revisions_are_known_by_the_names_of_their_files(chain: str) -> None:
    walked = ScriptDirectory.from_config(alembic_config(chain)).walk_revisions()

    assert known_revisions(chain) == [script.revision for script in walked][::-1]


def test_migrating_again_keeps_what_is_there(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, 2)
    for _ in range(2):
        migrate_both(campaign.databases, tmp_path)

    assert {row.message for row in campaign.rows(Pending, letter)} == {token.message for token in tokens}
    assert campaign.figures(letter).letter_id == letter
