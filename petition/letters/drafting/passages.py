"""Passages of a letter: its paragraphs, and where words that were marked earlier are now.

A passage is identified by its words and the paragraph around them, never by a number. So it is found again wherever
the paragraph moves and whatever is written above it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from petition.errors import BadShape, Conflict
from petition.letters.text.letter_text import LetterText, checked

TITLE, BODY, DEMAND = "title", "body", "demand"
AROUND = 2_000
"""Characters of a paragraph that are kept on each side of the marked words."""
ALIKE = 0.45
"""Share of common four-character runs from which two paragraphs count as one that was edited."""
A_LITTLE = 0.3
LONG = 20
"""Marked words of at least this many characters identify themselves, whatever is around them."""
_BREAK = re.compile(r"\n{2,}")


@dataclass(frozen=True)
class Paragraph:
    """A part of the text that can be commented on."""

    field: str
    number: int
    """Index within its field, from 0."""
    text: str


@dataclass(frozen=True)
class Mark:
    """Marked words: the words, the paragraph around them, and their offset in it."""

    quote: str
    paragraph: str
    before: int


@dataclass(frozen=True)
class Place:
    """Where a passage is now: the paragraph's index, and where the words begin; None if they changed."""

    paragraph: int
    start: int | None


def paragraphs(words: LetterText) -> list[Paragraph]:
    """Title, paragraphs of the body, demands."""
    body = [Paragraph(BODY, number, text) for number, text in enumerate(_BREAK.split(words.body)) if text.strip()]
    demands = [Paragraph(DEMAND, number, text) for number, text in enumerate(words.demands)]
    return [Paragraph(TITLE, 0, words.title), *body, *demands]


def mark(paragraph: str, quote: str) -> Mark:
    """Mark words of a paragraph, or all of it if ``quote`` is empty. Refuses words that it does not contain."""
    quote = quote.strip("\n") or paragraph
    start = paragraph.find(quote)
    if start < 0:
        raise BadShape("These words aren't in the paragraph. Copy them exactly.")
    first = max(0, start - AROUND)
    return Mark(quote, paragraph[first : start + len(quote) + AROUND], start - first)


class Finder:
    """Finds marked words in a text; for many marks, it analyzes each paragraph once."""

    def __init__(self, where: Sequence[Paragraph]) -> None:
        self._where = where
        self._runs = [_runs(paragraph.text) for paragraph in where]
        self._alike: dict[str, list[float]] = {}

    def place(self, marked: Mark) -> Place | None:
        """Where the words are; None if both they and their paragraph are gone."""
        for number, paragraph in enumerate(self._where):
            found = paragraph.text.find(marked.paragraph)
            if found >= 0:
                return Place(number, found + marked.before)
        alike = self._alikeness(marked.paragraph)
        best = max(range(len(alike)), key=alike.__getitem__)
        holding = [number for number, paragraph in enumerate(self._where) if marked.quote in paragraph.text]
        likely = max(holding, key=alike.__getitem__, default=None)
        if likely is not None and (alike[likely] >= A_LITTLE or len(marked.quote) >= LONG):
            return Place(likely, _nearest(self._where[likely].text, marked))
        return Place(best, None) if alike[best] >= ALIKE else None

    def _alikeness(self, text: str) -> list[float]:
        if text not in self._alike:
            mine = _runs(text)
            self._alike[text] = [2 * len(mine & runs) / (len(mine) + len(runs) or 1) for runs in self._runs]
        return self._alike[text]


def _runs(text: str) -> frozenset[str]:
    """All runs of four characters: a measure of likeness for every script, with or without spaces."""
    return frozenset(text[at : at + 4] for at in range(max(1, len(text) - 3)))


def _nearest(text: str, marked: Mark) -> int:
    """Of several places that contain the words, the one whose preceding text is most like before."""
    ahead = marked.paragraph[: marked.before]
    starts = [match.start() for match in re.finditer(f"(?={re.escape(marked.quote)})", text)]
    return max(starts, key=lambda start: (_common_end(text[:start], ahead), -abs(start - marked.before)))


def _common_end(one: str, other: str) -> int:
    shared = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right or shared >= 50:
            break
        shared += 1
    return shared


def replaced(words: LetterText, marked: Mark, suggestion: str) -> LetterText:
    """The text with the marked words replaced. Refused if they are no longer there."""
    where = paragraphs(words)
    place = Finder(where).place(marked)
    if place is None or place.start is None:
        raise Conflict("This passage has changed. Make the suggested change by hand.")
    paragraph, end = where[place.paragraph], place.start + len(marked.quote)
    text = paragraph.text[: place.start] + suggestion + paragraph.text[end:]
    if paragraph.field == TITLE:
        return checked(replace(words, title=text))
    pieces = _BREAK.split(words.body) if paragraph.field == BODY else list(words.demands)
    pieces[paragraph.number] = text
    if paragraph.field == BODY:
        return checked(replace(words, body="\n\n".join(piece for piece in pieces if piece.strip())))
    return checked(replace(words, demands=tuple(pieces)))
