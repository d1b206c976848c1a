"""Normalization is what the standard says."""

import unicodedata

import pytest

from petition.normalization import JOINER, LONGEST_RUN, normalize


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("text", ["Ana", "Zoë Ñandú", "ﬁ ①", "เก้า", "a" + "\u0301" * LONGEST_RUN, "각"])
def test_what_languages_write_is_normalized_as_the_standard_says(form, text):
    assert normalize(form, text) == unicodedata.normalize(form, text)


def test_a_longer_run_of_marks_is_divided():
    assert normalize("NFD", "a" + "\u0301" * 61).split(JOINER) == ["a" + "\u0301" * 30, "\u0301" * 30, "\u0301"]
