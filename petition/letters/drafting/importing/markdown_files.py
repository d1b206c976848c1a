"""A letter from its Markdown form: that of ``letter.md``, or one with a front matter."""

import re
from collections.abc import Mapping

from petition.letters.text.letter_text import LIMITS, Translation, Words, read_source, read_translation, read_words
from petition.letters.text.sources import LINE, MOST_SOURCES, Source

HEADER = re.compile(r"(title|to|recipient|employer|language|translation of|source|demand): *(.*?) *\Z", re.IGNORECASE)
NEXT_TRANSLATION = re.compile(
    r"\n+---\n+(?=#[^\n]*\n+To: [^\n]*\nEmployer: [^\n]*\nLanguage: [^\n]*\nTranslation of: )"
)
"""Before each translation of a ``letter.md``."""


def words_from(markdown: str, otherwise: Mapping[str, str] | None = None) -> Words:
    """A letter from its Markdown form; what the file does not say is taken from ``otherwise``, or left empty.

    The form is that of the canonical text: a heading with the title, a line each for ``To``, ``Employer`` and
    ``Language``, the body, demands as a numbered list at its end, sources as footnotes numbered from 1, and, behind
    lines of three hyphens, translations. Or a front matter between two lines of three hyphens says the same, and has
    a line for each ``demand`` and each ``source: TITLE <LINK> (DATE)``.
    """
    parts = NEXT_TRANSLATION.split(markdown.replace("\r\n", "\n").lstrip("\ufeff\n "))
    known, body, demands, sources = _part(parts[0], dict(otherwise or {}))
    return read_words(
        known.get("title", ""),
        known.get("to", ""),
        known.get("employer", ""),
        body,
        demands,
        known.get("language") or "en",
        sources,
        [_translation(part, known.get("to", "")) for part in parts[1:]],
    )


def _translation(text: str, recipient: str) -> Translation:
    known, body, demands, _ = _part(text, {})
    to = known.get("to", "")
    return read_translation(known.get("language", ""), known.get("title", ""), to, body, demands)


def _part(text: str, known: dict[str, str]) -> tuple[dict[str, str], str, list[str], list[Source]]:
    """What the head says, the body, the demands and the sources of one language."""
    lines = text.split("\n")
    demands: list[str] = []
    sources: list[Source] = []
    if lines[0].strip() == "---":
        lines.pop(0)
        while lines and (line := lines.pop(0)).strip() != "---":
            _note(line, known, demands, sources)
    while lines and (not lines[0].strip() or re.match("# |#$", lines[0]) or HEADER.match(lines[0])):
        line = lines.pop(0)
        if line.startswith("#"):
            known["title"] = line[2:]
        else:
            _note(line, known, demands, sources)
    sources += _sources_at_end(lines)
    demands += _demands_at_end(lines)
    return known, "\n".join(lines), demands, sources


def _note(line: str, known: dict[str, str], demands: list[str], sources: list[Source]) -> None:
    match = HEADER.match(line)
    if match is None:
        return
    name, value = match[1].lower(), match[2].strip("\"'")
    if name == "demand":
        demands.append(value)
    elif name == "source":
        sources.append(_source(f"[^1]: {value}") or Source(value))
    else:
        known["to" if name == "recipient" else name] = value


def _source(line: str) -> Source | None:
    """A source from its line; None if it is a longer note, which stays in the text."""
    match = LINE.fullmatch(line)
    if match is None or len(match["title"]) > LIMITS["source"]:
        return None
    return read_source(match["title"], match["url"] or "", match["date"] or "")


def _sources_at_end(lines: list[str]) -> list[Source]:
    """Footnotes at the end, one on each line and numbered from 1 on, are the sources; taken off the lines."""
    _drop_empty(lines)
    start = len(lines)
    while start and lines[start - 1].startswith("[^"):
        start -= 1
    found = [_source(line) for line in lines[start:]]
    numbers = [match["number"] if (match := LINE.fullmatch(line)) else "" for line in lines[start:]]
    if None in found or numbers != [str(number) for number in range(1, len(found) + 1)] or len(found) > MOST_SOURCES:
        return []
    del lines[start:]
    return [source for source in found if source is not None]


def _demands_at_end(lines: list[str]) -> list[str]:
    """A numbered list at the end, one on each line, is the demands; taken off the lines."""
    demands: list[str] = []
    _drop_empty(lines)
    while lines and (not lines[-1].strip() or re.match(r"^\d+\. ", lines[-1])):
        last = lines.pop()
        if last.strip():
            demands.insert(0, last.split(". ", 1)[1])
    return demands


def _drop_empty(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
