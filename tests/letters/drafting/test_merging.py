"""Merging two people's texts: no word of either side is lost, and no one is asked without need."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.errors import BadShape
from petition.letters.drafting.merging import BOTH, MINE, THEIRS, merge
from petition.letters.drafting.sequences import common, edits
from petition.letters.text.letter_text import LetterText, Translation, checked
from petition.letters.text.sources import Source
from tests.walks import WORDS

pytestmark = pytest.mark.thorough

PARAGRAPHS = ("one", "two", "three", "four")
ELEMENTS = st.lists(st.sampled_from("abcdefgh"), max_size=8)


def body(*paragraphs: str) -> LetterText:
    return LetterText(body="\n\n".join(paragraphs))


BASE = body(*PARAGRAPHS)


def test_changes_of_different_paragraphs_merge_by_themselves() -> None:
    merged, collisions = merge(BASE, body("ONE", "two", "three", "four"), body("one", "TWO", "three", "four", "five"))

    assert (merged, collisions) == (body("ONE", "TWO", "three", "four", "five"), [])


def test_paragraphs_that_one_added_and_the_other_took_out_merge_too() -> None:
    merged, collisions = merge(BASE, body("zero", *PARAGRAPHS), body("one", "two", "four"))

    assert (merged, collisions) == (body("zero", "one", "two", "four"), [])


def test_the_same_change_on_both_sides_is_made_once() -> None:
    same = body("one", "TWO", "three", "four")

    assert merge(BASE, same, same) == (same, [])


def test_two_changes_of_one_paragraph_wait_for_a_decision() -> None:
    mine, theirs = body("one", "mine", "three", "four"), body("one", "theirs", "three", "FOUR")
    merged, (collision,) = merge(BASE, mine, theirs)

    assert (collision.place, collision.base, collision.mine, collision.theirs) == (
        "body", ("two",), ("mine",), ("theirs",)
    )  # fmt: skip
    assert merged == body("one", "mine", "three", "FOUR")


@pytest.mark.parametrize(
    ("choice", "kept"), [(MINE, ("mine",)), (THEIRS, ("theirs",)), (BOTH, ("theirs", "mine")), ("?", ("mine",))]
)
def test_a_collision_is_decided_in_one_of_three_ways(choice: str, kept: tuple[str, ...]) -> None:
    mine, theirs = body("one", "mine", "three", "four"), body("one", "theirs", "three", "four")

    assert merge(BASE, mine, theirs, [choice])[0] == body("one", *kept, "three", "four")


def test_what_both_added_at_the_same_place_waits_for_a_decision() -> None:
    merged, collisions = merge(BASE, body(*PARAGRAPHS, "mine"), body(*PARAGRAPHS, "theirs"), [BOTH])

    assert [(one.base, one.mine, one.theirs) for one in collisions] == [((), ("mine",), ("theirs",))]
    assert merged == body(*PARAGRAPHS, "theirs", "mine")


def test_fields_of_one_line_are_merged_whole() -> None:
    mine, theirs = replace(WORDS, title="Mine"), replace(WORDS, employer="Theirs")

    assert merge(WORDS, mine, theirs) == (replace(WORDS, title="Mine", employer="Theirs"), [])
    assert [one.place for one in merge(WORDS, mine, replace(WORDS, title="Theirs"))[1]] == ["title"]


def test_demands_and_sources_are_merged_one_by_one() -> None:
    base = replace(WORDS, demands=("a", "b"), sources=(Source("s", "https://s.example"),))
    mine = replace(base, demands=("a", "b", "c"), sources=(*base.sources, Source("t")))
    theirs = replace(base, demands=("A", "b"))

    assert merge(base, mine, theirs) == (replace(mine, demands=("A", "b", "c")), [])


def test_each_translation_is_merged_by_itself() -> None:
    spanish, french = Translation("es", title="Hola", body="uno\n\ndos"), Translation("fr", title="Bonjour")
    base = replace(WORDS, translations=(spanish,))
    mine = base.with_translation(replace(spanish, body="UNO\n\ndos"))
    theirs = base.with_translation(replace(spanish, body="uno\n\nDOS")).with_translation(french)
    merged, collisions = merge(base, mine, theirs)

    assert (merged.translations, collisions) == ((replace(spanish, body="UNO\n\nDOS"), french), [])
    collided = merge(base, mine, base.with_translation(replace(spanish, body="eins\n\ndos")))[1]
    assert [(one.language, one.field) for one in collided] == [("es", "body")]


def test_a_translation_into_a_language_that_the_other_made_binding_is_kept_and_refused() -> None:
    spanish, binding = Translation("es", "Nos negamos", body="Hola"), replace(WORDS, language="es")
    for mine, theirs in ((WORDS.with_translation(spanish), binding), (binding, WORDS.with_translation(spanish))):
        merged, _ = merge(WORDS, mine, theirs)

        assert merged == replace(WORDS, language="es", translations=(spanish,))
        with pytest.raises(BadShape, match="Delete the translation"):
            checked(merged)


def test_a_translation_that_one_took_out_and_the_other_went_on_writing_stays() -> None:
    spanish = Translation("es", title="Hola")
    base, written = replace(WORDS, translations=(spanish,)), replace(spanish, body="más")

    assert merge(base, WORDS, base)[0].translations == ()
    assert merge(base, WORDS, base.with_translation(written))[0].translations == (written,)


@given(ELEMENTS, ELEMENTS, ELEMENTS)
@example([], ["a"], ["b"])
@example(["a", "b"], ["b"], ["a"])
@example(["a"], ["b", "a"], ["a", "b"])
def test_no_word_of_either_side_is_lost(base: list[str], mine: list[str], theirs: list[str]) -> None:
    merged, collisions = merge(body(*base), body(*mine), body(*theirs))
    both, _ = merge(body(*base), body(*mine), body(*theirs), [BOTH] * len(collisions))
    at_hand = set(both.body.split("\n\n"))

    for side in (mine, theirs):
        assert set(side) - set(base) <= at_hand
    once = all(len(set(side)) == len(side) for side in (base, mine, theirs))  # of two alike, each may take out one
    assert not once or set(base) & set(mine) & set(theirs) <= at_hand
    assert at_hand <= {*base, *mine, *theirs, ""}
    if not collisions:
        assert both == merged


@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_what_both_kept_or_neither_did_does_not_depend_on_who_saved_first(
    base: list[str], mine: list[str], theirs: list[str]
) -> None:
    one, asked = merge(body(*base), body(*mine), body(*theirs))
    other, asked_there = merge(body(*base), body(*theirs), body(*mine))

    assert len(asked) == len(asked_there)
    assert asked or one == other


@given(ELEMENTS, ELEMENTS)
def test_where_only_one_side_changed_anything_that_side_is_the_outcome(base: list[str], mine: list[str]) -> None:
    for pair in ((body(*mine), body(*base)), (body(*base), body(*mine)), (body(*mine), body(*mine))):
        assert merge(body(*base), *pair) == (body(*mine), [])


@given(st.text("ab \n#-", max_size=40), st.text("ab \n#-", max_size=40))
def test_blank_lines_and_blanks_stay_as_they_were_typed(base: str, mine: str) -> None:
    typed = LetterText(body=mine.strip("\n"))

    assert merge(LetterText(body=base.strip("\n")), typed, LetterText(body=base.strip("\n"))) == (typed, [])


@given(ELEMENTS, ELEMENTS)
def test_what_two_lists_have_in_common_rises_on_both_sides(one: list[str], other: list[str]) -> None:
    pairs = common(one, other)

    assert all(one[here] == other[there] for here, there in pairs)
    assert pairs == sorted(pairs)
    assert all(a < b and c < d for (a, c), (b, d) in zip(pairs, pairs[1:], strict=False))


@given(ELEMENTS, ELEMENTS)
def test_edits_lead_from_one_list_to_the_other(one: list[str], other: list[str]) -> None:
    made, at = [], 0
    for edit in edits(one, other):
        made += [*one[at : edit.start], *other[edit.start_there : edit.end_there]]
        at = edit.end

    assert [*made, *one[at:]] == other
