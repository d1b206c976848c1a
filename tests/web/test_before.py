"""What people read before they sign, and when they are told to come back."""

from datetime import datetime, timedelta

import pytest

from petition.letters.life import full_hour_after
from petition.publishing.rights import RIGHTS
from petition.publishing.stored import STORED
from tests.shared import ONCE, Shared

pytestmark = ONCE


def words(page: str) -> str:
    return " ".join(page.replace("&#39;", "'").split())


@pytest.mark.parametrize("is_public", [True, False])
def test_the_letters_button_leads_there_and_on(shared: Shared, is_public):
    place = shared.a_published_letter() if is_public else shared.an_open_letter()
    address = place.public if is_public else place.hidden
    assert 'before">' in shared.get(address).text

    page = shared.get(f"{address}before").text

    assert page.count('href="join"') == 2
    assert "Signing is free, and nobody can see that you didn't." in words(page)


def test_everything_that_is_kept_stands_there_and_among_the_promises(shared: Shared):
    place = shared.an_open_letter()
    pages = [words(shared.get(path).text) for path in (f"{place.hidden}before", "/promises/")]

    for row in STORED:
        assert [row.what in page and row.how_long in page and row.who in page for page in pages] == [True, True], row


def test_each_country_has_two_sentences_and_an_official_source(shared: Shared):
    page = words(shared.get(f"{shared.an_open_letter().hidden}before").text)

    for law in RIGHTS:
        assert law.protects in page
        assert law.ends in page
        assert all(f'href="{link}"' in page for _, link in law.sources)
    assert "Elsewhere" in page


def test_with_several_rolls_one_says_which_first(shared: Shared):
    place = shared.an_open_letter(rolls=("Current workers", "Former workers"))

    assert 'href="join?roll=workers-2">Former workers' in shared.get(f"{place.hidden}before").text
    assert 'href="join?roll=workers-2"' in shared.get(f"{place.hidden}before?roll=workers-2").text


def test_who_went_back_is_told_how_to_get_the_same_signature(shared: Shared):
    place = shared.an_open_letter()
    values = {"code": shared.code(place), "seed": "A" * 43}
    first = shared.post_form(f"{place.hidden}join", **values)
    again = shared.post_form(f"{place.hidden}join", **values)
    other = shared.post_form(f"{place.hidden}join", **values | {"seed": "B" * 42 + "A"})

    assert first.text == again.text
    assert other.status_code == 409
    assert "go forward again in your browser" in words(other.text)


# Apart: come back later.


def due(shared: Shared) -> datetime:
    """A week for codes and a day's pause after the full hour."""
    return full_hour_after(shared.clock() + timedelta(days=7)) + timedelta(days=1)


def test_a_letter_apart_says_when_to_come_back(shared: Shared):
    place = shared.an_open_letter(timing="apart", issuing_days=7, pause_hours=24)
    page = words(shared.get(f"{place.hidden}when").text)

    assert f"Come back after {due(shared):%Y-%m-%d %H:%M} UTC, or later" in page
    assert "when.ics?round=1" in page


def test_the_calendar_file_names_nothing(shared: Shared):
    place = shared.an_open_letter(timing="apart", issuing_days=7, pause_hours=24)
    answer = shared.get(f"{place.hidden}when.ics?round=1")
    other = shared.get(f"{shared.an_open_letter(timing='apart').hidden}when.ics")

    assert answer.mimetype == "text/calendar"
    assert f"DTSTART:{due(shared):%Y%m%dT%H%M%SZ}\r\n" in answer.text
    assert "SUMMARY:Come back\r\n" in answer.text
    assert answer.data == other.data
    assert not any(name in answer.text for name in ("letters.example.org", "refuse", place.hidden.split("/")[2]))


@pytest.mark.parametrize("query", ["", "?round=1", "?round=99", "?round=x"])
def test_a_letter_that_is_signed_at_once_has_no_date(shared: Shared, query):
    place = shared.an_open_letter()

    assert shared.get(f"{place.hidden}when.ics{query}").status_code == 404
    assert "at any time until it closes" in words(shared.get(f"{place.hidden}when").text)
