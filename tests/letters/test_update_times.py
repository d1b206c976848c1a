"""When what waits is counted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.letters.models import Letter
from petition.letters.update_times import last_update, next_update

MOMENTS = st.timedeltas(timedelta(0), timedelta(days=1500)).map(datetime(2026, 1, 1, tzinfo=UTC).__add__)
HOURS = st.lists(st.integers(0, 23), min_size=1, unique=True).map(sorted)


def a_letter(updates: str) -> Letter:
    return Letter(id="x", slug="x", state="open", k=10, updates=updates)


@pytest.mark.parametrize(
    ("updates", "now", "last", "then"),
    [
        ("daily", "03:59", "-1 18:00", "04:00"),
        ("daily", "04:00", "04:00", "18:00"),
        ("daily", "17:59", "04:00", "18:00"),
        ("daily", "23:59", "18:00", "+1 04:00"),
        ("hourly", "04:00", "04:00", "05:00"),
        ("hourly", "23:59", "23:00", "+1 00:00"),
    ],
)
def test_the_set_times_around_a_moment(updates: str, now: str, last: str, then: str) -> None:
    letter, moment = a_letter(updates), at(now)

    assert last_update(letter, (4, 18), moment) == at(last)
    assert next_update(letter, (4, 18), moment) == at(then)


def at(text: str) -> datetime:
    day, _, time = text.rpartition(" ")
    hour, minute = time.split(":")
    return datetime(2026, 12, 31, int(hour), int(minute), tzinfo=UTC) + timedelta(days=int(day or 0))


@given(HOURS, MOMENTS, st.sampled_from(["daily", "hourly"]))
def test_no_set_time_lies_between_the_last_and_the_next(hours: list[int], moment: datetime, updates: str) -> None:
    letter = a_letter(updates)
    last, following = last_update(letter, hours, moment), next_update(letter, hours, moment)

    assert last <= moment < following <= last + timedelta(days=1)
    assert last_update(letter, hours, following - timedelta(microseconds=1)) == last
    assert next_update(letter, hours, last) == following
    assert all((one.minute, one.second, one.microsecond) == (0, 0, 0) for one in (last, following))
