"""A letter from a .docx: headings, lists, quotes, links, bold and italic text, footnotes."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import mammoth

from petition.errors import BadShape
from petition.letters.drafting.importing.markdown_files import words_from
from petition.letters.drafting.importing.markup import escaped_within, guarded, unescaped
from petition.letters.drafting.importing.packages import elements_in, repacked, require_bounded, unpacked
from petition.letters.text.letter_text import Words
from petition.letters.text.markdown import LINKS

_ = str
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => h2:fresh
p[style-name='Quote'] => blockquote:fresh
p[style-name='Intense Quote'] => blockquote:fresh
"""
LEFT_OUT = {
    _("pictures"): ("w:drawing", "w:pict", "w:object"),
    _("tables (their text is here, row by row)"): ("w:tbl",),
    _("comments"): ("w:commentReference",),
    _("deletions that were not accepted yet (left out) and insertions (taken in)"): ("w:del", "w:ins"),
    _("headers and footers"): ("w:headerReference", "w:footerReference"),
    _("underlined, struck, colored or highlighted passages (their text is here)"): (
        "w:u", "w:strike", "w:color", "w:highlight",
    ),
    _("formulas"): ("m:oMath",),
    _("fields to fill in"): ("w:sdt",),
}  # fmt: skip
"""What is not carried over, by the elements that it is made of."""
MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr"})
CELLS = frozenset({"td", "th"})
NUMBERED = re.compile(r"\d+\. ")
ITEM = re.compile(r"(?:> )*\s*(?:- |\d+\. )")


def read_document(body: bytes) -> tuple[Words, dict[str, int]]:
    """The words of a document, and how much of what stayed behind. Refuses what could harm (see packages)."""
    parts = unpacked(body)
    require_bounded(parts.values())
    words = words_from(_markdown_of(parts))
    plain = replace(
        words,
        title=unescaped(words.title),
        recipient=unescaped(words.recipient),
        employer=unescaped(words.employer),
        demands=tuple(unescaped(demand) for demand in words.demands),
    )
    return plain, _left_out(elements_in(parts["word/document.xml"]))


def _left_out(counts: Counter[str]) -> dict[str, int]:
    found = {what: sum(counts[name] for name in names) for what, names in LEFT_OUT.items()}
    return {what: number for what, number in found.items() if number}


def _markdown_of(parts: dict[str, bytes]) -> str:
    try:
        made = mammoth.convert_to_html(repacked(parts), style_map=STYLES, convert_image=lambda image: [])
    except (KeyError, ValueError, IndexError, AttributeError, TypeError, RecursionError, OSError):
        raise BadShape("This is no .docx that can be read. Save it once more as .docx, and try again.") from None
    writer = _Writer()
    writer.feed(made.value)
    writer.close()
    return writer.markdown()


class _Writer(HTMLParser):
    """Writes the HTML that mammoth makes, and nothing richer than that, as Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[str] = []
        self._text = ""
        self._lists: list[int | None] = []
        self._quoted = 0
        self._before = ""
        self._links: list[str] = []
        self._notes: list[str] = []
        self._in_reference = False
        self._cells = 0

    def markdown(self) -> str:
        """All blocks, with notes ahead of a list at the end, which is the demands; items on lines that follow."""
        self._finish()
        last = len(self._blocks)
        while last and NUMBERED.match(self._blocks[last - 1]):
            last -= 1
        text = ""
        for block in [*self._blocks[:last], *self._notes, *self._blocks[last:]]:
            follows = ITEM.match(block) and ITEM.match(text.rpartition("\n")[2])
            text += ("\n" if follows else "\n\n" if text else "") + block
        return text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a list, a mark or a link."""
        given = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self._begin_block(tag, given)
        elif tag in ("ul", "ol"):
            self._finish()
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "blockquote":
            self._finish()
            self._quoted += 1
        elif tag in MARKS:
            self._text += MARKS[tag]
        elif tag == "a":
            self._begin_link(given)
        elif tag == "br":
            self._text += "\\\n"
        elif tag in CELLS:
            self._cells += 1
            self._text = f"{self._text.rstrip()} | " if self._text.strip() else ""

    def _begin_block(self, tag: str, given: dict[str, str]) -> None:
        if tag == "p" and self._before and not self._text:
            return  # the paragraph of an item
        if self._cells:  # a row is one paragraph
            return
        self._finish()
        if tag == "li":
            self._begin_item(given)
        elif tag[0] == "h":
            self._before = "#" * int(tag[1]) + " "

    def _begin_item(self, given: dict[str, str]) -> None:
        place = given.get("id", "")
        if "footnote-" in place or "endnote-" in place:
            self._before = f"[^{_note_name(place)}]: "
            return
        depth = "   " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        self._before = f"{depth}- " if number is None else f"{depth}{number}. "
        if self._lists and number is not None:
            self._lists[-1] = number + 1

    def _begin_link(self, given: dict[str, str]) -> None:
        href = given.get("href", "")
        is_note = href.startswith("#") and ("footnote" in href or "endnote" in href)
        self._in_reference = is_note
        if is_note and "-ref-" not in href:
            self._text += f"[^{_note_name(href)}]"
        elif href.startswith(LINKS):
            self._text += "["
        self._links.append("" if is_note else href)

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in CELLS:
            self._cells = max(0, self._cells - 1)
        elif tag in BLOCKS:
            self._finish() if not self._cells else None
        elif tag in ("ul", "ol") and self._lists:
            self._finish()
            self._lists.pop()
        elif tag == "blockquote":
            self._finish()
            self._quoted = max(0, self._quoted - 1)
        elif tag in MARKS:
            self._end_mark(MARKS[tag])
        elif tag == "a" and self._links:
            href = self._links.pop()
            self._in_reference = False
            if href.startswith(LINKS):
                self._text += f"](<{href.replace('<', '%3C').replace('>', '%3E')}>)"

    def _end_mark(self, mark: str) -> None:
        """Markdown's marks hug their words: blanks go outside, and nothing is marked in vain."""
        before, _, inside = self._text.rpartition(mark)
        words = inside.strip()
        if not words:
            self._text = before + inside
            return
        left, right = inside[: len(inside) - len(inside.lstrip())], inside[len(inside.rstrip()) :]
        self._text = f"{before}{left}{mark}{words}{mark}{right}"

    def handle_data(self, data: str) -> None:
        """Text, so that it reads as it did; the number or arrow of a note is written anew."""
        if not self._in_reference:
            self._text += escaped_within(data.replace("\n", " "))

    def _finish(self) -> None:
        if self._text.strip() and self._text.strip() != "\\":
            quote = "> " * self._quoted
            text = self._before + guarded(self._text.strip())
            to = self._notes if text.startswith("[^") and self._before else self._blocks
            to.append("\n".join(quote + line for line in text.split("\n")))
            self._before = ""
        elif not self._before.startswith("[^"):
            self._before = ""
        self._text = ""


def _note_name(place: str) -> str:
    """The name of a note from its place: ``n1``, so that no source has the same."""
    kind = "e" if "endnote" in place else "n"
    return kind + place.rpartition("-")[2]
