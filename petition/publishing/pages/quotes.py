"""Passages of a letter that a newspaper may want to quote."""

from petition.letters.text.blocks import Node, blocks, words_in
from petition.letters.text.letter_text import LetterText

LEAST, MOST = 60, 600
"""Characters: less is a salutation, more is no quote."""
PASSAGES = 2


def quotes(words: LetterText) -> list[str]:
    """The letter's first passages of some length, word for word, without notes; its demands are quotes, too."""
    found = (passage(node) for node in blocks(words) if node["kind"] in ("paragraph", "quote"))
    return [text for text in found if LEAST <= len(text) <= MOST][:PASSAGES]


def passage(node: Node) -> str:
    """The words of a block on one line, without the marks of notes."""
    return " ".join(words_in(_without_marks(node)).split())


def _without_marks(node: Node) -> Node:
    parts = [_without_marks(part) for part in node.get("parts", []) if part["kind"] != "mark"]
    return {**node, "parts": parts} if "parts" in node else node
