"""A version of a letter as a file, for those who write it: plain text, and a PDF to read on paper.

Before publication and after: what is signed is ``letter.md``, whose digest both name.
"""

from dataclasses import dataclass
from datetime import datetime

from petition.i18n import Translator, date_in
from petition.letters.text.blocks import blocks, renumbered
from petition.letters.text.letter_text import LetterText, canonical, digest
from petition.publishing.documents import typesetting
from petition.publishing.documents.letter_txt import RULE_LINE, filled, spoken_parts
from petition.publishing.documents.pdf import spoken
from petition.publishing.templates import grouped_in_fours


@dataclass(frozen=True)
class Draft:
    """The words of a version, its number, and the hour in which it was saved."""

    words: LetterText
    number: int
    saved: datetime

    @property
    def dateline(self) -> str:
        """Which version it is."""
        say = Translator(self.words.language).say
        day = date_in(self.words.language, self.saved.date())
        return say("Version %(number)s, %(date)s", number=self.number, date=day)

    @property
    def head(self) -> str:
        """The letter's recipient."""
        return f"{self.words.recipient}, {self.words.employer}"


def draft_md(found: Draft) -> bytes:
    """Exactly what is signed."""
    return canonical(found.words)


def draft_txt(found: Draft) -> bytes:
    """Plain text in lines of 72 characters: UTF-8, line feeds."""
    say = Translator(found.words.language).say
    checked = [say("Text fingerprint:"), digest(canonical(found.words))]
    parts = [*spoken_parts(found.words, found.head), RULE_LINE, filled(found.dateline), "\n".join(checked)]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def draft_pdf(found: Draft) -> bytes:
    """A PDF without any time of making: the same version gives the same bytes."""
    words, say = found.words, Translator(found.words.language).say
    body = blocks(words)
    renumbered(body, above=1)
    in_fours = grouped_in_fours(digest(canonical(words)))
    return typesetting.pdf(
        "draft.typ",
        {
            "title": words.title or found.dateline,
            "to": found.head,
            "language": words.language.partition("-")[0],
            "date": [found.saved.year, found.saved.month, found.saved.day],
            "dateline": found.dateline,
            "foot": found.dateline,
            "blocks": body,
            "demands": list(words.demands),
            "others": spoken(words),
            "evidence": [{"label": say("Text fingerprint:"), "value": in_fours, "code": True}],
            "labels": {"demands": say("What we ask for"), "notes": say("Notes")},
        },
    )
