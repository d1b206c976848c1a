"""Compare two sequences in bounded time: paragraphs of a text, or words of a paragraph.

Common ends first; then elements that occur once on both sides, in their longest common order (patience diff); then
small gaps by the full table. A gap that is too large for that counts as replaced.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_CELLS = 250_000
"""Limit on pairs compared one by one, over all gaps: about a twentieth of a second."""


@dataclass(frozen=True)
class Edit:
    """In the first sequence ``start`` to ``end`` are replaced by ``start_there`` to ``end_there`` of the second."""

    start: int
    end: int
    start_there: int
    end_there: int


def edits(one: Sequence[str], other: Sequence[str]) -> list[Edit]:
    """The replacements that turn one sequence into the other, in order."""
    found, at, at_there = [], 0, 0
    for here, there in [*common(one, other), (len(one), len(other))]:
        if (here, there) != (at, at_there):
            found.append(Edit(at, here, at_there, there))
        at, at_there = here + 1, there + 1
    return found


def common(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of indices with equal elements, rising on both sides."""
    found: list[tuple[int, int]] = []
    left = MOST_CELLS
    gaps = [(0, len(one), 0, len(other))]
    while gaps:
        start, end, start_there, end_there = gaps.pop()
        while start < end and start_there < end_there and one[start] == other[start_there]:
            found.append((start, start_there))
            start, start_there = start + 1, start_there + 1
        while start < end and start_there < end_there and one[end - 1] == other[end_there - 1]:
            end, end_there = end - 1, end_there - 1
            found.append((end, end_there))
        if start == end or start_there == end_there:
            continue
        anchors = list(_anchors(one[start:end], other[start_there:end_there]))
        if anchors:
            gaps += _between(anchors, (start, end, start_there, end_there))
            found += [(start + here, start_there + there) for here, there in anchors]
            continue
        cells = (end - start) * (end_there - start_there)
        if cells <= left:
            left -= cells
            pairs = _longest(one[start:end], other[start_there:end_there])
            found += [(start + here, start_there + there) for here, there in pairs]
    return sorted(found)


def _between(anchors: list[tuple[int, int]], gap: tuple[int, int, int, int]) -> Iterator[tuple[int, int, int, int]]:
    """The gaps before, between and after anchors."""
    start, end, start_there, end_there = gap
    at, at_there = start, start_there
    for here, there in anchors:
        yield at, start + here, at_there, start_there + there
        at, at_there = start + here + 1, start_there + there + 1
    yield at, end, at_there, end_there


def _anchors(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Elements that occur once on each side, in the longest order that both have."""
    counts, counts_there = Counter(one), Counter(other)
    place_there = {element: place for place, element in enumerate(other) if counts_there[element] == 1}
    once = [(place, place_there[e]) for place, e in enumerate(one) if counts[e] == 1 and e in place_there]
    return iter(_rising(once))


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs, by their first, whose second numbers rise too (patience sorting)."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        pile = bisect_left(tops, there)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1], ends[pile : pile + 1] = [there], [number]
    found, number = [], ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _longest(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """The longest common subsequence, by the usual table."""
    rows = [[0] * (len(other) + 1)]
    for element in reversed(one):
        last, row = rows[-1], [0] * (len(other) + 1)
        for place in range(len(other) - 1, -1, -1):
            row[place] = last[place + 1] + 1 if element == other[place] else max(last[place], row[place + 1])
        rows.append(row)
    rows.reverse()
    found, here, there = [], 0, 0
    while here < len(one) and there < len(other):
        if one[here] == other[there]:
            found.append((here, there))
            here, there = here + 1, there + 1
        elif rows[here + 1][there] >= rows[here][there + 1]:
            here += 1
        else:
            there += 1
    return found
