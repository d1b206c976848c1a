"""The list of names: who is on it, in which order, on which page, and what it says about those who wait."""

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest

from petition.coordination import updates
from petition.publishing.figures.names import PER_PAGE, Naming, page_names, page_number
from petition.publishing.templates import moment_in
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough

PEOPLE = ["Zoë", "Ñusta", "ana", "Émile", "=cmd", "<b>Bo</b>"]


def a_list(*names: str) -> Naming:
    """A list of names without a letter."""
    rows = [(name, "") for name in names]
    return Naming((), (), len(rows), 12, None, False, lambda: rows)


@pytest.fixture
def by_name(campaign: Campaign) -> str:
    """A published letter with names and one hidden, and 11 signers without."""
    letter_id = campaign.an_open_letter(names=("named", "named_at:50"))
    campaign.sign_all(letter_id, 11)
    campaign.sign_by_name(letter_id, PEOPLE, title="Operator, Night shift")
    campaign.sign_by_name(letter_id, ["Wil", "Xia", "Yan", "Vic", "Uma"], at=50)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    campaign.seal(letter_id)
    return letter_id


def test_names_stand_on_the_letters_page_and_on_pages_of_their_own(campaign: Campaign, by_name: str) -> None:
    files = campaign.public_files(by_name)

    for page in (files["index.html"].decode(), files["signatures/index.html"].decode()):
        shown = re.findall(r"<li><bdi>(.*?)</bdi>", page)
        assert shown == ["ana", "&lt;b&gt;Bo&lt;/b&gt;", "=cmd", "Émile", "Ñusta", "Zoë"]
        assert page.count("Operator, Night shift") == len(PEOPLE)
        assert '<meta name="robots" content="noindex">' in page
        assert "speaks for the employer" in page.replace("&#39;", "'")
    assert "14 anonymous · 6 by name" in files["index.html"].decode()


def test_a_letter_without_names_stays_findable(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter()
    files = campaign.public_files(letter_id)

    assert b"noindex" not in files["index.html"]
    assert b"noindex" in files["signatures/index.html"]
    assert b"No names are shown" in files["signatures/index.html"]
    assert files["names.csv"] == b"\xef\xbb\xbfname,title\r\n"


def test_the_file_of_names_has_those_that_are_shown_and_runs_nothing(campaign: Campaign, by_name: str) -> None:
    rows = list(csv.reader(io.StringIO(campaign.public_files(by_name)["names.csv"].decode("utf-8-sig"), newline="")))

    assert rows[0] == ["name", "title"]
    assert [row[0] for row in rows[1:]] == ["ana", "<b>Bo</b>", "'=cmd", "Émile", "Ñusta", "Zoë"]


def test_only_about_how_many_wait_is_shown(campaign: Campaign, by_name: str) -> None:
    page = campaign.public_files(by_name)["index.html"].decode()

    assert "About 5 people will show their names once 50 have signed." in page
    assert not any(name in page for name in ("Wil", "Xia", "Yan", "Vic", "Uma"))


def test_the_same_names_are_in_every_language_and_none_in_any_other_file(campaign: Campaign, by_name: str) -> None:
    files = campaign.public_files(by_name)

    having = {name for name, body in files.items() if "Ñusta".encode() in body}
    assert having == {"index.html", "signatures/index.html", "names.csv"}


def test_counts_tell_how_many_names_are_shown(campaign: Campaign, by_name: str) -> None:
    assert b'"names_shown": 6' in campaign.public_files(by_name)["counts.json"]


def test_a_hidden_name_leaves_a_number_and_a_reason(campaign: Campaign, by_name: str) -> None:
    tokens = campaign.sign_by_name(by_name, ["Fake One", "Fake Two", "Fake Three", "Fake Four", "Fake Five"])
    campaign.seal(by_name)
    name = next(name for name in tokens if name in campaign.names(by_name))
    campaign.hide_name(by_name, tokens[name], "Not <b>a</b> person.")
    before = campaign.public_files(by_name)["index.html"].decode()
    assert name in before and "from this list" not in before

    campaign.seal(by_name)
    after = campaign.public_files(by_name)["index.html"].decode()
    assert name not in after
    assert '<li value="1">Not &lt;b&gt;a&lt;/b&gt; person.</li>' in after


def test_an_announcement_stands_on_the_page(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named_at:5",))
    campaign.sign_by_name(letter_id, PEOPLE, at=5)
    campaign.sign_all(letter_id, 5)
    campaign.publish(letter_id)
    campaign.seal(letter_id)
    hour = campaign.announce_names(letter_id, 5)

    page = campaign.public_files(letter_id)["index.html"].decode()
    assert f"signatures will be shown after {moment_in('en', hour)}" in page


def test_the_end_tells_how_many_were_never_shown(campaign: Campaign, by_name: str) -> None:
    campaign.close_letter(by_name)
    page = campaign.public_files(by_name)["signatures/index.html"].decode()

    assert "About 5 names were to be shown later. The letter closed first" in page
    assert "Names will be removed on November " in page


def test_names_that_are_gone_are_told_as_gone(campaign: Campaign, by_name: str) -> None:
    campaign.close_letter(by_name)
    updates.seal_letter(campaign.services, by_name, moment=datetime(2028, 1, 1, tzinfo=campaign.clock().tzinfo))
    files = campaign.public_files(by_name)

    assert b"The names were removed, as promised." in files["signatures/index.html"]
    assert b"The names were removed, as promised." in files["index.html"]
    assert all("Ñusta".encode() not in body for body in files.values())


# Pages of a hundred


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_a_hundred_names_make_a_page(count: int, pages: int) -> None:
    found = a_list(*(f"Person {number:04}" for number in range(count)))
    shown = [one.name for page in range(1, pages + 1) for _, some in found.page(page, "en").names for one in some]

    assert len(page_names(found)) == pages
    assert shown == [f"Person {number:04}" for number in range(count)]
    assert all(sum(len(some) for _, some in found.page(page, "en").names) <= PER_PAGE for page in range(1, pages + 1))


def test_each_letter_leads_to_the_page_on_which_it_begins() -> None:
    found = a_list(*(f"Ana {number}" for number in range(150)), *(f"Bea {number}" for number in range(60)), "Zoe")

    assert found.page(1, "en").jumps == (("A", 1), ("B", 2), ("Z", 3))


@pytest.mark.parametrize(
    ("name", "number"),
    [("signatures/", 1), ("signatures/2/", 2), ("signatures/10/", 10), ("signatures/1/", None),
     ("signatures/02/", None), ("signatures/0/", None), ("signatures/x/", None), ("signatures", None),
     ("signatures/2", None),     ("signatures/99999999/", None)],
)  # fmt: skip
def test_each_page_has_one_address(name: str, number: Any) -> None:
    assert page_number(name) == number


def test_readers_of_each_language_have_their_own_order(campaign: Campaign) -> None:
    names = a_list("Nuria", "Ñusta", "Oscar", "Nadia")

    assert [one.name for one in names.in_order("en")] == ["Nadia", "Nuria", "Ñusta", "Oscar"]
    assert [one.name for one in names.in_order("es")] == ["Nadia", "Nuria", "Ñusta", "Oscar"]
    assert [one.name for one in a_list("Ña", "Nz").in_order("en")] == ["Ña", "Nz"]
    assert [one.name for one in a_list("Ña", "Nz").in_order("es")] == ["Nz", "Ña"]
    assert WORDS.language == "en"
