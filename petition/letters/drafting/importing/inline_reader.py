"""How a paragraph's text looks, character by character: as it is meant, and as its Markdown reads."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from markdown_it.token import Token

from petition.letters.drafting.importing.rich_text import Inline, LineBreak, NoteMark
from petition.letters.text.markdown import parser
from petition.letters.text.sources import MOST_SOURCES

Look: TypeAlias = tuple[str, bool, bool, bool, str]
"""A character (or a note's name) with whether it is bold, italic, code, and where it leads."""

_parser = parser()


def looks_of(inlines: Iterable[Inline]) -> list[Look]:
    """The looks that are meant. Blanks have none, and those at the ends of a line don't count."""
    found: list[Look] = []
    for one in inlines:
        if isinstance(one, LineBreak):
            found.append(("\n", False, False, False, ""))
        elif isinstance(one, NoteMark):
            found.append((f"[{one.name}]", False, False, False, ""))
        else:
            look = (one.strong, one.emphasis, one.code, _address(one.link))
            found += [(character, *look) for character in one.text if not character.isspace()]
    return found


def looks_in(markdown: str, notes: Mapping[str, Any]) -> list[Look] | None:
    """The looks that a paragraph's Markdown has; None if it is not one paragraph."""
    known = {f":{name}": -1 for name in notes}
    tokens = _parser.parse(markdown, {"footnotes": {"refs": known, "list": {}}, "sources": MOST_SOURCES})
    if [token.type for token in tokens[:3]] != ["paragraph_open", "inline", "paragraph_close"]:
        return None
    if any(token.type == "inline" for token in tokens[3:]):
        return None
    return _looks(tokens[1].children or [])


def _looks(children: Iterable[Token]) -> list[Look]:
    found: list[Look] = []
    strong = emphasis = 0
    link = ""
    for token in children:
        if token.type in ("strong_open", "strong_close"):
            strong += token.nesting
        elif token.type in ("em_open", "em_close"):
            emphasis += token.nesting
        elif token.type == "link_open":
            link = _address(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            link = ""
        elif token.type in ("hardbreak", "softbreak"):
            found.append(("\n", False, False, False, ""))
        elif token.type == "footnote_ref":
            found.append((f"[{token.meta['label']}]", False, False, False, ""))
        elif token.type == "source_ref":
            found.append((f"[{token.meta['number']}]", False, False, False, ""))
        else:
            look = (bool(strong), bool(emphasis), token.type == "code_inline", link)
            found += [(character, *look) for character in token.content if not character.isspace()]
    return found


def _address(link: str) -> str:
    return _parser.normalizeLink(link.replace("\\", "%5C").replace("\n", "")) if link else ""
