"""The world that the attack on stored order looks at, on both databases, and the lives lived in it."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from petition.crypto.blind_rsa import PrivateKey
from tests.promises.attack import Lived, attacked
from tests.promises.lives import World, a_story
from tests.warm import folder_in_memory

PEOPLE, SEALINGS = 300, 6
LIVES = {"sqlite": 2, "postgresql": 2}
LivesOn = Callable[[str, int], Lived]


@pytest.fixture(scope="session")
def world(keys: list[PrivateKey]) -> Iterator[World]:
    """On SQLite, in memory where there is a folder for that: what is looked at are the bytes, not the disk."""
    with folder_in_memory() as folder:
        yield World(folder, keys[0], PEOPLE)


@pytest.fixture(scope="session")
def postgres_world(
    world: World, postgres: Callable[[str], str], postgres_templates: Callable[[str], tuple[str, str]]
) -> World:
    """The same letter, codes and people on PostgreSQL."""
    server = create_engine(postgres("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    start = postgres_templates("start")

    def another(name: str) -> tuple[str, str]:
        with server.connect() as connection:
            for kind in ("petition", "issuer"):
                connection.execute(text(f"DROP DATABASE IF EXISTS {kind}_{name} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE {kind}_{name} TEMPLATE {kind}_start"))
        return postgres(f"petition_{name}"), postgres(f"issuer_{name}")

    return world.move_to(start, another)


@pytest.fixture(scope="session")
def lives_on(request: pytest.FixtureRequest) -> LivesOn:
    """Lives on a kind of database without any leak that we know of, with every clue that they left."""
    worlds = {"sqlite": "world", "postgresql": "postgres_world"}
    known: dict[str, Lived] = {"sqlite": [], "postgresql": []}

    def lives(kind: str, count: int) -> Lived:
        found: World = request.getfixturevalue(worlds[kind])
        seeds = range(len(known[kind]), count)
        known[kind] += attacked(found.live(a_story(PEOPLE, SEALINGS, Random(seed))) for seed in seeds)
        return known[kind][:count]

    return lives


@pytest.fixture
def lived(kind: str, lives_on: LivesOn) -> Lived:
    """On both databases."""
    return lives_on(kind, LIVES[kind])
