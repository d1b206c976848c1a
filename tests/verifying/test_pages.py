"""The numbers on the page and the pictures beside the log, as far as a verifier can compare them."""

import pytest
from sqlalchemy.orm import Session

from petition.publishing.folder import write_folder
from petition.verifying.history import Row
from petition.verifying.pages import PAGES_WITH_COUNT, other_updates, shows_count
from tests.verifying.verdicts import detail, wrongs

PAGE = """<!doctype html><title>A letter</title><body>
<h2 id="count"><strong>{count}</strong> verified workers</h2>
<table><caption>As of 2026-11-01 00:00</caption>
<tr><th>Hour (UTC)</th><th>Signatures</th><th>Withdrawn</th><th>Count</th></tr>
<tr><td>{hour}</td><td>3</td><td>0</td><td>{update}</td></tr></table>
<table><tr><th>2026-11-01 00:00 UTC</th><td>The board answered 99 times.</td></tr></table>"""


@pytest.mark.parametrize(
    "count", ["1234", "1,234", "1.234", "1’234", "1&nbsp;234", "1\u202f234", "١٢٣٤", "goal 50 1234"]
)
def test_a_count_is_found_however_it_is_written(count):
    assert shows_count("index.html", PAGE.format(count=count, hour="", update=""), 1234)


@pytest.mark.parametrize("count", ["1235", "12,345", "1 234", "12 34", "9" * 9999, "1234567"])
def test_another_count_is_noticed(count):
    assert shows_count("index.html", PAGE.format(count=count, hour="", update=""), 1234) is False


NO_COUNT = ["", "<p>1234</p>", '<p id="account">1234</p>', '<p id="count">many</p>', '<p id="count"', "<h2 id=count>"]


@pytest.mark.parametrize("page", NO_COUNT)
def test_a_page_without_a_count_says_nothing(page):
    assert shows_count("index.html", page, 1234) is None


def test_only_the_element_of_the_count_is_looked_at():
    page = '<section id="count"><section>3 workers</section> of 9</section><p>1234</p>'

    assert (shows_count("index.html", page, 9), shows_count("index.html", page, 1234)) == (True, False)


@pytest.mark.parametrize(("path", "tag"), [("badge.svg", "title"), ("chart.svg", "desc")])
def test_a_picture_says_the_count_in_words(path, tag):
    picture = f'<svg><{tag} id="x">271 verified workers (as of 2026-11-09 12:00 UTC).</{tag}><text>5</text></svg>'

    assert (shows_count(path, picture, 271), shows_count(path, picture, 5)) == (True, False)


ROWS = [Row("2026-11-01T00:00Z", 3, 0, 6)]
HOURS = ["2026-11-01 00:00", '<time datetime="2026-11-01T00:00Z">1/11/2026</time>', "2026-11-01 00:00 UTC"]


@pytest.mark.parametrize("hour", HOURS)
def test_a_row_of_another_count_is_noticed(hour):
    assert list(other_updates(PAGE.format(count=3, hour=hour, update=3), ROWS)) == []
    assert list(other_updates(PAGE.format(count=3, hour=hour, update=4).replace(">3<", ">4<"), ROWS)) == [
        "2026-11-01 00:00 UTC"
    ]


def test_a_row_of_an_hour_without_an_update_is_left_alone():
    assert list(other_updates(PAGE.format(count=3, hour="2026-11-01 05:00", update=4), ROWS)) == []


@pytest.mark.parametrize("piece", ["<", "<tr", '<h2 id="count">', "<tr><time datetime=", "<title", "9,999", "&#9;"])
def test_a_long_hostile_page_is_read_in_no_time(piece):
    page = PAGE.format(count=3, hour="", update="") + piece * 400_000

    assert shows_count("index.html", page, 3)
    assert list(other_updates(page, ROWS)) == []


def test_what_was_compared_is_said_and_that_it_proves_nothing(build, verdict_of):
    log = build().begin()
    log.sign(1, 2, 3)
    log.seal()
    plain = verdict_of(log)
    log.replaced |= {
        "index.html": PAGE.format(count=3, hour="2026-11-01 00:00", update=3).encode(),
        "badge.svg": b"<svg><title>3 verified workers</title></svg>",
        "chart.svg": b"<svg><desc>No number</desc></svg>",
    }
    verdict = verdict_of(log)

    assert wrongs(plain) == wrongs(verdict) == {}
    assert detail(plain, "pages").startswith("No count on a page was compared. The pages and pictures beside the log")
    assert detail(verdict, "pages").startswith("index.html and badge.svg show the log's count, 3.")


def test_a_statement_by_one_shows_no_count(build, verdict_of):
    log = build(k=1).begin(made=1)
    log.sign(1)
    log.replaced["index.html"] = b'<h2 id="count">Signed by 17 verified workers</h2>'

    assert wrongs(verdict_of(log.seal())) == {}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_pages_of_this_program_are_compared(campaign, tmp_path):
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    figures = campaign.figures(letter)
    with Session(campaign.databases.reading) as session:
        write_folder(session, campaign.letter(session, letter), figures, tmp_path / "face", lambda _: None)
    texts = {path: (tmp_path / "face" / path).read_text() for path in PAGES_WITH_COUNT}
    rows = [Row(f"{row.hour:%Y-%m-%dT%H:%MZ}", row.signatures, row.withdrawals, 1) for row in figures.history]
    others = [row._replace(signatures=row.signatures + 1) for row in rows]

    assert [shows_count(path, text, figures.count) for path, text in texts.items()] == [True, True, True]
    assert list(other_updates(texts["index.html"], rows)) == []
    assert len(list(other_updates(texts["index.html"], others))) == len(rows) > 0
