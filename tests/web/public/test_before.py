"""What people read before they sign, and when the page asks them to come back."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest

from petition.database import IssuerBase, PetitionBase
from petition.letters.lifecycle import full_hour_after
from petition.publishing.pages.data_inventory import ALSO_STORED, SIGNERS, Stored, of_signers
from petition.publishing.templates import moment_in
from tests.shared import ONCE, Shared
from tests.visitors import SITE
from tests.walks import Campaign


def words(page: str) -> str:
    return " ".join(page.replace("&#39;", "'").split())


@ONCE
@pytest.mark.parametrize("is_public", [True, False])
def test_the_letter_leads_there_and_on(shared: Shared, is_public):
    place = shared.a_published_letter() if is_public else shared.an_open_letter()
    visitor = shared.visitor()
    letter = visitor.open(place.public if is_public else place.hidden)
    page = visitor.follow(letter, "Sign this letter" if is_public else "Before you sign")

    assert page.heading == "Before you sign"
    assert "Signing is your choice. No one can tell if you don't." in words(page.text)
    assert "Your signing code" in visitor.follow(page, "Continue").text
    for link in ("Check my signature", "Remove my signature"):
        assert visitor.follow(page, link).heading == link


@ONCE
@pytest.mark.parametrize("is_public", [True, False])
def test_the_way_to_check_or_remove_a_signature_is_in_sight(shared: Shared, is_public):
    place = shared.a_published_letter() if is_public else shared.an_open_letter()
    page = shared.visitor().open(place.public if is_public else place.hidden)
    in_sight = re.sub("(?s)<details.*?</details>", "", page.text)

    assert ("Check or remove my signature" if is_public else "Remove my signature") in in_sight


@ONCE
def test_who_comes_with_a_code_after_the_end_is_told_and_not_asked_for_it(shared: Shared):
    place = shared.a_published_letter()
    shared.campaign.close_letter(place.id)
    page = shared.visitor().open(f"{place.hidden}join")

    assert "This letter takes no more signatures." in page.text
    assert 'name="code"' not in page.text
    assert "Remove my signature" in page.links


@ONCE
def test_the_way_to_sign_names_no_host_so_that_nobody_is_led_off_an_onion_address(shared: Shared):
    place = shared.a_published_letter()
    letter, before = (shared.visitor().open(f"{place.public}{name}") for name in ("", "before/"))

    assert letter.links["Sign this letter"] == "before/index.html"
    assert before.links["Continue"] == "../join"
    assert f"{SITE}{place.public}join" in before.links, "where to sign, for readers of a copy"


@ONCE
def test_the_language_is_kept_on_the_way(shared: Shared):
    visitor = shared.visitor()
    page = visitor.open(f"/es{shared.a_published_letter().public}")

    before = visitor.open(f"{page.path}before/")
    assert visitor.follow(before, "Continuar").path.startswith("/es/letters/")


@ONCE
def test_before_publication_it_is_there_for_people_with_the_address(shared: Shared):
    place = shared.an_open_letter()
    hidden = shared.get(f"{place.hidden}before/")

    assert (hidden.status_code, hidden.headers["Cache-Control"]) == (200, "no-store")
    assert shared.get(f"{place.public}before/").status_code == 404
    assert "reading a copy" not in hidden.text


@ONCE
def test_the_unguessable_address_leads_to_the_public_one_later(shared: Shared):
    place = shared.a_published_letter()
    answer = shared.get(f"{place.hidden}before/")

    assert (answer.status_code, answer.headers["Location"]) == (308, f"{place.public}before/")


@ONCE
def test_a_closed_letter_offers_no_way_to_sign_but_the_one_of_receipts(shared: Shared):
    place = shared.a_published_letter()
    shared.campaign.close_letter(place.id)
    page = shared.visitor().open(f"{place.public}before/")

    assert "Continue" not in page.links
    assert {"Check my signature", "Remove my signature"} <= {*page.links}


def told(text: str, rows: Sequence[Stored]) -> list[Stored]:
    """The rows that stand on a page, whole."""
    plain = re.sub("<td[^>]*>", "<td>", unescape(text))
    return [row for row in rows if f"<td>{row.what}</td><td>{row.how_long}</td><td>{row.who}</td>" in plain]


def test_every_table_is_described_once():
    tables = [*PetitionBase.metadata.tables, *IssuerBase.metadata.tables]

    assert sorted(table for row in (*SIGNERS, *ALSO_STORED) for table in row.tables) == sorted(tables), (
        "a table that petition/publishing/stored.py does not know: say there what it holds, how long, who could see it"
    )


@ONCE
def test_the_promises_describe_everything(shared: Shared):
    assert told(shared.get("/promises/").text, [*SIGNERS, *ALSO_STORED]) == [*SIGNERS, *ALSO_STORED]


@ONCE
def test_before_signing_the_page_says_what_concerns_the_signers_of_this_letter(shared: Shared):
    place = shared.an_open_letter()
    text = shared.get(f"{place.hidden}before/").text

    foreign = {"outbox", "shown_name", "locked_name"}
    assert told(text, SIGNERS) == [row for row in SIGNERS if not foreign & {*row.tables}]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_before_an_emailed_code_or_a_name_the_page_says_what_that_leaves(campaign: Campaign):
    campaign.services = replace(campaign.services, sends_mail=True)
    letter = campaign.an_open_letter(names=("named",), mail={"workers": ["example.com"]})

    assert of_signers(campaign.figures(letter)) == list(SIGNERS)


@ONCE
def test_with_several_rolls_one_says_which_first(shared: Shared):
    place = shared.an_open_letter(rolls=("Current workers", "Former workers"))

    assert 'href="../join?roll=workers-2">Former workers' in shared.get(f"{place.hidden}before/").text


@ONCE
def test_going_back_shows_how_to_get_the_same_signature(shared: Shared):
    place = shared.an_open_letter()
    values = {"code": shared.code(place), "seed": "A" * 43}
    first = shared.post_form(f"{place.hidden}join", **values)
    again = shared.post_form(f"{place.hidden}join", **values)
    other = shared.post_form(f"{place.hidden}join", **values | {"seed": "B" * 42 + "A"})

    assert first.text == again.text
    assert other.status_code == 409
    assert "Go forward in your browser" in words(other.text)


# Apart: come back later.


def due(shared: Shared) -> datetime:
    """A week for codes and a day's pause after the full hour."""
    return full_hour_after(shared.clock() + timedelta(days=7)) + timedelta(days=1)


@ONCE
def test_a_letter_apart_says_when_to_come_back(shared: Shared):
    place = shared.an_open_letter(timing="apart", issuing_days=7, pause_hours=24)
    page = words(shared.get(f"{place.hidden}when").text)

    assert f"Come back after {words(moment_in('en', due(shared)))}, or later" in page
    assert "when.ics?round=1" in page


@ONCE
def test_the_calendar_file_names_nothing(shared: Shared):
    place = shared.an_open_letter(timing="apart", issuing_days=7, pause_hours=24)
    answer = shared.get(f"{place.hidden}when.ics?round=1")
    other = shared.get(f"{shared.an_open_letter(timing='apart').hidden}when.ics")

    assert answer.mimetype == "text/calendar"
    assert f"DTSTART:{due(shared):%Y%m%dT%H%M%SZ}\r\n" in answer.text
    assert "SUMMARY:Come back\r\n" in answer.text
    assert answer.data == other.data
    assert not any(name in answer.text for name in ("letters.example.org", "refuse", place.hidden.split("/")[2]))


@ONCE
@pytest.mark.parametrize("query", ["", "?round=1", "?round=99", "?round=x"])
def test_a_letter_that_is_signed_at_once_has_no_date(shared: Shared, query):
    place = shared.an_open_letter()

    assert shared.get(f"{place.hidden}when.ics{query}").status_code == 404
    assert "at any time until it closes" in words(shared.get(f"{place.hidden}when").text)
