"""What a reader of a letter sees: the words on its page, in their order, with the numbers of lists and notes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from html.parser import HTMLParser

from petition.letters.text.letter_text import LetterText
from petition.letters.text.markdown import html

WORD = re.compile(r"\w+")


class _Shown(HTMLParser):
    """The text of HTML; items of numbered lists begin with their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._lists: list[int | None] = []
        self._notes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("ol", "ul"):
            is_notes = given.get("class") == "footnotes-list"
            self._lists.append(None if tag == "ul" or is_notes else int(given.get("start") or 1))
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            self.text += f" {number}. " if number is not None else " "
            if number is not None:
                self._lists[-1] = number + 1
        elif tag == "sup":
            self._notes += 1
        elif tag in ("p", "br", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr"):
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul"):
            self._lists.pop()
        elif tag == "sup":
            self._notes -= 1
        elif tag in ("p", "li", "h3", "h4", "h5", "h6"):
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        if not self._notes:
            self.text += data.replace("\u21a9\ufe0e", "")


def body_shown(markdown: str, sources: int = 0) -> str:
    """The text of a letter's body on its page, without the marks of notes."""
    reader = _Shown()
    reader.feed(html(markdown, sources))
    return reader.text


def letter_shown(words: LetterText) -> str:
    """All text of a letter: title, head, body, demands behind their numbers, sources."""
    demands = (f"{number}. {demand}" for number, demand in enumerate(words.demands, 1))
    sources = (f"{one.title} {one.url} {one.date}" for one in words.sources)
    body = body_shown(words.body, len(words.sources))
    parts = [words.title, words.recipient, words.employer, body, *demands, *sources]
    parts += [letter_shown(words.in_language(one.language)) for one in words.translations]
    return "\n".join(parts)


def words_of(text: str) -> Counter[str]:
    """The words of a text, however often each."""
    return Counter(unicodedata.normalize("NFKC", found).casefold() for found in WORD.findall(text))


def missing(wanted: str, texts: Iterable[str]) -> Counter[str]:
    """Words of one text that others don't have, or not as often."""
    return words_of(wanted) - sum((words_of(text) for text in texts), Counter())
