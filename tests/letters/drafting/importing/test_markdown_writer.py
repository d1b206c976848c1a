"""Rich text written as Markdown reads back as the same, whatever it is made of."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.letters.drafting.importing.inline_reader import looks_in, looks_of
from petition.letters.drafting.importing.inline_writer import write_inlines
from petition.letters.drafting.importing.markdown_reader import read_markdown
from petition.letters.drafting.importing.markdown_writer import write_markdown
from petition.letters.drafting.importing.omissions import MARKUP, Omissions
from petition.letters.drafting.importing.rich_text import (
    Block,
    Heading,
    Inline,
    Item,
    ItemList,
    LineBreak,
    Listing,
    NoteMark,
    Paragraph,
    Quote,
    Rule,
    Text,
    inlines_in,
    merged,
    plain,
)
from petition.letters.text.markdown import html

SIGNS = st.text("ab 1.,*_#>-+=~[]()!`<&;:|\\“”「」。是반é", min_size=1, max_size=6)
ADDRESSES = st.sampled_from(
    ["", "", "", "https://a.example/x_(y)?a=b&c=*", "mailto:a@b.example", "https://b.example/?q=)"]
)
TEXTS = st.builds(Text, SIGNS, st.booleans(), st.booleans(), st.just(False), ADDRESSES)
INLINES = st.lists(st.one_of(TEXTS, TEXTS, TEXTS, st.just(LineBreak()), st.just(NoteMark("n2"))), max_size=6)
NOTES = {"n2": (Paragraph((Text("A note."),)),)}


@pytest.mark.thorough
@given(INLINES)
def test_any_text_reads_back_with_its_looks_or_is_listed(inlines: list[Inline]) -> None:
    wanted, omissions = merged(inlines), Omissions()
    if not plain(wanted):
        return
    written = write_inlines(wanted, NOTES, omissions)
    found = looks_in(written, NOTES)

    assert found is not None
    assert [look[0] for look in found] == [look[0] for look in looks_of(wanted)]
    assert found == looks_of(wanted) or [one.sentence for one in omissions] == [MARKUP]


@pytest.mark.parametrize(
    ("inlines", "written"),
    [
        ((Text("注意：", strong=True), Text("请在今天签名。")), "**注意：**请在今天签名。"),
        ((Text("见"), Text("「反对」", strong=True), Text("是")), "见**「反对」**是"),
        ((Text("우리는 "), Text("“반대”", strong=True), Text("한다")), "우리는 **“반대”**한다"),
        ((Text("a "), Text("bold ", strong=True), Text("b")), "a **bold** b"),
        ((Text("one", strong=True), Text("two", emphasis=True, strong=True)), "**one*two***"),
        ((Text("(one)", emphasis=True), Text("two", strong=True)), "_(one)_**two**"),
        ((Text("“Stop!”", strong=True), Text("s")), "**“Stop!”**&#115;"),
        ((Text("5 * 3 * 2 = [30]"),), "5 \\* 3 \\* 2 = \\[30\\]"),
        ((Text("1984. A year"),), "1984\\. A year"),
        ((NoteMark("n2"), Text(": behind a note")), "[^n2]\\: behind a note"),
        ((Text("1"), NoteMark("n2"), Text("(b)")), "1[^n2]\\(b)"),
        ((Text("https://a.example/x", link="https://a.example/x"),), "<https://a.example/x>"),
        ((Text("here", link="https://a.example/x)"), Text(".")), "[here](<https://a.example/x)>)."),
    ],
)
def test_what_is_bold_in_a_document_is_bold_in_the_letter(inlines: tuple[Inline, ...], written: str) -> None:
    omissions = Omissions()

    assert write_inlines(inlines, NOTES, omissions) == written
    assert looks_in(written, NOTES) == looks_of(inlines)
    assert list(omissions) == []


LINES = st.text("ab 1.é#-", min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
PARAGRAPHS = st.lists(LINES, min_size=1, max_size=3).map(
    lambda lines: Paragraph(tuple(one for line in lines for one in (Text(line), LineBreak()))[:-1])
)
LABELS = st.sampled_from(["", "", "1.", "2.", "3.", "7.", "1)", "a)", "iv.", "1.1"])


def _within(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    several = st.lists(blocks, min_size=1, max_size=3).map(tuple)
    items = st.builds(Item, LABELS, several)
    return st.one_of(
        st.builds(Quote, several), st.lists(items, min_size=1, max_size=4).map(lambda found: ItemList(tuple(found)))
    )


BLOCKS = st.recursive(
    st.one_of(
        PARAGRAPHS,
        st.builds(Heading, st.integers(1, 6), LINES.map(lambda text: (Text(text),))),
        st.builds(Listing, st.text("ab `~\n", min_size=1).filter(lambda text: bool(text.strip()))),
        st.just(Rule()),
    ),
    _within,
    max_leaves=6,
)


@pytest.mark.thorough
@given(st.lists(BLOCKS, min_size=1, max_size=4))
def test_any_blocks_read_back_with_their_words_and_numbers(blocks: list[Block]) -> None:
    written = write_markdown(blocks, {})
    again = read_markdown(written)

    assert _said(again.blocks) == _said(blocks)
    assert write_markdown(again.blocks, {}) == written
    assert html(written).count("<h") == sum(isinstance(one, Heading | Rule) for one in _all(blocks))


def _all(blocks: Sequence[Block]) -> list[Block]:
    """Blocks at any depth."""
    found = list(blocks)
    for block in blocks:
        found += _all(block.blocks) if isinstance(block, Quote) else []
        found += [one for item in block.items for one in _all(item.blocks)] if isinstance(block, ItemList) else []
    return found


def _said(blocks: Sequence[Block]) -> str:
    """All characters, with the labels of items as they are shown, without blanks."""
    said = ""
    for block in blocks:
        if isinstance(block, ItemList):
            said += "".join(item.label.replace(")", ".") + _said(item.blocks) for item in block.items)
        elif isinstance(block, Quote):
            said += _said(block.blocks)
        else:
            said += "".join(plain(inlines_in([block])).split()).replace(")", ".")
    return said
