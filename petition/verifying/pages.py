"""The numbers on the page and the pictures beside the log, compared with it as far as that goes.

They are no part of the public record's proof, because a page can show anything. But most readers look only there.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from petition.errors import Refusal
from petition.verifying.history import Row

FIRST_PAGE = "index.html"
_SHOWS_COUNT = {
    FIRST_PAGE: re.compile(r'<([a-z0-9]+)\b[^<>]*\bid="?count["\s>]'),
    "badge.svg": re.compile(r"<(title)\b"),
    "chart.svg": re.compile(r"<(desc)\b"),
}
"""Where each page shows the count: the start tag of an element whose text must have it among its numbers."""

PAGES_WITH_COUNT = tuple(_SHOWS_COUNT)

_TAG = re.compile(r"<[^<>]*>")
_NUMBER = re.compile(r"\d{1,3}(?:[,.’'\u00a0\u202f\u066c]\d{2,3}){1,5}(?!\d)|\d{1,15}")
_HOUR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:00)Z?(?:\s*UTC)?")
_LETTER = re.compile(r"[^\W\d_]")


def pages_shown(files: Mapping[str, bytes | Refusal]) -> dict[str, str]:
    """The texts of those of ``PAGES_WITH_COUNT`` that exist and can be read, by path."""
    return {
        path: data.decode("utf-8", "replace") for path in PAGES_WITH_COUNT if isinstance(data := files.get(path), bytes)
    }


def shows_count(path: str, text: str, count: int) -> bool | None:
    """Whether a page or picture shows this count; None if the place for it, or any number there, is missing."""
    place = _SHOWS_COUNT[path].search(text)
    numbers = set(_numbers(_words(_element(text, place)))) if place else set()
    return count in numbers if numbers else None


def other_updates(text: str, rows: Sequence[Row]) -> Iterator[str]:
    """The hours at which a page's table of updates has another count than ``history.csv``.

    A row of that table is an hour, as text or in ``datetime``, with nothing but numbers beside it.
    """
    counts = {row.sealed_at: row.signatures - row.withdrawals for row in rows}
    for row in text.split("<tr")[1:]:
        cells = row.partition("</tr")[0]
        hour = _HOUR.search(cells)
        expected = counts.get(f"{hour[1]}T{hour[2]}Z") if hour else None
        if hour is None or expected is None:
            continue
        rest = _HOUR.sub(" ", _words(f"<tr{cells}"))
        numbers = set(_numbers(rest))
        if numbers and not _LETTER.search(rest) and expected not in numbers:
            yield f"{hour[1]} {hour[2]} UTC"


def _element(text: str, start: re.Match[str]) -> str:
    """An element from its start tag to its end tag, or to the end of the text."""
    depth = 0
    for tag in re.compile(rf"<(/?){start[1]}\b").finditer(text, start.start()):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return text[start.start() : tag.start()]
    return text[start.start() :]


def _words(markup: str) -> str:
    return html.unescape(_TAG.sub(" ", markup))


def _numbers(words: str) -> Iterator[int]:
    for number in _NUMBER.findall(words):
        yield int(re.sub(r"\D", "", number))
