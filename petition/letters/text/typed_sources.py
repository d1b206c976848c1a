"""Links and dates of sources as people type them, converted into the stored form."""

import re
from functools import cache

from babel.dates import get_month_names

from petition.i18n import languages, locale_of

BARE_SITE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?:[/?#:]\S*)?")
FILLERS = frozenset({"de", "del", "of", "the", "a", "el"})
WORD = re.compile(r"[^\W_]+")
DAY = re.compile(r"(0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?")
YEAR = re.compile(r"[0-9]{4}")


def as_address(typed: str) -> str:
    """A site without https:// in front, such as example.org/report, with it; anything else as it was typed."""
    return f"https://{typed}" if BARE_SITE.fullmatch(typed) else typed


def as_date(typed: str) -> str:
    """July 2026, June 21, 2018 or 21 de junio de 2018 as 2026-07 and 2018-06-21; anything else as it was typed."""
    words = [word for word in WORD.findall(typed.casefold()) if word not in FILLERS]
    months = [_months()[word] for word in words if word in _months()]
    years = [word for word in words if YEAR.fullmatch(word)]
    days = [int(found[1]) for word in words if (found := DAY.fullmatch(word))]
    is_whole = len(months) == len(years) == 1 and len(days) <= 1 and len(words) == 2 + len(days)
    return "-".join([years[0], f"{months[0]:02}", *(f"{day:02}" for day in days)]) if is_whole else typed


@cache
def _months() -> dict[str, int]:
    """The names of the months in every language that is shipped, long and short, with their numbers."""
    found = {}
    for language in languages():
        for names in (get_month_names(width, locale=locale_of(language)) for width in ("wide", "abbreviated")):
            found.update({name.casefold().rstrip("."): number for number, name in names.items()})
    return found
