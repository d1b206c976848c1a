"""Paper and pictures by typst, from our templates and values. What people wrote goes in as data, never as source.

The same values give the same bytes: no time of making, no name of a machine. Fonts for Latin, Greek and Cyrillic come
with the wheel; other scripts take the machine's (docs/hosting.md says which to install). Fonts are looked for once in
a process: that takes fifty times as long as a page.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import typst

from petition.database import place_of

PDF = "application/pdf"
PNG = "image/png"
NO_FONT = "could not be displayed"
NOT_DRAWN = re.compile(r'the text `"(.+?)"`')


def pdf(template: str, values: dict[str, Any]) -> bytes:
    """A document for people who read with their eyes or their ears: tagged, PDF/UA-1 (ISO 14289-1).

    Where this machine has no font for a character the standard forbids the file; then it is tagged all the same, with
    a box in the character's place: better than none.
    """
    try:
        return _typeset(template, values, format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError as error:
        if NO_FONT not in str(error):
            raise
        return _typeset(template, values, format="pdf")


def png(template: str, values: dict[str, Any], *, ppi: float = 72) -> bytes:
    """A picture of one page; at 72 a point is a pixel."""
    return _typeset(template, values, format="png", ppi=ppi)


def _typeset(template: str, values: dict[str, Any], **how: Any) -> bytes:
    made = typst.compile(_place(template), sys_inputs=_inputs(values), font_paths=_fonts(), **how)
    assert isinstance(made, bytes)
    return made


def not_drawn(words: str, *, of_machine: bool = True) -> str:
    """The first characters for which there is no font; empty if there is one for each.

    ``of_machine`` is whether fonts that are installed here count, or only those that come with the wheel.
    """
    inputs, fonts = _inputs({"words": words}), _fonts(of_machine=of_machine)
    typesetter = typst.Compiler(_place("characters.typ"), sys_inputs=inputs, font_paths=fonts)
    try:
        typesetter.compile(format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError as error:
        if NO_FONT not in str(error):
            raise
        told = NOT_DRAWN.search(str(error))
        return told[1] if told else words.split()[0]
    return ""


def _inputs(values: dict[str, Any]) -> dict[str, str]:
    return {"data": json.dumps(values, ensure_ascii=False)}


@cache
def _fonts(*, of_machine: bool = True) -> typst.Fonts:
    """Those that come with the wheel, and those that are installed here."""
    return typst.Fonts(include_system_fonts=of_machine)


@cache
def _place(template: str) -> Path:
    return place_of("templates") / "print" / template
