"""Public bytes are made once an edition, compressed once, kept, and shared between workers."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.publishing.cache import PublicCache
from petition.publishing.public_files import PublicFile
from tests import conftest
from tests.walks import Campaign, is_beginning

campaign = conftest.campaign
"""A site of its own, because pages of all letters are made ahead."""

pytestmark = pytest.mark.thorough


class Seconds:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 5)
    campaign.seal(made)
    return made


@pytest.fixture
def slug(campaign: Campaign, letter: str) -> str:
    with Session(campaign.databases.reading) as session:
        return campaign.letter(session, letter).slug


@pytest.fixture
def cache(campaign: Campaign, seconds: Seconds, tmp_path: Path) -> PublicCache:
    return PublicCache(campaign.databases.reading, campaign.settings.url, tmp_path / "public", seconds)


@pytest.fixture
def statements(campaign: Campaign) -> list[str]:
    """Every statement on petition.db, as it is sent, but for those that begin a transaction."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not is_beginning(statement):
            sent.append(statement)

    event.listen(campaign.databases.petition, "before_cursor_execute", note)
    return sent


def test_within_a_second_a_page_costs_no_statement(cache: PublicCache, slug: str, statements: list[str]) -> None:
    cache.letter_file(slug, "", None)
    statements.clear()
    for _ in range(50):
        cache.letter_file(slug, "", None)

    assert statements == []


def test_after_a_second_one_statement_asks_for_the_editions(
    cache: PublicCache, slug: str, statements: list[str], seconds: Seconds
) -> None:
    cache.letter_file(slug, "", None)
    statements.clear()
    seconds.now += 1.1
    for _ in range(50):
        cache.letter_file(slug, "", None)

    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_a_sealing_shows_within_a_second_and_not_before(
    cache: PublicCache, slug: str, letter: str, campaign: Campaign, seconds: Seconds
) -> None:
    before = cache.letter_file(slug, "counts.json", None)
    campaign.sign_all(letter, 3)
    campaign.seal(letter)

    assert cache.letter_file(slug, "counts.json", None) is before
    seconds.now += 1.1
    after = cache.letter_file(slug, "counts.json", None)
    assert before is not None and after is not None and after.file.body != before.file.body


def test_each_coding_holds_the_same_bytes_and_is_made_once(cache: PublicCache, slug: str) -> None:
    kept = cache.letter_file(slug, "", None)

    assert kept is not None
    assert brotli.decompress(kept.encodings["br"]) == gzip.decompress(kept.encodings["gzip"]) == kept.file.body
    assert kept.encodings is kept.encodings


def test_another_worker_finds_the_file_that_one_has_made(
    cache: PublicCache, slug: str, campaign: Campaign, statements: list[str], tmp_path: Path
) -> None:
    first = cache.letter_file(slug, "press/", None)
    statements.clear()
    second = PublicCache(campaign.databases.reading, campaign.settings.url, tmp_path / "public").letter_file(
        slug, "press/", None
    )

    assert first is not None and second is not None and second.file.body == first.file.body
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_old_editions_leave_the_folder(
    cache: PublicCache, slug: str, letter: str, campaign: Campaign, seconds: Seconds, tmp_path: Path
) -> None:
    for _ in range(4):
        cache.letter_file(slug, "", None)
        campaign.sign_all(letter, 3)
        campaign.seal(letter)
        seconds.now += 1.1
    cache.letter_file(slug, "", None)

    assert len(list((tmp_path / "public" / letter).iterdir())) <= 2


def test_what_no_letter_has_is_not_kept(cache: PublicCache, slug: str, tmp_path: Path) -> None:
    for name in ("nothing", "log/tile/0/999", "../../petition.db", "log/tile/entries/000.p/255"):
        assert cache.letter_file(slug, name, None) is None

    assert not (tmp_path / "public").exists()


def test_no_file_says_when_it_was_made(cache: PublicCache, slug: str, campaign: Campaign, tmp_path: Path) -> None:
    one = cache.letter_file(slug, "", None)
    other = PublicCache(campaign.databases.reading, campaign.settings.url, tmp_path / "elsewhere").letter_file(
        slug, "", None
    )

    assert one is not None and other is not None
    assert one.encodings == other.encodings


def test_a_database_that_is_away_keeps_no_page_away(
    cache: PublicCache, slug: str, seconds: Seconds, campaign: Campaign
) -> None:
    kept = cache.letter_file(slug, "", None)
    seconds.now += 5
    break_down: Callable[..., Any] = _fail

    event.listen(campaign.databases.petition, "before_cursor_execute", break_down)
    try:
        assert cache.letter_file(slug, "", None) is kept
    finally:
        event.remove(campaign.databases.petition, "before_cursor_execute", break_down)


def _fail(*_: Any) -> None:
    raise OperationalError("", {}, Exception("away"))


def test_the_server_answers_in_the_visitors_coding_and_with_304(campaign: Campaign, slug: str) -> None:
    client = campaign.app().test_client()
    path = f"/letters/{slug}/"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip, br"})

    assert brotli.decompress(packed.data) == plain.data
    assert packed.headers["Content-Encoding"] == "br" and "Accept-Encoding" in packed.headers["Vary"]
    again = client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(path).data == b""


@pytest.mark.parametrize(("wanted", "status"), [('"another"', 412), ('W/"another", "third"', 412), ("*", 200)])
def test_who_wants_only_certain_bytes_gets_those_or_412(
    campaign: Campaign, slug: str, wanted: str, status: int
) -> None:
    client = campaign.app().test_client()
    path = f"/letters/{slug}/counts.json"
    current = client.get(path).headers["ETag"]

    assert client.get(path, headers={"If-Match": wanted}).status_code == status
    assert client.get(path, headers={"If-Match": f'"another", {current}'}).status_code == 200
    assert client.get(path, headers={"If-Match": current, "If-None-Match": current}).status_code == 304


def test_a_letter_whose_files_can_not_be_made_holds_up_no_other(
    campaign: Campaign, cache: PublicCache, slug: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    others = {campaign.letter_row(campaign.a_published_letter()).slug for _ in range(3)}
    made: set[str] = set()
    monkeypatch.setattr("petition.publishing.cache.public_file", only_of(others, made))
    for _ in range(2):
        cache.prepare_records(campaign.clock())
        cache.prepare_files()

    assert made == others
    assert {record.getMessage() for record in caplog.records} == {"a letter's files could not be made ahead"}
    assert not any(slug in str(vars(record)) for record in caplog.records)


def only_of(others: set[str], made: set[str]) -> Callable[..., PublicFile]:
    """In place of what makes public files: fails for all but these letters, and notes whose letter.pdf it made."""

    def make(_session: Session, letter: Letter, *how: Any) -> PublicFile:
        if letter.slug not in others:
            raise ValueError(letter.slug)
        if how[1] == "letter.pdf":
            made.add(letter.slug)
        return PublicFile(b"a file", "text/plain")

    return make
