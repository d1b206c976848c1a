"""What may be said about a field's groups: a table made of rounded numbers alone (protocol, section 10).

A table is a function of the public totals, of how many names are shown, and of each group's number rounded down to
fives. What it hides, and why, follows from these. So one answer changes what is seen only where it is the fifth of its
five, and a person who knows everyone else's answers learns nothing else about the last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ROUNDED_TO = 5
NEARLY_ALL = 80
"""Percent of a group's people. From there on, the number would say of each of them that they probably signed."""
GROWTH = 100
"""How many percent more must have signed since the last table for a new one; and at least K."""
CHANGE = 20
"""How many percent fewer make one too; and how many more, if there is none because a round was annulled."""


@dataclass(frozen=True)
class Before:
    """The table that was shown last: its numbers, those of hidden groups among them, and how many more signed since."""

    numbers: Mapping[str, int]
    more: int


@dataclass(frozen=True)
class Table:
    """The groups of a field that may be shown, with their numbers, and all others together."""

    shown: Mapping[str, int]
    """By option, in the order in which they were given."""
    rest: int
    """Other or not stated: the total less what is shown, rounded down too."""
    numbers: Mapping[str, int]
    """Of all groups, for the next table; the hidden ones' are never shown."""


def rounded(number: int) -> int:
    """Down to fives."""
    return number - number % ROUNDED_TO


def table(
    total: int,
    named: int,
    answers: Mapping[str, int],
    k: int,
    people: Mapping[str, int | None],
    before: Before | None = None,
) -> Table:
    """The table of one field.

    ``total`` have signed, and the names of ``named`` of them are shown; ``answers`` are the groups' numbers,
    ``people`` their headcounts where they are known. No one can tell which answers are those of shown names, so each
    number must leave K others even if all of them were in this group. A group is hidden if its number is smaller, or
    nearly all of its people signed. If those who are left beside the shown groups may be fewer, the smallest of
    these joins them: a hidden group is never alone there, and no subtraction gives its number.
    """
    least = max(k, ROUNDED_TO) + named
    numbers = {option: _risen(rounded(number), option, least, before) for option, number in answers.items()}
    shown = {
        option: number
        for option, number in numbers.items()
        if number >= least and not _is_nearly_all(number, people.get(option))
    }
    while shown and total - sum(number + ROUNDED_TO - 1 for number in shown.values()) < least:
        shown.pop(min(shown, key=lambda option: shown[option]))
    return Table(shown, rounded(total - sum(shown.values())), numbers)


def _risen(number: int, option: str, least: int, before: Before | None) -> int:
    """A number rises by no more than have signed since: a leap by nearly all of them would point at those people.

    A number too small to be shown counts as just too small, so its rise says nothing about it.
    """
    if before is None:
        return number
    just_too_small = rounded(least - 1)
    return min(number, max(before.numbers.get(option, 0), just_too_small) + rounded(max(before.more, 0)))


def _is_nearly_all(number: int, people: int | None) -> bool:
    return people is not None and number * 100 >= people * NEARLY_ALL


def is_due(unnamed: int, last: int | None, k: int, growth: int = GROWTH) -> bool:
    """Whether a table may be made anew: ``unnamed`` have signed whose names are not shown, ``last`` at the last one.

    What many tables tell together grows with their number, so a letter that doubles gets one more, however large it
    is (docs/groups.md has the figures). A fifth fewer, and at least K, count as a change as well: a table must not go
    on counting a crowd that has left. If K fewer always did, someone with many codes could take their own signatures
    back K at a time, and see from each table of how much it is rounded down.
    """
    if last is None:
        return unnamed >= k
    least = max(k, ROUNDED_TO)
    return unnamed - last >= max(least, last * growth // 100) or last - unnamed >= max(least, last * CHANGE // 100)
