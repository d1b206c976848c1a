"""The folder of static files: the bytes of the server, renewed in place, whole at any moment."""

import http.server
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy.orm import Session

from petition.errors import Conflict
from petition.letters.access import public_letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import NotWritten, write_folder
from petition.publishing.published_log import require_publishable
from petition.verifying import open_source, verify
from tests.shared import ONCE, Shared
from tests.walks import Campaign, asked

pytestmark = pytest.mark.thorough


OF_FOLDERS = ("petition-folder", ".nojekyll")
"""Files that only a folder has."""


def slug_of(campaign: Campaign, letter_id: str) -> str:
    with Session(campaign.databases.reading) as session:
        return campaign.letter(session, letter_id).slug


def publish(campaign: Campaign, letter_id: str, folder: Path) -> int:
    """Write the folder as the command does."""
    with Session(campaign.databases.reading) as session:
        letter = public_letter(session, slug_of(campaign, letter_id))
        found, published = figures(session, letter, campaign.settings.url), require_publishable(session, letter, folder)
        return write_folder(session, letter, found, folder, lambda _: None, published=published)


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 6)
    campaign.seal(made)
    return made


@pytest.fixture(scope="module")
def written(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A letter, and the folder that was written for it, to be copied."""
    made, folder = shared.a_published_letter(), tmp_path_factory.mktemp("written") / "face"
    shared.campaign.sign_all(made.id, 6)
    shared.campaign.seal(made.id)
    publish(shared.campaign, made.id, folder)
    return made.id, folder


def copied(written: tuple[str, Path], face: Path) -> str:
    """Put the folder there as ``publish`` would have written it; its letter."""
    letter, folder = written
    shutil.copytree(folder, face)
    return letter


def test_every_file_has_the_bytes_that_the_server_serves(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    publish(campaign, letter, tmp_path / "face")
    client = campaign.app().test_client()
    files = [path for path in (tmp_path / "face").rglob("*") if path.is_file() and path.name not in OF_FOLDERS]

    assert len(files) > 15
    slug = slug_of(campaign, letter)
    for path in files:
        name = path.relative_to(tmp_path / "face").as_posix()
        spoken, _, rest = name.partition("/")
        served = f"/{spoken}/letters/{slug}/{rest}" if spoken in ("en", "es") else f"/letters/{slug}/{name}"
        assert client.get(served).data == path.read_bytes(), name


def test_written_again_nothing_is_written(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    first = publish(campaign, letter, tmp_path / "face")

    assert first > 15
    assert publish(campaign, letter, tmp_path / "face") == 0


def test_tiles_that_were_published_are_not_made_again(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    first, _ = statements(campaign, lambda: publish(campaign, letter, tmp_path / "face"))
    again, written = statements(campaign, lambda: publish(campaign, letter, tmp_path / "face"))

    assert written == 0
    assert again < first


def test_a_tile_that_someone_changed_is_written_again(
    campaign: Campaign, written: tuple[str, Path], tmp_path: Path
) -> None:
    letter = copied(written, tmp_path / "face")
    (tile,) = (tmp_path / "face/log/tile/entries").rglob("*.p/*")
    before = tile.read_bytes()
    tile.write_bytes(before[::-1])

    assert publish(campaign, letter, tmp_path / "face") == 1
    assert tile.read_bytes() == before


def test_a_link_in_the_place_of_a_tile_becomes_a_file_again(
    campaign: Campaign, written: tuple[str, Path], tmp_path: Path
) -> None:
    letter = copied(written, tmp_path / "face")
    (tile,) = (tmp_path / "face/log/tile/entries").rglob("*.p/*")
    elsewhere = tile.rename(tmp_path / "elsewhere")
    tile.symlink_to(elsewhere)
    os.utime(tile, (0, 0), follow_symlinks=False)

    assert publish(campaign, letter, tmp_path / "face") == 1
    assert not tile.is_symlink()


def statements(campaign: Campaign, act: Callable[[], int]) -> tuple[int, int]:
    """How often an act asks the database, and what it returns."""
    with asked(campaign.databases.reading) as sent:
        returned = act()
    return len(sent), returned


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
    written: tuple[str, Path], tmp_path: Path
) -> None:
    copied(written, tmp_path / "deep/path/face")
    handler = partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/deep/path/face/"
        from_disk, from_server = verify(open_source(str(tmp_path / "deep/path/face"))), verify(open_source(address))
        server.shutdown()

    assert from_disk.ok and from_server.ok
    assert from_disk.count == from_server.count == 4


LIVE = ("../join", "../sign", "../receipt", "../remove")
"""What only a site can do; the page before signing says where the site is, for readers of a copy."""


def test_every_relative_link_leads_to_a_file(written: tuple[str, Path]) -> None:
    _, face = written
    pages = list(face.rglob("*.html"))

    assert "letters.example.org/letters/" in (face / "before/index.html").read_text()
    for page in pages:
        is_before = page.parent.name == "before"
        for link in re.findall(r'(?:href|src)="([^"#]+)', page.read_text()):
            if not urlsplit(link).scheme and not (is_before and link in LIVE):
                target = urljoin(page.as_uri(), link)
                assert Path(urlsplit(target).path).is_file(), f"{page}: {link}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


# What others put there, and what an interrupted one left


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder: bytes of files, targets of links, nothing of folders."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def put_there(folder: Path) -> None:
    """What people keep in a published folder: a repository, a domain's name, their own page and link."""
    (folder / ".git/refs/tags").mkdir(parents=True)
    (folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (folder / "CNAME").write_text("letters.example.org\n")
    (folder / "press/ours.html").write_text("<p>ours</p>")
    (folder / "latest").symlink_to("counts.json")


def test_what_others_put_into_the_folder_stays(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    publish(campaign, letter, tmp_path / "face")
    put_there(tmp_path / "face")
    before = tree(tmp_path / "face")
    campaign.sign_all(letter, 3)
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")
    after = tree(tmp_path / "face")

    for name in (".git/HEAD", "CNAME", "press/ours.html", "latest"):
        assert after[name] == before[name]
    assert (tmp_path / "face/.git/refs/tags").is_dir()
    assert after["counts.json"] != before["counts.json"]
    assert after[".nojekyll"] == b""


def test_what_was_written_here_and_is_public_no_more_goes(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.an_open_letter(names=("named",))
    signers = campaign.sign_by_name(letter, [f"Quux {name}" for name in "ABCDEF"])
    campaign.seal(letter)
    campaign.publish(letter, unlocks="Ana")
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")
    assert "Quux" in (tmp_path / "face/names.csv").read_text()
    put_there(tmp_path / "face")
    hidden = campaign.names(letter)
    for name in hidden:
        campaign.hide_name(letter, signers[name], "They asked for it.")
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")

    after = tree(tmp_path / "face")
    assert [path for path, body in after.items() if any(name in str(body) for name in hidden)] == []
    assert (tmp_path / "face/CNAME").is_file()


def test_a_folder_of_the_first_release_keeps_what_its_owner_hides_and_loses_what_it_wrote(
    campaign: Campaign, written: tuple[str, Path], tmp_path: Path
) -> None:
    face = tmp_path / "face"
    letter = copied(written, face)
    (face / "petition-folder").write_text("Written by: petition publish. It may be replaced by the next one.\n")
    put_there(face)
    (face / "signatures").mkdir(exist_ok=True)
    (face / "signatures/7.html").write_text("a name that was taken back")
    publish(campaign, letter, face)

    assert (face / ".git/HEAD").is_file() and (face / "CNAME").is_file()
    assert not (face / "signatures/7.html").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy.orm import Session
from petition.config import settings
from petition.database import Databases
from petition.letters.access import public_letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder

found = settings()
databases = Databases(found.database_url, found.issuer_database_url)
left = iter(range(int(sys.argv[3])))

def tell(_):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

with Session(databases.reading) as session:
    letter = public_letter(session, sys.argv[1])
    write_folder(session, letter, figures(session, letter, found.url), Path(sys.argv[2]), tell)
"""


@ONCE
@pytest.mark.parametrize("after", [pytest.param(0, marks=pytest.mark.long), 20])
def test_what_a_killed_one_left_beside_the_folder_is_deleted_by_the_next(
    campaign: Campaign, written: tuple[str, Path], tmp_path: Path, after: int
) -> None:
    face = tmp_path / "out/face"
    letter = copied(written, face)
    put_there(face)
    before = tree(face)
    environ = {"PETITION_DATA": str(campaign.settings.data), "PETITION_URL": campaign.settings.url or ""}
    words = [sys.executable, "-c", KILLED, slug_of(campaign, letter), str(face), str(after)]
    assert subprocess.run(words, env=os.environ | environ, check=False).returncode == -9
    assert len(list(face.parent.iterdir())) == 2
    assert tree(face) == before
    publish(campaign, letter, face)

    assert [path.name for path in face.parent.iterdir()] == ["face"]
    assert tree(face) == before


@ONCE
def test_a_folder_beside_it_that_is_not_ours_stays(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    (tmp_path / ".face.0123abcd").mkdir()
    (tmp_path / ".face.0123abcd/thesis.txt").write_text("years of work")
    publish(campaign, letter, tmp_path / "face")

    assert (tmp_path / ".face.0123abcd/thesis.txt").is_file()


@ONCE
def test_a_link_is_followed_and_stays_a_link(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "face").symlink_to(tmp_path / "disk/face")
    for _ in range(2):
        publish(campaign, letter, tmp_path / "face")

    assert (tmp_path / "face").is_symlink()
    assert (tmp_path / "disk/face/counts.json").is_file()


@ONCE
@pytest.mark.parametrize("what", ["a file instead of a folder above", "no room"])
def test_what_cannot_be_written_is_a_sentence_and_changes_nothing(
    campaign: Campaign, letter: str, tmp_path: Path, what: str
) -> None:
    face = tmp_path / "out/face"
    publish(campaign, letter, face)
    before = tree(face)
    campaign.sign_all(letter, 3)
    campaign.seal(letter)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    if what == "no room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, unlimited[1]))
    else:
        (tmp_path / "file").touch()
    try:
        with pytest.raises(NotWritten, match="can't be written"):
            publish(campaign, letter, face if what == "no room" else tmp_path / "file/face")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    assert tree(face) == before
    assert [path.name for path in face.parent.iterdir()] == ["face"]
