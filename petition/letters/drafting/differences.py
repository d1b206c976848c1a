"""The differences between two texts of a letter: by paragraph, and by word within changed paragraphs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from petition.letters.drafting.sequences import edits
from petition.letters.text.letter_text import LetterText

UNCHANGED, REMOVED, ADDED = "same", "removed", "added"
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Run:
    """Consecutive words that were all kept, all removed or all added."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """A paragraph, demand, source or heading line, before and after."""

    runs: tuple[Run, ...]

    @property
    def kind(self) -> str:
        """``same``, ``removed``, ``added``, or ``changed`` if only some words differ."""
        kinds = {run.kind for run in self.runs}
        return kinds.pop() if len(kinds) == 1 else "changed"

    @property
    def before(self) -> tuple[Run, ...]:
        """The runs of the earlier text."""
        return tuple(run for run in self.runs if run.kind != ADDED)

    @property
    def after(self) -> tuple[Run, ...]:
        """The runs of the later text."""
        return tuple(run for run in self.runs if run.kind != REMOVED)


@dataclass(frozen=True)
class Part:
    """A field of the letter with its rows; ``language`` is empty for the official text."""

    field: str
    language: str
    rows: tuple[Row, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything in it differs."""
        return any(row.kind != UNCHANGED for row in self.rows)


def differences(before: LetterText, after: LetterText) -> list[Part]:
    """The fields that differ between two texts, in order."""
    parts = list(_parts(before, after, ""))
    for code in sorted({one.language for words in (before, after) for one in words.translations}):
        parts += _parts(_as_read(before, code), _as_read(after, code), code)
    return [part for part in parts if part.is_changed]


def _as_read(words: LetterText, code: str) -> LetterText:
    return words.in_language(code) if code in words.languages else LetterText(employer=words.employer, language=code)


def _parts(before: LetterText, after: LetterText, language: str) -> Iterator[Part]:
    for name in ("title", "recipient", "employer", "language"):
        yield Part(name, language, tuple(_rows([getattr(before, name)], [getattr(after, name)])))
    yield Part("body", language, tuple(_rows(before.body.split("\n\n"), after.body.split("\n\n"))))
    yield Part("demands", language, tuple(_rows(before.demands, after.demands)))
    if not language:
        sources = [[source.line for source in words.sources] for words in (before, after)]
        yield Part("sources", language, tuple(_rows(*sources)))


def _rows(before: Sequence[str], after: Sequence[str]) -> Iterator[Row]:
    at = 0
    for edit in edits(before, after):
        yield from (Row((Run(UNCHANGED, text),)) for text in before[at : edit.start])
        pairs = zip_longest(before[edit.start : edit.end], after[edit.start_there : edit.end_there])
        yield from (Row(tuple(runs(old or "", new or ""))) for old, new in pairs)
        at = edit.end
    yield from (Row((Run(UNCHANGED, text),)) for text in before[at:])


def runs(before: str, after: str) -> Iterator[Run]:
    """What was kept, removed and added between two paragraphs, by word."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    at = 0
    for edit in edits(old, new):
        yield from _run(UNCHANGED, old[at : edit.start])
        yield from _run(REMOVED, old[edit.start : edit.end])
        yield from _run(ADDED, new[edit.start_there : edit.end_there])
        at = edit.end
    yield from _run(UNCHANGED, old[at:])


def _run(kind: str, words: Sequence[str]) -> Iterator[Run]:
    if words:
        yield Run(kind, "".join(words))
