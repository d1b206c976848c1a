"""The words of a letter: what they may be, their canonical bytes, their digest, their HTML."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from petition.errors import BadShape, TooLong

LIMITS = {
    "title": 200, "recipient": 200, "employer": 200, "body": 60_000, "demand": 1_000, "note": 300, "event": 10_000,
    "link": 1_000, "group": 80,
}  # fmt: skip
MOST_DEMANDS = 30
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")
TAGS = {
    "p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "em", "strong", "a", "code", "pre", "hr", "br",
    "sup", "section",
}  # fmt: skip
NAMES_OF_INVISIBLES = {
    "\u202a": "left-to-right embedding",
    "\u202b": "right-to-left embedding",
    "\u202c": "pop directional formatting",
    "\u202d": "left-to-right override",
    "\u202e": "right-to-left override",
    "\u2066": "left-to-right isolate",
    "\u2067": "right-to-left isolate",
    "\u2068": "first strong isolate",
    "\u2069": "pop directional isolate",
}
_markdown = MarkdownIt("commonmark", {"html": False}).disable("image").use(footnote_plugin)


@dataclass(frozen=True)
class Words:
    """A letter's text: title, recipient, employer, body in Markdown, demands, the language's code."""

    title: str = ""
    recipient: str = ""
    employer: str = ""
    body: str = ""
    demands: tuple[str, ...] = ()
    language: str = "en"


def read_words(title: str, recipient: str, employer: str, body: str, demands: list[str], language: str) -> Words:
    """What somebody typed, in normal form (NFC, line feeds, no trailing space); refuses what may not stand."""
    demands = [demand for demand in demands if demand.strip()]
    if len(demands) > MOST_DEMANDS:
        raise TooLong("A letter has at most %(most)s demands.", most=MOST_DEMANDS)
    return Words(
        title=one_line(title, "title"),
        recipient=one_line(recipient, "recipient"),
        employer=one_line(employer, "employer"),
        body=several_lines(body, "body"),
        demands=tuple(one_line(demand, "demand") for demand in demands),
        language=_language(language or "en"),
    )


def _language(code: str) -> str:
    if not LANGUAGE.fullmatch(code):
        raise BadShape("The language must be a code such as en, es or pt-BR.")
    return code


def one_line(text: str, field: str) -> str:
    """A field of one line; line breaks become spaces."""
    _demand_visible(text, field)
    return _normal(" ".join(text.split()), field)


def several_lines(text: str, field: str) -> str:
    """A field of several lines; only line feeds break them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _demand_visible(text, field)
    return _normal("\n".join(line.rstrip() for line in text.split("\n")).strip("\n"), field)


def _normal(text: str, field: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if len(text) > LIMITS[field]:
        raise TooLong(
            "The %(field)s has %(length)s characters; %(most)s is the most. Please shorten it.",
            field=field, length=len(text), most=LIMITS[field],
        )  # fmt: skip
    return text


def _demand_visible(text: str, field: str) -> None:
    """Refuse what nobody sees, by its name and its position as it was typed."""
    for position, character in enumerate(text, 1):
        if character in NAMES_OF_INVISIBLES or (
            unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t"
        ):
            raise BadShape(
                "The %(field)s has an invisible character (%(name)s) at position %(position)s. Please take it out.",
                field=field, name=_name_of(character), position=position,
            )  # fmt: skip


def _name_of(character: str) -> str:
    if character in NAMES_OF_INVISIBLES:
        return NAMES_OF_INVISIBLES[character]
    return unicodedata.name(character, f"U+{ord(character):04X}")


def canonical(words: Words) -> bytes:
    """The exact bytes that are signed and that ``letter.md`` serves: UTF-8, line feeds, one at the end.

    Title as a heading; a line each for recipient, employer and language; the body; the demands as a numbered list.
    """
    parts = [
        f"# {words.title}",
        f"To: {words.recipient}  \nEmployer: {words.employer}  \nLanguage: {words.language}",
        words.body,
        "\n".join(f"{number}. {demand}" for number, demand in enumerate(words.demands, 1)),
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def digest(text: bytes) -> str:
    """TEXT_SHA256 of the protocol: hex SHA-256 of the canonical bytes."""
    return hashlib.sha256(text).hexdigest()


def html(markdown: str) -> str:
    """The body as HTML: CommonMark with footnotes, no raw HTML, no images, headings below the page's own."""
    rendered = _demote(_markdown.render(markdown))
    return nh3.clean(
        rendered,
        tags=TAGS,
        attributes={
            "a": {"href", "id", "class"},
            "li": {"id", "class"},
            "section": {"class"},
            "sup": {"class"},
            "ol": {"start", "class"},
        },
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )


def _demote(rendered: str) -> str:
    """h1 and h2 of the body become h3, and so on: the page has its own h1 and h2."""
    return re.sub(r"<(/?)h([1-6])>", lambda tag: f"<{tag[1]}h{min(6, int(tag[2]) + 2)}>", rendered)
