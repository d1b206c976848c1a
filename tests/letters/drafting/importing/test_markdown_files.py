"""A letter from Markdown and from plain text: what ``letter.md`` says comes back to the byte."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.errors import BadShape, Refusal
from petition.letters.drafting.importing.files import read_file
from petition.letters.drafting.importing.markdown_files import words_from
from petition.letters.drafting.importing.markup import escaped, unescaped
from petition.letters.text.letter_text import Translation, Words, canonical, read_words
from petition.letters.text.markdown import html
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
PLAIN = st.text("aé .,*_#>-+=~[]()!`<&;:|\\1\n", max_size=40)


@pytest.mark.parametrize("words", [WORDS, WHOLE, replace(WHOLE, demands=(), translations=())])
def test_what_letter_md_says_is_read_back_to_the_byte(words: Words) -> None:
    assert words_from(canonical(words).decode()) == words


LINE = st.text("abcé .,", max_size=20).map(lambda text: " ".join(text.split())).filter(bool)


@given(title=LINE, body=LINE, demands=st.lists(LINE, max_size=3), sources=st.lists(LINE, max_size=3, unique=True))
def test_any_letter_comes_back(title: str, body: str, demands: list[str], sources: list[str]) -> None:
    words = read_words(title, "R", "E", body, demands, "en", [Source(source) for source in sources])

    assert words_from(canonical(words).decode()) == words


def test_a_front_matter_carries_demands_and_sources() -> None:
    text = (
        '---\ntitle: "We refuse"\nrecipient: Jo\nemployer: E\nlanguage: es\ndemand: Stop.\ndemand: Say so.\n'
        "source: A report <https://example.org/> (2018)\n---\n\nText.[^1]\n"
    )

    assert words_from(text) == Words(
        "We refuse", "Jo", "E", "Text.[^1]", ("Stop.", "Say so."), "es",
        (Source("A report", "https://example.org/", "2018"),),
    )  # fmt: skip


def test_footnotes_that_are_no_sources_stay_in_the_text() -> None:
    for notes in ("[^a]: A note.", "[^2]: Second only.", "[^1]: One.\n[^3]: Three."):
        assert words_from(f"# T\n\nText.\n\n{notes}").sources == ()
        assert notes in words_from(f"# T\n\nText.\n\n{notes}").body


def test_what_the_file_does_not_say_is_taken_from_elsewhere() -> None:
    assert words_from("# T\n\nText.", {"to": "Jo", "employer": "E"}).employer == "E"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_plain_text_reads_as_it_did(encoding: str) -> None:
    text = "We refuse\r\n\r\nDear *Jo*,\r\n# 1 is not\r\n\r\n- a list"
    words = read_file("letter.TXT", text.encode(encoding)).words

    assert (words.title, words.demands) == ("We refuse", ())
    assert "<em>" not in html(words.body) and "<li>" not in html(words.body) and "<h3>" not in html(words.body)
    assert "Dear *Jo*," in html(words.body)


@given(PLAIN)
def test_nothing_in_plain_text_is_taken_for_markdown(text: str) -> None:
    rendered = html(escaped(text))

    for tag in ("<em>", "<strong>", "<li>", "<h3>", "<h4>", "<blockquote>", "<code>", "<hr", "<a "):
        assert tag not in rendered
    assert unescaped(escaped("a*b_c[d]")) == "a*b_c[d]"


@pytest.mark.parametrize("name", ["letter.pdf", "letter", "letter.docm", "letter.doc", ".md.exe"])
def test_other_kinds_of_files_are_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(BadShape, match="ends in .md, .txt or .docx"):
        read_file(name, b"x")


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"\xc3", b"a\xffb"])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(BadShape, match="Save it as UTF-8"):
        read_file("letter.md", body)


@given(st.binary(max_size=200), st.sampled_from(["a.md", "a.txt", "a.docx"]))
def test_any_bytes_give_a_letter_or_a_refusal(body: bytes, name: str) -> None:
    try:
        assert isinstance(read_file(name, body).words, Words)
    except Refusal as refusal:
        assert str(refusal)
