"""The letter's text as HTML: what typed Markdown may become, and where its links really lead."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from petition.letters.text.emphasis import read_marks
from petition.letters.text.sources import REFERENCE

TAGS = {
    "p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "em", "strong", "a", "code", "pre", "hr", "br",
    "sup", "section",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "id", "class"},
    "li": {"id", "class"},
    "section": {"class"},
    "sup": {"class"},
    "ol": {"start", "class"},
}
LINKS = ("http://", "https://", "mailto:")
"""How the addresses begin that a text may lead to."""
LOOKS_LIKE_A_SITE = re.compile(r"(?:https?://|www\.)[^\s/]+|\b(?:[\w-]+\.)+[^\W\d_]{2,}(?=[/\s:?#]|\Z)")

NESTING = ("blockquote", "bullet_list", "ordered_list", "em", "strong")
MOST_NESTED = 8
"""Levels of quotes, lists, bold and italic text within each other, all kinds together. The typesetter fails at 16."""
MOST_LOOKED_AT = 300
"""Characters of a link's text in which another site's name is looked for."""


def html(markdown: str, sources: int = 0, apart: str = "") -> str:
    """CommonMark with footnotes as HTML: no raw HTML, no images, headings below the page's own.

    ``sources`` is how many the letter has: ``[^2]`` leads to the second, which the page lists as ``#source-2``. What
    the text defines as footnotes of its own is numbered after them. Behind a link that could be taken for another
    one stands the site that it leads to, as machines spell it. ``apart`` keeps the footnotes' addresses apart from
    those of another text on the same page.
    """
    rendered = _demote(_markdown.render(markdown, {"sources": sources, "docId": apart or None}), 3 if apart else 2)
    return nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={link.partition(":")[0] for link in LINKS},
        link_rel="nofollow noopener noreferrer",
    )


def tokens(markdown: str, sources: int = 0) -> list[Token]:
    """The same text as the parser's tokens, for what is not HTML; ``source_ref`` has its ``number`` as meta."""
    return _markdown.parse(markdown, {"sources": sources})


def is_nested_too_deep(markdown: str) -> bool:
    """Whether a text has more than ``MOST_NESTED`` levels. Pages and documents show the deeper ones as one."""
    env: dict[str, Any] = {}
    _markdown.parse(markdown, env)
    return "is_flattened" in env


def _demote(rendered: str, highest: int) -> str:
    """The body's headings below the page's own, from ``highest`` on and never more than one level deeper at once."""
    levels = iter(heading_levels([int(level) for level in re.findall(r"<h([1-6])>", rendered)], highest - 1))

    def demoted(tag: re.Match[str]) -> str:
        level = min(next(levels), 6)
        return f"<h{level}>{tag[2]}</h{level}>"

    return re.sub(r"<h([1-6])>(.*?)</h\1>", demoted, rendered, flags=re.DOTALL)


def heading_levels(typed: Iterable[int], above: int) -> list[int]:
    """Levels below one (``above``) that skip none, as pages and documents for screen readers must (ISO 14289-1, 7.4.2):
    each heading is one below the nearest higher one before it."""
    levels: list[int] = []
    higher: list[int] = []
    for level in typed:
        while higher and higher[-1] >= level:
            higher.pop()
        higher.append(level)
        levels.append(above + len(higher))
    return levels


def site_of(url: str) -> str:
    """The site that an address leads to, as machines spell it (punycode); empty if it leads to none."""
    try:
        host = urlsplit(url).hostname or ""
        return host.encode("ascii").decode() if host.isascii() else host.encode("idna").decode()
    except ValueError:
        return ""


def site_to_tell(url: str, shown: str) -> str:
    """The site to name after a link whose address or text could be taken for another site's; otherwise nothing."""
    site = site_of(url)
    if not site:
        return ""
    looks = [
        re.sub(r"\Ahttps?://", "", found).partition("/")[0]
        for found in LOOKS_LIKE_A_SITE.findall(shown[:MOST_LOOKED_AT])
    ]
    is_other = any(look.casefold().removeprefix("www.") != site.removeprefix("www.") for look in looks)
    is_disguised = "xn--" in site or "@" in urlsplit(url).netloc
    return site if is_other or is_disguised else ""


def _refer_to_source(state: StateInline, silent: bool) -> bool:
    """``[^2]`` leads to the second source, unless the text has a footnote of that name."""
    match = REFERENCE.match(state.src, state.pos)
    if match is None or not 1 <= int(match[1]) <= state.env.get("sources", 0):
        return False
    if not silent:
        state.push("source_ref", "", 0).meta = {"number": int(match[1])}
    state.pos = match.end()
    return True


def _render_reference(self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    number = tokens[index].meta["number"]
    return f'<sup class="footnote-ref"><a href="#source-{number}">[{number}]</a></sup>'


def _number_after_sources(self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    number = tokens[index].meta["id"] + 1 + env.get("sources", 0)
    again = tokens[index].meta.get("subId", 0)
    return f"[{number}:{again}]" if again else f"[{number}]"


def _open_footnotes(self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return f'<section class="footnotes">\n<ol class="footnotes-list" start="{env.get("sources", 0) + 1}">\n'


def _flatten(state: StateCore) -> None:
    """Drop the marks of levels that are too deep, and keep the words within them."""
    state.tokens = _flat(state.tokens, 0, state.env)


def _flat(tokens: list[Token], depth: int, env: Any) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in NESTING and token.nesting == 1:
            depth += 1
        is_too_deep = depth > MOST_NESTED
        if is_too_deep and kind in (*NESTING, "list_item"):
            env["is_flattened"] = True
        else:
            kept.append(token)
        if is_too_deep and kind == "paragraph":
            token.hidden = False  # as those of a tight list are
        if token.children:
            token.children = _flat(token.children, depth, env)
        if kind in NESTING and token.nesting == -1:
            depth -= 1
    return kept


def _tell_sites(state: StateCore) -> None:
    """Add the true site after each link that could be taken for another one."""
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = _told(block.children)


def _told(children: list[Token]) -> list[Token]:
    told: list[Token] = []
    url, shown = "", ""
    for token in children:
        told.append(token)
        if token.type == "link_open":
            url, shown = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            site = site_to_tell(url, shown)
            told += [Token("text", "", 0, content=f" ({site})")] if site else []
            url = ""
        elif url:
            shown += token.content
    return told


def parser() -> MarkdownIt:
    """A parser of the letters' Markdown: CommonMark with footnotes, without HTML and images, not too deep."""
    made = MarkdownIt("commonmark", {"html": False}).disable("image").use(footnote_plugin)
    made.inline.ruler.at("emphasis", read_marks)
    made.inline.ruler.after("footnote_ref", "source_ref", _refer_to_source)
    made.core.ruler.push("flatten", _flatten)
    return made


_markdown = parser()
_markdown.core.ruler.after("inline", "told_sites", _tell_sites)
_markdown.add_render_rule("source_ref", _render_reference)
_markdown.add_render_rule("footnote_caption", _number_after_sources)
_markdown.add_render_rule("footnote_block_open", _open_footnotes)
