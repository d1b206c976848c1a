"""What may be said of a field's groups: a table that is made of rounded numbers alone (protocol, section 10).

A table is a function of the public total, of how many names are shown, and of each group's number rounded down to
fives. Whatever is hidden in it, and why, follows from these: so one answer changes what is seen only where it is the
fifth of its five, and someone who knows everybody else's answers learns nothing else of the last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

STEP = 5
NEARLY_ALL = 80
"""Percent of a group's people. From there on the number would tell of each of them that they probably signed."""
CALM = 100
"""A table is made anew when at least K more have signed, and at least one in so many: a large one seldom changes."""


@dataclass(frozen=True)
class Table:
    """The groups of a field that may be shown, with their numbers, and all others together."""

    shown: Mapping[str, int]
    """By option, in the order in which they were given."""
    rest: int
    """Other or not stated: the total less what is shown, rounded down too."""


def rounded(number: int) -> int:
    """Down to fives."""
    return number - number % STEP


def table(total: int, named: int, answers: Mapping[str, int], k: int, people: Mapping[str, int | None]) -> Table:
    """The table of one field.

    ``total`` have signed, and the names of ``named`` of them are shown; ``answers`` are the groups' numbers,
    ``people`` their headcounts where they are known. Nobody can tell which answers are those of shown names, so each
    number must leave K others even if all of them were in this group. A group is hidden if its number is smaller, or
    nearly all of its people signed. If what is left beside the shown groups is smaller, the smallest of these joins
    it, so that no subtraction gives a hidden number.
    """
    least = max(k, STEP) + named
    numbers = {option: rounded(number) for option, number in answers.items()}
    shown = {
        option: number
        for option, number in numbers.items()
        if number >= least and not _is_nearly_all(number, people.get(option))
    }
    while shown and rounded(total - sum(shown.values())) < least:
        shown.pop(min(shown, key=lambda option: shown[option]))
    return Table(shown, rounded(total - sum(shown.values())))


def _is_nearly_all(number: int, people: int | None) -> bool:
    return people is not None and number * 100 >= people * NEARLY_ALL


def is_due(unnamed: int, last: int | None, k: int) -> bool:
    """Whether a table may be made anew: ``unnamed`` have signed whose names are not shown, ``last`` at the last one.

    So many fewer count as a change as well: a table must not go on counting a crowd that has left.
    """
    return unnamed >= k if last is None else abs(unnamed - last) >= max(k, unnamed // CALM)
