"""A published copy is replaced only by a log that continues it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.config import prepare_folders, settings
from petition.database import Databases
from petition.errors import Conflict
from petition.letters.models import Letter
from petition.operations import log_recovery
from petition.operations.backup import back_up, read_backup
from petition.operations.migration import migrate_both
from petition.operations.restoring import restore
from petition.publishing.published_log import require_publishable
from tests import conftest
from tests.conftest import Clock
from tests.publishing.test_folder import publish
from tests.walks import Campaign

campaign = conftest.campaign
"""A site of its own, because it is backed up whole."""

pytestmark = pytest.mark.thorough


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 6)
    campaign.codes(made, 20)
    campaign.seal(made)
    return made


@pytest.fixture
def older(
    campaign: Campaign, letter: str, tmp_path: Path, clock: Clock, make_key: Callable[[], Any]
) -> Iterator[Campaign]:
    """The site as a backup of now is restored elsewhere, with its logs held."""
    found = settings({"PETITION_DATA": str(tmp_path / "older"), "PETITION_URL": campaign.settings.url or ""})
    prepare_folders(found)
    databases = Databases(found.database_url, found.issuer_database_url)
    migrate_both(databases, found.data)
    restore(found, databases, read_backup(back_up(campaign.databases, campaign.master, moment=campaign.clock())))
    databases.dispose()
    made = Campaign(found, clock, make_key)
    yield made
    made.close()


def look(site: Campaign, letter: str, folder: Path) -> None:
    with Session(site.databases.reading) as session:
        require_publishable(session, session.get_one(Letter, letter), folder)


def test_a_folder_that_is_older_or_the_same_or_new_may_be_written(
    campaign: Campaign, letter: str, tmp_path: Path
) -> None:
    look(campaign, letter, tmp_path / "new")
    publish(campaign, letter, tmp_path / "face")
    look(campaign, letter, tmp_path / "face")
    campaign.sign_all(letter, 3)
    campaign.seal(letter)

    look(campaign, letter, tmp_path / "face")


def test_nothing_is_written_while_the_log_is_held(older: Campaign, letter: str, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="restore"):
        look(older, letter, tmp_path / "new")


def test_a_newer_copy_is_not_replaced_by_what_came_out_of_a_backup(
    campaign: Campaign, older: Campaign, letter: str, tmp_path: Path
) -> None:
    campaign.sign_all(letter, 3)
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")
    log_recovery.nothing_newer(older.databases, moment=older.clock())

    with pytest.raises(Conflict, match="newer log"):
        look(older, letter, tmp_path / "face")


def test_a_copy_is_not_replaced_by_a_fork_of_it(
    campaign: Campaign, older: Campaign, letter: str, tmp_path: Path
) -> None:
    tokens = campaign.tokens(letter, 12)
    for token in tokens[:3]:
        campaign.sign(letter, token)
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")
    log_recovery.nothing_newer(older.databases, moment=older.clock())
    for token in tokens[3:]:
        older.sign(letter, token)
    older.seal(letter)
    sizes = [site.figures(letter).log_size for site in (campaign, older)]
    assert sizes[1] >= sizes[0]

    with pytest.raises(Conflict, match="another log"):
        look(older, letter, tmp_path / "face")


def test_a_folder_of_another_letter_is_not_replaced(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    other = campaign.a_published_letter()
    publish(campaign, other, tmp_path / "face")

    with pytest.raises(Conflict, match="another letter"):
        look(campaign, letter, tmp_path / "face")
