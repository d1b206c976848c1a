"""Sites as released versions wrote them, on both kinds of database, each time unpacked afresh."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from petition.config import Settings, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.database import Databases
from petition.letters.models import Letter
from tests.conftest import Clock
from tests.walks import Campaign

RELEASES = Path(__file__).parents[1] / "data" / "releases"
VERSIONS = sorted(path.name for path in RELEASES.iterdir() if path.is_dir())
BACKUP_PASSPHRASE = "six random words of an old release"
URLS = ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL")


@dataclass(frozen=True)
class Released:
    """A site that a released version wrote: where it is, and what its people kept."""

    environ: dict[str, str]
    people: dict[str, Any]
    backup: Path

    @property
    def settings(self) -> Settings:
        return settings(self.environ)

    def open(self) -> Databases:
        """Its databases, as they are."""
        return Databases(self.settings.database_url, self.settings.issuer_database_url)

    def tokens(self, slug: str, kind: str) -> list[dict[str, Any]]:
        """What signers of a letter kept, in the release's own format of files."""
        found = self.people[slug][kind]
        return found if isinstance(found, list) else [found]


def unpack(archive: Path, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "tarfile", "-e", archive, folder], check=True)


@pytest.fixture(scope="session", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def released_templates(
    version: str, postgres: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], list[str]]:
    """Both databases of a release, loaded once into PostgreSQL; gives the addresses of fresh copies."""
    folder = tmp_path_factory.mktemp("released")
    unpack(RELEASES / version / "postgresql.tar.xz", folder)
    server = create_engine(postgres("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    for chain in ("petition", "issuer"):
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS old_{chain} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE old_{chain}"))
        url = postgres(f"old_{chain}").replace("+psycopg", "")
        load = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(folder / f"{chain}.sql"), url]
        subprocess.run(load, check=True, stdout=subprocess.DEVNULL)

    def fresh() -> list[str]:
        with server.connect() as connection:
            for chain in ("petition", "issuer"):
                connection.execute(text(f"DROP DATABASE IF EXISTS released_{chain} WITH (FORCE)"))
                connection.execute(text(f"CREATE DATABASE released_{chain} TEMPLATE old_{chain}"))
        return [postgres(f"released_{chain}") for chain in ("petition", "issuer")]

    return fresh


@pytest.fixture
def released(version: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Released:
    """A site that an older version wrote and that nothing has touched since."""
    unpack(RELEASES / version / f"{kind}.tar.xz", tmp_path)
    environ = {"PETITION_DATA": str(tmp_path / "data"), "PETITION_URL": "https://letters.example.org"}
    if kind == "postgresql":
        environ |= dict(zip(URLS, request.getfixturevalue("released_templates")(), strict=True))
    people = json.loads((tmp_path / "people.json").read_bytes())
    return Released(environ, people, RELEASES / version / "site.backup")


@pytest.fixture
def upgraded(released: Released, clock: Clock, make_key: Callable[[], PrivateKey]) -> Iterator[Campaign]:
    """The same site a week later, upgraded by its first start."""
    clock.pass_time(days=7)
    made = Campaign(released.settings, clock, make_key)
    made.app()
    yield made
    made.close()


def id_of(campaign: Campaign, slug: str) -> str:
    with Session(campaign.databases.reading) as session:
        return session.scalars(select(Letter.id).where(Letter.slug == slug)).one()
