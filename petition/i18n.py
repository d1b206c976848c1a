"""The interface's languages: read from the gettext catalogs, compiled in memory at the start."""

import re
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

REVIEWED = re.compile(r"^# Reviewed by (\S.*)$", re.MULTILINE)
FOR_READERS = re.compile(r"^# For readers and signers\.$", re.MULTILINE)
CATALOGS = Path(__file__).parent / "translations"
DEFAULT = "en"


@cache
def languages() -> dict[str, str]:
    """Each language that is shipped, by code, with its own name for itself; English, the source, first."""
    codes = [DEFAULT, *sorted(path.stem for path in CATALOGS.glob("*.po"))]
    return {code: name_of(code) for code in codes}


@cache
def locale_of(code: str) -> Locale:
    """The CLDR locale of a language that is shipped, such as ``pt-BR``."""
    return Locale.parse(code, sep="-")


@cache
def desk_languages() -> dict[str, str]:
    """The languages of the organizers' pages; some catalogs speak to readers and signers only."""
    return {code: name for code, name in languages().items() if not is_for_readers(code)}


def is_for_readers(language: str) -> bool:
    """Whether a catalog has no sentence for organizers' pages, by a line of its own above it."""
    return FOR_READERS.search(_head(language)) is not None


LETTER_LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fil", "fr", "gl", "gu", "ha",
    "he", "hi", "hr", "ht", "hu", "id", "it", "ja", "km", "kn", "ko", "lt", "lv", "ml", "mr", "ms", "my", "ne", "nl",
    "no", "pa", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr",
    "uk", "ur", "vi", "yo", "zh-Hans", "zh-Hant", "zu",
)  # fmt: skip
"""Languages that letters are written in; one that is missing here can be imported."""


@cache
def letter_languages() -> dict[str, str]:
    """Languages that a letter may be in, by code, with their own names for themselves; those of the interface first."""
    return {**languages(), **{code: name_of(code) for code in LETTER_LANGUAGES if code not in languages()}}


@cache
def name_of(code: str) -> str:
    """A language's own name for itself; its code if the name is unknown."""
    try:
        name = Locale.parse(code, sep="-").get_display_name(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return code
    return name[:1].upper() + name[1:] if name else code


@cache
def translations(language: str) -> NullTranslations:
    """The sentences of a language; English ones for a language that is not shipped."""
    path = CATALOGS / f"{language}.po"
    if language not in languages() or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale_of(language)))
    compiled.seek(0)
    return Translations(compiled)


@cache
def reviewer(language: str) -> str:
    """Who read a translation as a native speaker, from the line ``# Reviewed by …`` above it; "" for no one yet.

    English is the source. It needs none.
    """
    found = REVIEWED.search(_head(language))
    return found[1].strip() if found else ""


def _head(language: str) -> str:
    """The comments above a catalog."""
    path = CATALOGS / f"{language}.po"
    return path.read_text("utf-8").partition("msgid")[0] if path.exists() else ""


def is_unreviewed(language: str) -> bool:
    """Whether a language's sentences are a translation that no native speaker has read."""
    return language != DEFAULT and not reviewer(language)


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return bool(Locale.parse(language, sep="-").text_direction == "rtl")
    except (ValueError, UnknownLocaleError):
        return False


def number_in(language: str, number: int) -> str:
    """A number as readers of a language write it; in English for a language that is not shipped."""
    return str(format_decimal(number, locale=_spoken(language)))


def date_in(language: str, day: date) -> str:
    """A day as readers of a language write it."""
    return str(format_date(day, "long", locale=_spoken(language)))


def hour_in(language: str, moment: datetime) -> str:
    """A day and an hour as readers of a language write them."""
    return f"{date_in(language, moment)}, {format_time(moment, 'short', locale=_spoken(language))}"


def _spoken(language: str) -> Locale:
    return locale_of(language if language in languages() else DEFAULT)


def fill(language: str, sentence: str, values: dict[str, Any]) -> str:
    """A sentence of the rules in a language, with its values; the name of a field is one of our words, too."""
    spoken = translations(language)
    translated: str = spoken.gettext(sentence)
    field = values.get("field")
    if isinstance(field, str) and field:
        values = {**values, "field": spoken.gettext(field)}
    return translated % values if values else translated


class Translator:
    """Speaks a language where no template does; English where the language is not shipped."""

    def __init__(self, language: str) -> None:
        self.language = language if language in languages() else DEFAULT
        self._catalog = translations(self.language)

    def say(self, sentence: str, **values: Any) -> str:
        """A sentence with its values."""
        spoken: str = self._catalog.gettext(sentence)
        return spoken % values if values else spoken

    def ngettext(self, one: str, many: str, number: int, **values: Any) -> str:
        """A sentence for one or for many."""
        spoken: str = self._catalog.ngettext(one, many, number)
        return spoken % values
