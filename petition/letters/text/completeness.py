"""Whether a text is whole: what its footnotes and its translations still lack before it can be frozen."""

from collections.abc import Iterator

from petition.errors import Conflict, Refusal
from petition.letters.text.letter_text import Words
from petition.letters.text.sources import dangling, doubled


def gaps(words: Words) -> Iterator[Refusal]:
    """Everything that is missing or does not fit together, each with its remedy."""
    for code in words.languages:
        spoken = words.in_language(code)
        for number in dangling(spoken.body, len(words.sources)):
            yield Conflict(
                "The text (%(language)s) refers to source %(number)s, and there are %(count)s. "
                "Add the source, or take [^%(number)s] out.",
                language=code, number=number, count=len(words.sources),
            )  # fmt: skip
        for number in doubled(spoken.body, len(words.sources)):
            yield Conflict(
                "The text (%(language)s) has a footnote %(number)s of its own, and there is a source %(number)s. "
                "Give the footnote another name, such as [^a].",
                language=code, number=number,
            )  # fmt: skip
        if code != words.language:
            yield from _translation_gaps(words, spoken)


def _translation_gaps(words: Words, spoken: Words) -> Iterator[Refusal]:
    if not spoken.title or not spoken.body:
        yield Conflict(
            "The translation (%(language)s) has no title or no text yet. Finish it, or take it out.",
            language=spoken.language,
        )
    if len(spoken.demands) != len(words.demands):
        yield Conflict(
            "The translation (%(language)s) has %(count)s demands, and the binding text %(wanted)s. "
            "Make them the same, or take the translation out.",
            language=spoken.language, count=len(spoken.demands), wanted=len(words.demands),
        )  # fmt: skip
