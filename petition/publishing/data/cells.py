"""Cells of text in CSV files, which spreadsheets would run as formulas or show as dates and other numbers.

Excel shows the answer ``1-2`` as 2-Jan, ``MAR1`` as 1-Mar, ``007`` as 7 and ``12.0`` as 12. Which texts it changes
depends on its language. With an apostrophe in front, a cell stays a text. What reads the files again removes the
apostrophe: ``as_typed``, ``petition verify`` and its script each have this rule.
"""

import re
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError

from petition.normalization import normalize

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""Excel in Chinese, Japanese or Korean takes the wide signs for the others."""
MARKED = re.compile(rf"'(?:'*[{re.escape(''.join(FORMULA_STARTS))}]|.*\d)", re.DOTALL)
"""An apostrophe before what may have been given one: it could not be told from ours, so it gets another one."""
NUMBER = re.compile(
    r"""
      0\d+ | \d{12,}                                                    # 007, 123456789012
    | \(?[$€£¥]?\s*\d*(?:[.,'’\s]\d+)+[.,]?\s*[$€£¥%]?\)?               # 12.0, 1,000, 1 000, 12.5%
    | \d+[.,-] | \([$€£¥]?\d+%?\)                                       # 12., 10-, (5)
    | [\d.,]+e[+-]?\d+                                                  # 1e5
    | \d{1,4}(?::\d{1,2}){1,2}(?:[.,]\d+)?\s*(?:[ap]m?)?                # 9:30
    | \d{1,2}\s*[ap]m | \d{1,2}\s[ap]                                   # 8 am
    | \d+\s+\d+/\d+                                                     # 2 3/4
    """,
    re.VERBOSE | re.IGNORECASE,
)
DATE = re.compile(r"(\d{1,4})\s*([-/])\s*(\d{1,4})(?:\s*\2\s*(\d{1,4}))?")
DATE_WITH_MONTH = re.compile(r"[\d\s.,/-]*([^\W\d_]{3,})[\d\s.,/'’-]*")


def defused(cell: Any, language: str = "en") -> Any:
    """A text with an apostrophe in front if a spreadsheet would run or change it; numbers stay numbers."""
    if not isinstance(cell, str):
        return cell
    is_changed = cell.startswith(FORMULA_STARTS) or MARKED.match(cell) or _shows_otherwise(cell, language)
    return f"'{cell}" if is_changed else cell


def as_typed(cell: str) -> str:
    """A text that ``defused`` wrote, without its apostrophe."""
    return cell[1:] if MARKED.match(cell) else cell


def _shows_otherwise(cell: str, language: str) -> bool:
    """Whether Excel, in English or in a language, may take a text for a number that it shows in another way."""
    if not any(map(str.isdecimal, cell)):
        return False
    text = normalize("NFKC", cell).strip()
    if NUMBER.fullmatch(text):
        return True
    if date := DATE.fullmatch(text):
        return any(1 <= int(part) <= 12 for part in date.group(1, 3, 4) if part)
    named = DATE_WITH_MONTH.fullmatch(text)
    return named is not None and _is_month(named[1].lower(), language)


def _is_month(word: str, language: str) -> bool:
    return any(name.startswith(word) for name in (*_months("en"), *_months(language)))


@lru_cache(64)
def _months(language: str) -> tuple[str, ...]:
    """The names of the months, in full and abbreviated."""
    try:
        found = Locale.parse(language, sep="-").months["format"]
    except (ValueError, UnknownLocaleError):
        return ()
    return tuple(name.lower() for form in ("wide", "abbreviated") for name in found[form].values())
