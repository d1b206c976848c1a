"""Names without a browser: offering, publishing, unlocking, taking back."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.cli.context import now
from petition.database import Databases
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import choose_passphrase, reset_organizer
from tests.cli.conftest import Shell
from tests.walks import PASSPHRASE

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def file(shell: Shell) -> str:
    """A file with Ana's passphrase, which she chose with a link."""
    shell.a_letter("first", is_open=False)
    data = Path(shell.environ["PETITION_DATA"])
    databases = Databases(f"sqlite:///{data}/petition.db", f"sqlite:///{data}/issuer.db")
    with Session(databases.petition) as session:
        secret = reset_organizer(session, "Ana", moment=now(), random=os.urandom)
        assert isinstance(choose_passphrase(session, secret, PASSPHRASE, moment=now()), Organizer)
        session.commit()
    databases.dispose()
    path = shell.folder / "passphrase"
    path.write_text(f"{PASSPHRASE}\n")
    return str(path)


def an_open_letter(shell: Shell, slug: str, offer: str = "named,50") -> None:
    shell.a_letter(slug, is_open=False)
    assert shell("letter", "names", slug, "--offer", offer).exit_code == 0
    assert shell("letter", "open", slug).exit_code == 0


def names(shell: Shell, slug: str) -> Any:
    return json.loads(shell("letter", "names", slug, "--json").stdout)


def test_a_draft_offers_steps(shell: Shell, file: str) -> None:
    shell.a_letter("offering", is_open=False)
    shell("letter", "names", "offering", "--offer", "200,named,50", "--months", "6")

    assert names(shell, "offering")["steps"] == ["named", "named_at:50", "named_at:200"]
    assert names(shell, "offering")["months"] == 6
    assert shell("letter", "names", "offering", "--offer", "nobody").exit_code == 1


def test_nobody_unlocks_before_a_passphrase_was_chosen(shell: Shell) -> None:
    shell("organizer", "add", "Una")
    shell.a_letter("unborn", is_open=False)
    (shell.folder / "una.md").write_text("# T\n\nTo: R\nEmployer: E\nLanguage: en\n\nBody.\n")
    shell("letter", "import", str(shell.folder / "una.md"), "--organizer", "Una", "--slug", "una")
    shell("letter", "names", "una", "--offer", "named")
    result = shell("letter", "open", "una")

    assert result.exit_code == 1
    assert "no one could ever reveal names" in result.stderr


def test_publishing_with_a_passphrase_unlocks_names(shell: Shell, file: str) -> None:
    an_open_letter(shell, "unlocking")
    shell.a_crowd("unlocking")
    result = shell("letter", "publish", "unlocking", "--organizer", "Ana", "--passphrase-file", file)

    assert (result.exit_code, result.stderr) == (0, "")
    assert names(shell, "unlocking")["open"] == ["named"]


def test_publishing_without_one_says_that_no_name_is_shown(shell: Shell, file: str) -> None:
    an_open_letter(shell, "nameless")
    shell.a_crowd("nameless")
    result = shell("letter", "publish", "nameless")
    assert (result.exit_code, names(shell, "nameless")["open"]) == (0, [])
    assert "Published without names" in result.stderr

    later = shell("letter", "unlock", "nameless", "--organizer", "Ana", typed=f"{PASSPHRASE}\n")
    assert (later.exit_code, names(shell, "nameless")["open"]) == (0, ["named"])


def test_a_draft_that_cannot_be_published_is_not_said_to_be(shell: Shell, file: str) -> None:
    shell.a_letter("undone", is_open=False)
    shell("letter", "names", "undone", "--offer", "named")
    result = shell("letter", "publish", "undone", "--yes")

    assert result.exit_code == 1
    assert "Published" not in result.stderr


def test_another_passphrase_publishes_and_unlocks_nothing(shell: Shell, file: str) -> None:
    an_open_letter(shell, "guarded")
    shell.a_crowd("guarded")
    wrong = shell.folder / "wrong"
    wrong.write_text("not the passphrase\n")
    result = shell("letter", "publish", "guarded", "--organizer", "Ana", "--passphrase-file", str(wrong))

    assert (result.exit_code, names(shell, "guarded")["open"]) == (1, [])
    assert "n't your password" in result.stderr
    assert json.loads(shell("letter", "show", "guarded", "--json").stdout)["state"] == "open"


def test_an_organizer_who_cannot_unlock_learns_who_can(shell: Shell, file: str) -> None:
    an_open_letter(shell, "asked")
    result = shell("letter", "publish", "asked", "--organizer", "Zoe", "--passphrase-file", file)

    assert (result.exit_code, result.stderr) == (1, "Zoe can't unlock names of asked. Who can: Ana\n")


def test_an_n_that_was_not_reached_is_not_announced(shell: Shell, file: str) -> None:
    an_open_letter(shell, "early")
    shell.a_crowd("early")
    shell("letter", "publish", "early", "--organizer", "Ana", "--passphrase-file", file)
    result = shell("letter", "unlock", "early", "--at", "50", "--organizer", "Ana", "--passphrase-file", file)

    assert (result.exit_code, "So far, 10 are counted." in result.stderr) == (1, True)
    assert shell("letter", "unlock", "early", "--void").exit_code == 1
    assert "No names are announced" in shell("letter", "unlock", "early", "--void", "--at", "50").stderr
