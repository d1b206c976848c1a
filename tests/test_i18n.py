"""The interface's languages: read at the start, spoken by code, English for whatever is not shipped."""

import re

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from petition.i18n import CATALOGS, fill, is_right_to_left, languages, locale_of, translations

PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{\{?\s*(\w+)|%%")


def test_english_is_the_source_and_comes_first() -> None:
    assert next(iter(languages())) == "en"
    assert languages()["en"] == "English"


def test_each_language_is_named_in_itself_once() -> None:
    names = list(languages().values())

    assert len(set(names)) == len(names)
    assert all(name and name[0] == name[0].upper() for name in names)
    assert set(languages()) == {"en"} | {path.stem for path in CATALOGS.glob("*.po")}


def test_a_sentence_is_filled_with_its_values() -> None:
    assert fill("en", "Round %(number)s of %(most)s.", {"number": 2, "most": "3"}) == "Round 2 of 3."


def test_a_sentence_without_values_is_said_as_it_stands() -> None:
    assert fill("en", "100 % sure.", {}) == "100 % sure."


@pytest.mark.parametrize("code", ["xx", "", "../en", "en\0", "zz-ZZ", "EN", "a" * 200])
def test_a_language_that_is_not_shipped_is_english(code: str) -> None:
    assert fill(code, "There is %(what)s.", {"what": "nothing"}) == "There is nothing."


@pytest.mark.parametrize("code", ["ar", "he", "fa", "ur", "fa-AF", "ar-EG", "yi"])
def test_languages_written_from_right_to_left_are_known(code: str) -> None:
    assert is_right_to_left(code)


@pytest.mark.parametrize("code", ["en", "es", "zh-Hant", "tlh", "xx", "", "e", "en-", "\0", "a" * 200, "pt_BR"])
def test_all_others_are_written_from_left_to_right_known_or_not(code: str) -> None:
    assert not is_right_to_left(code)


@given(st.text(max_size=12))
def test_whatever_a_letter_calls_its_language_it_is_shown(code: str) -> None:
    assert is_right_to_left(code) in (True, False)
    assert translations(code).gettext("A sentence.") == "A sentence."


def test_no_translation_loses_or_invents_a_value() -> None:
    for path in CATALOGS.glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale_of(path.stem)):
                sources = [message.id] if isinstance(message.id, str) else list(message.id)
                said = [message.string] if isinstance(message.string, str) else list(message.string)
                for sentence in filter(None, said):
                    assert values(sentence) <= set().union(*map(values, sources)), (path.name, sentence)
                if isinstance(message.id, str) and message.id and message.string:
                    assert values(message.id) == values(str(message.string)), (path.name, message.id)


def values(sentence: str) -> set[str]:
    return {match[0] for match in PLACEHOLDER.finditer(sentence)}
