"""The label of each list item, counted as the list's style says (OpenDocument 1.3, part 3, 16.31 and 19.880)."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from petition.letters.drafting.importing.word.labels import number_as
from petition.letters.drafting.importing.word.xml import number_of

FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
BULLET = "text:list-level-style-bullet"
NUMBER = ("text:list-level-style-number", "text:outline-level-style")


class Lists:
    """The list styles of a document, and how far each list has been counted."""

    def __init__(self, trees: Iterable[Element]) -> None:
        self._levels: dict[str, dict[int, Element]] = {}
        self._counts: dict[str, list[int]] = {}
        self._named: dict[str, list[int]] = {}
        for tree in trees:
            for kind in ("text:list-style", "text:outline-style"):
                for one in tree.iter(kind):
                    name = one.get("style:name", "") if kind == "text:list-style" else "\0outline"
                    self._levels[name] = {number_of(level.get("text:level"), 1): level for level in one}

    def begin(self, style: str, of: Element) -> None:
        """A list of the first level: it starts counting again, unless it continues another one."""
        before = self._named.get(of.get("text:continue-list", ""))
        if before is None and of.get("text:continue-numbering") == "true":
            before = self._counts.get(style)
        self._counts[style] = before if before is not None else []
        if name := of.get("xml:id"):
            self._named[name] = self._counts[style]

    def count(self, style: str, depth: int, starts: str | None) -> str | None:
        """Count one more item at a level from 1 on: its label, empty for a bullet; None if it has none."""
        counts = self._counts.setdefault(style, [])
        level = self._levels.get(style, {}).get(depth)
        del counts[depth:]
        for missing in range(len(counts), depth):
            above = self._levels.get(style, {}).get(missing + 1)
            first = number_of(above.get("text:start-value") if above is not None else None, 1)
            counts.append(first - 1 if missing == depth - 1 else first)
        counts[depth - 1] = number_of(starts, counts[depth - 1] + 1)
        if level is None or level.tag == BULLET:
            return ""
        return self._label(style, level, depth, counts) if level.tag in NUMBER else None

    def heading(self, depth: int) -> str:
        """The label of a heading, if headings are numbered."""
        level = self._levels.get("\0outline", {}).get(depth)
        return self.count("\0outline", depth, None) or "" if level is not None and level.get("style:num-format") else ""

    def _label(self, style: str, level: Element, depth: int, counts: list[int]) -> str | None:
        if not level.get("style:num-format"):
            return None
        first = depth - number_of(level.get("text:display-levels"), 1) + 1
        numbers = []
        for place in range(max(1, first), depth + 1):
            of = self._levels[style].get(place)
            form = FORMS.get(of.get("style:num-format", "") if of is not None else "", "decimal")
            numbers.append(number_as(form, counts[place - 1]) or str(counts[place - 1]))
        prefix, suffix = level.get("style:num-prefix", ""), level.get("style:num-suffix", "")
        return f"{prefix}{'.'.join(numbers)}{suffix}".strip()
