"""The world that the attack on stored order looks at, on both databases, and the lives lived in it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from petition.crypto.blind_rsa import PrivateKey
from tests.promises.attack import Lived, collect
from tests.promises.lives import World, a_story

PEOPLE, SEALINGS, LIVES = 500, 8, 7
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def world(keys: list[PrivateKey]) -> Iterator[World]:
    """On SQLite, in memory where there is a folder for that: what is looked at are the bytes, not the disk."""
    folder = Path(tempfile.mkdtemp(prefix="petition-lives-", dir=MEMORY if MEMORY.is_dir() else None))
    yield World(folder, keys[0], PEOPLE)
    shutil.rmtree(folder)


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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest) -> Lived:
    """Lives without any leak that we know of, and every clue that they left."""
    found: World = request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")
    lives = [found.live(a_story(PEOPLE, SEALINGS, Random(seed))) for seed in range(LIVES)]
    return [(life, collect(life)) for life in lives]
