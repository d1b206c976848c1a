"""A letter's body as plain values, for what is not HTML: paragraphs, lists, quotes, notes, and the text in them.

The same subset as on the page: CommonMark with footnotes, no images, no HTML, links to http, https and mailto alone.
"""

from collections.abc import Iterator
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from petition.letters.text.letter_text import LetterText
from petition.letters.text.markdown import LINKS, heading_levels, tokens
from petition.letters.text.sources import MOST_SOURCES, Source

Node = dict[str, Any]
"""``kind`` says what it is; ``parts`` are the nodes within it, ``text`` its words, others are named by kind below."""
HOLDING = {
    "paragraph": "paragraph", "heading": "heading", "blockquote": "quote", "bullet_list": "bullets",
    "ordered_list": "numbers", "list_item": "item", "footnote": "own-note", "em": "em", "strong": "strong",
}  # fmt: skip


def blocks(words: LetterText) -> list[Node]:
    """The body's blocks in order. Notes come last, as nodes of the kind ``note`` with their ``number``: the letter's
    sources first, then what the text defines by itself."""
    count = len(words.sources)
    body = _all(SyntaxTreeNode(tokens(words.body, count)).children)
    for note in _of_kinds(body, "own-mark", "own-note"):
        note.update(kind=note["kind"].removeprefix("own-"), number=note["number"] + count)
    text, own = ([node for node in body if (node["kind"] == "note") is wanted] for wanted in (False, True))
    return [*text, *(_source(number, one) for number, one in enumerate(words.sources, 1)), *own]


def _source(number: int, source: Source) -> Node:
    """A source as a note: title, address, date."""
    parts: list[Node] = [{"kind": "text", "text": source.title}]
    if source.url:
        address: Node = {"kind": "text", "text": source.url}
        parts += [{"kind": "text", "text": " "}, {"kind": "link", "href": source.url, "parts": [address]}]
    if source.date:
        parts.append({"kind": "text", "text": f" ({source.date})"})
    return {"kind": "note", "number": number, "parts": [{"kind": "paragraph", "parts": parts}]}


def _of_kinds(nodes: list[Node], *kinds: str) -> list[Node]:
    """All nodes of these kinds, at any depth."""
    inside = [found for node in nodes for found in _of_kinds(node.get("parts", []), *kinds)]
    return [node for node in nodes if node["kind"] in kinds] + inside


def _all(nodes: list[SyntaxTreeNode]) -> list[Node]:
    return [made for node in nodes for made in _made(node)]


def _made(node: SyntaxTreeNode) -> list[Node]:
    """What a node of the parser becomes: mostly one, sometimes those within it, sometimes none."""
    kind, meta = node.type, node.meta or {}
    if kind in ("text", "code_inline"):
        return [{"kind": "text" if kind == "text" else "code", "text": node.content}] if node.content else []
    if kind in ("softbreak", "hardbreak"):
        return [{"kind": kind}]
    if kind in ("fence", "code_block"):
        return [{"kind": "listing", "text": node.content.rstrip("\n")}]
    if kind == "hr":
        return [{"kind": "rule"}]
    if kind == "source_ref":
        return [{"kind": "mark", "number": meta["number"]}]
    if kind == "footnote_ref":
        return [{"kind": "own-mark", "number": meta["id"] + 1}]
    if kind == "footnote_anchor":
        return []
    parts = _all(node.children)
    if kind == "link":
        href = str(node.attrs.get("href", ""))
        return [{"kind": "link", "href": href, "parts": parts}] if href.startswith(LINKS) else parts
    if kind not in HOLDING:
        return parts
    made: Node = {"kind": HOLDING[kind], "parts": parts}
    if kind == "heading":
        made["level"] = int(node.tag[1])
    elif kind == "ordered_list":
        made["start"] = int(node.attrs.get("start", 1))
    elif kind == "footnote":
        made["number"] = meta["id"] + 1
    return [made]


def renumbered(nodes: list[Node], above: int) -> None:
    """Give the headings levels below one (``above``) that skip none."""
    headings = list(_in_order(nodes, "heading"))
    for node, level in zip(headings, heading_levels([node["level"] for node in headings], above), strict=True):
        node["level"] = level


def _in_order(nodes: list[Node], kind: str) -> Iterator[Node]:
    """All nodes of a kind, at any depth, in the order of the text."""
    for node in nodes:
        if node["kind"] == kind:
            yield node
        yield from _in_order(node.get("parts", []), kind)


def words_in(node: Node) -> str:
    """The text of a node without its form; a note's mark is its number in brackets, a link its words."""
    kind = node["kind"]
    if kind in ("text", "code", "listing"):
        return str(node["text"])
    if kind == "mark":
        return f"[{node['number']}]"
    if kind in ("softbreak", "hardbreak"):
        return " " if kind == "softbreak" else "\n"
    return "".join(words_in(part) for part in node.get("parts", ()))


def plain_text(markdown: str) -> str:
    """A passage's words without its marks, each block and each item of a list on a line of its own.

    What refers to a source is its number in brackets, whichever sources the letter has.
    """
    return "\n".join(_lines(_all(SyntaxTreeNode(tokens(markdown, MOST_SOURCES)).children)))


def _lines(nodes: list[Node]) -> list[str]:
    found: list[str] = []
    for node in nodes:
        is_list = node["kind"] in ("bullets", "numbers", "quote", "item")
        found += _lines(node["parts"]) if is_list else [words_in(node)]
    return found
