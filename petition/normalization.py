"""Unicode normalization whose time grows with the text's length alone."""

import unicodedata
from typing import Literal

LONGEST_RUN = 30
"""Combining characters in a row, as in the Stream-Safe Text Format (Unicode Standard Annex 15, section 13)."""
JOINER = "\u034f"


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """A text in a normalization form.

    Sorting a long run of combining characters takes time with the square of its length, and nothing else can run
    meanwhile. So a combining grapheme joiner ends each run of 30, which no language writes.
    """
    return unicodedata.normalize(form, text if text.isascii() else _stream_safe(text))


def _stream_safe(text: str) -> str:
    safe, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > LONGEST_RUN:
            safe.append(JOINER)
            run = 1
        safe.append(character)
    return "".join(safe)
