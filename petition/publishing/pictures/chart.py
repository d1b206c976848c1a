"""``chart.svg``: the count over time."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from petition.publishing.figures.counts import Figures, Row
from petition.publishing.figures.facts import headline, shown
from petition.publishing.pictures.svg import Tick, drawn, heading_of, writable

LEFT, RIGHT, TOP, BOTTOM = 100, 500, 100, 268
ROOM = 24
"""Pixels between the baseline of the count in words and the top of the axis."""
MOST_GOAL = 4
"""A goal more than this many times the count is left out, or the count would be a flat line."""


def chart_svg(found: Figures, language: str | None = None, *, is_for_paper: bool = False) -> bytes:
    """``chart.svg``: the count after each sealing, as steps; on paper with room for a title, but without it."""
    highest = max([row.count for row in found.history], default=0)
    goal = found.goal if found.goal and found.goal <= MOST_GOAL * highest else None
    top = ceiling(max(highest, goal or 0))
    highest_pixel = max(TOP, heading_of(found).below + ROOM)

    def height(count: int) -> float:
        return round(BOTTOM - (BOTTOM - highest_pixel) * count / top, 1)

    return drawn(
        found,
        "chart.svg",
        language,
        is_for_paper=is_for_paper,
        about=writable(headline(found, language)),
        count=found.count,
        counted=shown(found, found.count, language),
        steps=steps(found.history, height),
        rows=found.history,
        levels=[Tick(height(count), shown(found, count, language)) for count in levels(top)],
        hours=hours(found.history),
        goal=Tick(height(goal), shown(found, goal, language)) if goal else None,
        last=height(found.history[-1].count) if found.history else BOTTOM,
    )


def ceiling(highest: int) -> int:
    """The end of an axis that starts at nothing: 1, 2, 4, 5 or 10 times a power of ten, and at least 4."""
    power = 1
    while True:
        for step in (4, 5, 10, 20):
            if step * power >= max(highest, 4):
                return step * power
        power *= 10


def levels(top: int) -> list[int]:
    """The numbers along the axis: whole ones, evenly spaced."""
    parts = 5 if top % 5 == 0 else 4
    return [top * part // parts for part in range(parts + 1)]


def span(history: Sequence[Row]) -> tuple[datetime, timedelta]:
    """When the picture begins, and how much time it shows: an hour at least."""
    start = history[0].hour
    return start, max(history[-1].hour - start, timedelta(hours=1))


def steps(history: Sequence[Row], height: Callable[[int], float]) -> str:
    """The outline as path data (SVG 2, section 9.3): up at an update, level to the next; at most a point a pixel."""
    if len(history) < 2:
        return ""
    start, long = span(history)
    heights = {round(LEFT + (RIGHT - LEFT) * ((row.hour - start) / long)): height(row.count) for row in history}
    return " ".join([f"M{LEFT} {BOTTOM}", *(f"H{at}V{high:g}" for at, high in heights.items()), f"H{RIGHT}"])


def hours(history: Sequence[Row]) -> list[Tick]:
    """First, middle and last moment."""
    if not history:
        return []
    start, long = span(history)
    form = "%m-%d %H:%M" if long < timedelta(days=4) else "%Y-%m-%d"
    return [
        Tick(LEFT + (RIGHT - LEFT) * part / 2, (start + long * part / 2).strftime(form))
        for part in ((0, 1, 2) if long > timedelta(hours=1) else (0, 2))
    ]
