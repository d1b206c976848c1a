"""``groups.svg``: each field's options as bars, one field below the other."""

from dataclasses import dataclass

from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import group_lines, headline, rounding
from petition.publishing.figures.groups import GroupTable
from petition.publishing.pictures.svg import drawn, writable
from petition.publishing.pictures.text_width import wrapped

LONGEST = 400
"""Length of the longest bar."""


@dataclass(frozen=True)
class Bar:
    """An option: its label in lines, its number, how long its bar is, and where its first line is."""

    lines: tuple[str, ...]
    count: str
    length: float
    top: int


@dataclass(frozen=True)
class Field:
    """A field: its name in lines, what its numbers are rounded to, where it begins, its bars."""

    lines: tuple[str, ...]
    rounding: str
    top: int
    bars: tuple[Bar, ...]


def groups_svg(found: Figures, language: str | None = None) -> bytes:
    """The picture; a sentence where no group is shown."""
    lines = wrapped(writable(found.words.title), 36, most=2)
    fields, top = [], 66 + 24 * len(lines)
    most = max((count for group in found.groups for _, count in group.rows), default=1) or 1
    for group in found.groups:
        field, top = placed(found, group, top, most, language)
        fields.append(field)
    return drawn(
        found,
        "groups.svg",
        language,
        lines=lines,
        about=writable(headline(found, language)),
        fields=fields,
        height=top if fields else 130,
    )


def placed(found: Figures, group: GroupTable, top: int, most: int, language: str | None) -> tuple[Field, int]:
    """A field with its bars and their places, and where the next field begins.

    ``most`` is the largest number of the whole picture: all bars share one scale.
    """
    lines = wrapped(writable(group.label), 44)
    start, bars = top, []
    top += 24 * len(lines) + 20
    for (_, count), (label, number) in zip(group.rows, group_lines(found, group, language), strict=True):
        words = wrapped(writable(label), 52)
        bars.append(Bar(words, number, round(LONGEST * count / most, 1), top))
        top += 20 * len(words) + 26
    return Field(lines, rounding(found, group, language), start, tuple(bars)), top + 20
