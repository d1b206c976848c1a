"""``letter.txt``: the letter as plain text, in lines of 72 characters, with its count and how to check it."""

import textwrap

from petition.i18n import Translator, name_of
from petition.letters.text.blocks import Node, blocks, words_in
from petition.letters.text.letter_text import LetterText
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import Fact, addressee, evidence, facts, headline, how_to_check

LINE_WIDTH = 72
RULE_LINE = "-" * LINE_WIDTH


def letter_txt(found: Figures) -> bytes:
    """The whole file: UTF-8, line feeds."""
    parts = [*_letter(found), RULE_LINE, filled(headline(found)), _listed(facts(found))]
    parts += [*(filled(sentence) for sentence in how_to_check(found)), _listed(evidence(found))]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _letter(found: Figures) -> list[str]:
    """The binding text, then the others, each below its language's name."""
    return spoken_parts(found.words, addressee(found))


def spoken_parts(words: LetterText, head: str) -> list[str]:
    """A letter in all its languages; ``head`` names the recipient of the binding text."""
    parts = letter_parts(words, head)
    for code in words.languages[1:]:
        spoken = words.in_language(code)
        told = f"{spoken.recipient}, {spoken.employer}"
        parts += [RULE_LINE, name_of(code), *letter_parts(spoken, told)]
    return parts


def letter_parts(words: LetterText, head: str) -> list[str]:
    """Title, recipient, text, demands, notes, in one language."""
    say, nodes = Translator(words.language).say, blocks(words)
    parts = [filled(words.title), filled(head), *paragraphs([node for node in nodes if node["kind"] != "note"])]
    if words.demands:
        numbered = (hung(f"{number}. ", demand) for number, demand in enumerate(words.demands, 1))
        parts += [say("What we ask for"), "\n".join(numbered)]
    return [*parts, *paragraphs([node for node in nodes if node["kind"] == "note"])]


def _listed(lines: list[Fact]) -> str:
    return "\n".join(f"{fact.label}: {fact.value}" for fact in lines)


def paragraphs(nodes: list[Node], indent: str = "") -> list[str]:
    """Blocks as paragraphs of plain text; quotes and lists are set in."""
    return [text for node in nodes for text in _block(node, indent)]


def _block(node: Node, indent: str) -> list[str]:
    kind, parts = node["kind"], node.get("parts", [])
    if kind == "quote":
        return paragraphs(parts, indent + "> ")
    if kind in ("bullets", "numbers"):
        first = node.get("start", 1)
        marks = [f"{first + place}. " if kind == "numbers" else "- " for place in range(len(parts))]
        items = [_item(mark, item, indent) for mark, item in zip(marks, parts, strict=True)]
        texts = [text for item in items for text in item]
        return texts if len(texts) > len(items) else ["\n".join(texts)]
    if kind == "note":
        return _item(f"[{node['number']}] ", node, indent)
    if kind == "rule":
        return [indent + "* * *"]
    if kind == "listing":
        return [textwrap.indent(node["text"], indent + "    ")]
    return [filled(with_addresses(node), indent)]


def _item(mark: str, item: Node, indent: str) -> list[str]:
    """An item or a note: its mark before the first paragraph, the others set in as far."""
    inside = indent + " " * len(mark)
    texts = paragraphs(item["parts"], inside) or [inside]
    return [indent + mark + texts[0][len(inside) :], *texts[1:]]


def with_addresses(node: Node) -> str:
    """The words of a block, with each link's address after it unless the words are the address."""
    if node["kind"] == "link":
        words = words_in(node)
        return words if words in (node["href"], node["href"].removeprefix("mailto:")) else f"{words} <{node['href']}>"
    return "".join(with_addresses(part) for part in node["parts"]) if "parts" in node else words_in(node)


def filled(text: str, indent: str = "") -> str:
    """A paragraph in lines; those that were broken on purpose stay so. Long words are not cut."""
    return "\n".join(
        textwrap.fill(
            line,
            LINE_WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )


def hung(mark: str, text: str) -> str:
    """A paragraph after a mark."""
    return mark + filled(text, " " * len(mark))[len(mark) :]
