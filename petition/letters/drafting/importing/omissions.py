"""What a file had that the form lacks or has differently: the list that its organizer reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field

_ = str
MOST_QUOTED = 1_000
"""Characters of the words that one line of the list quotes."""

BOXES = _("Text boxes, now below the paragraph they belonged to: %(count)s")
BROKEN_LINKS = _("Links, kept as text: %(words)s")
CAPTIONS = _("Pictures: %(count)s (%(words)s)")
COMMENTS = _("Comments: %(count)s")
CONTROLS = _("Fields to fill in, kept with the text in them: %(count)s")
DELETIONS = _("Deleted passages that were still marked: %(count)s")
DEMAND_BREAKS = _("Line breaks within demands: %(count)s")
DEMAND_LINKS = _("Links, kept as text: %(words)s")
DIRECTIONS = _("Passages with their own text direction, kept as text: %(count)s")
EMBEDDED = _("Other files within the document: %(count)s")
EMPHASIS = _("Formatting, kept as plain text: %(words)s")
FORMULAS = _("Formulas, kept as plain text: %(words)s")
FRONT_MATTER = _("Lines at the top of the file that aren't letter settings: %(words)s")
PAGE_HEADERS = _("Headers and footers of the pages: %(words)s")
HIDDEN_TEXT = _("Passages of hidden text: %(count)s")
HTML_TAGS = _("HTML, kept as text without its tags: %(words)s")
INSERTIONS = _("Insertions that were still marked, now part of the text: %(count)s")
INVISIBLE = _("Invisible characters: %(words)s")
LINES_FOLLOW = _("Rows of tables, now lines with | between the cells: %(count)s")
LIST_KEPT = _("The list at the end stays in the text, because a demand can't have its form: %(words)s")
LOOKS = _("Underlined, colored or highlighted passages and small capitals, kept as plain text: %(count)s")
MARKUP = _("Formatting, kept as plain text: %(words)s")
NUMBERS = _("Numbers in a style that this site can't write, now digits: %(count)s")
PICTURES = _("Pictures: %(count)s")
RAISED = _("Superscripts and subscripts, now plain text: %(words)s")
RUBY = _("Pronunciations above the text, now after it in parentheses: %(count)s")
STRUCK = _("Text that was struck out and now reads like any other: %(words)s")
SYMBOLS = _("Symbols of a font that has no such letters: %(words)s")
TASKS = _("Check boxes, now written as characters: %(count)s")
TITLE_KEPT = _("The title was too long, so it is now above the text: %(words)s")
TITLE_NOTES = _("Notes to the title or to the lines below it: %(words)s")
UNUSED_NOTES = _("Notes that the text doesn't refer to, so no page shows them: %(words)s")
COMPUTED = _("Fields that a word processor fills in on its own: %(words)s")


@dataclass(frozen=True)
class Omission:
    """One line of the list: a message with its values, ``count`` and ``words``."""

    sentence: str
    count: int
    words: str

    def __str__(self) -> str:
        return self.sentence % {"count": self.count, "words": self.words}


@dataclass
class Omissions:
    """Collects them: how often each happened, and with which words."""

    _counts: dict[str, int] = field(default_factory=dict)
    _words: dict[str, list[str]] = field(default_factory=dict)

    def add(self, sentence: str, words: str = "", count: int = 1) -> None:
        """Note that something happened; ``words`` are those of the file that it happened to."""
        self._counts[sentence] = self._counts.get(sentence, 0) + count
        known = self._words.setdefault(sentence, [])
        short = " ".join(words.split())
        if short and short not in known:
            known.append(short)

    def __iter__(self) -> Iterator[Omission]:
        for sentence, count in self._counts.items():
            quoted = ", ".join(f"“{words}”" for words in self._words[sentence])
            yield Omission(sentence, count, quoted if len(quoted) <= MOST_QUOTED else quoted[:MOST_QUOTED] + "…")
