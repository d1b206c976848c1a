"""Lines of any width: those that a page broke flow, those of a poem, an address or a list stay."""

import random
import textwrap

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from petition.letters.drafting.importing.files import read_file
from petition.letters.drafting.importing.pasted import as_markdown, demands_in

pytestmark = pytest.mark.thorough

WORDS = (
    "a", "we", "of", "our", "the", "who", "will", "tool", "hours", "asked", "refuse", "weapons", "contract",
    "colleagues", "management", "publication",
)  # fmt: skip
WORD = st.sampled_from(WORDS)


def prose_of(seed: int) -> str:
    """Sentences of 7 to 16 words, each with a capital and a period."""
    dice = random.Random(seed)
    sentences = (" ".join(dice.choices(WORDS, k=dice.randint(7, 16))) for _ in range(dice.randint(8, 16)))
    return " ".join(f"{sentence.capitalize()}." for sentence in sentences)


PROSE = st.integers(0, 2**32).map(prose_of)
WIDTHS = st.integers(28, 49) | st.integers(50, 120) | st.integers(121, 300)
CAPITALIZED = st.lists(WORD, min_size=2, max_size=8).map(lambda words: " ".join(words).title())
BEGINNING = st.lists(WORD, min_size=3, max_size=9).map(lambda words: " ".join(words).capitalize())
BLOCKS = st.one_of(
    st.lists(CAPITALIZED, min_size=3, max_size=8),
    st.lists(BEGINNING, min_size=3, max_size=12),
    st.lists(
        st.tuples(st.integers(1, 300), CAPITALIZED).map(lambda line: f"{line[0]} {line[1]}"), min_size=3, max_size=6
    ),
    st.lists(WORD, min_size=2, max_size=12),
)
POEM = """\
We come at dawn to count the drones
And none of us has slept for days;
The cold has gone into our bones,
The screens have turned our eyes to haze.
We built the thing they sent away,
And nobody had asked us how
It would be used on such a day,
So we are asking you just now."""
ADDRESS = """\
The Organizing Committee
c/o Example Workers United
12 North Main Street, Floor 3
Springfield, IL 62701
United States of America"""
LIST = """\
Shorter hours for all night shifts
Higher pay on Sundays and holidays
Safer floors in the east building
A say in what our tools are used for
An answer from you by the first of May"""
CHINESE = (
    "我们是这家公司的工人，我们写这封信是因为公司开始把我们做的工具卖给军队，而且从来没有问过我们的意见。"
    "我们认为这样做是不对的，所以我们要求公司马上停止这份合同，并且公开所有的文件，让每一个人都能看到里面写了什么。"
)


def wrapped_at(prose: str, width: int) -> str:
    """Prose in lines of a width. It has to be prose: many of its lines go on in the middle of a sentence."""
    lines = textwrap.wrap(prose, width)
    amid = sum(line[0].islower() for line in lines[1:])
    assume(amid >= (4 if max(map(len, lines)) < 50 else 2) and amid >= len(lines) / 3)
    return "\n".join(lines)


def body_of(text: str) -> str:
    """The body of a .txt of that text under a title."""
    return read_file("letter.txt", f"Our letter\n\n{text}\n".encode()).words.body


@given(PROSE, WIDTHS)
def test_prose_that_was_wrapped_at_any_width_flows(prose: str, width: int) -> None:
    wrapped = wrapped_at(prose, width)

    assert body_of(wrapped) == prose
    assert as_markdown(wrapped) == wrapped


@given(st.lists(PROSE, min_size=2, max_size=3), st.integers(28, 49))
def test_a_narrow_column_under_a_longer_line_flows(prose: list[str], width: int) -> None:
    column = "\n\n".join(wrapped_at(one, width) for one in prose)
    text = f"A line that stands alone and is longer than the lines of the column under it\n\n{column}"

    assert as_markdown(text) == text


@pytest.mark.parametrize("columns", [15, 18, 20, 24, 40])
def test_chinese_lines_flow(columns: int) -> None:
    lines = [CHINESE[start : start + columns] for start in range(0, len(CHINESE), columns)]
    lines = [line for line in lines if line]

    assert body_of("\n".join(lines)) == CHINESE


@given(BLOCKS)
def test_a_list_an_address_or_a_poem_keeps_its_lines(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert as_markdown(text) == "\\\n".join(lines)


@pytest.mark.parametrize("block", [POEM, ADDRESS, LIST], ids=["poem", "address", "list"])
@pytest.mark.parametrize("width", [0, 36, 42, 48, 72, 100, 240])
def test_they_keep_their_lines_beside_prose_of_any_width(block: str, width: int) -> None:
    prose = " ".join(f"{line.capitalize()}." for line in textwrap.wrap(PLAIN, 90))
    wrapped = "\n".join(textwrap.wrap(prose, width)) if width else prose
    kept = block.replace("\n", "\\\n")

    assert as_markdown(f"{wrapped}\n\n{block}\n\n{wrapped}") == f"{wrapped}\n\n{kept}\n\n{wrapped}"
    assert body_of(f"{wrapped}\n\n{block}\n\n{wrapped}") == f"{prose}\n\n{kept}\n\n{prose}"


PLAIN = (
    "we have worked here for years and none of us was asked before the company sold the tool that we had built for "
    "hospitals to people who use it to choose whom to deport and whom to kill and so we ask you to end this contract "
    "to publish what it says and to give each of us a way to refuse such work without having to fear for our jobs"
)


def test_a_word_that_a_column_split_is_whole_when_it_is_pasted() -> None:
    column = (
        "We have worked here for years and\nnone of us was asked before the com-\npany sold the tool that we had "
        "built\nfor hospitals, and so we ask you to\nend this contract and to publish what\nit says.\n\nThe workers"
    )

    assert as_markdown(column) == (
        "We have worked here for years and none of us was asked before the com-pany sold the tool that we had built "
        "for hospitals, and so we ask you to end this contract and to publish what it says.\n\nThe workers"
    )


@given(st.lists(BLOCKS.map("\n".join) | st.tuples(PROSE, WIDTHS).map(lambda one: textwrap.fill(*one)), max_size=4))
def test_doing_it_twice_changes_nothing_more(blocks: list[str]) -> None:
    once = as_markdown("\n\n".join(blocks))

    assert as_markdown(once) == once


def test_a_demand_from_a_narrow_column_is_one() -> None:
    column = "\n".join(textwrap.wrap(PLAIN, 38))

    assert demands_in(column) == [PLAIN]
