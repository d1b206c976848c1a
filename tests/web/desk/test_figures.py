"""The numbers on the organizers' pages: what the public sees or would see, and no more."""

import io
import json
import re

import pytest
from python_calamine import CalamineWorkbook

from petition.web.desk.figures import FILES
from tests.shared import ONCE, Place, Shared

pytestmark = [ONCE, pytest.mark.thorough]


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    """Open and not public: six signed, four are sealed."""
    found = shared.an_open_letter()
    shared.campaign.sign_all(found.id, 6)
    shared.campaign.seal(found.id)
    return found


def test_before_publication_organizers_see_what_is_sealed_and_not_who_waits(shared: Shared, place: Place) -> None:
    page = shared.desk().get(f"{place.desk}numbers").text

    assert "4 verified workers have signed" in page
    assert "You see only what everyone sees once the letter is public." in page
    assert re.search(r"<dt>Verified workers</dt>\s*<dd>4</dd>", page)
    assert ">6<" not in page.partition("Files</h2>")[0].replace("<dd>6</dd>", "", 1)


@pytest.mark.parametrize("file", FILES)
def test_each_file_has_the_bytes_that_are_public_later(shared: Shared, file: str) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 6)
    shared.campaign.seal(place.id)
    shared.campaign.publish(place.id)

    assert shared.desk().get(f"{place.desk}numbers/{file}").data == shared.get(place.public + file).data


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_there_before_publication_and_names_no_secret(shared: Shared, place: Place, file: str) -> None:
    answer = shared.desk().get(f"{place.desk}numbers/{file}")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert place.code.encode() not in answer.data
    kept = answer.mimetype in ("image/svg+xml", "image/png")
    assert ("Content-Disposition" in answer.headers) != kept


def test_figures_of_an_open_letter_tell_its_state(shared: Shared, place: Place) -> None:
    told = json.loads(shared.desk().get(f"{place.desk}numbers/counts.json").data)
    book = CalamineWorkbook.from_filelike(io.BytesIO(shared.desk().get(f"{place.desk}numbers/counts.xlsx").data))

    assert (told["state"], told["count"], told["letter"]["published"]) == ("open", 4, None)
    assert book.get_sheet_by_name("counts").to_python()[1][4] == 4.0


def test_nobody_else_sees_them(shared: Shared, place: Place) -> None:
    for path in ("numbers", "numbers/counts.json"):
        assert shared.desk("Ben").get(place.desk + path).status_code == 404
        assert "passphrase" in shared.get(place.desk + path).text.lower()


def test_a_file_that_is_none_of_the_numbers_is_not_there(shared: Shared, place: Place) -> None:
    for path in ("numbers/names.csv", "numbers/log", "numbers/index.html"):
        assert shared.desk().get(place.desk + path).status_code == 404


def test_a_draft_has_no_numbers_yet(shared: Shared) -> None:
    place = shared.a_draft()

    assert shared.desk().get(f"{place.desk}numbers").status_code == 404
    assert 'href="numbers"' not in shared.desk().get(place.desk).text


def test_the_desk_leads_there(shared: Shared, place: Place) -> None:
    assert 'href="numbers"' in shared.desk().get(place.desk).text


def test_a_contact_is_kept_and_one_that_is_too_long_refused(shared: Shared) -> None:
    place = shared.a_draft()
    desk = shared.desk()
    kept = desk.send(f"{place.desk}goal", contact="press@letters.example")
    refused = desk.send(f"{place.desk}goal", contact="x" * 301)

    assert kept.status_code == 303
    assert 'value="press@letters.example"' in desk.get(f"{place.desk}goal").text
    assert refused.status_code == 413
    assert "x" * 301 in refused.text
