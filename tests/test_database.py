"""Two databases: what is in force on each connection, how tables are made, what errors say."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, DateTime, Engine, Float, Interval, Time, event, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from petition import database
from petition.database import (
    Databases,
    Hour,
    IssuerBase,
    PetitionBase,
    changed,
    compact,
    engine_for,
    files_of,
    forget_order,
    insert_once,
    place_of,
)
from petition.issuing.models import Batch, Code
from petition.issuing.rounds import numbers
from petition.letters.models import Letter, Organizer
from petition.operations.migration import at_head, migrate_both
from petition.outages import is_away
from petition.publishing.figures.counts import figures
from petition.sealing.sealer import seal
from petition.signing.models import Pending, Tombstone
from tests.walks import DATABASES, Campaign

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
only_postgresql = pytest.mark.parametrize("kind", ["postgresql"])


def engines(campaign: Campaign) -> tuple[Engine, Engine, Engine]:
    databases = campaign.databases
    return databases.petition, databases.issuer, databases.reading


# SQLite


WANTED = {"journal_mode": "truncate", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2}
"""Pragmas as SQLite tells them: 2 is FULL, and MEMORY."""


def in_force(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in WANTED}


@only_sqlite
def test_the_journal_is_truncated_everything_is_synced_and_what_is_deleted_is_zeroed(campaign: Campaign) -> None:
    for engine in engines(campaign):
        assert in_force(engine) == WANTED
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() >= 10_000


def test_the_same_is_in_force_where_sqlite_was_built_to_begin_otherwise(tmp_path: Path) -> None:
    engine = engine_for(f"sqlite:///{tmp_path}/x.db")

    def begin_otherwise(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=DELETE", "synchronous=OFF", "secure_delete=OFF", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", begin_otherwise, insert=True)
    found = in_force(engine)
    engine.dispose()
    assert found == WANTED


def test_a_database_that_was_left_with_a_write_ahead_log_loses_it(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as left:
        left.execute("PRAGMA journal_mode=WAL")
        left.execute("CREATE TABLE t (a)")
    left.close()
    engine = engine_for(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    engine.dispose()

    assert [path.name for path in tmp_path.iterdir() if "wal" in path.name or "shm" in path.name] == []
    assert (tmp_path / "x.db").read_bytes()[18:20] == b"\1\1"  # the header's versions: 1 legacy, 2 write-ahead log


FILES = ("petition.db", "petition-waiting.db", "issuer.db")


@only_sqlite
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_removed_while_the_site_runs_is_missed_and_not_made_anew(campaign: Campaign, name: str) -> None:
    engine = campaign.databases.issuer if name == "issuer.db" else campaign.databases.petition
    with engine.connect():  # in use, so that the next one needs another connection
        (campaign.settings.data / name).unlink()
        with pytest.raises(OperationalError) as missed, engine.begin():
            pass

    assert is_away(missed.value)
    assert not (campaign.settings.data / name).exists()


@only_sqlite
def test_files_that_are_put_in_the_place_of_open_ones_are_opened_without_a_restart(campaign: Campaign) -> None:
    databases, data = campaign.databases, campaign.settings.data
    write = text("UPDATE alembic_version SET version_num = version_num")
    with databases.petition.connect():
        pass
    for name in FILES:
        copy = data / f"{name}.copy"
        copy.write_bytes((data / name).read_bytes())
        copy.replace(data / name)
    with pytest.raises(OperationalError) as moved, databases.petition.begin() as connection:
        connection.execute(write)
    with databases.petition.begin() as connection:
        connection.execute(write)

    assert is_away(moved.value)


@only_sqlite
def test_who_writes_takes_the_lock_at_once_and_who_reads_takes_none(campaign: Campaign) -> None:
    for engine, expected in zip(engines(campaign), ("BEGIN IMMEDIATE", "BEGIN IMMEDIATE", "BEGIN"), strict=True):
        with engine.connect() as connection:
            begun: list[str] = []
            driver: Any = connection.connection.driver_connection
            driver.set_trace_callback(begun.append)
            connection.execute(text("SELECT 1"))
            driver.set_trace_callback(None)
        assert begun[0] == expected


@pytest.fixture
def impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Databases]:
    """Databases in which no one waits for a lock."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    opened = Databases(f"sqlite:///{tmp_path}/petition.db", f"sqlite:///{tmp_path}/issuer.db")
    migrate_both(opened, tmp_path)
    yield opened
    opened.dispose()


@pytest.mark.parametrize("table", [Letter, Pending])
def test_a_commit_that_gives_up_leaves_no_lock(impatient: Databases, table: type[Any]) -> None:
    with impatient.reading.connect() as reader:
        reader.execute(select(table)).all()
        with Session(impatient.petition) as session:
            session.execute(text("DELETE FROM letter WHERE 0"))
            with pytest.raises(OperationalError, match="locked"):
                session.commit()
    with sqlite3.connect(str(impatient.petition.url.database), timeout=0, isolation_level=None) as another:
        another.execute("BEGIN EXCLUSIVE")
    another.close()


@pytest.mark.parametrize("options", [{}, {"petition_reads": True}, {"petition_arrives": True}])
def test_who_meets_a_lock_gets_the_error_that_callers_know(impatient: Databases, options: dict[str, Any]) -> None:
    """So that it becomes 503, not 500."""
    name = "petition-waiting.db" if "petition_arrives" in options else "petition.db"
    place = Path(str(impatient.petition.url.database)).with_name(name)
    with sqlite3.connect(place, timeout=0, isolation_level=None) as another:
        another.execute("BEGIN EXCLUSIVE")
        with (
            impatient.petition.execution_options(**options).connect() as connection,
            pytest.raises(OperationalError, match="locked"),
        ):
            connection.execute(select(Pending.commit))
    another.close()
    with impatient.petition.begin() as connection:
        assert connection.execute(select(Pending.commit)).all() == []


def test_who_read_the_second_file_first_is_not_kept_out_by_one_who_commits(impatient: Databases) -> None:
    with impatient.reading.connect() as reader, impatient.petition.connect() as writer:
        reader.execute(select(Pending.commit)).all()
        writer.execute(text("DELETE FROM letter WHERE 0"))
        driver: Any = writer.connection.driver_connection
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            driver.execute("COMMIT")  # and goes on holding what it has

        assert reader.execute(select(Letter.id)).all() == []


@only_sqlite
def test_what_was_deleted_is_gone_from_the_file(campaign: Campaign) -> None:
    mark = bytes(range(100, 132))
    letter = campaign.a_draft()
    with Session(campaign.databases.petition) as session:
        insert_once(session, Tombstone, {"letter_id": letter, "commit": mark})
        session.commit()
    file = campaign.settings.data / "petition-waiting.db"
    assert mark in file.read_bytes()
    with Session(campaign.databases.petition) as session:
        session.query(Tombstone).delete()
        session.commit()

    assert mark not in file.read_bytes()


@only_sqlite
def test_a_compacted_database_has_its_rows_in_the_order_of_their_keys(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    for _ in range(3):
        campaign.codes(letter, 3)
    compact(campaign.databases.issuer)
    macs = sorted(row.mac for row in campaign.rows(Code, letter))
    data = (campaign.settings.data / "issuer.db").read_bytes()
    places = [data.index(mac) for mac in macs]

    assert places in (sorted(places), sorted(places, reverse=True))


# PostgreSQL


@only_postgresql
def test_who_reads_sees_one_moment_and_writes_nothing(campaign: Campaign) -> None:
    with campaign.databases.reading.connect() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"
    with campaign.databases.petition.connect() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert connection.scalar(text("SHOW transaction_read_only")) == "off"


@only_postgresql
def test_figures_that_were_begun_before_a_sealing_do_not_mix_in_what_it_did(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    before = campaign.figures(letter)
    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        with Session(campaign.databases.issuer) as issuer:
            known = numbers(issuer, letter)
        with Session(campaign.databases.petition) as writing:
            chance = campaign.services.random
            row = writing.get_one(Letter, letter)
            seal(writing, row, known, moment=campaign.clock(), random=chance, master=campaign.master)
            writing.commit()

        assert figures(session, found, campaign.settings.url) == before
    assert campaign.figures(letter).count == 3


# Tables


def stored_tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        files = files_of(connection) or {None}
        return {table for file in files for table in inspect(connection).get_table_names(schema=file)}


def place_of_table(engine: Engine, name: str) -> dict[str, str | None]:
    """A table and its file on SQLite, as an inspector asks for them."""
    table = PetitionBase.metadata.tables.get(name)
    is_beside = engine.dialect.name == "sqlite" and table is not None and "file" in table.info
    return {"table_name": name, "schema": "waiting" if is_beside else None}


def test_the_two_databases_have_no_table_in_common(campaign: Campaign) -> None:
    petition, issuer, _ = engines(campaign)

    shared = stored_tables(petition) & stored_tables(issuer)
    assert shared <= {"alembic_version", "migration_lock", "host_lease"}
    assert stored_tables(petition) >= set(PetitionBase.metadata.tables)
    assert stored_tables(issuer) >= set(IssuerBase.metadata.tables)


@only_sqlite
def test_no_table_keeps_a_hidden_number_that_counts_insertions(campaign: Campaign) -> None:
    for engine in engines(campaign)[:2]:
        with engine.connect() as connection:
            made = {
                row.name: row.sql
                for file in files_of(connection)
                for row in connection.execute(text(f"SELECT name, sql FROM {file}.sqlite_master WHERE type = 'table'"))
            }
            counted = [name for name, sql in made.items() if not sql.rstrip().upper().endswith("WITHOUT ROWID")]
            assert counted == ["alembic_version"]
            assert "AUTOINCREMENT" not in "".join(made.values()).upper()


UNIQUE = {"letter": {"slug"}, "organizer": {"name"}}
"""Keys beside the primary ones: names that are public, or an organizer's."""


def test_no_index_keeps_an_order_that_the_keys_do_not(campaign: Campaign) -> None:
    for engine in engines(campaign)[:2]:
        found = inspect(engine)
        for table in stored_tables(engine) - {"alembic_version", "migration_lock", "host_lease"}:
            indexes = {
                name for index in found.get_indexes(**place_of_table(engine, table)) for name in index["column_names"]
            }
            unique = {
                name
                for key in found.get_unique_constraints(**place_of_table(engine, table))
                for name in key["column_names"]
            }
            assert indexes | unique == UNIQUE.get(table, set()), table


def test_no_column_counts_up_by_itself_or_knows_the_time(campaign: Campaign) -> None:
    for engine in engines(campaign)[:2]:
        found = inspect(engine)
        for table in stored_tables(engine) - {"alembic_version", "migration_lock", "host_lease"}:
            for column in found.get_columns(**place_of_table(engine, table)):
                assert not column.get("identity"), (table, column["name"])
                assert column["default"] is None, (table, column["name"])


TIMES = {
    "organizer": {"invited_until"},
    "sign_in": {"begun"},
    "invitation": {"until"},
    "letter": {"opened", "published", "closes", "closed", "publishes", "ends"},
    "version": {"saved"},
    "comment": {"written"},
    "names_key": {"opens"},
    "group_release": {"hour"},
    "report": {"hour"},
    "outbox": {"hour"},
    "round": {"opens", "closes", "issuing_ends", "signing_starts"},
    "issuing_round": {"opens"},
    "log": {"updated"},
    "sealing": {"hour"},
    "milestone": {"hour"},
}
"""Every stored time, to the hour. One concerns a person who may sign: when a waiting email goes out at the latest."""
DAYS = {"event": {"day"}, "demand_status": {"day"}, "spent_form": {"day"}}
"""Days that organizers typed, and the day on which one of their forms was shown."""


def test_no_other_time_is_stored_and_all_are_hours(campaign: Campaign) -> None:
    stored = {
        (table, column["name"])
        for engine in engines(campaign)[:2]
        for table in stored_tables(engine)
        for column in inspect(engine).get_columns(**place_of_table(engine, table))
        if isinstance(column["type"], Date | DateTime | Time | Interval | Float)
    }

    assert stored == {(table, column) for kind in (TIMES, DAYS) for table in kind for column in kind[table]}
    tables = {**PetitionBase.metadata.tables, **IssuerBase.metadata.tables}
    times = {type(tables[table].columns[column].type) for table, column in stored if table not in DAYS}
    assert times == {Hour}


# Verdicts and errors


def test_the_database_says_how_many_rows_a_statement_changed(campaign: Campaign) -> None:
    letter, row = campaign.a_draft(), {"commit": bytes(32)}
    with Session(campaign.databases.petition) as session:
        row = {"letter_id": letter, **row}

        assert [insert_once(session, Tombstone, row) for _ in range(2)] == [True, False]
        assert changed(session, Tombstone.__table__.delete().where(Tombstone.letter_id == letter)) == 1
        assert changed(session, Tombstone.__table__.delete().where(Tombstone.letter_id == letter)) == 0


def refused_inserts(campaign: Campaign) -> list[SQLAlchemyError]:
    """What the databases say to rows that they refuse."""
    letter, mark = campaign.an_open_letter(), b"\xabSECRET-OF-SOMEBODY-32-BYTES-LONG"[:32]
    campaign.organizer("Somebody-Secret")
    said = []

    def refuse(engine: Engine, *rows: Any) -> None:
        with Session(engine) as session, pytest.raises(IntegrityError) as refused:
            for row in rows:
                session.add(row)
                session.flush()
                session.expunge_all()
        said.append(refused.value)

    waits = {"letter_id": letter, "commit": mark, "round": 1, "message": mark * 4, "signature": mark}
    refuse(campaign.databases.petition, Pending(**waits), Pending(**waits))
    refuse(campaign.databases.petition, Organizer(id="SECRET-OF-SOMEBODY", name="Somebody-Secret"))
    batch = Batch(letter_id=letter, number=9, round=1, made=1)
    codes = [Code(letter_id=letter, round=1, mac=mark, batch=number) for number in (9, 9, 10)]
    refuse(campaign.databases.issuer, batch, codes[0], codes[1])
    refuse(campaign.databases.issuer, codes[2])
    return said


def test_no_value_of_a_statement_is_in_an_error(campaign: Campaign) -> None:
    said = refused_inserts(campaign)

    assert len(said) == 4
    for error in said:
        whole = "".join(str(one) + repr(one) for one in (error, error.orig, error.__cause__))
        for value in ("SECRET", "Somebody", b"SECRET".hex(), "DETAIL"):
            assert value not in whole
        assert "hide_parameters" in whole


def test_forgetting_the_order_changes_no_row(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, 3)
    forget_order(campaign.databases.petition, "pending", "tombstone")
    compact(campaign.databases.petition)

    assert {row.message for row in campaign.rows(Pending, letter)} == {token.message for token in tokens}


# Places


def test_the_times_of_files_tell_the_hour_of_what_was_written_and_nothing_finer(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    campaign.sign(letter, token)
    campaign.withdraw(letter, token)
    campaign.databases.dispose()
    times = {path.name: path.stat().st_mtime_ns for path in campaign.settings.data.rglob("*") if path.is_file()}

    del times["secret"]  # as old as the site

    assert {name for name in times if name.startswith(letter)} == {f"{letter}-1"}
    if campaign.databases.petition.dialect.name == "sqlite":
        assert times.keys() >= {f"{name}{end}" for name in DATABASES for end in ("", "-journal")}
    assert {name: time for name, time in times.items() if time % (3600 * 10**9)} == {}


def test_no_file_tells_when_it_was_read_for_someone_who_came(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    codes = campaign.codes(letter, 1)
    files = [path for path in campaign.settings.data.rglob("*") if path.is_file() and path.name != "secret"]
    for path in files:
        os.utime(path, ns=(0, 3600 * 10**9))  # the next reading sets the first of these, unless it is told not to
    campaign.sign(letter, campaign.token(letter, codes[0]))
    campaign.databases.dispose()

    assert [path.name for path in files if path.stat().st_atime_ns % (3600 * 10**9)] == []


def test_templates_and_migrations_are_found() -> None:
    assert (place_of("templates") / "base.html").is_file()
    assert (place_of("migrations") / "petition" / "env.py").is_file()


def test_a_new_database_is_not_at_head_until_it_is_migrated(tmp_path: Path) -> None:
    databases = Databases(f"sqlite:///{tmp_path}/petition.db", f"sqlite:///{tmp_path}/issuer.db")
    before = [at_head(engine, chain) for engine, chain in both(databases)]
    migrate_both(databases, tmp_path)
    after = [at_head(engine, chain) for engine, chain in both(databases)]
    databases.dispose()

    assert (before, after) == ([False, False], [True, True])


def both(databases: Databases) -> list[tuple[Engine, str]]:
    return [(databases.petition, "petition"), (databases.issuer, "issuer")]
