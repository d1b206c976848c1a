"""Differences by word: right, and quick however long the texts are."""

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.letters.drafting.differences import ADDED, REMOVED, SAME, Run, differences, runs
from petition.letters.text.letter_text import LetterText, Translation
from petition.letters.text.sources import Source
from tests.walks import WORDS

TEXT = st.text("ab cé.\n", max_size=60)


def test_within_a_paragraph_words_are_told_apart() -> None:
    found = list(runs("the quick brown fox jumps", "the slow brown fox leaps over"))

    assert found == [
        Run(SAME, "the "),
        Run(REMOVED, "quick"),
        Run(ADDED, "slow"),
        Run(SAME, " brown fox "),
        Run(REMOVED, "jumps"),
        Run(ADDED, "leaps over"),
    ]


def test_fields_without_a_difference_are_left_out() -> None:
    assert differences(WORDS, WORDS) == []
    assert [part.field for part in differences(WORDS, replace(WORDS, title="New", body="New"))] == ["title", "body"]


def test_a_paragraph_that_is_new_is_told_from_one_that_changed() -> None:
    (part,) = differences(LetterText(body="one\n\ntwo"), LetterText(body="one\n\ntoo\n\nthree"))

    assert [row.kind for row in part.rows] == [SAME, "changed", ADDED]
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


def _long(kind: str) -> tuple[str, str]:
    chance = random.Random(8)
    words = [f"w{number}" for number in range(900)]
    if kind == "edited":
        text = [chance.choice(words) for _ in range(4_000)]
        return " ".join(text), " ".join("new" if chance.random() < 0.1 else word for word in text)
    if kind == "nothing in common":
        return tuple(" ".join(chance.choice(words) for _ in range(4_000)) for _ in range(2))  # type: ignore[return-value]
    if kind == "one word":
        return "a " * 30_000, "a b " * 15_000
    return "a\n\n" * 20_000, "b\n\na\n\n" * 10_000


@pytest.mark.parametrize("kind", ["edited", "nothing in common", "one word", "one paragraph"])
def test_two_long_texts_are_compared_in_less_than_a_second(kind: str) -> None:
    before, after = _long(kind)
    start = time.process_time()
    differences(LetterText(body=before), LetterText(body=after))

    assert time.process_time() - start < 1
