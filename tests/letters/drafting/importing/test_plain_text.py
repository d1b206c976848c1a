"""Plain text, from a file or pasted into the form: what word processors and PDFs give."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.errors import BadShape, Refusal
from petition.letters.drafting.importing.files import read_file
from petition.letters.drafting.importing.markup import escaped
from petition.letters.drafting.importing.pasted import as_markdown, demands_in
from petition.letters.text.letter_text import LetterText
from petition.letters.text.markdown import html
from tests.letters.drafting.importing.shown import body_shown, words_of

FROM_WORD = (
    "Our letter\n\nDear leadership,\nWe are two hundred workers.\nWe ask for three things:\n•\tStop the contract.\n"
    "o\tAll of it.\n•\tPublish it.\n1)\tPay.\n2)\tRest.\nSigned,\nThe workers of Example\n12 Street"
)
FROM_PDF = """\
We have written this letter because the company that we work for has begun to sell a
tool that we built for quite another purpose, and has not asked any of us about this
at any time. We think that it should not.

  • Stop selling the tool to any army, and to anybody who then sells it to an
    army.
  • Publish the contract.

\fThe second page begins here.
"""


def imported(text: str) -> LetterText:
    """A .txt of that text, read."""
    return read_file("letter.txt", text.encode()).words


def test_lines_bullets_and_numbers_of_a_word_processor_are_kept() -> None:
    words = imported(FROM_WORD)

    assert (words.title, words.demands) == ("Our letter", ())
    assert words.body == (
        "Dear leadership,\\\nWe are two hundred workers.\\\nWe ask for three things:\n\n- Stop the contract.\n"
        "  - All of it.\n- Publish it.\n\n1) Pay.\n2) Rest.\n\nSigned,\\\nThe workers of Example\\\n12 Street"
    )


def test_lines_of_a_pdf_are_joined_and_its_pages_apart() -> None:
    body = imported(f"Title\n\n{FROM_PDF}").body

    assert body.startswith("We have written this letter because the company that we work for has begun to sell a tool ")
    assert "\n\n- Stop selling the tool to any army, and to anybody who then sells it to an army.\n- Publish" in body
    assert body.endswith("\n\nThe second page begins here.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dear Jo,\n\nText.", LetterText(body="Dear Jo,\n\nText.")),
        ("Title\n\nText.\n\n1. Stop.\n2. Pay.", LetterText("Title", body="Text.", demands=("Stop.", "Pay."))),
        ("Title\n\n4. Stop.\n5. Pay.", LetterText("Title", body="4. Stop.\n5. Pay.")),
        ("Title\n\n1984. A year.", LetterText("Title", body="1984\\. A year.")),
        ("Title\n\n- 3 degrees outside.", LetterText("Title", body="\\- 3 degrees outside.")),
        ("Title\n\n# not *one* [x]", LetterText("Title", body="\\# not \\*one\\* \\[x\\]")),
        ("Title\n\n“Smart” ‘quotes’ – it’s", LetterText("Title", body="“Smart” ‘quotes’ – it’s")),
        ("Title\n\na\x0bb\u2028c\x85d", LetterText("Title", body="a\\\nb\\\nc\\\nd")),
        ("Title\n\n\u0093Windows\u0094 it\u0092s", LetterText("Title", body="“Windows” it’s")),
        ("Title\n\nx\x1ey\x1f", LetterText("Title", body="x\N{NON-BREAKING HYPHEN}y")),
    ],
)  # fmt: skip
def test_what_a_text_says_stays(text: str, words: LetterText) -> None:
    assert imported(text) == words


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_are_told_by_their_first_bytes(encoding: str) -> None:
    words = read_file("letter.TXT", "Ünser Brief\r\n\r\nText".encode(encoding)).words

    assert (words.title, words.body) == ("Ünser Brief", "Text")


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"\xc3", b"a\xffb"])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(BadShape, match="as UTF-8 text"):
        read_file("letter.md", body)


@pytest.mark.parametrize("name", ["letter.pdf", "letter", "letter.docm", "letter.doc", ".md.exe"])
def test_other_kinds_of_files_are_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(BadShape, match="as .docx, .odt, .md or .txt"):
        read_file(name, b"x")


@given(st.binary(max_size=200), st.sampled_from(["a.md", "a.txt", "a.docx"]))
def test_any_bytes_give_a_letter_or_a_refusal(body: bytes, name: str) -> None:
    try:
        assert isinstance(read_file(name, body).words, LetterText)
    except Refusal as refusal:
        assert str(refusal)


PLAIN = st.text("aé .,*_#>-+=~[]()!`<&;:|\\1\n", max_size=60)


@given(PLAIN)
def test_no_word_of_a_plain_text_is_lost_or_added(text: str) -> None:
    words = imported(f"Title\n\n{text}")
    shown = "\n".join([body_shown(words.body), *(f"{n}. {one}" for n, one in enumerate(words.demands, 1))])

    assert words_of(shown) == words_of(text)


@given(PLAIN)
def test_nothing_in_a_plain_text_is_taken_for_markdown(text: str) -> None:
    rendered = html(escaped(text))

    for tag in ("<em>", "<strong>", "<li>", "<h2>", "<h3>", "<blockquote>", "<code>", "<hr", "<a "):
        assert tag not in rendered


# Pasted into the form


def test_what_is_pasted_into_the_form_reads_as_it_was() -> None:
    body = as_markdown(FROM_WORD)

    assert body == (
        "Our letter\n\nDear leadership,\\\nWe are two hundred workers.\\\nWe ask for three things:\n"
        "- Stop the contract.\n  - All of it.\n- Publish it.\n1)\tPay.\n2)\tRest.\n\n"
        "Signed,\\\nThe workers of Example\\\n12 Street"
    )
    assert words_of(body_shown(body)) == words_of(FROM_WORD.replace("o\t", ""))


def test_what_is_pasted_from_a_pdf_flows() -> None:
    body = as_markdown(FROM_PDF)

    assert "\\" not in body
    assert "    army.\n- Publish" in body.replace("  - Publish", "- Publish")
    assert "\n\n\nThe second page" in body


@pytest.mark.parametrize(
    "typed",
    [
        "Dear **Jo**,\n\n- one\n- two\n\n> quoted\n\n1. a\n   more of a\n2. b",
        "```\nline\nline\n```",
        "    code\n    code",
        "A line that is as long as editors of text make them when they break lines,\nand another.",
        "[^1]: A note\n    with more",
        "Already\\\nbroken",
    ],
)
def test_markdown_that_was_typed_stays(typed: str) -> None:
    assert as_markdown(typed) == typed


@given(st.text("ab .•o\t-*1)\n\\`>#é\x0b\x0c\u200b", max_size=60))
def test_doing_it_twice_changes_nothing_more(typed: str) -> None:
    once = as_markdown(typed)

    assert as_markdown(once) == once


@pytest.mark.parametrize(
    ("typed", "demands"),
    [
        ("Stop.", ["Stop."]),
        ("1)\tPay.\n2)\tRest.", ["Pay.", "Rest."]),
        ("• Stop selling\n  it.\n• Rest", ["Stop selling it.", "Rest"]),
        ("•\tStop", ["Stop"]),
        ("Stop\nGo", ["Stop", "Go"]),
        ("3. degrees are too cold", ["3. degrees are too cold"]),
        ("Stop selling the tool to any army, and to anybody who then sells it on to\nan army.",
         ["Stop selling the tool to any army, and to anybody who then sells it on to an army."]),
        ("a\x0bb\x0cc", ["a", "b", "c"]),
    ],
)  # fmt: skip
def test_a_list_that_was_pasted_into_one_demand_is_several(typed: str, demands: list[str]) -> None:
    assert demands_in(typed) == demands


def test_lines_of_any_editors_width_are_one_paragraph_when_they_are_pasted() -> None:
    words = " ".join(f"word{number}" for number in range(100))
    wrapped = "\n".join(textwrap.wrap(words, 150))

    assert as_markdown(wrapped) == wrapped
    assert as_markdown(words[:140] + "\nDear all,\n" + words[:150]) == f"{words[:140]}\n\nDear all,\n\n{words[:150]}"
