"""What all tables of groups together give away: in simulated campaigns, how often one answer follows from them.

The attacker knows every answer but one, in which order people signed, every table, and every total. The answer follows
if any other one would have shown something else. Signatures are sealed as soon as K may be, which is oftener than any
schedule allows. Printed is also what readers get: how many tables, and what part of all signers the last one counts.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import mean

from petition.sealing.group_suppression import GROWTH, Before, Table, is_due, table

CAMPAIGNS, SEED = 300, 1
SIZES = ((3, 30), (3, 60), (10, 120), (10, 400))
"""K, and how many sign."""
ANSWERS = {"a": 35, "b": 25, "c": 15, "d": 10, None: 15}
"""Percent of signers who choose a group, or none."""
RULES = (1, 25, 50, 100, 200)
"""Percent by which a letter must have grown for a new table; 1 is the rule that the first releases had."""
Answer = str | None
Seen = tuple[int, tuple[tuple[str, int], ...], int]


@dataclass(frozen=True)
class Tried:
    """What a campaign gave away, and what readers got."""

    follows: bool
    tables: int
    counted: float
    """The part of all signers that the last table counts."""


def sealings(n: int, k: int) -> Iterator[tuple[int, int]]:
    """How many have come and how many of them are in the log, each time that as many wait as may be sealed."""
    held = (k + 1) // 2
    return ((come, come - held) for come in range(k + held, n + 1, k))


def tables(answers: list[Answer], k: int, growth: int) -> Iterator[tuple[int, Table]]:
    """Every table that is shown while people sign in this order, each with the total of which it was made."""
    last, newest = None, None
    for come, total in sealings(len(answers), k):
        if is_due(total, last, k, growth):
            before = None if last is None or newest is None else Before(newest.numbers, total - last)
            numbers = {option: answers[:come].count(option) for option in ANSWERS if option is not None}
            newest, last = table(total, 0, numbers, k, {}, before), total
            yield total, newest


def seen(answers: list[Answer], k: int, growth: int) -> list[Seen]:
    """What the public sees of them."""
    return [
        (total, tuple(one.shown.items()), one.rest if one.shown else 0) for total, one in tables(answers, k, growth)
    ]


def campaign(random: Random, k: int, n: int, growth: int) -> Tried:
    """One campaign, and one of its signers as the target."""
    answers: list[Answer] = random.choices(list(ANSWERS), list(ANSWERS.values()), k=n)
    target, shown = random.randrange(n), seen(answers, k, growth)
    others = (answer for answer in ANSWERS if answer != answers[target])
    follows = all(seen([*answers[:target], other, *answers[target + 1 :]], k, growth) != shown for other in others)
    return Tried(follows, len(shown), shown[-1][0] / n if shown else 0)


def campaigns(k: int, n: int, growth: int = GROWTH, seed: int = SEED) -> list[Tried]:
    """As many as are simulated, the same for each rule."""
    return [campaign(Random(f"{seed} {number}"), k, n, growth) for number in range(CAMPAIGNS)]  # noqa: S311


def main(seed: int) -> None:
    print(f"{'growth':>6} {'K':>3} {'signers':>8} {'answer follows':>16} {'tables':>7} {'counted at the end':>19}")
    for growth in RULES:
        for k, n in SIZES:
            tried = campaigns(k, n, growth, seed)
            numbers = f"{sum(one.follows for one in tried):>8} of {CAMPAIGNS} {mean(one.tables for one in tried):>8.1f}"
            mark = "  (the program's rule)" if growth == GROWTH else ""
            print(f"{growth:>5}% {k:>3} {n:>8} {numbers} {mean(one.counted for one in tried):>18.0%}{mark}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
