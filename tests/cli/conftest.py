"""A terminal on a machine that hosts a site."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from petition.cli import letters, main, translations
from petition.config import settings
from petition.crypto.blind_rsa import PrivateKey
from petition.letters.access import hosted_letter
from petition.letters.drafting.importing.files import read_file
from tests.walks import DATABASES, Campaign

SITE = "https://letters.example.org"
LETTER = """\
# We refuse to build it

To: Jo Muster, CEO
Employer: Example Corp
Language: en

Dear Jo,

we ask you to **stop**.

1. Stop.
2. Say so.
"""


@dataclass
class Shell:
    """Runs commands with an environment of its own; ``folder`` is for its files."""

    environ: dict[str, str]
    folder: Path

    def __call__(self, *words: str, typed: str | IO[bytes] | None = None, **environ: str) -> Result:
        """What a command said, and how it ended; a traceback is never an end."""
        result = CliRunner().invoke(main, words, input=typed, env={**self.environ, **environ}, prog_name="petition")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def a_letter(self, slug: str, *, is_open: bool = True, text: str = LETTER) -> str:
        """A letter of Ana's; its address, if it is open."""
        file = self.folder / f"{slug}.md"
        file.write_text(text, encoding="utf-8")
        self("organizer", "add", "Ana")
        assert self("letter", "import", str(file), "--organizer", "Ana", "--slug", slug).exit_code == 0
        return self("letter", "open", slug).stdout.strip() if is_open else ""

    def a_crowd(self, slug: str, count: int = 15) -> None:
        """A number of people sign with codes on paper, and are counted."""
        campaign = Campaign(settings(self.environ), lambda: datetime.now(UTC), PrivateKey.generate)
        try:
            with Session(campaign.databases.reading) as session:
                letter_id = hosted_letter(session, slug).id
            campaign.sign_all(letter_id, count)
            campaign.seal(letter_id)
        finally:
            campaign.close()


@pytest.fixture(scope="package", autouse=True)
def files_read_here() -> Iterator[None]:
    """Files are read in a process of their own each: a quarter of a second, and the subject of other tests."""
    with pytest.MonkeyPatch.context() as patched:
        for command in (letters, translations):
            patched.setattr(command, "import_file", read_file)
        yield


@pytest.fixture(scope="module")
def shell(sqlite_templates: Path) -> Iterator[Shell]:
    """A terminal whose site lasts for a module."""
    folder = Path(tempfile.mkdtemp(prefix="petition-shell-"))
    data = folder / "data"
    data.mkdir(mode=0o700)
    for name in DATABASES:
        shutil.copy(sqlite_templates / name, data / name)
    yield Shell({"PETITION_DATA": str(data), "PETITION_URL": SITE}, folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_postgresql(postgres_templates: Callable[[str], tuple[str, str]], tmp_path: Path) -> Shell:
    """A terminal whose site keeps everything in PostgreSQL."""
    petition, issuer = postgres_templates("shell")
    urls = {"PETITION_DATABASE_URL": petition, "PETITION_ISSUER_DATABASE_URL": issuer}
    return Shell({"PETITION_DATA": str(tmp_path / "data"), "PETITION_URL": SITE, **urls}, tmp_path)
