"""A long text in two parts, so that a page can show its beginning and fold the rest."""

import re

LETTERS_SHOWN = 120
"""Words of a folded text that stay in sight, up to the end of their paragraph."""
WORTH_FOLDING = 60
"""A rest with fewer words is shown at once."""
_PART = re.compile(r"<(?P<close>/?)(?P<name>[a-z0-9]+)[^>]*>|[^<]+")
_WITHOUT_END = {"br", "hr"}


def folded(html: str) -> tuple[str, str]:
    """The beginning and the rest of what ``markdown.html`` made; the rest is empty where the text is short."""
    place = _end_of_beginning(html)
    beginning, rest = html[:place], html[place:]
    return (beginning, rest) if _count(rest) >= WORTH_FOLDING else (html, "")


def _end_of_beginning(html: str) -> int:
    depth = words = 0
    for part in _PART.finditer(html):
        if part["name"] is None:
            words += len(part[0].split())
        elif part["name"] not in _WITHOUT_END:
            depth += -1 if part["close"] else 1
            if depth == 0 and words >= LETTERS_SHOWN:
                return part.end()
    return len(html)


def _count(html: str) -> int:
    return sum(len(part[0].split()) for part in _PART.finditer(html) if part["name"] is None)
