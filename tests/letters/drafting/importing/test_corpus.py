"""No word of a document is lost, and none appears, but for what is listed: over a corpus of many shapes."""

import pytest

from petition.letters.drafting.importing.files import read_file
from tests.letters.drafting.importing.corpus import Sample, corpus
from tests.letters.drafting.importing.shown import letter_shown, words_of

pytestmark = pytest.mark.thorough
SAMPLES = corpus(raw=60, library=20)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_word_that_shows_is_in_the_letter_or_in_its_list(sample: Sample) -> None:
    imported = read_file("letter.docx", sample.body)
    letter = words_of(letter_shown(imported.words))
    listed = words_of(" ".join(one.words for one in imported.omissions))
    wanted = words_of("".join(sample.shown)) + words_of(" ".join(sample.aside))

    assert (wanted - letter - listed, letter - wanted) == ({}, {})
    assert not words_of(" ".join(sample.described)) - listed
    assert not letter & words_of(" ".join([*sample.described, *sample.hidden]))
