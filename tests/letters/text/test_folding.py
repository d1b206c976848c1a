"""A long letter shows its beginning; nothing of it is lost or torn apart."""

from hypothesis import given
from hypothesis import strategies as st

from petition.letters.text.folding import LETTERS_SHOWN, folded
from petition.letters.text.markdown import html

PARAGRAPH = "one two three four five six seven eight nine ten " * 4
BLOCKS = st.sampled_from(
    [PARAGRAPH, f"- {PARAGRAPH}\n- {PARAGRAPH}", f"> {PARAGRAPH}\n>\n> {PARAGRAPH}", "---", "## Why"]
)


def test_a_short_letter_is_whole() -> None:
    short = html("\n\n".join([PARAGRAPH] * 4))

    assert folded(short) == (short, "")


def test_a_long_letter_shows_its_beginning_up_to_the_end_of_a_paragraph() -> None:
    beginning, rest = folded(html("\n\n".join([PARAGRAPH] * 9)))

    assert beginning.endswith("</p>")
    assert len(beginning.split()) >= LETTERS_SHOWN
    assert rest.strip().startswith("<p>")


@given(st.lists(BLOCKS, max_size=12))
def test_both_parts_together_are_the_letter_and_each_is_whole(blocks: list[str]) -> None:
    letter = html("\n\n".join(blocks))
    beginning, rest = folded(letter)

    assert beginning + rest == letter
    for tag in ("p", "ul", "li", "blockquote", "h4"):
        assert beginning.count(f"<{tag}>") == beginning.count(f"</{tag}>")
