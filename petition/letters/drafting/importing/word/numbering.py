"""The label of each list item, counted as Word counts: through the whole document, in the form of its level."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing.omissions import NUMBERS, Omissions
from petition.letters.drafting.importing.word.labels import number_as
from petition.letters.drafting.importing.word.xml import child, number_of, value_of

DEEPEST = 9
BULLETS = ("bullet", "none")


@dataclass(frozen=True)
class Level:
    """How a level of a list counts, and how far its text is set in (in twentieths of a point)."""

    start: int
    form: str
    text: str
    style: str
    restarts_after: int | None
    is_decimal: bool
    indent: int


class Numbering:
    """All lists of a document, and how far each has been counted."""

    def __init__(self, tree: Element | None, omissions: Omissions, list_of_style: Callable[[str], str]) -> None:
        self._omissions = omissions
        self._abstract: dict[str, dict[int, Level]] = {}
        self._linked: dict[str, str] = {}
        self._lists: dict[str, str] = {}
        self._overrides: dict[tuple[str, int], Level | int] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._restarted: set[tuple[str, int]] = set()
        self._list_of_style = list_of_style
        for one in tree if tree is not None else ():
            if one.tag == "w:abstractNum":
                self._read_abstract(one)
            elif one.tag == "w:num":
                self._read_list(one)

    def _read_abstract(self, of: Element) -> None:
        name = of.get("w:abstractNumId", "")
        self._abstract[name] = {number_of(one.get("w:ilvl")): _level(one) for one in of.findall("w:lvl")}
        if linked := value_of(of, "w:numStyleLink"):
            self._linked[name] = linked

    def _read_list(self, of: Element) -> None:
        name = of.get("w:numId", "")
        self._lists[name] = value_of(of, "w:abstractNumId")
        for one in of.findall("w:lvlOverride"):
            depth = number_of(one.get("w:ilvl"))
            level, start = child(one, "w:lvl"), value_of(one, "w:startOverride")
            if start:
                self._overrides[name, depth] = number_of(start)
            if level is not None:
                self._overrides[name, depth] = _level(level)

    def level(self, of: str, depth: int) -> Level | None:
        """How a level of a list counts; None if there is no such list."""
        override = self._overrides.get((of, depth))
        if isinstance(override, Level):
            return override
        return self._levels(self._source(of)).get(depth)

    def depth_of_style(self, of: str, style: str) -> int:
        """The level of a list that belongs to a paragraph style."""
        levels = self._levels(self._source(of))
        return next((depth for depth, level in levels.items() if level.style == style), 0)

    def _levels(self, abstract: str) -> dict[int, Level]:
        return self._abstract.get(abstract, {})

    def _source(self, of: str) -> str:
        """The list's definition, which another one may lend it through a style."""
        name = self._lists.get(of, "")
        linked = self._linked.get(name)
        return self._lists.get(self._list_of_style(linked), name) if linked else name

    def label(self, of: str, depth: int) -> str | None:
        """Count one more item: its label as it is shown, empty for a bullet; None if it has none."""
        level = self.level(of, depth)
        if level is None or not 0 <= depth < DEEPEST:
            return None
        source = self._source(of)
        self._count(of, source, depth, level)
        if level.form in BULLETS and "%" not in level.text:
            return "" if level.form == "bullet" else level.text or None
        return re.sub(r"%([1-9])", lambda found: self._shown(of, source, int(found[1]) - 1, level), level.text).strip()

    def _count(self, of: str, source: str, depth: int, level: Level) -> None:
        start = self._override(of, depth)
        is_first = start is not None and (of, depth) not in self._restarted
        self._restarted.add((of, depth))
        begins = start if start is not None else level.start
        self._counts[source, depth] = begins if is_first else self._counts.get((source, depth), begins - 1) + 1
        for deeper in range(depth + 1, DEEPEST):
            below = self.level(of, deeper)
            if below is None or below.restarts_after is None or depth <= below.restarts_after:
                self._counts.pop((source, deeper), None)

    def _override(self, of: str, depth: int) -> int | None:
        found: Any = self._overrides.get((of, depth))
        return found if isinstance(found, int) else None

    def _shown(self, of: str, source: str, depth: int, within: Level) -> str:
        level = self.level(of, depth)
        if level is None:
            return ""
        number = self._counts.setdefault((source, depth), level.start)
        written = number_as("decimal" if within.is_decimal else level.form, number)
        if written is None:
            self._omissions.add(NUMBERS)
        return str(number) if written is None else written


def _level(of: Element) -> Level:
    restart = value_of(of, "w:lvlRestart")
    properties = child(of, "w:pPr")
    indent = child(properties, "w:ind") if properties is not None else None
    return Level(
        start=number_of(value_of(of, "w:start"), 0 if child(of, "w:start") is not None else 1),
        form=value_of(of, "w:numFmt") or "decimal",
        text=value_of(of, "w:lvlText"),
        style=value_of(of, "w:pStyle"),
        restarts_after=number_of(restart) - 1 if restart else None,
        is_decimal=child(of, "w:isLgl") is not None,
        indent=number_of(indent.get("w:left", indent.get("w:start"))) if indent is not None else 0,
    )
