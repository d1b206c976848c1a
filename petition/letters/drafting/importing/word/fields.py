"""Fields: what Word computes. Their instructions are never text; what they showed last is."""

import re
from dataclasses import dataclass, field

from petition.letters.drafting.importing.omissions import COMPUTED, Omissions

SILENT = (
    "XE", "TC", "TA", "RD", "SET", "ASK", "ADVANCE", "PRIVATE", "BIBLIOGRAPHY", "BOOKMARK", "NOTEREF", "FORMTEXT",
    "FORMCHECKBOX",
)  # fmt: skip
"""Fields that show nothing, or whose text stands beside them."""
HYPERLINK = re.compile(r'\s*HYPERLINK\s+"?([^"\s]+)"?', re.IGNORECASE)


def link_of(instruction: str) -> str:
    """The address that a field leads to; empty if it is no link, or one within the document."""
    found = HYPERLINK.match(instruction)
    return found[1] if found and not found[1].startswith("\\") else ""


@dataclass
class _Field:
    box: str = ""
    instruction: str = ""
    shows: bool = False


@dataclass
class Fields:
    """The fields that are open at a place of a paragraph. None outlives its paragraph: its end may be missing."""

    omissions: Omissions
    _open: list[_Field] = field(default_factory=list)

    @property
    def is_instruction(self) -> bool:
        """Whether text at this place is part of an instruction."""
        return any(not one.shows for one in self._open)

    @property
    def link(self) -> str:
        """Where text at this place leads."""
        return next(filter(None, (link_of(one.instruction) for one in reversed(self._open))), "")

    def instruct(self, text: str) -> None:
        """A piece of the instruction."""
        if self._open:
            self._open[-1].instruction += text

    def mark(self, kind: str, box: str = "") -> str:
        """The beginning of a field, the end of its instruction, or its end; then the box that it shows, if any."""
        if kind == "begin":
            self._open.append(_Field(box))
        elif kind == "separate" and self._open:
            self._open[-1].shows = True
        elif kind == "end" and self._open:
            ended = self._open.pop()
            self._told(ended)
            return ended.box
        return ""

    def end_paragraph(self) -> None:
        """All fields end here."""
        self._open.clear()

    def _told(self, ended: _Field) -> None:
        name = ended.instruction.split()[:1]
        if not ended.shows and name and name[0].upper() not in SILENT:
            self.omissions.add(COMPUTED, name[0])
