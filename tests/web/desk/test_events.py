"""The organizers' page for what happens after a letter is out, and what readers see of it."""

import pytest

from tests.shared import ONCE, Place, Shared
from tests.visitors import Visitor

pytestmark = ONCE


@pytest.fixture
def ana(shared: Shared) -> Visitor:
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    return visitor


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.a_published_letter()


def today(shared: Shared) -> str:
    """No event is older than the letter."""
    return shared.clock().date().isoformat()


def fill(shared: Shared, ana: Visitor, place: Place, **words: str):
    token = shared.desk().csrf(f"{place.desk}after")
    return ana.post(f"{place.desk}events", csrf_token=token, **{"kind": "update", "day": today(shared), **words})


def test_events_that_organizers_add_are_on_the_letters_page(shared, ana, place):
    fill(shared, ana, place, kind="answered", who="Jo Muster", text="We stop.\n<b>Soon.</b>")
    page = shared.get(place.public).text

    assert "Answered: <bdi>Jo Muster</bdi>" in page
    assert "&lt;b&gt;Soon.&lt;/b&gt;" in page


def test_a_deleted_event_is_gone_from_page_and_feed(shared, ana, place):
    fill(shared, ana, place, text="A slip of the pen")
    assert "A slip of the pen" in shared.get(f"{place.public}feed.atom").text

    token = shared.desk().csrf(f"{place.desk}after")
    ana.post(f"{place.desk}events/1/remove", csrf_token=token)

    assert "A slip of the pen" not in shared.get(f"{place.public}feed.atom").text
    assert "A slip of the pen" not in shared.get(place.public).text


def test_what_lacks_something_is_said_and_kept(shared, ana, place):
    answer = fill(shared, ana, place, kind="press", who="The Paper", text="Typed with care")

    assert answer.status == 400
    assert 'id="link-error"' in answer.text
    assert "Typed with care" in answer.text


def test_a_day_that_is_none_is_said_at_its_field(shared, ana, place):
    answer = fill(shared, ana, place, day="2026-02-31", text="Typed with care")

    assert answer.status == 400
    assert "Typed with care" in answer.text


def test_a_demand_shows_where_it_stands(shared, ana, place):
    token = shared.desk().csrf(f"{place.desk}after")
    values = {"demand-2-status": "promised", "demand-2-day": today(shared), "demand-2-note": "In a mail to all"}
    ana.post(f"{place.desk}demands/2", csrf_token=token, **values)
    page = shared.get(place.public).text

    assert "Where each demand stands" in page
    assert "Promised" in page
    assert "In a mail to all" in page


def test_hours_are_kept_and_shown_again(shared, ana):
    place = shared.an_open_letter()
    token = shared.desk().csrf(f"{place.desk}dates")
    ana.post(f"{place.desk}dates", csrf_token=token, publishes="2026-11-20T14:00", ends="2026-12-20T14:00")
    page = ana.open(f"{place.desk}dates")

    assert 'value="2026-11-20T14:00"' in page.text
    assert 'value="2026-12-20T14:00"' in page.text


@pytest.mark.parametrize("field", ["publishes", "ends"])
def test_an_hour_that_is_over_is_refused_at_its_field(shared, ana, field):
    place = shared.an_open_letter()
    token = shared.desk().csrf(f"{place.desk}dates")
    hours = {"publishes": "", "ends": "", field: "2020-11-20T14:00"}
    answer = ana.post(f"{place.desk}dates", csrf_token=token, **hours)

    assert answer.status == 400
    assert f'id="{field}-error"' in answer.text
