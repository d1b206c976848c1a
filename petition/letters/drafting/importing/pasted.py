"""What was pasted or typed into the form, as the Markdown that it was meant to be.

Word processors and PDFs give bullets, numbers and line breaks as plain characters. Markdown joins lines, and takes a
bullet for a letter. Here bullets become Markdown's, and a line break that means something becomes a break; the rest
stays as it was typed. Doing it twice changes nothing more.
"""

import re

from petition.letters.drafting.importing.line_breaks import (
    is_paragraph,
    is_split,
    is_wrapped,
    joined,
    width_of,
    width_within,
)
from petition.letters.drafting.importing.list_marks import BULLET_SIGNS, marked
from petition.letters.text.characters import readable
from petition.letters.text.letter_text import LIMITS
from petition.letters.text.markdown import parser

BULLET = re.compile(rf"^(?P<indent>[ \t]*)(?:[{BULLET_SIGNS}][ \t]*|o\t[ \t]*)(?=\S)(?!\\$)", re.MULTILINE)
SPACED_BREAK = re.compile(r"(?<=\S) {2,}\n(?=[ \t]*\S)")
"""Two spaces at the end of a line, which are Markdown's other way to break it, and would be cut off."""
_parser = parser()


def as_markdown(typed: str) -> str:
    """The body of a letter as it was typed or pasted; what is far too long is refused elsewhere, and stays as it is."""
    if len(typed) > LIMITS["body"] * 2:
        return typed
    text = readable(typed.replace("\r\n", "\n").replace("\r", "\n"))
    text = SPACED_BREAK.sub("\\\\\n", text)
    text = BULLET.sub(_as_bullet, text)
    return _with_breaks(text)


def _as_bullet(found: re.Match[str]) -> str:
    is_second = found[0].strip() == "o"
    return f"{'  ' if is_second else found['indent'].replace(chr(9), '  ')}- "


def _with_breaks(text: str) -> str:
    """The text with a break after each line of a paragraph that did not end for lack of space."""
    lines = text.split("\n")
    width = width_of(lines)
    wrapped: list[int] = []
    for start, end, is_nested in _paragraphs(text):
        within = width_within(lines[start:end], width)
        for place in range(start, end - 1):
            line, following = lines[place], lines[place + 1]
            if line.endswith("\\"):
                continue
            if is_wrapped(line, following, within):
                wrapped.append(place)
                continue
            is_set_in = following[:1] in " \t>"
            if is_nested and is_set_in:
                continue
            if is_nested:  # a new paragraph, behind the list or the quote
                lines[place] += "\n"
                is_nested = False
            elif is_paragraph(line) or is_paragraph(following):
                lines[place] += "\n"
            else:
                lines[place] = line.rstrip() + "\\"
    return "\n".join(_without_split_words(lines, wrapped))


def _without_split_words(lines: list[str], wrapped: list[int]) -> list[str]:
    """The lines; all that were wrapped are joined if a word was split, since Markdown would leave a space in it."""
    if not any(is_split(lines[place].rstrip(), lines[place + 1].lstrip()) for place in wrapped):
        return lines
    for place in reversed(wrapped):
        if not lines[place + 1].lstrip().startswith(">"):
            lines[place] = joined(lines[place].rstrip(), lines.pop(place + 1).lstrip())
    return lines


def _paragraphs(text: str) -> list[tuple[int, int, bool]]:
    """The lines of each paragraph of several lines, and whether it stands within a list or a quote."""
    found = []
    for token in _parser.parse(text):
        if token.type == "paragraph_open" and token.map and token.map[1] - token.map[0] > 1:
            found.append((token.map[0], token.map[1], token.level > 0))
    return found


def demands_in(typed: str) -> list[str]:
    """The demands in one field: a list that was pasted is several, without its bullets and numbers."""
    lines = [line.strip() for line in readable(typed).splitlines() if line.strip()]
    width = width_of(lines)
    marks = [marked(line) for line in lines]
    is_list = bool(marks) and marks[0] is not None and sum(mark is not None for mark in marks) > 1
    found: list[str] = []
    for place, line in enumerate(lines):
        mark = marks[place]
        if mark is not None and (is_list or mark.is_certain):
            found.append(mark.text)
        elif found and (is_list or is_wrapped(lines[place - 1], line, width)):
            found[-1] = joined(found[-1], line)
        else:
            found.append(line)
    return found
