"""Which packages of fonts a text needs, judged without the fonts of the machine that runs the tests."""

import pytest

from petition.publishing.documents.fonts import CJK, EMOJI, NOTO_CORE, MissingFont, fonts_missing, packages_missing
from petition.publishing.documents.typesetting import not_drawn


def needed(text: str) -> list[str]:
    return [one.package for one in fonts_missing(text, of_machine=False)]


@pytest.mark.parametrize(
    "text",
    [
        "We refuse to build it: “no”, they said – 12 € …",
        "Überschär-Weißenfels, Łódź, Straßenbahn, ışık, Nguyễn Thị Hương",
        "Ελληνικά και Кириллица",
        "cafe\u0301",
    ],
)
def test_what_the_typesetter_brings_along_needs_no_package(text: str) -> None:
    assert needed(text) == []


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("我们拒绝建造它。", [CJK]),
        ("カメラ かな ﾊﾝｶｸ", [CJK]),
        ("한국어", [CJK]),
        ("No cameras 🔥", [EMOJI]),
        ("👩🏽\u200d🚒", [EMOJI]),
        ("ไทย", [NOTO_CORE]),
        ("我们🔥ไทย", [CJK, EMOJI, NOTO_CORE]),
    ],
)
def test_other_scripts_and_emoji_need_their_package(text: str, packages: list[str]) -> None:
    assert needed(text) == packages


def test_the_first_character_without_a_font_is_named() -> None:
    assert fonts_missing("Dear 我们, dear 他们", of_machine=False) == [MissingFont(CJK, "我")]


def test_a_machine_without_fonts_misses_every_package() -> None:
    assert packages_missing(of_machine=False) == [EMOJI, CJK, NOTO_CORE]


def test_words_are_never_markup() -> None:
    assert not_drawn("#panic() *[x] $y$", of_machine=False) == ""
