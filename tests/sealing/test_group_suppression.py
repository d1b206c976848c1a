"""What may be said of groups, against an attacker with every table, every total, and everyone else's answers."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.sealing.group_suppression import Before, Table, is_due, rounded, table

pytestmark = pytest.mark.thorough

K = 10
UNKNOWN: dict[str, int | None] = {}


def made(
    total: int,
    *numbers: int,
    named: int = 0,
    k: int = K,
    people: dict[str, int | None] = UNKNOWN,
    before: Before | None = None,
) -> Table:
    """The table of options a, b, c …, in this order."""
    return table(total, named, dict(zip("abcdefgh", numbers, strict=False)), k, people, before)


def seen_in(found: Table) -> tuple[dict[str, int], int]:
    """What the public sees of a table."""
    return dict(found.shown), found.rest


# By example


def test_numbers_are_rounded_down_and_the_rest_is_what_is_left() -> None:
    assert seen_in(made(612, 313, 7, 200)) == ({"a": 310, "c": 200}, 100)


def test_a_group_under_k_is_not_shown() -> None:
    assert seen_in(made(100, 9, 10, 14, 0)) == ({"b": 10, "c": 10}, 80)


def test_a_small_k_shows_nothing_smaller_than_a_step() -> None:
    assert seen_in(made(50, 4, 5, k=3)) == ({"b": 5}, 45)


def test_the_smallest_group_joins_a_rest_that_would_be_too_small() -> None:
    assert seen_in(made(108, 8, 30, 70)) == ({"c": 70}, 35)
    assert seen_in(made(40, 8, 32)) == ({}, 40)


def test_a_group_in_which_nearly_everyone_signed_is_hidden() -> None:
    people: dict[str, int | None] = {"a": 100, "b": 100, "c": None}

    assert seen_in(made(300, 84, 79, 90, people=people)) == ({"b": 75, "c": 90}, 135)


def test_shown_names_do_not_count_towards_k() -> None:
    """No one can tell in which group they are, so they are taken off every group, and off the rest."""
    assert seen_in(made(100, 34, 35, named=25)) == ({"b": 35}, 65)
    assert seen_in(made(100, 60, named=25)) == ({"a": 60}, 40)
    assert seen_in(made(90, 60, named=25)) == ({}, 90)


@pytest.mark.parametrize(
    ("unnamed", "last", "due"),
    [
        (9, None, False),
        (10, None, True),
        (19, 10, False),
        (20, 10, True),
        (0, 10, True),
        (39, 20, False),
        (40, 20, True),
        (11, 20, False),
        (10, 20, True),
        (2393, 2990, False),
        (2392, 2990, True),
        (5979, 2990, False),
        (5980, 2990, True),
    ],
)
def test_a_table_is_due_when_enough_more_have_signed(unnamed: int, last: int | None, due: bool) -> None:
    assert is_due(unnamed, last, K) is due


def test_a_number_rises_by_no_more_than_have_signed_since() -> None:
    first = made(60, 12, 9, 20)
    later = made(74, 26, 9, 20, before=Before(first.numbers, 14))

    assert seen_in(first) == ({"a": 10, "c": 20}, 30)
    assert seen_in(later) == ({"a": 20, "c": 20}, 30)


def test_what_was_hidden_rises_as_if_it_had_been_just_too_small() -> None:
    first = made(60, 0, 9, 20)
    later = made(80, 20, 29, 20, before=Before(first.numbers, 10))

    assert seen_in(later) == ({"a": 15, "b": 15, "c": 20}, 30)


# By whatever comes


COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)


@given(COUNTS, st.integers(0, 60), st.integers(0, 30), st.integers(3, 50), st.lists(st.integers(1, 90), max_size=6))
@example([9, 10, 11], 0, 0, 10, [])
@example([4, 4], 4, 0, 3, [])
def test_whatever_the_answers_nothing_small_is_shown_nor_left(
    numbers: list[int], unstated: int, named: int, k: int, heads: list[int]
) -> None:
    people: dict[str, int | None] = dict(zip("abcdefgh", heads, strict=False))
    found = made(sum(numbers) + unstated, *numbers, named=named, k=k, people=people)

    for option, number in found.shown.items():
        assert number % 5 == 0
        assert number - named >= k
        assert 0 <= numbers["abcdefgh".index(option)] - number < 5
        assert 100 * number < 80 * (people.get(option) or 1000)
    if found.shown:
        assert found.rest - named >= k
        assert sum(numbers) + unstated - sum(numbers["abcdefgh".index(option)] for option in found.shown) - named >= k
    assert 0 <= sum(numbers) + unstated - sum(found.shown.values()) - found.rest < 5


@given(st.lists(st.integers(0, 80), min_size=2, max_size=6), st.integers(0, 60))
def test_answers_of_people_who_are_not_counted_yet_show_nothing_small_either(numbers: list[int], total: int) -> None:
    """Answers are not tied to signatures, so those of a few who still wait are among them."""
    found = made(total, *numbers)

    assert not found.shown or found.rest >= K


# The adversary


@st.composite
def histories(draw: st.DrawFn) -> list[list[str | None]]:
    """What each of some people answers (None: nothing), lot by lot; the last person of one lot is the target."""
    answers = st.sampled_from(["a", "b", "c", None])
    return draw(st.lists(st.lists(answers, min_size=1, max_size=25), min_size=1, max_size=5))


def releases(history: list[list[str | None]], k: int) -> list[tuple[int, tuple[dict[str, int], int] | None]]:
    """The public total after each lot, and the table that was shown then."""
    seen: list[tuple[int, tuple[dict[str, int], int] | None]] = []
    signed: list[str | None] = []
    last, newest = None, None
    for lot in history:
        signed += lot
        if is_due(len(signed), last, k):
            before = None if last is None or newest is None else Before(newest.numbers, len(signed) - last)
            numbers = (signed.count(option) for option in "abc")
            newest, last = made(len(signed), *numbers, k=k, before=before), len(signed)
        seen.append((len(signed), seen_in(newest) if newest else None))
    return seen


@given(histories(), st.data())
def test_who_knows_all_other_answers_learns_nothing_of_the_last_one_but_at_a_multiple_of_five(
    history: list[list[str | None]], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(history) - 1))
    k = data.draw(st.sampled_from([3, 10]))
    others = [[*lot[:-1]] if number == where else lot for number, lot in enumerate(history)]
    seen = {
        answer: releases([[*lot, answer] if number == where else lot for number, lot in enumerate(others)], k)
        for answer in ("a", "b", "c", None)
    }
    sums = [sum(others[:number], []) for number in range(where + 1, len(others) + 1)]
    quiet = [option for option in "abc" if all(signed.count(option) % 5 != 4 for signed in sums)]

    assert all(seen[option] == seen[None] for option in quiet)


def vectors(options: int, most: int) -> Iterator[tuple[int, ...]]:
    """Every way in which up to a number of people answer; the last number is those who say nothing."""
    return (numbers for numbers in product(range(most + 1), repeat=options + 1) if sum(numbers) <= most)


def possible(worlds: Iterator[tuple[Any, tuple[tuple[int, ...], ...]]]) -> dict[Any, list[set[tuple[int, ...]]]]:
    """For everything that can be seen, the numbers that may be behind it, release by release."""
    found: dict[Any, list[set[tuple[int, ...]]]] = defaultdict(list)
    for seen, behind in worlds:
        while len(found[seen]) < len(behind):
            found[seen].append(set())
        for number, counts in enumerate(behind):
            found[seen][number].add(counts)
    return found


def narrowest(options: int, seen: dict[Any, list[set[tuple[int, ...]]]]) -> int:
    """How many values a group's number may have at least, in any table that shows a group, whatever was seen."""
    return min(
        len({counts[option] for counts in behind})
        for tables, releases_ in seen.items()
        for (_, shown), behind in zip(tables, releases_, strict=True)
        if shown
        for option in range(options)
    )


def sight(total: int, found: Table) -> tuple[int, tuple[Any, ...]]:
    return total, (*found.shown.items(), found.rest) if found.shown else ()


def test_no_subtraction_in_one_table_tells_a_number_more_exactly_than_to_five() -> None:
    """Every table of three groups and up to 28 people: with the total, each number may still have five values."""
    seen = possible(
        ((sight(sum(counts), made(sum(counts), *counts[:-1], k=3)),), (counts,)) for counts in vectors(3, 28)
    )

    assert any(shown for ((_, shown),) in seen)
    assert narrowest(3, seen) >= 5


def test_no_subtraction_of_two_successive_tables_does_either() -> None:
    """Every two tables of two groups and up to 18 people, of whom enough came between them."""

    def worlds() -> Iterator[tuple[Any, tuple[tuple[int, ...], ...]]]:
        every = list(vectors(2, 18))
        for early in every:
            one = made(sum(early), *early[:-1], k=3)
            for late in every:
                more = sum(late) - sum(early)
                if sum(early) >= 3 and more >= 5 and all(map(int.__ge__, late, early)):
                    other = made(sum(late), *late[:-1], k=3, before=Before(one.numbers, more))
                    yield (sight(sum(early), one), sight(sum(late), other)), (early, late)

    assert narrowest(2, possible(worlds())) >= 5


@given(st.lists(st.integers(0, 40), min_size=2, max_size=30))
def test_tables_are_k_signatures_apart(lots: list[int]) -> None:
    signed, last, made_at = 0, None, []
    for lot in lots:
        signed += lot
        if is_due(signed, last, K):
            made_at.append(signed)
            last = signed

    assert all(abs(late - early) >= K for early, late in pairwise(made_at))


@pytest.mark.parametrize(("k", "most"), [(3, 8), (10, 7)])
def test_a_letter_has_few_tables_however_often_its_count_is_updated(k: int, most: int) -> None:
    last, tables = None, 0
    for signed in range(1000):
        if is_due(signed, last, k):
            last, tables = signed, tables + 1

    assert tables == most


@given(st.integers(0, 10**6))
def test_rounding_goes_down_to_fives(number: int) -> None:
    assert rounded(number) % 5 == 0
    assert 0 <= number - rounded(number) < 5
