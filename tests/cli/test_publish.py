"""``petition publish``: one letter or all public ones, as folders."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.letters.models import Letter
from petition.publishing import folder
from tests.cli.conftest import SITE, Shell
from tests.conftest import Clock
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


def a_site(campaign: Campaign, folder: Path) -> Shell:
    """A terminal on a site with two public letters and an open one."""
    for slug in ("first", "second"):
        made = campaign.an_open_letter(slug=slug)
        campaign.sign_all(made, 5)
        campaign.seal(made)
        campaign.publish(made)
    campaign.an_open_letter(slug="third")
    environ = {"PETITION_DATA": str(campaign.settings.data), "PETITION_URL": campaign.settings.url or ""}
    return Shell(environ, folder)


@pytest.fixture(scope="module")
def site(sqlite_templates: Path, keys: list[PrivateKey], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A site for all tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(sqlite_templates, folder / "data")
    (folder / "data").chmod(0o700)
    found, left = settings({"PETITION_DATA": str(folder / "data"), "PETITION_URL": SITE}), iter(keys)
    prepare_folders(found)
    campaign = Campaign(found, Clock(), lambda: next(left))
    yield a_site(campaign, folder)
    campaign.close()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_program_reads_what_was_written_and_deleted(campaign: Campaign, tmp_path: Path) -> None:
    site = a_site(campaign, tmp_path)
    first = json.loads(site("publish", "--all", "--to", str(tmp_path / "out"), "--json").stdout)
    site("letter", "withdraw", "second", "--reason", "We agreed.")
    (tmp_path / "out/second/ours.html").touch()
    again = json.loads(site("publish", "--all", "--to", str(tmp_path / "out"), "--json").stdout)

    assert set(first["written"]) == {"first", "second"} and first["deleted"] == []
    assert (again["written"], again["deleted"]) == ({"first": 0}, ["second"])
    assert [path.name for path in (tmp_path / "out/second").iterdir()] == ["ours.html"]


@pytest.mark.parametrize("words", [(), ("first", "--all")])
def test_one_letter_or_all_must_be_named(site: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert site("publish", *words, "--to", str(tmp_path / "out")).exit_code == 2


@pytest.mark.parametrize("words", [("--all",), ("first",)])
@pytest.mark.parametrize("above", [".", "..", "rounds", "../.."])
def test_nothing_is_written_beside_or_above_the_secrets_of_the_site(
    site: Shell, words: tuple[str, ...], above: str
) -> None:
    data = Path(site.environ["PETITION_DATA"])
    (data / "rounds").mkdir(exist_ok=True)
    before = sorted(data.rglob("*"))
    result = site("publish", *words, "--to", f"{data}/{above}")

    assert result.exit_code == 1
    assert "has this site's secrets" in result.stderr
    assert sorted(data.rglob("*")) == before


def test_a_letter_that_is_not_public_is_not_written(site: Shell, tmp_path: Path) -> None:
    result = site("publish", "third", "--to", str(tmp_path / "out"))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("third isn't public, so it isn't written.")
    assert not (tmp_path / "out").exists()


def test_a_letter_that_can_not_be_written_holds_up_no_other_and_is_named(
    site: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(session: Session, letter: Letter, *how: Any) -> Any:
        if letter.slug == "first":
            raise RecursionError
        return folder.plan(session, letter, *how)

    monkeypatch.setattr("petition.cli.publish.plan", plan)
    result = site("publish", "--all", "--to", str(tmp_path / "out"))

    assert result.exit_code == 1
    assert "first: not written. The program has a fault: RecursionError at petition/cli/publish.py:" in result.stderr
    assert (tmp_path / "out/second/letter.pdf").is_file()


def test_a_folder_that_can_not_be_replaced_holds_up_no_other(site: Shell, tmp_path: Path) -> None:
    (tmp_path / "out/first").mkdir(parents=True)
    (tmp_path / "out/first/ours.html").touch()
    result = site("publish", "--all", "--to", str(tmp_path / "out"), "--json")

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert set(said["written"]) == {"second"} and "holds something else" in said["failed"]["first"]
    assert result.stderr.splitlines()[-1].startswith("first: not written. ")


def test_a_letter_that_there_is_not_is_named_as_in_other_commands(site: Shell, tmp_path: Path) -> None:
    result = site("publish", "nosuch", "--to", str(tmp_path / "out"))

    assert (result.exit_code, result.stderr) == (1, "There is no letter nosuch here. See: petition letter list\n")


@pytest.mark.parametrize("words", [("--all",), ("first",)])
def test_what_is_no_folder_is_named(site: Shell, words: tuple[str, ...]) -> None:
    result = site("publish", *words, "--to", "/dev/null")

    assert (result.exit_code, result.stderr) == (1, "/dev/null is no folder.\n")
