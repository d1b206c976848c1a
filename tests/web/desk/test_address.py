"""Organizers choose the last part of a draft's public address."""

import pytest

from tests.shared import ONCE, Shared
from tests.web.desk.test_people import as_

pytestmark = [ONCE, pytest.mark.thorough]


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("stop-the-contract", "stop-the-contract"),
        (" Stop The Contract! ", "stop-the-contract"),
        ("Нет войне", "net-voyne"),
    ],
)
def test_a_draft_gets_the_address_that_was_typed(shared: Shared, typed: str, slug: str) -> None:
    place, ana = shared.a_draft(), as_(shared)
    page = ana.press(ana.open(f"{place.desk}goal"), "Save the address", address=typed)

    assert page.path == f"/organize/letters/{slug}/goal"
    assert f"https://letters.example.org/letters/{slug}/" in page.text
    assert shared.place(place.id).slug == slug
    ana.press(page, "Save the address", address=place.slug)


def test_one_that_is_taken_or_none_is_said_at_its_field_and_stays_typed(shared: Shared) -> None:
    place, other, ana = shared.a_draft(), shared.a_draft(), as_(shared)
    page = ana.open(f"{place.desk}goal")
    for typed, told in (
        (other.slug, "is taken"),
        ("???", "lowercase letters"),
        ("x" * 61, "1 to 60"),
        ("", "Give the"),
    ):
        refused = ana.press(page, "Save the address", address=typed)
        assert refused.status in (400, 409)
        assert told in refused.text
        assert f'value="{typed}"' in refused.text or not typed

    assert shared.place(place.id).slug == place.slug


def test_an_open_letter_keeps_its_address(shared: Shared) -> None:
    draft, place, ana = shared.a_draft(), shared.an_open_letter(), as_(shared)
    form = ana.open(f"{draft.desk}goal").form_with("Save the address")
    answer = ana.post(f"{place.desk}address", **{**form.fields, "address": "another"})

    assert "Save the address" not in ana.open(f"{place.desk}goal").text
    assert answer.status == 409
    assert shared.place(place.id).slug == place.slug
