"""What LibreOffice shows of documents, from two of its own exports.

Its text export has the text with the numbers of lists. It leaves out notes, text boxes and pronunciations above the
text. It keeps what no reader sees: hidden text, deleted passages that are still marked; and it has the marks of notes.
Its flat OpenDocument export says which words those are, but has no numbers of lists.
"""

import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.letters.drafting.importing.corpus import Sample
from tests.letters.drafting.importing.shown import words_of

SHOWING = {".": "txt:Text (encoded):UTF8,LF,,,false", "flat": "fodt"}
"""The two exports, each with its folder."""
SAVED = {"docx": "docx:MS Word 2007 XML", "odt": "odt"}
"""The files that LibreOffice saves, which are read as well; each in a folder of its name."""
AT_ONCE = 100
"""Documents that one run of LibreOffice converts."""
SECONDS = 600
SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TEXT, DRAW, STYLE, OFFICE = (SPACE % name for name in ("text", "drawing", "style", "office"))
BESIDE = (f"{TEXT}note-body", f"{TEXT}ruby-text")
PARAGRAPHS = (f"{TEXT}p", f"{TEXT}h")


def convert(office: str, folder: Path, samples: Sequence[Sample]) -> None:
    """Write all documents into a folder, and have LibreOffice export and save each of them in every way."""
    for sample in samples:
        (folder / f"{sample.name}.docx").write_bytes(sample.body)
    start = ["nice", office, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to"]
    for to, form in (SHOWING | SAVED).items():
        for first in range(0, len(samples), AT_ONCE):
            names = [f"{sample.name}.docx" for sample in samples[first : first + AT_ONCE]]
            command = [*start, form, "--outdir", to, *names]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=SECONDS)


def words_shown(folder: Path, name: str) -> Counter[str]:
    """The words that LibreOffice shows of a document, however often each."""
    document = _Document(ElementTree.parse(folder / "flat" / f"{name}.fodt").getroot())
    exported = words_of((folder / f"{name}.txt").read_text("utf-8"))
    unseen, beside = words_of(document.unseen), words_of(document.beside)
    assert not unseen - exported
    return exported - unseen + beside


class _Document:
    """The words in which the two exports differ: those that no reader sees, and those beside the text."""

    def __init__(self, root: Element) -> None:
        self.unseen = self.beside = ""
        self._hidden = {
            style.get(f"{STYLE}name")
            for style in root.iter(f"{STYLE}style")
            if any(one.get(f"{TEXT}display") == "none" for one in style.iter(f"{STYLE}text-properties"))
        }
        self._deletions = {
            region.get(f"{TEXT}id")
            for region in root.iter(f"{TEXT}changed-region")
            if region.find(f"{TEXT}deletion") is not None
        }
        self._deleting: set[str | None] = set()
        body = root.find(f"{OFFICE}body/{OFFICE}text")
        assert body is not None
        for block in body:
            if block.tag != f"{TEXT}tracked-changes":
                self._read(block, is_unseen=False, is_beside=False)

    def _read(self, one: Element, *, is_unseen: bool, is_beside: bool) -> None:
        if one.tag == f"{OFFICE}binary-data":  # a picture
            return
        mark = one.get(f"{TEXT}change-id")
        if one.tag == f"{TEXT}change-start" and mark in self._deletions:
            self._deleting.add(mark)
        self._deleting -= {mark} if one.tag == f"{TEXT}change-end" else set()
        is_beside = is_beside or one.tag in BESIDE or one.tag.startswith(DRAW)
        is_unseen = is_unseen or one.tag == f"{TEXT}note-citation" or one.get(f"{TEXT}style-name") in self._hidden
        self._take(one.text, is_unseen, is_beside)
        for inside in one:
            self._read(inside, is_unseen=is_unseen, is_beside=is_beside)
            self._take(inside.tail, is_unseen, is_beside)
        if one.tag in PARAGRAPHS or one.tag == f"{TEXT}note-citation":
            self._take(" ", is_unseen, is_beside)

    def _take(self, text: str | None, is_unseen: bool, is_beside: bool) -> None:
        if is_unseen or self._deleting:
            self.unseen += text or ""
        elif is_beside:
            self.beside += text or ""
