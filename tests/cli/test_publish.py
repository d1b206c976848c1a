"""``petition publish``: one letter or all public ones, as folders."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.walks import Campaign

pytestmark = [pytest.mark.thorough, pytest.mark.parametrize("kind", ["sqlite"])]


@pytest.fixture
def site(campaign: Campaign, tmp_path: Path) -> Shell:
    """A terminal on a site with two public letters and an open one."""
    for slug in ("first", "second"):
        made = campaign.an_open_letter(slug=slug)
        campaign.sign_all(made, 5)
        campaign.seal(made)
        campaign.publish(made)
    campaign.an_open_letter(slug="third")
    environ = {"PETITION_DATA": str(campaign.settings.data), "PETITION_URL": campaign.settings.url or ""}
    return Shell(environ, tmp_path)


def test_all_public_letters_go_into_folders_of_their_own(site: Shell, tmp_path: Path) -> None:
    told = site("publish", "--all", "--to", str(tmp_path / "out"), "--json")
    written = json.loads(told.stdout)["written"]

    assert {path.name for path in (tmp_path / "out/letters").iterdir()} == {"first", "second"} == set(written)
    for slug in written:
        assert site("verify", str(tmp_path / "out/letters" / slug)).exit_code == 0


def test_a_letter_that_was_withdrawn_leaves_the_folder_and_what_others_put_there_stays(
    site: Shell, tmp_path: Path
) -> None:
    site("publish", "--all", "--to", str(tmp_path / "out"))
    (tmp_path / "out/letters/ours").mkdir()
    (tmp_path / "out/letters/ours/page.html").touch()
    site("letter", "withdraw", "second", "--reason", "We agreed.")
    told = site("publish", "--all", "--to", str(tmp_path / "out"))

    assert {path.name for path in (tmp_path / "out/letters").iterdir()} == {"first", "ours"}
    assert "second is not public any more" in told.stderr


@pytest.mark.parametrize("words", [(), ("first", "--all")])
def test_one_letter_or_all_must_be_named(site: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert site("publish", *words, "--to", str(tmp_path / "out")).exit_code == 2


def test_a_letter_that_is_not_public_is_not_written(site: Shell, tmp_path: Path) -> None:
    result = site("publish", "third", "--to", str(tmp_path / "out"))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "out").exists()
