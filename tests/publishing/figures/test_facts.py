"""A letter's numbers as sentences: in the emails, the fact sheet and the text file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from petition.publishing.documents.letter_txt import letter_txt
from petition.publishing.documents.pdf import facts_pdf, letter_pdf
from petition.publishing.figures.counts import Figures, RoundFacts
from petition.publishing.figures.facts import facts
from petition.publishing.figures.summaries import summary_txt
from petition.publishing.public_files import page
from tests.publishing.reading import pages_of
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
def test_the_end_is_told_as_on_the_letter_s_page(how: dict[str, Any], told: dict[str, str]) -> None:
    found = {fact.label: fact.value for fact in facts(some_figures(12, **how)) if fact.label in ("Closes", "Closed")}

    assert found == told


def test_canceled_sets_of_codes_are_told_where_there_are_any() -> None:
    kept = RoundFacts(1, "workers", 18, 0, False, None, None, None, None)
    canceled = replace(kept, number=2, made=12, annulled="Flooded by a bot.")
    without, with_one = (
        {fact.label: fact.value for fact in facts(some_figures(16, rounds=rounds))}
        for rounds in ((kept,), (kept, canceled))
    )

    assert {label: with_one[label] for label in with_one.keys() - without.keys()} == {
        "Canceled sets of codes, not counted": "1"
    }


def on_paper(make: Callable[[Figures], bytes]) -> Callable[[Figures], str]:
    return lambda found: " ".join(pages_of(make(found)))


HANDED_OUT, ONE, BY_EMAIL = "The coworkers who handed out", "The coworker who gave out", "run the employer's email"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, HANDED_OUT),
        ({"k": 1}, ONE),
        ({"routes": ("mail",), "mail_domains": ("@example.com",)}, BY_EMAIL),
        ({"routes": ("code", "mail"), "mail_domains": ("@example.com",)}, BY_EMAIL),
    ],
    ids=["codes", "one person", "email", "both"],
)
def test_files_rest_on_the_word_of_the_same_people_as_the_press_page(how: dict[str, Any], told: str) -> None:
    found = some_figures(1, **how)
    makes = [lambda found: page(found, "press/", None).decode(), on_paper(letter_pdf), on_paper(facts_pdf)]
    makes += [lambda found: letter_txt(found).decode(), lambda found: summary_txt(found).decode()]
    texts = [" ".join(unescape(make(found)).replace("’", "'").split()) for make in makes]

    for text in texts:
        assert [words for words in (HANDED_OUT, ONE, BY_EMAIL) if words in text] == [told]
        assert ("work email at @example.com" in text) == ("mail_domains" in how)
