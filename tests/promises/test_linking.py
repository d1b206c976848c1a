"""Raw copies of everything stored, taken after each sealing, don't show who came when, or who is who.

And the attack that shows it finds every leak that is planted for it.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from petition import database
from petition.coordination import updates
from petition.issuing.models import UNSPENT
from petition.sealing import choosing, sealer, steps, waiting
from tests.promises.attack import (
    CODE,
    NAME,
    NOW,
    ROLE,
    SIGNATURE,
    SITE,
    Lived,
    attacked,
    by_all_clues,
    correlations,
    pairings,
)
from tests.promises.conftest import LIVES, LivesOn
from tests.promises.lives import CHANGE, COPY, SEAL, SIGN, WITHDRAW, Event, Story, World, a_story, another_order
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

Patch = pytest.MonkeyPatch


def telling(lives: Lived) -> list[str]:
    """The clues that tell an order, but for what a copy shows of those who came since the last sealing."""
    return [str(found) for found in correlations(lives) if found.is_telling and not found.clue[1].startswith(NOW)]


def linked(lives: Lived, one: str = CODE, other: str = SIGNATURE) -> list[str]:
    """The pairings of codes with signatures, or of two other sides, that are better than guessing."""
    return [str(found) for found in pairings(lives, one=one, other=other) if found.is_better_than_guessing]


def test_nothing_that_is_stored_tells_in_which_order_people_came(lived: Lived) -> None:
    assert telling(lived) == []


def test_codes_and_signatures_cannot_be_paired_better_than_by_guessing(lived: Lived) -> None:
    assert linked(lived) == []


def test_answers_and_names_cannot_be_joined_with_one_another_nor_with_a_signature_or_a_code(lived: Lived) -> None:
    pairs = [(ROLE, SITE), (ROLE, NAME), (ROLE, SIGNATURE), (NAME, SIGNATURE), (CODE, SITE), (CODE, NAME)]

    assert [found for pair in pairs for found in linked(lived, *pair)] == []


def test_all_clues_together_pair_them_no_better(lived: Lived) -> None:
    found = by_all_clues(lived)

    assert not found.is_better_than_guessing, str(found)


@pytest.mark.long
def test_nothing_tells_the_order_of_thousands_either(kind: str, lives_on: LivesOn) -> None:
    lives = lives_on(kind, 20)

    many = [found for found in correlations(lives) if found.freedom > 2500 and not found.clue[1].startswith(NOW)]
    assert max(abs(found.rho) for found in many) < 0.1
    assert telling(lives) == []
    assert linked(lives) == []


@pytest.mark.long
def test_on_postgresql_a_copy_between_two_sealings_shows_the_order_of_those_who_came_since(lives_on: LivesOn) -> None:
    """The site says so; and the attack sees what there is to see."""
    shown = {
        found.clue: found.rho
        for found in correlations(lives_on("postgresql", LIVES["postgresql"]))
        if found.order == SIGN
    }

    assert shown[SIGNATURE, f"{NOW}: petition.pending xmin"] > 0.99


def test_an_hour_in_another_order_leaves_the_same_bytes(world: World) -> None:
    story = a_story(150, 3, Random(1))
    one = world.live(story, chance=Random(2))
    other = world.live(another_order(story, Random(3)), chance=Random(2))

    for copy, twin in zip(one.copies, other.copies, strict=True):
        differing = {name for name, raw in copy.files.items() if twin.files[name] != raw}
        assert differing == ({"petition-waiting.db"} if copy.event == COPY else set()), copy.interval


@pytest.fixture
def short_steps(monkeypatch: Patch) -> None:
    """Many steps a sealing, though few people sign."""
    monkeypatch.setattr(steps, "AT_ONCE", 12)
    monkeypatch.setattr(sealer, "token_hex", lambda size: "0" * 2 * size)


@pytest.mark.long
@pytest.mark.usefixtures("short_steps")
def test_copies_between_the_steps_of_a_sealing_tell_no_order_either(kind: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue("world" if kind == "sqlite" else "postgres_world")
    copied = [(2, 3), (2, 9), (3, 15), (3, 21)]  # one a life: several of one site would be the same people again
    lives = attacked(
        world.live(a_story(300, 4, Random(seed)), is_copied=lambda *step, at=at: step == at)  # type: ignore[misc]
        for seed, at in enumerate(copied)
    )

    assert [sum(copy.event == COPY for copy in life.copies) for life, _, _ in lives] == [3] * len(copied)
    assert telling(lives) == []
    assert linked(lives) == []


@pytest.mark.usefixtures("short_steps")
def test_only_the_file_of_those_who_wait_shows_in_which_order_they_came_at_any_step(world: World) -> None:
    story = a_story(120, 4, Random(1))
    each_fifth = lambda _, step: step % 5 == 0  # noqa: E731
    one = world.live(story, chance=Random(2), is_copied=each_fifth)
    other = world.live(another_order(story, Random(3)), chance=Random(2), is_copied=each_fifth)

    assert len(one.copies) > 15
    for copy, twin in zip(one.copies, other.copies, strict=True):
        differing = {name for name, raw in copy.files.items() if twin.files[name] != raw}
        assert differing <= ({"petition-waiting.db", "issuer.db"} if copy.event == COPY else set()), copy.interval


def test_an_hour_in_which_shown_names_left_in_another_order_leaves_the_same_bytes(world: World) -> None:
    later = world.with_names_shown(200)
    leaving = [Event(WITHDRAW if person % 2 else CHANGE, person) for person in range(160)]
    hours = [[*leaving[start : start + 10], Event(SEAL)] for start in range(0, len(leaving), 10)]
    story = Story([event for hour in hours for event in hour])
    one = later.live(story, chance=Random(2))
    other = later.live(another_order(story, Random(3)), chance=Random(2))

    for copy, twin in zip(one.copies, other.copies, strict=True):
        assert {name for name, raw in copy.files.items() if twin.files[name] != raw} == set(), copy.interval


# Leaks that the attack must find. Each is planted on a site of its own; one on each database in every run.


ARRIVALS = {
    "a time": "CREATE TABLE {table} (key BLOB PRIMARY KEY, at REAL DEFAULT (julianday('now'))) WITHOUT ROWID",
    "a running number": "CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE)",
    "a hidden rowid": "CREATE TABLE {table} (key BLOB PRIMARY KEY)",
}
UNORDERED = "CREATE TABLE {table} (key BLOB PRIMARY KEY) WITHOUT ROWID"
TRIGGER = """CREATE TEMP TRIGGER notes AFTER {when} WHEN length(NEW.{key}) = 32
    BEGIN INSERT OR IGNORE INTO {table} (key) VALUES (NEW.{key}); END"""


def filling(campaign: Campaign) -> Iterator[tuple[Engine, str, str, str]]:
    """Where people leave something: the database, a name for a table of it, the key, and what happens then."""
    yield campaign.databases.petition, "arrival", '"commit"', "INSERT ON waiting.pending"
    yield campaign.databases.issuer, "spending", "mac", "UPDATE ON code"


def plant_tables(schema: str) -> Callable[[Campaign], None]:
    """A table beside each of the two that fill up, and a trigger that writes to it."""

    def plant(campaign: Campaign) -> None:
        for engine, table, key, when in filling(campaign):
            run(engine, schema.format(table=table))
            in_each_connection(engine, TRIGGER.format(table=table, key=key, when=when))

    return plant


def in_each_connection(engine: Engine, trigger: str) -> None:
    """A trigger of one file that writes to another one lives as long as its connection."""

    def make(connection: Any, _record: Any) -> None:
        connection.execute(trigger)

    engine.dispose()
    event.listen(engine, "connect", make)


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.long
@pytest.mark.parametrize("schema", ARRIVALS.values(), ids=ARRIVALS.keys())
def test_a_table_that_keeps_the_order_is_found(world: World, schema: str) -> None:
    lives = attacked([world.live(a_story(100, 3, Random(1), at_once=1), plant=plant_tables(schema))])

    assert any("spending" in clue for clue in telling(lives))
    assert any("arrival" in clue for clue in telling(lives))
    assert linked(lives) != []


def test_rows_without_any_order_that_no_sealing_rewrites_are_found(world: World) -> None:
    # They are few enough for one page, which keeps the order in which they were put on it.
    lives = attacked([world.live(a_story(90, 3, Random(1)), plant=plant_tables(UNORDERED))])

    assert any("arrival offset among its page" in clue for clue in telling(lives))


@pytest.mark.long
def test_a_write_ahead_log_is_found(world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(database, "SQLITE_PRAGMAS", ("journal_mode=WAL", *database.SQLITE_PRAGMAS[2:]))
    lives = attacked([world.live(a_story(100, 3, Random(1), at_once=1))])

    assert any("issuer.db-wal" in clue for clue in telling(lives))
    assert any("petition-waiting.db-wal" in clue for clue in telling(lives))
    assert linked(lives) != []


@pytest.mark.long
def test_a_sealing_that_does_not_sort_is_found(world: World, monkeypatch: Patch) -> None:
    story, really = a_story(200, 4, Random(1)), waiting.all_waiting
    moments = {world.people[person].commit: moment for person, moment in story.moments[SIGN].items()}
    as_they_came = lambda *of: sorted(really(*of), key=lambda one: moments[one.commit])  # noqa: E731
    monkeypatch.setattr(sealer, "all_waiting", as_they_came)
    monkeypatch.setattr(choosing, "sorted", lambda rows, key=None: list(rows), raising=False)
    lives = attacked([world.live(story)])

    assert any("entry turn" in clue for clue in telling(lives))


@pytest.mark.long
def test_held_back_rows_that_stay_as_they_came_are_found(world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(updates, "compact", lambda *_: None)
    lives = attacked(world.live(a_story(200, 40, Random(seed))) for seed in (1, 2))  # so few an hour that most wait on

    assert any("after: petition-waiting.db pending" in clue for clue in telling(lives))


@pytest.mark.long
def test_answers_that_no_sealing_rewrites_are_found(world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(updates, "compact", lambda *_: None)
    monkeypatch.setattr(sealer, "settle", lambda *_, **how: None)
    lives = attacked(world.live(a_story(60, 3, Random(seed))) for seed in range(4))

    assert any("after: petition-waiting.db arrived_answer offset among its page" in clue for clue in telling(lives))


@pytest.mark.long
def test_codes_that_grow_when_they_are_spent_are_found(world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(updates, "compact", lambda *_: None)

    def plant(campaign: Campaign) -> None:
        def emptied(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> Any:
            given = values if many else [values]
            rows = [tuple(b"" if value == UNSPENT else value for value in row) for row in given]
            return statement, rows if many else rows[0]

        event.listen(campaign.databases.issuer, "before_cursor_execute", emptied, retval=True)
        run(campaign.databases.issuer, "UPDATE code SET request = x''")

    lives = attacked(world.live(a_story(160, 3, Random(seed)), plant=plant) for seed in range(3))

    assert any("issuer.db code" in clue for clue in telling(lives))


@pytest.mark.long
def test_a_line_a_signature_in_a_log_file_is_found(world: World) -> None:
    def plant(campaign: Campaign) -> None:
        def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            if statement.startswith("INSERT INTO pending") and "ON CONFLICT" in statement:
                with (campaign.settings.data / "server.log").open("ab") as file:
                    file.write(next(value for value in values if len(value) == 32).hex().encode() + b" signed\n")

        event.listen(campaign.databases.petition, "before_cursor_execute", note)

    lives = attacked([world.live(a_story(150, 4, Random(1)), plant=plant)])

    assert any("server.log" in clue for clue in telling(lives))


POSTGRES_ARRIVALS = {
    "a time": "CREATE TABLE {table} (key bytea PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())",
    "a running number": "CREATE TABLE {table} (id bigserial PRIMARY KEY, key bytea UNIQUE)",
    "a table that no sealing writes anew": "CREATE TABLE {table} (key bytea PRIMARY KEY)",
}
POSTGRES_TRIGGER = """CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO {table} (key) VALUES (NEW.{key}) ON CONFLICT DO NOTHING; RETURN NEW; END $$"""


def plant_postgres_tables(schema: str) -> Callable[[Campaign], None]:
    def plant(campaign: Campaign) -> None:
        for engine, table, key, when in filling(campaign):
            there = when.replace("waiting.", "")  # only SQLite has another file
            trigger = f"CREATE TRIGGER notes AFTER {there} FOR EACH ROW EXECUTE FUNCTION note()"
            run(engine, schema.format(table=table), POSTGRES_TRIGGER.format(table=table, key=key), trigger)

    return plant


@pytest.mark.long
@pytest.mark.parametrize("schema", POSTGRES_ARRIVALS.values(), ids=POSTGRES_ARRIVALS.keys())
def test_on_postgresql_a_table_that_keeps_the_order_is_found(postgres_world: World, schema: str) -> None:
    story = a_story(100, 3, Random(1), at_once=1)
    lives = attacked([postgres_world.live(story, plant=plant_postgres_tables(schema))])

    assert any("arrival" in clue for clue in telling(lives))
    assert any("spending" in clue for clue in telling(lives))
    assert linked(lives) != []


@pytest.mark.long
def test_on_postgresql_spent_codes_that_are_not_rewritten_are_found(postgres_world: World, monkeypatch: Patch) -> None:
    monkeypatch.setattr(updates, "rewrite_spent", lambda session: False)
    lives = attacked([postgres_world.live(a_story(150, 3, Random(1)))])

    assert any("after: issuer.code xmin" in clue for clue in telling(lives))


@pytest.mark.long
def test_on_postgresql_what_a_vacuum_leaves_on_the_pages_is_found(postgres_world: World, monkeypatch: Patch) -> None:
    def vacuum(engine: Engine, *tables: str) -> list[str]:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f"VACUUM {table}"))
        return []

    monkeypatch.setattr(updates, "forget_order", vacuum)
    lives = attacked([postgres_world.live(a_story(300, 3, Random(1)))])

    assert any(" file, " in clue for clue in telling(lives))


def test_postgresql_keeps_no_sequence_and_no_time_of_a_commit(postgres_world: World) -> None:
    for url in postgres_world.databases("life"):
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            assert connection.scalars(text("SELECT sequencename FROM pg_sequences")).all() == []
            assert connection.scalar(text("SHOW track_commit_timestamp")) == "off"
