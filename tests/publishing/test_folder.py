"""The folder of static files: the bytes of the server, renewed in place, whole at any moment."""

import http.server
import re
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy.orm import Session

from petition.errors import Conflict
from petition.letters.access import public_letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import faces, how_many, write_folder
from petition.verifying import open_source, verify
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


def slug_of(campaign: Campaign, letter_id: str) -> str:
    with Session(campaign.databases.reading) as session:
        return campaign.letter(session, letter_id).slug


def publish(campaign: Campaign, letter_id: str, folder: Path) -> int:
    """Write the folder as the command does."""
    with Session(campaign.databases.reading) as session:
        letter = public_letter(session, slug_of(campaign, letter_id))
        return write_folder(session, letter, figures(session, letter, campaign.settings.url), folder, lambda _: None)


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 6)
    campaign.seal(made)
    return made


def test_every_file_has_the_bytes_that_the_server_serves(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    publish(campaign, letter, tmp_path / "face")
    client = campaign.app().test_client()
    files = [path for path in (tmp_path / "face").rglob("*") if path.is_file() and path.name != "petition-folder"]

    assert len(files) > 15
    slug = slug_of(campaign, letter)
    for path in files:
        name = path.relative_to(tmp_path / "face").as_posix()
        spoken, _, rest = name.partition("/")
        served = f"/{spoken}/letters/{slug}/{rest}" if spoken in ("en", "es") else f"/letters/{slug}/{name}"
        assert client.get(served).data == path.read_bytes(), name


def test_the_bar_knows_how_many_files_there_are(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.reading) as session:
        found = figures(session, public_letter(session, slug_of(campaign, letter)), campaign.settings.url)
        assert len(list(faces(session, public_letter(session, slug_of(campaign, letter)), found))) == how_many(found)


def test_written_again_nothing_is_written(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    first = publish(campaign, letter, tmp_path / "face")

    assert first > 15
    assert publish(campaign, letter, tmp_path / "face") == 0


def test_after_another_sealing_only_what_changed_is_written(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    first = publish(campaign, letter, tmp_path / "face")
    style = (tmp_path / "face/_site/style.css").stat().st_ino
    campaign.sign_all(letter, 3)
    campaign.seal(letter)

    assert 0 < publish(campaign, letter, tmp_path / "face") < first
    assert (tmp_path / "face/_site/style.css").stat().st_ino == style


def test_interrupted_the_old_folder_stays_whole(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    publish(campaign, letter, tmp_path / "face")
    before = {path: path.read_bytes() for path in (tmp_path / "face").rglob("*") if path.is_file()}
    campaign.sign_all(letter, 3)
    campaign.seal(letter)
    calls = iter(range(10))

    def pull_the_plug(_: int) -> None:
        if next(calls) == 5:
            raise KeyboardInterrupt

    with Session(campaign.databases.reading) as session, pytest.raises(KeyboardInterrupt):
        found = public_letter(session, slug_of(campaign, letter))
        write_folder(session, found, figures(session, found, None), tmp_path / "face", pull_the_plug)
    assert {path: path.read_bytes() for path in (tmp_path / "face").rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir() if "face" in path.name] == ["face"]


def test_a_folder_with_anything_else_in_it_is_not_replaced(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")

    with pytest.raises(Conflict, match="something else"):
        publish(campaign, letter, tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").read_text() == "years of work"


def test_the_folder_verifies_from_the_disk_and_below_any_path_of_a_plain_server(
    campaign: Campaign, letter: str, tmp_path: Path
) -> None:
    publish(campaign, letter, tmp_path / "deep/path/face")
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/deep/path/face/"
        from_disk, from_server = verify(open_source(str(tmp_path / "deep/path/face"))), verify(open_source(address))
        server.shutdown()

    assert from_disk.ok and from_server.ok
    assert from_disk.count == from_server.count == 4


LIVE = ("../join", "../sign", "../receipt")
"""What only a site can do; the page before signing says where it is, for whoever reads a copy."""


def test_every_relative_link_leads_to_a_file(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    publish(campaign, letter, tmp_path / "face")
    pages = list((tmp_path / "face").rglob("*.html"))

    assert "letters.example.org/letters/" in (tmp_path / "face/before/index.html").read_text()
    for page in pages:
        is_before = page.parent.name == "before"
        for link in re.findall(r'(?:href|src)="([^"#]+)', page.read_text()):
            if not urlsplit(link).scheme and not (is_before and link in LIVE):
                target = urljoin(page.as_uri(), link)
                assert Path(urlsplit(target).path).is_file(), f"{page}: {link}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""
