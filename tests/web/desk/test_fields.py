"""The organizers' page of groups."""

import re

import pytest

from petition.letters.fields import read_field
from tests.shared import ONCE, Place, Shared
from tests.walks import Desk

ROLE = read_field("Role", [("Software", 300), ("Hardware", None)])


@pytest.fixture
def ana(shared: Shared) -> Desk:
    return shared.desk()


def test_groups_are_kept_and_shown_again_as_they_were_typed(shared: Shared, ana: Desk) -> None:
    place = shared.a_draft()
    typed = {"label-0": "Role", "groups-0": "Software = 300\nHardware"}
    answer = ana.send(f"{place.desk}fields", **typed)
    again = ana.get(f"{place.desk}fields").text

    assert answer.status_code == 303
    assert 'class="done" role="status"' in again
    assert "Software = 300\nHardware</textarea>" in again
    assert 'value="Role"' in again


@ONCE
def test_groups_are_pasted_from_two_columns_of_a_spreadsheet(shared: Shared, ana: Desk) -> None:
    place = shared.a_draft()
    ana.send(f"{place.desk}fields", **{"label-0": "Years", "groups-0": "1-2\t1,300\r\n2024\r\n3\tto 5\r\n"})

    assert "1-2 = 1300\n2024\n3 to 5</textarea>" in ana.get(f"{place.desk}fields").text


def test_groups_that_are_too_small_ever_to_show_are_named(shared: Shared, ana: Desk) -> None:
    place = shared.a_draft(k=10)
    ana.send(f"{place.desk}fields", **{"label-0": "Site", "groups-0": "North = 12\nSouth = 13\nWest"})
    answer = ana.get(f"{place.desk}fields")

    assert "Site: North (12)" in answer.text
    assert "Site: South" not in answer.text


@ONCE
@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"label-0": "Role", "groups-0": "Software"}, "2 to 40 answers"),
        ({"label-0": "", "groups-0": "Software\nHardware"}, "needs a label"),
        ({"label-0": "Role", "groups-0": "Software = many\nHardware"}, "Add a number"),
        ({"label-0": "Role", "groups-0": "A\nB", "label-1": "role", "groups-1": "C\nD"}, "appears twice"),
    ],
)
def test_what_makes_no_sense_is_refused_and_stays_typed(
    shared: Shared, ana: Desk, typed: dict[str, str], why: str
) -> None:
    place = shared.a_draft()
    answer = ana.send(f"{place.desk}fields", **typed)

    assert answer.status_code == 400
    assert why in answer.text
    assert f"{typed['groups-0']}</textarea>" in answer.text
    assert "readonly" not in answer.text


def test_an_open_letters_groups_stay_as_they_are(shared: Shared, ana: Desk) -> None:
    place = shared.an_open_letter(fields=(ROLE,))
    page = ana.get(f"{place.desk}fields").text
    answer = ana.send(f"{place.desk}fields", **{"label-0": "Role", "groups-0": "Software\nSupport"})

    assert 'class="fixed"' in page
    assert answer.status_code == 409
    assert "Support" not in answer.text + ana.get(f"{place.desk}fields").text


@ONCE
def test_a_stranger_finds_no_such_page(shared: Shared) -> None:
    place: Place = shared.a_draft(fields=(ROLE,))

    assert shared.desk("Ben").get(f"{place.desk}fields").status_code == 404


def test_organizers_see_the_groups_that_the_public_sees(shared: Shared, ana: Desk) -> None:
    place = shared.an_open_letter(fields=(ROLE,))
    shared.campaign.sign_all(place.id, 12, role="software")
    shared.campaign.sign_all(place.id, 11)
    shared.campaign.seal(place.id)

    assert "Software 10" in re.sub(r"(<[^>]*>|\s)+", " ", ana.get(f"{place.desk}numbers").text)
