"""What a file had that the form lacks or has differently: the list that its organizer reads."""

from collections.abc import Iterator
from dataclasses import dataclass, field

_ = str
MOST_QUOTED = 1_000
"""Characters of the words that one line of the list quotes."""

BOXES = _("Text boxes, now below their paragraph: %(count)s")
BROKEN_LINKS = _("Links, kept as text: %(words)s")
CAPTIONS = _("Pictures: %(count)s (%(words)s)")
COMMENTS = _("Comments: %(count)s")
CONTROLS = _("Form fields, kept as text: %(count)s")
DELETIONS = _("Tracked deletions: %(count)s")
DEMAND_BREAKS = _("Line breaks within demands: %(count)s")
DEMAND_LINKS = _("Links, kept as text: %(words)s")
DIRECTIONS = _("Changes of text direction: %(count)s")
EMBEDDED = _("Embedded files: %(count)s")
EMPHASIS = _("Formatting, kept as text: %(words)s")
FORMULAS = _("Formulas, kept as text: %(words)s")
FRONT_MATTER = _("Unknown settings at the top of the file: %(words)s")
PAGE_HEADERS = _("Headers and footers: %(words)s")
HIDDEN_TEXT = _("Hidden text: %(count)s")
HTML_TAGS = _("HTML, kept as text: %(words)s")
INSERTIONS = _("Tracked insertions, now in the text: %(count)s")
INVISIBLE = _("Invisible characters: %(words)s")
LINES_FOLLOW = _("Table rows, now lines with | between cells: %(count)s")
LIST_KEPT = _("The list at the end, kept in the text: %(words)s")
LOOKS = _("Underlines, colors, highlights and small capitals: %(count)s")
MARKUP = _("Formatting, kept as text: %(words)s")
NUMBERS = _("Unusual list numbers, now digits: %(count)s")
PICTURES = _("Pictures: %(count)s")
RAISED = _("Superscripts and subscripts, kept as text: %(words)s")
RUBY = _("Pronunciations, now in parentheses: %(count)s")
STRUCK = _("Struck-out text, now like any other: %(words)s")
SYMBOLS = _("Symbols from a special font: %(words)s")
TASKS = _("Check boxes, now characters: %(count)s")
TITLE_KEPT = _("Title too long, now above the text: %(words)s")
TITLE_NOTES = _("Notes on the title or the lines below it: %(words)s")
UNUSED_NOTES = _("Footnotes that the text doesn't use: %(words)s")
COMPUTED = _("Automatic fields: %(words)s")


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
