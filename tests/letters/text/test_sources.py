"""Sources and translations: their form, their place in the canonical text, and what their numbers lead to."""

from dataclasses import replace

import pytest

from petition.errors import BadShape, TooLong
from petition.letters.text.blocks import plain_text
from petition.letters.text.letter_text import (
    MOST_TRANSLATIONS,
    Translation,
    canonical,
    checked,
    read_letter_text,
    read_source,
)
from petition.letters.text.markdown import html, site_to_tell
from petition.letters.text.sources import LINE, MOST_SOURCES, Source, dangling, doubled
from tests.walks import WORDS

pytestmark = pytest.mark.thorough

REPORT = Source("A report", "https://example.org/report", "2018-06-21")
SPANISH = Translation("es", "Nos negamos", "Jo Muster, directora", "Hola, Jo:", ("Basta.", "Dilo en público."))


def test_sources_and_translations_stand_behind_the_text_in_the_canonical_bytes() -> None:
    words = replace(WORDS, sources=(REPORT, Source("A book")), translations=(SPANISH,))

    assert canonical(words) == canonical(WORDS) + (
        b"\n"
        b"[^1]: A report <https://example.org/report> (2018-06-21)\n"
        b"[^2]: A book\n"
        b"\n"
        b"---\n"
        b"\n"
        b"# Nos negamos\n"
        b"\n"
        b"To: Jo Muster, directora  \n"
        b"Employer: Example Corp  \n"
        b"Language: es  \n"
        b"Translation of: en\n"
        b"\n"
        b"Hola, Jo:\n"
        b"\n"
        b"1. Basta.\n" + "2. Dilo en público.\n".encode()
    )


@pytest.mark.parametrize("source", [REPORT, Source("A book"), Source("Mail", date="2018"), Source("Page", "http://x")])
def test_a_source_can_be_read_off_its_line(source: Source) -> None:
    match = LINE.fullmatch(f"[^7]: {source.line}")

    assert match is not None
    assert Source(match["title"], match["url"] or "", match["date"] or "") == source


def test_a_source_without_a_title_is_named_by_its_link_and_an_empty_one_is_none() -> None:
    assert read_source(" ", " https://example.org/x ", "") == Source("https://example.org/x", "https://example.org/x")
    assert read_letter_text("T", "R", "E", "B", (), "en", [read_source("", "", "")]).sources == ()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://x",
        "//x",
        "https://",
        "x",
        "https://a b",
        "http://[",
        "https:x",
    ],
)
def test_a_sources_link_leads_to_the_web_or_is_refused(url: str) -> None:
    with pytest.raises(BadShape, match="not a web address"):
        read_source("T", url, "")


@pytest.mark.parametrize("date", ["21.6.2018", "2018-13", "2018-6", "18", "2018-06-32", "yesterday"])
def test_a_sources_date_is_a_year_a_month_or_a_day(date: str) -> None:
    with pytest.raises(BadShape, match="Write the date like"):
        read_source("T", "", date)


def test_there_are_not_too_many_of_anything() -> None:
    with pytest.raises(TooLong, match="at most 40 here"):
        read_letter_text("T", "R", "E", "B", (), "en", [Source(str(number)) for number in range(MOST_SOURCES + 1)])
    codes = [f"a{chr(97 + number)}" for number in range(MOST_TRANSLATIONS + 1)]
    with pytest.raises(TooLong, match="at most 20 here"):
        read_letter_text("T", "R", "E", "B", (), "en", (), [Translation(code) for code in codes])


def test_a_letter_has_one_text_in_each_language() -> None:
    with pytest.raises(BadShape, match="Delete the translation"):
        checked(replace(WORDS, language="es", translations=(SPANISH,)))
    with pytest.raises(BadShape, match="Delete the translation"):
        checked(replace(WORDS, translations=(SPANISH, SPANISH)))


def test_a_language_is_the_same_in_capitals_and_in_small_letters() -> None:
    texts = [replace(SPANISH, language=code) for code in ("pt-BR", "pt-br")]
    for words in (replace(WORDS, language="pt-BR", translations=(texts[1],)), replace(WORDS, translations=(*texts,))):
        with pytest.raises(BadShape, match="Delete the translation"):
            checked(words)


def test_a_letter_is_read_in_a_language_or_in_the_binding_one() -> None:
    words = replace(WORDS, sources=(REPORT,), translations=(SPANISH,))
    spanish = words.in_language("es")

    assert (spanish.title, spanish.employer, spanish.sources) == ("Nos negamos", "Example Corp", (REPORT,))
    assert words.in_language("fr") is words.in_language("en") is words
    assert words.without("es") == replace(WORDS, sources=(REPORT,))


def test_translations_are_kept_in_the_order_of_their_codes() -> None:
    words = (
        WORDS.with_translation(SPANISH)
        .with_translation(Translation("de"))
        .with_translation(replace(SPANISH, title="x"))
    )

    assert [(one.language, one.title) for one in words.translations] == [("de", ""), ("es", "x")]


# Numbers in the text


def test_a_number_leads_to_its_source_and_footnotes_of_the_text_come_after() -> None:
    rendered = html("They knew.[^2] Twice.[^a]\n\n[^a]: We saw it.", 2)

    assert '<a href="#source-2" rel="nofollow noopener noreferrer">[2]</a>' in rendered
    assert '<a href="#fn1" id="fnref1" rel="nofollow noopener noreferrer">[3]</a>' in rendered
    assert '<ol class="footnotes-list" start="3">' in rendered


def test_a_number_without_a_source_stays_as_it_was_typed_and_is_found() -> None:
    assert "[^3]" in html("They knew.[^3]", 2)
    assert dangling("a[^3] b[^1] c[^0] d[^4]\n\n[^4]: own", 2) == [0, 3]
    assert doubled("a[^1]\n\n[^1]: own\n[^4]: own", 2) == [1]


# Where links lead


@pytest.mark.parametrize(
    ("markdown", "told"),
    [
        ("[our site](https://example.org/x)", ""),
        ("<https://example.org/x>", ""),
        ("[www.example.org](https://example.org)", ""),
        ("[version 2.0](https://example.org)", ""),
        ("[example.com](https://evil.example)", "(evil.example)"),
        ("[https://example.com/login](https://evil.example)", "(evil.example)"),
        ("[go to **example.com**](https://evil.example)", "(evil.example)"),
        ("[x](https://example.com@evil.example/)", "(evil.example)"),
        ("<https://\u0430mazon.com/>", "(xn--mazon-3ve.com)"),
        ("[x](https://xn--mazon-3ve.com/)", "(xn--mazon-3ve.com)"),
        ("[x](https://\u0440\u0444/)", "(xn--p1a"),
    ],
)
def test_behind_a_link_that_could_be_taken_for_another_stands_the_true_site(markdown: str, told: str) -> None:
    rendered = html(markdown)

    assert (told in rendered) if told else ("(" not in rendered)


def test_a_source_tells_its_site_where_its_letters_look_like_others() -> None:
    assert site_to_tell("https://\u0430mazon.com/x", "https://\u0430mazon.com/x") == "xn--mazon-3ve.com"
    assert site_to_tell("https://example.org/x", "A report") == ""
    assert site_to_tell("https://[", "x") == ""


def test_a_passage_shows_a_reference_as_its_number_and_no_other_mark() -> None:
    assert plain_text("They **knew**[^2] it.\n\n> So [we](http://x.org) ask") == "They knew[2] it.\nSo we ask"
