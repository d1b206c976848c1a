"""Small questions to WordprocessingML."""

import re
from xml.etree.ElementTree import Element

OFF = ("0", "false", "off", "none")


def child(of: Element | None, tag: str) -> Element | None:
    """The first child of that name."""
    return of.find(tag) if of is not None else None


def value_of(of: Element | None, tag: str) -> str:
    """The ``w:val`` of the first child of that name, or nothing."""
    found = child(of, tag)
    return found.get("w:val", "") if found is not None else ""


def switch(of: Element | None, tag: str) -> bool | None:
    """Whether a property is on or off; None if nothing says so."""
    found = child(of, tag)
    return None if found is None else found.get("w:val", "1") not in OFF


def number_of(text: str | None, otherwise: int = 0) -> int:
    """A whole number; ``otherwise`` if it is none."""
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,9}", text) else otherwise
