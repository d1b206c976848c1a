"""Differences by word."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from petition.letters.drafting.differences import ADDED, REMOVED, UNCHANGED, Run, differences, runs
from petition.letters.text.letter_text import LetterText, Translation
from petition.letters.text.sources import Source
from tests.walks import WORDS

TEXT = st.text("ab cé.\n", max_size=60)


def test_within_a_paragraph_words_are_told_apart() -> None:
    found = list(runs("the quick brown fox jumps", "the slow brown fox leaps over"))

    assert found == [
        Run(UNCHANGED, "the "),
        Run(REMOVED, "quick"),
        Run(ADDED, "slow"),
        Run(UNCHANGED, " brown fox "),
        Run(REMOVED, "jumps"),
        Run(ADDED, "leaps over"),
    ]


def test_fields_without_a_difference_are_left_out() -> None:
    assert differences(WORDS, WORDS) == []
    assert [part.field for part in differences(WORDS, replace(WORDS, title="New", body="New"))] == ["title", "body"]


def test_a_paragraph_that_is_new_is_told_from_one_that_changed() -> None:
    (part,) = differences(LetterText(body="one\n\ntwo"), LetterText(body="one\n\ntoo\n\nthree"))

    assert [row.kind for row in part.rows] == [UNCHANGED, "changed", ADDED]
    assert [run.text for run in part.rows[1].before] == ["two"]
    assert [run.text for run in part.rows[1].after] == ["too"]


def test_demands_sources_and_translations_have_parts_of_their_own() -> None:
    after = replace(
        WORDS,
        demands=(*WORDS.demands, "More."),
        sources=(Source("S"),),
        translations=(Translation("es", title="Nos negamos", body="Hola"),),
    )
    found = [(part.language, part.field) for part in differences(WORDS, after)]

    assert found[:2] == [("", "demands"), ("", "sources")]
    assert {("es", "title"), ("es", "body")} <= set(found)


@given(TEXT, TEXT)
def test_both_texts_can_be_read_off_their_differences(before: str, after: str) -> None:
    found = list(runs(before, after))

    assert "".join(run.text for run in found if run.kind != ADDED) == before
    assert "".join(run.text for run in found if run.kind != REMOVED) == after
