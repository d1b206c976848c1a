"""What a .docx may be before anything reads it: few parts, small when unpacked, plain XML, no macros.

A .docx is a zip of XML files. Only those parts are unpacked that hold the text, each no further than its limit,
whatever its header claims; and each goes once through a parser that builds nothing, to see that it has no entities,
is not nested too deeply, and has not too many elements.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from xml.parsers import expat

from petition.errors import BadShape, TooLong

MOST_PARTS = 1_000
MOST_UNPACKED = 4_000_000
MOST_ELEMENTS = 100_000
DEEPEST = 100
WANTED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|word/(?:document|styles|numbering|footnotes|endnotes)\.xml|"
    r"word/_rels/(?:document|footnotes|endnotes)\.xml\.rels"
)
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
"""How an OLE file begins: a .doc, or a document under a password."""


def unpacked(body: bytes) -> dict[str, bytes]:
    """The parts of a document that hold its text, by name. Refuses what is none, and what is none of ours to open."""
    if body.startswith(OLD_OR_LOCKED):
        raise BadShape("This document has a password, or is an old .doc. Save it as .docx without a password.")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return _parts(packed)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise BadShape("This is no .docx that can be read. Save it once more as .docx, and try again.") from None


def _parts(packed: zipfile.ZipFile) -> dict[str, bytes]:
    names = packed.namelist()
    if len(names) > MOST_PARTS or len(set(names)) != len(names):
        raise TooLong("This document has far more parts than a letter has. Copy its text into a new one.")
    if any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in names):
        raise BadShape("This document has macros, programs that could run. Save it as .docx without macros.")
    found: dict[str, bytes] = {}
    room = MOST_UNPACKED
    for name in names:
        if WANTED.fullmatch(name):
            with packed.open(name) as part:
                found[name] = part.read(room + 1)
            room -= len(found[name])
            if room < 0:
                raise TooLong("This document unpacks to far more than a letter. Copy its text into a new one.")
    if "word/document.xml" not in found:
        raise BadShape("This is no .docx that can be read. Save it once more as .docx, and try again.")
    if b"macroEnabled" in found.get("[Content_Types].xml", b""):
        raise BadShape("This document has macros, programs that could run. Save it as .docx without macros.")
    return found


def repacked(parts: dict[str, bytes]) -> io.BytesIO:
    """The parts as a document again, without anything else."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, body in parts.items():
            packed.writestr(name, body)
    made.seek(0)
    return made


def require_bounded(parts: Iterable[bytes]) -> None:
    """Refuse entities, and what is nested too deeply or has too many elements."""
    walk = _Walk()
    for body in parts:
        walk.through(body)


def elements_in(part: bytes) -> Counter[str]:
    """How many elements of each name a part has."""
    walk = _Walk()
    walk.through(part)
    return walk.counts


class _Walk:
    """Goes through XML without keeping any of it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._depth = self._elements = 0

    def through(self, body: bytes) -> None:
        """One part."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse_entities
        try:
            parser.Parse(body, True)
        except expat.ExpatError:
            raise BadShape("This is no .docx that can be read. Save it once more as .docx, and try again.") from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.counts[name] += 1
        self._elements += 1
        self._depth += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise TooLong("This document is built of far more pieces than a letter. Copy its text into a new one.")

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _refuse_entities(self, *_: object) -> None:
        raise BadShape("This document defines entities of its own, which could fill the machine. It is not opened.")
