"""The letter's blocks as values."""

from dataclasses import replace

import pytest

from petition.letters.text.blocks import blocks, plain_text, renumbered
from tests.walks import WORDS


@pytest.mark.parametrize(
    ("marks", "levels"),
    [
        ("## ##", [2, 2]),
        ("# # #", [2, 2, 2]),
        ("## ### ## ### ###", [2, 3, 2, 3, 3]),
        ("# ### ### #", [2, 3, 3, 2]),
        ("### # ##", [2, 2, 3]),
    ],
)
def test_headings_of_one_kind_have_one_level_and_no_level_is_skipped(marks: str, levels: list[int]) -> None:
    body = blocks(replace(WORDS, body="\n\n".join(f"{mark} Why\n\nSo." for mark in marks.split())))
    renumbered(body, above=1)

    assert [node["level"] for node in body if node["kind"] == "heading"] == levels


def test_emphasis_within_emphasis_is_read_however_deep_it_is() -> None:
    body = "*a **a " * 2000 + "x" + " a** a*" * 2000

    assert plain_text(body) == "a " * 4000 + "x" + " a" * 4000
