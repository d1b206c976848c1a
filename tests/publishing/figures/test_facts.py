"""A letter's numbers as sentences: in the emails, the fact sheet and the text file."""

from datetime import datetime, timedelta

import pytest

from petition.publishing.figures.facts import facts
from tests.publishing.sample_figures import FIRST, some_figures

PLANNED, ANNOUNCED, CLOSED = (FIRST + timedelta(days=days) for days in (30, 20, 21))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, {}),
        ({"ends": PLANNED}, {"Closes": "2026-12-02 09:00 UTC"}),
        ({"ends": PLANNED, "closes": ANNOUNCED}, {"Closes": "2026-11-22 09:00 UTC"}),
        (
            {"ends": PLANNED, "closes": ANNOUNCED, "closed": CLOSED, "state": "closed"},
            {"Closed": "2026-11-23 09:00 UTC"},
        ),
    ],
    ids=["no end", "planned", "announced", "closed"],
)
def test_the_end_is_told_as_on_the_letter_s_page(how: dict[str, datetime], told: dict[str, str]) -> None:
    found = {fact.label: fact.value for fact in facts(some_figures(12, **how)) if fact.label in ("Closes", "Closed")}

    assert found == told
