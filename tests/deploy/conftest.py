"""A letter with signatures, in a backup whose key the tests hold; machines on which install.sh has run."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.operations.backup import back_up
from petition.operations.recipients import encrypt_to, new_identity
from tests.conftest import Clock
from tests.deploy.machines import Machine, base, machine, wheels
from tests.publishing.test_folder import publish
from tests.walks import DATABASES, Campaign


@dataclass
class Backup:
    """An encrypted backup, the file with the private key, the public key, and the slug of the public letter in it."""

    file: Path
    key: Path
    recipient: str
    slug: str
    published: Path
    """The public letter as files, as of the backup."""
    hidden: str
    """The slug of a letter that is not public."""


@pytest.fixture(scope="session")
def backup(
    tmp_path_factory: pytest.TempPathFactory, sqlite_templates: Path, keys: list[PrivateKey]
) -> Iterator[Backup]:
    """A letter that five signed, and another that is not public."""
    folder = tmp_path_factory.mktemp("backup")
    data = folder / "data"
    data.mkdir(mode=0o700)
    for name in DATABASES:
        shutil.copy(sqlite_templates / name, data / name)
    found, left = settings({"PETITION_DATA": str(data), "PETITION_URL": "https://letters.example.org"}), cycle(keys)
    prepare_folders(found)
    campaign = Campaign(found, Clock(), lambda: next(left))
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    hidden = campaign.an_open_letter()
    identity = new_identity()
    made = Backup(
        folder / "petition.age",
        folder / "key.txt",
        str(identity.to_public()),
        campaign.letter_row(letter).slug,
        folder / "published",
        campaign.letter_row(hidden).slug,
    )
    plain = back_up(campaign.databases, campaign.master, moment=campaign.clock())
    made.file.write_bytes(encrypt_to(plain, [identity.to_public()]))
    publish(campaign, letter, made.published)
    made.key.write_text(f"{identity}\n")
    yield made
    campaign.close()


@pytest.fixture(scope="session")
def boot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Machine]]:
    """Boots a fresh machine of a suite of Debian; each suite is fetched once."""
    folder = tmp_path_factory.mktemp("machines")
    trees: dict[str, tuple[Path, Path]] = {}
    with ExitStack() as running:

        def one(suite: str) -> Machine:
            if suite not in trees:
                tree = base(suite, folder)
                trees[suite] = tree, wheels(tree, folder)
            return running.enter_context(machine(*trees[suite], tmp_path_factory.mktemp(f"{suite}-machine")))

        yield one
    for tree, packages in trees.values():
        shutil.rmtree(tree, ignore_errors=True)
        shutil.rmtree(packages, ignore_errors=True)
