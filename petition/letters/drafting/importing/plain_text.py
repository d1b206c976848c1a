"""Plain text as rich text: what was copied from a word processor or a PDF, or saved as .txt."""

from collections.abc import Iterable, Iterator, Sequence

from petition.letters.drafting.importing.grouping import Line, grouped
from petition.letters.drafting.importing.line_breaks import is_paragraph, is_wrapped, joined, width_of, width_within
from petition.letters.drafting.importing.list_marks import Marked, marked, value_of
from petition.letters.drafting.importing.rich_text import Document, Heading, Inline, LineBreak, Paragraph, Text
from petition.letters.text.letter_text import LIMITS

NEAR = 100
"""Lines within which items of one list follow each other."""
NO_TITLE_ENDS = (",", ":", ";", ",", "：", "、")


def read_plain(text: str) -> Document:
    """The rich text of a plain one. Its first line is the title if it is short and stands alone."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    title: list[Line] = []
    if _is_title(lines):
        title, lines = [Line(Heading(0, (Text(lines[0].strip()),)))], lines[1:]
    return Document(grouped([*title, *_lines(lines)]))


def _is_title(lines: Sequence[str]) -> bool:
    first, after = lines[0].strip(), lines[1:2]
    is_alone = not after or not after[0].strip()
    return bool(first) and is_alone and len(first) <= LIMITS["title"] and not first.endswith(NO_TITLE_ENDS)


def _lines(lines: Sequence[str]) -> Iterator[Line]:
    width = width_of(lines)
    marks = _marks(lines)
    start = 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        end = _end(lines, marks, start, width)
        mark = marks[start]
        if mark:
            yield _item(mark, lines[start + 1 : end], width, marks[max(0, start - NEAR) : start])
        else:
            yield Line(Paragraph(tuple(_flowing(lines[start:end], width))))
        start = end


def _marks(lines: Sequence[str]) -> list[Marked | None]:
    """The marks of lists. A hyphen or a number is one only if it begins a list of several, or the number is 1."""
    found = [marked(line) for line in lines]
    return [mark if mark and _is_list(found, place) else None for place, mark in enumerate(found)]


def _is_list(found: Sequence[Marked | None], place: int) -> bool:
    mark = found[place]
    assert mark is not None
    if mark.is_certain or (mark.number and value_of(mark.number) == 1):
        return True
    neighbors = _nearest(reversed(found[max(0, place - NEAR) : place])), _nearest(found[place + 1 : place + NEAR])
    return any(other and _follow(mark, other) for other in neighbors)


def _nearest(marks: Iterable[Marked | None]) -> Marked | None:
    return next(filter(None, marks), None)


def _follow(one: Marked, other: Marked) -> bool:
    """Whether two marks can belong to one list."""
    if bool(one.number) != bool(other.number):
        return False
    return not one.number or abs(value_of(one.number) - value_of(other.number)) == 1


def _end(lines: Sequence[str], marks: Sequence[Marked | None], start: int, width: int) -> int:
    """Where the paragraph or the item ends that begins at a line."""
    end = start + 1
    while end < len(lines) and lines[end].strip() and not marks[end]:
        before, line = lines[end - 1], lines[end]
        is_more = is_wrapped(before, line, width) or (marks[start] is not None and line[:1].isspace())
        if not is_more and (marks[start] or is_paragraph(before) or is_paragraph(line)):
            break
        end += 1
    return end


def _item(mark: Marked, more: Sequence[str], width: int, before: Sequence[Marked | None]) -> Line:
    text = Paragraph(tuple(_flowing([mark.text, *more], width, is_item=True)))
    return Line(text, mark.number, "numbers" if mark.number else "bullets", _depth(mark, before), indent=1)


def _depth(mark: Marked, before: Sequence[Marked | None]) -> int:
    """How deep an item is: by how many smaller indents came before it without a break."""
    indents = {mark.indent}
    for other in reversed(before):
        if other and other.indent < min(indents):
            indents.add(other.indent)
    return len(indents) - 1


def _flowing(lines: Sequence[str], width: int, *, is_item: bool = False) -> list[Inline]:
    """The lines of a paragraph: those that were wrapped joined, the others broken."""
    found = [lines[0].strip()]
    width = width_within(lines, width)
    for before, line in zip(lines, lines[1:], strict=False):
        if is_item or is_wrapped(before, line, width):
            found[-1] = joined(found[-1], line.strip())
        else:
            found.append(line.strip())
    inlines: list[Inline] = []
    for line in found:
        inlines += [LineBreak()] if inlines else []
        inlines.append(Text(line))
    return inlines
