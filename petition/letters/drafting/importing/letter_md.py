"""The form of ``letter.md``, read back to the byte: what a letter's canonical text says, and nothing else."""

import re
from collections.abc import Iterator
from itertools import product

from petition.errors import Refusal
from petition.letters.text.letter_text import (
    LetterText,
    Translation,
    canonical,
    read_letter_text,
    read_source,
    read_translation,
)
from petition.letters.text.sources import LINE, Source

HEAD = re.compile(
    r"# (?P<title>.*)\n\nTo: (?P<recipient>.*)  \nEmployer: (?P<employer>.*)  \nLanguage: (?P<language>\S*)"
    r"(?:  \nTranslation of: \S*)?(?:\n\n|\Z)"
)
NEXT_TRANSLATION = re.compile(
    r"\n\n---\n\n(?=# .*\n\nTo: .*  \nEmployer: .*  \nLanguage: \S*  \nTranslation of: \S*(?:\n|\Z))"
)
"""The line before each translation."""
NUMBERED = re.compile(r"([1-9][0-9]*)\. (.+)")


def read_letter_md(text: str) -> LetterText | None:
    """The letter whose canonical text this is, to the byte; None if there is none."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"
    parts = NEXT_TRANSLATION.split(text.removesuffix("\n"))
    heads = [HEAD.match(part) for part in parts]
    if not all(heads):
        return None
    for has_sources, *has_demands in product((True, False), repeat=min(len(parts), 4) + 1):
        choices = [*has_demands, *[True] * (len(parts) - len(has_demands))]
        words = _tried(parts, has_sources, choices)
        if words is not None and canonical(words).decode() == text:
            return words
    return None


def _tried(parts: list[str], has_sources: bool, has_demands: list[bool]) -> LetterText | None:
    """The letter, if the last lines of the first part are sources, and those of each part demands."""
    try:
        read = [_Part(part, has_sources and place == 0, has_demands[place]) for place, part in enumerate(parts)]
        first, *others = read
        return read_letter_text(
            first.head["title"],
            first.head["recipient"],
            first.head["employer"],
            first.body,
            first.demands,
            first.head["language"],
            first.sources,
            [one.translation for one in others],
        )
    except Refusal:
        return None


class _Part:
    """One language of a letter. Refuses what may not be in a letter."""

    def __init__(self, text: str, has_sources: bool, has_demands: bool) -> None:
        found = HEAD.match(text)
        assert found is not None
        self.head = found.groupdict()
        blocks = text[found.end() :].split("\n\n")
        self.sources = _sources(blocks) if has_sources else []
        self.demands = _demands(blocks) if has_demands else []
        self.body = "\n\n".join(blocks)

    @property
    def translation(self) -> Translation:
        """It as a translation."""
        head = self.head
        return read_translation(head["language"], head["title"], head["recipient"], self.body, self.demands)


def _sources(blocks: list[str]) -> list[Source]:
    """The sources, if the last block is nothing but their lines; taken off the blocks."""
    lines = [LINE.fullmatch(line) for line in blocks[-1].split("\n")]
    found = [line for line in lines if line]
    if len(found) != len(lines) or not _counts_up(line["number"] for line in found):
        return []
    blocks.pop()
    return [read_source(line["title"], line["url"] or "", line["date"] or "") for line in found]


def _demands(blocks: list[str]) -> list[str]:
    """The demands, in the same way."""
    lines = [NUMBERED.fullmatch(line) for line in blocks[-1].split("\n")] if blocks else []
    found = [line for line in lines if line]
    if len(found) != len(lines) or not _counts_up(line[1] for line in found):
        return []
    blocks.pop()
    return [line[2] for line in found]


def _counts_up(numbers: Iterator[str]) -> bool:
    found = list(numbers)
    return bool(found) and found == [str(number) for number in range(1, len(found) + 1)]
