"""``petition publish --all``: what a mirror shows, and what it shows no more."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from petition.cli import main
from petition.verifying import open_source, verify
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


def publish_all(environ: dict[str, str], folder: Path) -> Result:
    ran = CliRunner().invoke(main, ["publish", "--all", "--to", str(folder)], env=environ)
    assert ran.exit_code == 0, ran.output
    return ran


def test_every_public_letter_has_a_folder_that_verifies(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path
) -> None:
    letters = [campaign.a_published_letter() for _ in range(2)]
    campaign.an_open_letter()
    publish_all(environ, tmp_path / "mirror")

    slugs = {campaign.letter_row(letter).slug for letter in letters}
    assert {path.name for path in (tmp_path / "mirror").iterdir()} == {*slugs, ".nojekyll"}
    assert all(verify(open_source(str(tmp_path / "mirror" / slug))).ok for slug in slugs)


def test_a_letter_that_was_taken_down_leaves_and_what_others_put_there_stays(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path
) -> None:
    staying, leaving = (campaign.letter_row(campaign.a_published_letter()).slug for _ in range(2))
    mirror = tmp_path / "mirror"
    publish_all(environ, mirror)
    (mirror / "CNAME").write_text("letters.example.org\n")
    (mirror / ".git").mkdir()
    (mirror / "own").mkdir()
    (mirror / "own" / leaving).write_text("ours")
    words = ["letter", "withdraw", leaving, "--reason", "It was a mistake."]
    withdrawn = CliRunner().invoke(main, words, env=environ, input="y\n")
    assert withdrawn.exit_code == 0, withdrawn.output

    said = publish_all(environ, mirror)

    assert f"{leaving}: deleted" in said.output
    assert {path.name for path in mirror.iterdir()} == {staying, "CNAME", ".git", ".nojekyll", "own"}


@pytest.mark.parametrize("words", [[], ["some-letter", "--all"]])
def test_one_letter_or_all_must_be_said(environ: dict[str, str], tmp_path: Path, words: list[str]) -> None:
    ran = CliRunner().invoke(main, ["publish", *words, "--to", str(tmp_path / "mirror")], env=environ)

    assert ran.exit_code == 2
    assert "--all" in ran.output
