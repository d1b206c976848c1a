"""Whether a text is complete: what its footnotes and translations still lack before it can be frozen."""

from collections.abc import Iterator

from petition.errors import Conflict, Refusal
from petition.letters.text.letter_text import TOO_DEEP, LetterText
from petition.letters.text.markdown import MOST_NESTED, is_nested_too_deep
from petition.letters.text.sources import dangling, doubled


def gaps(words: LetterText) -> Iterator[Refusal]:
    """Everything that is missing or does not fit together, each with its remedy."""
    for code in words.languages:
        if is_nested_too_deep(words.in_language(code).body):  # a version of the program that took it saved it
            yield Conflict(TOO_DEEP, most=MOST_NESTED).about(_place("body", words, code))
        yield from gaps_in(words, code)


def gaps_in(words: LetterText, code: str) -> Iterator[Refusal]:
    """What the text in one of its languages lacks."""
    spoken = words.in_language(code)
    for number in dangling(spoken.body, len(words.sources)):
        yield Conflict(
            "Source %(number)s is cited but missing. Add it, or delete [^%(number)s].",
            number=number,
        ).about(_place("sources", words, code))  # fmt: skip
    for number in doubled(spoken.body, len(words.sources)):
        yield Conflict(
            "Footnote %(number)s and source %(number)s have the same number. Rename the footnote, such as [^a].",
            number=number,
        ).about(_place("body", words, code))  # fmt: skip
    if code != words.language:
        yield from _translation_gaps(words, spoken)


def _translation_gaps(words: LetterText, spoken: LetterText) -> Iterator[Refusal]:
    if not spoken.title or not spoken.body:
        yield Conflict(
            "The translation (%(language)s) has no title or text yet. Finish or delete it.",
            language=spoken.language,
        ).about(spoken.language)
    if len(spoken.demands) != len(words.demands):
        yield Conflict(
            "The translation (%(language)s) has %(count)s demands, the official version %(wanted)s. Make them match.",
            language=spoken.language, count=len(spoken.demands), wanted=len(words.demands),
        ).about(spoken.language)  # fmt: skip


def _place(field: str, words: LetterText, code: str) -> str:
    """The field to look at: one of the letter itself, or the translation as a whole."""
    return field if code == words.language else code
