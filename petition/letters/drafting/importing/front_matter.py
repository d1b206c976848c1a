"""The lines between two lines of three hyphens at the top of a Markdown file: the letter's head, and its settings."""

import re
from dataclasses import dataclass, field

from petition.letters.drafting.importing.omissions import FRONT_MATTER, Omissions
from petition.letters.text.letter_text import read_source
from petition.letters.text.sources import LINE, Source

FENCE = re.compile(r"---[ \t]*")
PAIR = re.compile(r"([A-Za-z][A-Za-z _-]*?) ?: ?(.*)")
HEAD = {"title": "title", "to": "recipient", "recipient": "recipient", "employer": "employer", "language": "language"}
SETTINGS = (
    "k", "timing", "updates", "roll", "names", "names months", "field", "goal", "threshold", "contact", "codes",
    "mail", "publish", "close", "issuing days", "pause hours",
)  # fmt: skip
"""Names of what is chosen on the page Review, as far as a file can say it."""


@dataclass
class FrontMatter:
    """What the lines say: the head, demands, sources, and settings with their values as they were typed."""

    head: dict[str, str] = field(default_factory=dict)
    demands: list[str] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)


def split_front_matter(text: str, omissions: Omissions) -> tuple[FrontMatter, str]:
    """The front matter, and the text behind it. Lines that say nothing about a letter are listed."""
    lines = text.split("\n")
    ends = [place for place, line in enumerate(lines) if place and FENCE.fullmatch(line)]
    found = FrontMatter()
    if not FENCE.fullmatch(lines[0]) or not ends:
        return found, text
    for line in lines[1 : ends[0]]:
        if line.strip() and not _read(found, line.strip()):
            omissions.add(FRONT_MATTER, line)
    return found, "\n".join(lines[ends[0] + 1 :])


def _read(found: FrontMatter, line: str) -> bool:
    """Read a line; False if it says nothing about a letter."""
    pair = PAIR.fullmatch(line)
    if pair is None:
        return False
    name = pair[1].lower().replace("_", " ").replace("-", " ")
    value = _unquoted(pair[2].strip())
    if name in HEAD:
        found.head[HEAD[name]] = value
    elif name == "demand":
        found.demands.append(value)
    elif name == "source":
        found.sources.append(_source(value))
    elif name in SETTINGS:
        found.settings.append((name, value))
    else:
        return False
    return True


def _unquoted(value: str) -> str:
    for quotes in ('""', "''", "“”"):
        if len(value) > 1 and value[0] == quotes[0] and value[-1] == quotes[1]:
            return value[1:-1]
    return value


def _source(value: str) -> Source:
    line = LINE.fullmatch(f"[^1]: {value}")
    assert line is not None  # a title may be anything
    return read_source(line["title"], line["url"] or "", line["date"] or "")
