"""Normalization is what the standard says, and takes no square of a text's length."""

import time
import unicodedata

import pytest

from petition.crypto.codes import as_meant
from petition.normalization import JOINER, LONGEST_RUN, normalize

MARKS = "\u0301\u0316"


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("text", ["Ana", "Zoë Ñandú", "ﬁ ①", "เก้า", "a" + "\u0301" * LONGEST_RUN, "각"])
def test_what_languages_write_is_normalized_as_the_standard_says(form, text):
    assert normalize(form, text) == unicodedata.normalize(form, text)


def test_a_longer_run_of_marks_is_divided():
    assert normalize("NFD", "a" + "\u0301" * 61).split(JOINER) == ["a" + "\u0301" * 30, "\u0301" * 30, "\u0301"]


def test_a_code_of_nothing_but_marks_takes_a_moment():
    begun = time.process_time()
    as_meant(MARKS * 15_500)
    marks = time.process_time() - begun
    begun = time.process_time()
    as_meant("é9" * 15_500)

    assert marks < 30 * (time.process_time() - begun)
