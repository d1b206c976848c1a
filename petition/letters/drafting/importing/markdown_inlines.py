"""The text within a paragraph of Markdown, with the HTML that export functions put into it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from markdown_it.tree import SyntaxTreeNode

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.characters import lowered, raised
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.rich_text import Inline, LineBreak, NoteMark, Text, plain
from petition.letters.text.emphasis import is_east_asian
from petition.letters.text.markdown import LINKS
from petition.letters.text.sources import REFERENCE

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*?(/?)>")
SOFT = Text("\n")
"""Where a line ends because the file is only so wide."""
STRONG, EMPHASIS, STRUCK = ("strong", "b"), ("em", "i"), ("s", "del", "strike")


class MarkdownInlines:
    """Reads inline nodes. ``notes`` are the names of the notes that the text referred to so far, in their order."""

    def __init__(self, omissions: Omissions) -> None:
        self._omissions = omissions
        self._open: Counter[str] = Counter()
        self._link = ""
        self.notes: dict[str, None] = {}

    def of(self, nodes: Iterable[SyntaxTreeNode]) -> list[Inline]:
        """The text of a paragraph, with SOFT where lines merely follow each other."""
        self._open.clear()
        return self._all(nodes)

    def _all(self, nodes: Iterable[SyntaxTreeNode]) -> list[Inline]:
        return [inline for node in nodes for inline in self._one(node)]

    def _one(self, node: SyntaxTreeNode) -> list[Inline]:
        kind = node.type
        if kind == "text":
            return self._text(node.content)
        if kind == "code_inline":
            return [Text(node.content, code=True, link=self._link)]
        if kind == "softbreak":
            return [SOFT]
        if kind == "hardbreak":
            return [LineBreak()]
        if kind == "footnote_ref":
            return [self._note(str(node.meta["label"]))]
        if kind == "html_inline":
            return self._tag(node.content)
        if kind == "image":
            words = plain(self._all(node.children))
            self._omissions.add(lists.CAPTIONS if words else lists.PICTURES, words)
            return []
        if kind == "link":
            return self._linked(node)
        return self._within(kind, node)

    def _within(self, name: str, node: SyntaxTreeNode) -> list[Inline]:
        self._open[name] += 1
        found = self._all(node.children)
        self._open[name] -= 1
        if name in STRUCK:
            self._omissions.add(lists.STRUCK, plain(found))
        return found

    def _linked(self, node: SyntaxTreeNode) -> list[Inline]:
        address = str(node.attrs.get("href", ""))
        is_web = address.lower().startswith(LINKS)
        before, self._link = self._link, address if is_web else ""
        found = self._all(node.children)
        self._link = before
        if not is_web:
            self._omissions.add(lists.BROKEN_LINKS, f"{plain(found)} ({address})")
        return found

    def _note(self, name: str) -> Inline:
        self.notes[name] = None
        return NoteMark(name)

    def _text(self, text: str) -> list[Inline]:
        """Text, and marks of sources that the text does not define itself."""
        found: list[Inline] = []
        place = 0
        for mark in REFERENCE.finditer(text):
            found += [*self._looking(text[place : mark.start()]), NoteMark(mark[1])]
            place = mark.end()
        return [*found, *self._looking(text[place:])]

    def _looking(self, text: str) -> list[Inline]:
        if self._open["sup"]:
            text = raised(text, self._omissions)
        elif self._open["sub"]:
            text = lowered(text, self._omissions)
        one = Text(
            text,
            strong=any(self._open[name] > 0 for name in STRONG),
            emphasis=any(self._open[name] > 0 for name in EMPHASIS),
            link=self._link,
        )
        return [one] if text else []

    def _tag(self, html: str) -> list[Inline]:
        """A tag of HTML: a break, a look, or nothing."""
        tag = TAG.fullmatch(html)
        name = tag[2].lower() if tag else ""
        if name == "br":
            return [LineBreak()]
        if name in (*STRONG, *EMPHASIS, "sup", "sub"):
            self._open[name] += -1 if tag and tag[1] else 1
        else:
            self._omissions.add(lists.HTML_TAGS, html)
        return []


def with_soft_breaks(inlines: Sequence[Inline], *, are_kept: bool) -> list[Inline]:
    """The text with the ends of lines that mean nothing as blanks, or as breaks if they are kept after all.

    Chinese and Japanese put no blanks between words, so none is put there.
    """
    found: list[Inline] = []
    for place, one in enumerate(inlines):
        if one is not SOFT:
            found.append(one)
        elif are_kept:
            found.append(LineBreak())
        elif not _is_within_east_asian(inlines[place - 1 : place], inlines[place + 1 : place + 2]):
            found.append(Text(" "))
    return found


def _is_within_east_asian(before: Sequence[Inline], after: Sequence[Inline]) -> bool:
    sides = [one.text for one in (*before, *after) if isinstance(one, Text) and one.text]
    return len(sides) == 2 and is_east_asian(sides[0][-1]) and is_east_asian(sides[1][0])
