"""Markdown as rich text: CommonMark with footnotes, and what export functions add to it: tables, HTML, pictures."""

import re
from collections.abc import Iterable, Sequence
from html import unescape
from itertools import takewhile

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote import footnote_plugin

from petition.letters.drafting.importing import omissions as lists
from petition.letters.drafting.importing.composing import is_head_line
from petition.letters.drafting.importing.markdown_inlines import SOFT, MarkdownInlines, with_soft_breaks
from petition.letters.drafting.importing.omissions import Omissions
from petition.letters.drafting.importing.rich_text import (
    Block,
    Document,
    Heading,
    Inline,
    Item,
    ItemList,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Text,
    inlines_in,
    merged,
    plain,
)
from petition.letters.drafting.importing.tables import as_blocks
from petition.letters.text.emphasis import read_marks

TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>|<[!?][^<>]*>", re.DOTALL)
HEADING_ID = re.compile(r"\s*\{#[\w-]+\}\s*\Z")


def read_markdown(text: str) -> Document:
    """The rich text of a Markdown file. Notes that nothing refers to are listed, and stay in the text."""
    return _Reader().document(text)


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    made.use(footnote_plugin, move_to_end=False, inline=False)
    made.inline.ruler.at("emphasis", read_marks)
    return made


class _Reader:
    def __init__(self) -> None:
        self._omissions = Omissions()
        self._inlines = MarkdownInlines(self._omissions)
        self._notes: dict[str, tuple[Block, ...]] = {}
        self._is_head = True

    def document(self, text: str) -> Document:
        """Everything; notes in the order in which the text refers to them."""
        blocks = self._blocks(SyntaxTreeNode(_parser().parse(text)).children)
        notes = {name: self._notes[name] for name in self._inlines.notes if name in self._notes}
        for name, note in self._notes.items():
            if name not in notes:
                notes[name] = note
                self._omissions.add(lists.UNUSED_NOTES, plain(inlines_in(note)))
        return Document(blocks, notes, self._omissions)

    def _blocks(self, nodes: Iterable[SyntaxTreeNode]) -> tuple[Block, ...]:
        return tuple(block for node in nodes for block in self._block(node))

    def _block(self, node: SyntaxTreeNode) -> Sequence[Block]:
        kind = node.type
        if kind == "heading":
            text = _without_id(self._text(node))
            return [Heading(int(node.tag[1]), _plain_if_whole(text))] if plain(text) else []
        if kind == "paragraph":
            text = self._paragraph(node)
            return [Paragraph(text)] if text else []
        self._is_head = False
        if kind == "footnote_reference":
            self._notes[str(node.meta["label"])] = self._blocks(node.children)
            return []
        if kind == "blockquote":
            return [Quote(self._blocks(node.children))]
        if kind in ("bullet_list", "ordered_list"):
            return [self._list(node)]
        if kind == "table":
            rows = [[[Paragraph(self._text(cell))] for cell in row.children] for row in _rows(node)]
            return as_blocks(rows, self._omissions)
        if kind in ("fence", "code_block"):
            return [Listing(node.content.rstrip("\n"))]
        if kind == "html_block":
            return self._html(node.content)
        return [Rule()] if kind == "hr" else self._blocks(node.children)

    def _paragraph(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        """Lines that only the file's width made are one; those of the letter's head are not."""
        inlines = self._inlines.of(_inline_nodes(node))
        self._is_head = self._is_head and is_head_line(plain(takewhile(lambda one: one is not SOFT, inlines)))
        return merged(with_soft_breaks(inlines, are_kept=self._is_head))

    def _list(self, node: SyntaxTreeNode) -> ItemList:
        first = int(node.attrs.get("start", 1))
        is_numbered = node.type == "ordered_list"
        return ItemList(
            tuple(
                Item(f"{number}{node.markup}" if is_numbered else "", self._blocks(item.children))
                for number, item in enumerate(node.children, first)
            )
        )

    def _text(self, node: SyntaxTreeNode) -> tuple[Inline, ...]:
        return merged(with_soft_breaks(self._inlines.of(_inline_nodes(node)), are_kept=False))

    def _html(self, html: str) -> list[Block]:
        """The words between the tags, a paragraph for each run of lines; comments are left out."""
        self._omissions.add(lists.HTML_TAGS, html)
        words = unescape(TAG.sub(" ", html))
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", words))
        return [Paragraph((Text(part),)) for part in paragraphs if part]


def _inline_nodes(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [one for child in node.children for one in child.children]


def _rows(table: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [row for part in table.children for row in part.children]


def _without_id(inlines: Sequence[Inline]) -> tuple[Inline, ...]:
    """A heading without the id that Google Docs writes behind it."""
    if inlines and isinstance(inlines[-1], Text):
        return merged((*inlines[:-1], Text(HEADING_ID.sub("", inlines[-1].text))))
    return tuple(inlines)


def _plain_if_whole(inlines: Sequence[Inline]) -> tuple[Inline, ...]:
    """A heading that is bold as a whole is a heading."""
    texts = [one for one in inlines if isinstance(one, Text) and one.text.strip()]
    if not texts or not all(one.strong for one in texts):
        return tuple(inlines)
    return merged(Text(one.text, link=one.link) if isinstance(one, Text) else one for one in inlines)
