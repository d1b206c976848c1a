"""No word of a document is lost, and none appears, but for what is listed: over a corpus of many shapes."""

from collections.abc import Callable

import pytest

from petition.letters.drafting.importing.files import read_file
from tests.letters.drafting.importing.corpus import Sample, library_sample, raw_sample
from tests.letters.drafting.importing.shown import letter_shown, words_of

pytestmark = pytest.mark.thorough
MAKERS = [*((raw_sample, seed) for seed in range(60)), *((library_sample, seed) for seed in range(20))]


@pytest.mark.parametrize(("make", "seed"), MAKERS)
def test_every_word_that_shows_is_in_the_letter_or_in_its_list(make: Callable[[int], Sample], seed: int) -> None:
    sample = make(seed)
    imported = read_file("letter.docx", sample.body)
    letter = words_of(letter_shown(imported.words))
    listed = words_of(" ".join(one.words for one in imported.omissions))
    wanted = words_of("".join(sample.shown)) + words_of(" ".join(sample.aside))

    assert (wanted - letter - listed, letter - wanted) == ({}, {})
    assert not words_of(" ".join(sample.described)) - listed
    assert not letter & words_of(" ".join([*sample.described, *sample.hidden]))
