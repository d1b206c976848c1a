"""The interface's languages: read from the gettext catalogs, compiled in memory at the start."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

CATALOGS = Path(__file__).parent / "translations"
DEFAULT = "en"


@cache
def languages() -> dict[str, str]:
    """Each language that is shipped, by code, with its own name for itself; English, the source, first."""
    codes = [DEFAULT, *sorted(path.stem for path in CATALOGS.glob("*.po"))]
    return {code: (Locale.parse(code).get_language_name(code) or code).capitalize() for code in codes}


@cache
def translations(language: str) -> NullTranslations:
    """The sentences of a language; English ones for a language that is not shipped."""
    path = CATALOGS / f"{language}.po"
    if language not in languages() or not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return bool(Locale.parse(language, sep="-").text_direction == "rtl")
    except (ValueError, UnknownLocaleError):
        return False


def fill(language: str, sentence: str, values: dict[str, Any]) -> str:
    """A sentence of the rules in a language, with its values."""
    translated: str = translations(language).gettext(sentence)
    return translated % values if values else translated
