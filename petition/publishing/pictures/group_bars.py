"""``groups.svg``: each field's options as bars, one field below the other."""

from dataclasses import dataclass

from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import group_lines, headline, rounding
from petition.publishing.figures.groups import GroupTable
from petition.publishing.pictures.svg import drawn, heading_of, writable
from petition.publishing.pictures.text_width import wrapped

LONGEST = 400
"""Length of the longest bar."""


@dataclass(frozen=True)
class Bar:
    """An option: its label, also in lines, its number, how long its bar is, and where its first line is."""

    label: str
    lines: tuple[str, ...]
    count: str
    length: float
    top: int


@dataclass(frozen=True)
class Field:
    """A field: its name and what its numbers are rounded to, both also in lines, where it begins, its bars."""

    label: str
    lines: tuple[str, ...]
    rounding: str
    small: tuple[str, ...]
    top: int
    bars: tuple[Bar, ...]


def groups_svg(found: Figures, language: str | None = None) -> bytes:
    """The picture; a sentence where no group is shown."""
    fields, top = [], heading_of(found).below + 36
    alone = top + 44
    most = max((count for group in found.groups for _, count in group.rows), default=1) or 1
    for group in found.groups:
        field, top = placed(found, group, top, most, language)
        fields.append(field)
    return drawn(
        found,
        "groups.svg",
        language,
        about=writable(headline(found, language)),
        fields=fields,
        height=top if fields else alone,
    )


def placed(found: Figures, group: GroupTable, top: int, most: int, language: str | None) -> tuple[Field, int]:
    """A field with its bars and their places, and where the next field begins.

    ``most`` is the largest number of the whole picture: all bars share one scale.
    """
    name = writable(group.label)
    told = rounding(found, group, language)
    lines, small = wrapped(name, 40), wrapped(told, 50)
    start, bars = top, []
    top += 24 * len(lines) + 18 * len(small) - 14
    for (_, count), (label, number) in zip(group.rows, group_lines(found, group, language), strict=True):
        words = wrapped(writable(label), 46)
        bars.append(Bar(writable(label), words, number, round(LONGEST * count / most, 1), top))
        top += 20 * len(words) + 26
    return Field(name, lines, told, small, start, tuple(bars)), top + 36
