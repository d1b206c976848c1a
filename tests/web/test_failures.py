"""What breaks is one line in the log and one page for the visitor, and neither says anything of the other."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.test import Client

from petition.config import settings
from petition.crypto.blind_rsa import PrivateKey
from petition.database import Databases
from petition.logs import JsonLines, log_error
from petition.outages import Outages, is_away
from petition.web.failures import Failures
from tests.conftest import Clock
from tests.forwarder import Forwarder, there
from tests.visitors import SITE
from tests.walks import Campaign

pytestmark = pytest.mark.thorough
MARKER = "A-VERY-RARE-WORD"


class Lines(logging.Handler):
    """What the log holds, as lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, str]] = []
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record)
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def heard() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    root.addHandler(lines)
    yield lines
    root.removeHandler(lines)


def broken(_environ: dict[str, Any], _start: Any) -> Any:
    raise RuntimeError(MARKER)


def test_a_failure_ahead_of_the_application_gets_the_page_and_the_line(
    tmp_path: Path, clock: Clock, heard: Lines
) -> None:
    databases = Databases(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
    client = Client(Failures(broken, Outages(databases, tmp_path, clock)))
    page = client.get(f"/letters/{MARKER}/?{MARKER}", headers={"Accept": "text/html", "User-Agent": MARKER})
    problem = client.get("/", headers={"Accept": "application/json"})
    databases.dispose()

    assert (page.status_code, problem.status_code) == (500, 500)
    assert "Something went wrong" in page.text and "<html" in page.text
    assert set(problem.get_json()) == {"type", "title", "status", "detail"}
    assert page.headers["Cache-Control"] == "no-store"
    assert [line["kind"] for line in heard.lines] == ["RuntimeError"]
    assert MARKER not in heard.text + page.text + problem.text


def test_no_value_of_an_error_and_none_of_another_library_is_in_a_line(heard: Lines) -> None:
    log = logging.getLogger("another.library")
    try:
        raise ValueError(MARKER)
    except ValueError as error:
        log_error("failed", error, endpoint="sign.add")
        log.exception("it said %s", MARKER)
    log.error("%s: %s", "prefix", MARKER, extra={"visitor": MARKER})

    assert MARKER not in heard.text
    assert heard.lines[0] == {
        "level": "error", "event": "failed", "kind": "ValueError", "place": "?", "endpoint": "sign.add"
    }  # fmt: skip
    assert heard.lines[1] == {
        "level": "error", "event": "it said %s", "logger": "another.library", "kind": "ValueError", "place": "?"
    }  # fmt: skip


class Said(Exception):
    """What a driver of PostgreSQL says."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


def by_sqlite(code: int) -> sqlite3.OperationalError:
    found = sqlite3.OperationalError("what SQLite says")
    found.sqlite_errorcode = code
    return found


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("", {}, Said("57P01")), True),
        (OperationalError("", {}, Said("08006")), True),
        (OperationalError("", {}, Said(None)), True),
        (OperationalError("", {}, Said("53100")), True),
        (OperationalError("", {}, Said("57014")), True),
        (OperationalError("", {}, Said("42P01")), False),
        (IntegrityError("", {}, Said("23505")), False),
        (OperationalError("", {}, by_sqlite(sqlite3.SQLITE_BUSY)), True),
        (OperationalError("", {}, by_sqlite(sqlite3.SQLITE_FULL)), True),
        (OperationalError("", {}, by_sqlite(sqlite3.SQLITE_IOERR_FSYNC)), True),
        (OperationalError("", {}, by_sqlite(sqlite3.SQLITE_READONLY_DBMOVED)), True),
        (OperationalError("", {}, by_sqlite(sqlite3.SQLITE_CORRUPT)), False),
        (OperationalError("", {}, sqlite3.OperationalError("no such table")), False),
        (RuntimeError(), False),
    ],
)
def test_only_what_will_pass_counts_as_away(error: BaseException, away: bool) -> None:
    assert is_away(error) == away


def test_the_log_gets_a_line_an_hour_however_many_visitors_and_processes_meet_a_failure(
    campaign: Campaign, clock: Clock, heard: Lines
) -> None:
    processes = [Outages(campaign.databases, campaign.settings.data, clock) for _ in range(3)]
    full = OperationalError("", {}, by_sqlite(sqlite3.SQLITE_FULL))
    met = [(full, "sign.add"), (full, "join.issue"), (RuntimeError(), "sign.add"), (KeyError(), "sign.add")]
    told = []
    for _ in range(2):
        for _ in range(20):
            for one in processes:
                for error, endpoint in met:
                    one.note(error, endpoint)
        told.append([(line["event"], line["kind"]) for line in heard.lines])
        heard.lines.clear()
        clock.pass_time(hours=1)

    assert (
        told == [[("a database is away", "OperationalError"), ("failed", "RuntimeError"), ("failed", "KeyError")]] * 2
    )


def test_where_no_file_can_be_written_the_log_gets_its_line_all_the_same(
    campaign: Campaign, clock: Clock, heard: Lines
) -> None:
    outages = Outages(campaign.databases, campaign.settings.data / "is-not-there", clock)
    for _ in range(3):
        outages.note(RuntimeError(), "sign.add")

    assert [line["event"] for line in heard.lines] == ["failed"]


def test_what_was_told_is_noted_by_the_hour(campaign: Campaign, tmp_path: Path, clock: Clock) -> None:
    Outages(campaign.databases, tmp_path, clock).note(RuntimeError(), "sign.add")
    times = [path.stat().st_mtime for path in tmp_path.rglob("*") if path.is_file()]

    assert [moment % 3600 for moment in times] == [0]


@pytest.fixture
def distant(
    environ: dict[str, str], clock: Clock, make_key: Callable[[], PrivateKey]
) -> Iterator[tuple[Campaign, Forwarder]]:
    """A site on a database that can go away."""
    forwarder = Forwarder(environ)
    with forwarder:
        campaign = Campaign(settings(there(environ, forwarder)), clock, make_key)
        campaign.app()  # makes its folders
        yield_now = campaign, forwarder
    yield yield_now
    campaign.close()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_while_the_database_is_away_all_visitors_get_the_page_and_the_log_gets_one_line(
    distant: tuple[Campaign, Forwarder], heard: Lines
) -> None:
    campaign, forwarder = distant
    with forwarder:
        apps = [campaign.app() for _ in range(2)]
        letter = campaign.a_published_letter()
        path = campaign.address(letter)
        known = [app.test_client().get(path, base_url=SITE).status_code for app in apps]
    heard.lines.clear()
    html = {"Accept": "text/html"}
    asked = ("join", "sign", "press/", "counts.json", "signatures/")
    during = [
        app.test_client().get(path + name, base_url=SITE, headers=html) for app in apps for name in asked for _ in "123"
    ]
    posted = apps[0].test_client().post(path + "withdrawals", json={"w": "A" * 43, "a": "A" * 43}, base_url=SITE)
    lines = list(heard.lines)
    with forwarder:
        after = [app.test_client().get(path + "press/", base_url=SITE).status_code for app in apps]

    assert known == [200, 200] == after
    assert {answer.status_code for answer in during} == {503} and posted.status_code == 503
    assert all(
        "can't answer right now" in unescape(answer.text) and "Retry-After" in answer.headers for answer in during
    )
    assert [line["event"] for line in lines] == ["a database is away"]
    assert [line["event"] for line in heard.lines] == ["a database is away", "the database is back"]
