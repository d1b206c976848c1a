"""Passages: marked words are found again wherever their paragraph went."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.errors import BadShape, Conflict
from petition.letters.drafting.passages import BODY, DEMAND, TITLE, Finder, mark, paragraphs, replaced
from petition.letters.text.letter_text import LetterText

BODY_TEXT = (
    "We, who work here, write to you today.\n\nOur work is used to hurt people, and we were not asked.\n\nPlease stop."
)
WORDS = LetterText(
    title="We refuse", recipient="R", employer="E", body=BODY_TEXT, demands=("Stop.", "Say so in public.")
)
SECOND = "Our work is used to hurt people, and we were not asked."


def found(words: LetterText, text: str, quote: str) -> tuple[str, str | None] | None:
    """The paragraph in which marked words are found now, and the words from there on."""
    where = paragraphs(words)
    marked = mark(text, quote)
    place = Finder(where).place(marked)
    if place is None:
        return None
    now = where[place.paragraph].text
    return now, None if place.start is None else now[place.start : place.start + len(marked.quote)]


def test_a_text_has_its_title_its_paragraphs_and_its_demands() -> None:
    fields = [(one.field, one.text) for one in paragraphs(WORDS)]

    assert [field for field, _ in fields] == [TITLE, BODY, BODY, BODY, DEMAND, DEMAND]
    assert fields[2][1] == SECOND


def test_words_are_found_after_their_paragraph_moved() -> None:
    moved = replace(WORDS, body=f"A new beginning.\n\nPlease stop.\n\n{SECOND}\n\nAnd an end.")

    assert found(moved, SECOND, "hurt people") == (SECOND, "hurt people")


def test_words_are_found_after_something_else_in_their_paragraph_changed() -> None:
    changed = SECOND.replace("Our work", "What we make").replace("not asked", "never asked at all")

    assert found(replace(WORDS, body=f"Hello.\n\n{changed}"), SECOND, "hurt people") == (changed, "hurt people")


def test_words_that_changed_are_known_to_have_changed_and_in_which_paragraph() -> None:
    changed = SECOND.replace("hurt people", "do harm")

    assert found(replace(WORDS, body=f"Hello.\n\n{changed}"), SECOND, "hurt people") == (changed, None)


def test_words_whose_paragraph_is_gone_are_nowhere_even_if_they_occur_elsewhere() -> None:
    elsewhere = replace(WORDS, body="This is about something else entirely, and it mentions stop lights, not people.")

    assert found(elsewhere, SECOND, SECOND) is None
    assert found(elsewhere, SECOND, "not") is None


def test_of_repeated_words_the_marked_ones_are_found() -> None:
    text = "Stop it here. And stop it there."
    marked = replace(mark(text, "stop it"), quote="stop it")
    changed = "Please, stop it here, we ask. And stop it there."
    where = paragraphs(replace(WORDS, body=changed))
    place = Finder(where).place(marked)

    assert place is not None
    assert (place.paragraph, place.start) == (1, changed.index("stop it there"))


def test_words_that_are_not_in_the_paragraph_cannot_be_marked() -> None:
    with pytest.raises(BadShape, match="Copy them exactly"):
        mark(SECOND, "hurt everybody")


def test_no_words_mean_the_whole_paragraph() -> None:
    assert mark(SECOND, "").quote == SECOND


@pytest.mark.parametrize(
    ("text", "quote", "suggestion", "body", "demands"),
    [
        (SECOND, "hurt people", "do harm", BODY_TEXT.replace("hurt people", "do harm"), WORDS.demands),
        (SECOND, "", "", BODY_TEXT.replace(SECOND + "\n\n", ""), WORDS.demands),
        ("Stop.", "", "Stop at once.", BODY_TEXT, ("Stop at once.", "Say so in public.")),
        ("Stop.", "", "", BODY_TEXT, ("Say so in public.",)),
    ],
)
def test_other_words_stand_in_the_place_of_marked_ones(
    text: str, quote: str, suggestion: str, body: str, demands: tuple[str, ...]
) -> None:
    now = replaced(WORDS, mark(text, quote), suggestion)

    assert (now.title, now.body, now.demands) == (WORDS.title, body, demands)


def test_words_that_changed_are_not_replaced() -> None:
    with pytest.raises(Conflict, match="passage has changed"):
        replaced(replace(WORDS, body="Something else."), mark(SECOND, "hurt people"), "do harm")


LINES = (
    st.text(alphabet="abcdefghij éñ漢字и.", min_size=12, max_size=60).map(str.strip).filter(lambda one: len(one) > 8)
)


@given(st.lists(LINES, min_size=2, max_size=8, unique=True), st.data())
def test_words_are_never_lost_by_what_happens_to_other_paragraphs(texts: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(chosen) - 2))
    quote = chosen[start : data.draw(st.integers(start + 1, len(chosen)))]
    others = data.draw(st.permutations([text for text in texts if text != chosen and chosen not in text]))
    kept = others[: data.draw(st.integers(0, len(others)))]
    at = data.draw(st.integers(0, len(kept)))
    words = replace(WORDS, title="", body="\n\n".join([*kept[:at], chosen, *kept[at:]]), demands=())

    assert found(words, chosen, quote) in ((chosen, quote), (chosen, chosen[:0] + quote))
