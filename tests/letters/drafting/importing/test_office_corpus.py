"""Letters have the words that LibreOffice shows of their documents, and no others, but for what is listed.

Over 200 documents, each read as it is, and as LibreOffice saves it as .docx and as .odt.
"""

from pathlib import Path

import pytest

from petition.letters.drafting.importing.files import read_file
from tests.letters.drafting.importing.corpus import Sample, corpus
from tests.letters.drafting.importing.office import convert, words_shown
from tests.letters.drafting.importing.shown import letter_shown, words_of

pytestmark = pytest.mark.long
FOLDERS = {"as it is": ".", "saved as .docx": "docx", "saved as .odt": "odt"}


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return corpus(raw=160, library=40)


@pytest.fixture(scope="module")
def converted(office: str, samples: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    convert(office, folder, samples)
    return folder


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_no_word_is_lost_or_added(converted: Path, samples: list[Sample], folder: str) -> None:
    differences, count = {}, 0
    for sample in samples:
        [file] = (converted / folder).glob(f"{sample.name}.[do][od]*")
        imported = read_file(file.name, file.read_bytes())
        shown = words_shown(converted, sample.name)
        letter = words_of(letter_shown(imported.words))
        listed = words_of(" ".join(one.words for one in imported.omissions))
        lost, added = shown - letter - listed, letter - shown
        count += shown.total()
        if lost or added:
            differences[sample.name] = (lost, added)

    assert differences == {}
    assert count > 50 * len(samples)
