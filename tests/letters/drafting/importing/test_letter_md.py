"""``letter.md`` out and in again: to the byte where it can be told what was what, and always with every word."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.errors import Refusal
from petition.letters.drafting.importing.files import read_file
from petition.letters.drafting.importing.letter_md import read_letter_md
from petition.letters.text.letter_text import (
    LetterText,
    Translation,
    canonical,
    read_letter_text,
    read_source,
    read_translation,
)
from petition.letters.text.sources import Source
from tests.walks import WORDS

WHOLE = replace(
    WORDS,
    body="Dear Jo,\n\nthey knew.[^1]\n\n---\n\n1. one\n2. two\n\nand so on",
    sources=(Source("A report", "https://example.org/r", "2018-06-21"), Source("A book")),
    translations=(
        Translation("de", "Wir nicht", "Jo Muster, Chefin", "Hallo[^1]", ("Halt.", "Sag es.")),
        Translation("es", "Nos negamos", "Jo Muster, directora", "Hola", ("Basta.", "Dilo.")),
    ),
)


def again(words: LetterText) -> LetterText:
    """A letter after its file was imported."""
    return read_file("letter.md", canonical(words)).words


@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        WHOLE,
        replace(WHOLE, demands=(), translations=()),
        replace(WORDS, body="# A heading first\n\nText."),
        replace(WORDS, body="To: everybody\nEmployer: none\n\nText."),
        replace(WORDS, body="Ours:\n\n1. one\n2. two", demands=("Stop.",)),
        replace(WORDS, body="```\nno end", demands=("Stop.",)),
        replace(WORDS, body="Text[^a]\n\n[^a]: A note.\n\n    Its end.", sources=()),
        replace(WORDS, title="**R\\&D** is *not* [a link](x)", demands=("2 * 3 *x*", "# No", "1. Yes")),
        replace(WORDS, body="", demands=("Stop.",)),
        LetterText(title="T", body="Only text."),
    ],
)
def test_what_letter_md_says_is_read_back_to_the_byte(words: LetterText) -> None:
    assert again(words) == words


LINE = st.text("abcé .,*#>-[]^:1()_`\\「", max_size=12).map(lambda text: " ".join(text.split()))
NONEMPTY = LINE.filter(bool)
BLOCK = st.one_of(
    NONEMPTY,
    st.lists(NONEMPTY, min_size=1, max_size=3).map("\n".join),
    st.lists(NONEMPTY, min_size=1, max_size=3).map(
        lambda lines: "\n".join(f"{n}. {x}" for n, x in enumerate(lines, 1))
    ),
    NONEMPTY.map(lambda text: f"[^a]: {text}"),
    NONEMPTY.map(lambda text: f"[^1]: {text}"),
    NONEMPTY.map(lambda text: f"To: {text}"),
    st.sampled_from(["---", "# ", "```", "    code", "1. one\n\n2. two", "| a | b |", "<b>x</b>", "![x](y)"]),
)
BODIES = st.lists(BLOCK, max_size=4).map("\n\n".join)
DEMANDS = st.lists(NONEMPTY, max_size=3)
SOURCES = st.lists(
    st.tuples(NONEMPTY, st.sampled_from(["", "https://a.example/x"]), st.sampled_from(["", "2018-06"])), max_size=2
)


@pytest.mark.thorough
@given(LINE, LINE, LINE, BODIES, DEMANDS, SOURCES, st.lists(st.tuples(LINE, BODIES, DEMANDS), max_size=2))
def test_any_letter_comes_back_with_every_word_and_every_demand(
    title: str,
    recipient: str,
    employer: str,
    body: str,
    demands: list[str],
    sources: list[tuple[str, str, str]],
    translated: list[tuple[str, str, list[str]]],
) -> None:
    translations = [
        read_translation(code, one, "", text, of)
        for code, (one, text, of) in zip(("de", "es"), translated, strict=False)
    ]
    words = read_letter_text(
        title, recipient, employer, body, demands, "en", [read_source(*one) for one in sources], translations
    )
    found = again(words)

    assert canonical(found) == canonical(words)
    for one in ("en", *(translation.language for translation in translations)):
        assert _ends_with(found.in_language(one).demands, words.in_language(one).demands)


def _ends_with(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """All demands are there. A list at the end of a body without demands can't be told from demands."""
    return tuple(found) == tuple(wanted) or not wanted


@given(st.text("# To:Employr\nLanguge \n-1.[^]", max_size=200))
def test_what_is_not_quite_letter_md_is_none(text: str) -> None:
    try:
        words = read_letter_md(text)
    except Refusal:
        return
    assert words is None or canonical(words).decode().strip("\n") == text.strip("\n")
