"""What a word processor's file may be before anything reads it: few parts, small when unpacked, plain XML, no macros.

A .docx or .odt is a zip of XML files. Only the parts that are asked for are unpacked, each no further than what is
left of the limit, whatever its header claims. Each becomes a tree as it is parsed; entities, too many elements and
too deep nesting stop it there.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from petition.errors import BadShape, TooLong

MOST_PARTS = 1_000
MOST_UNPACKED = 4_000_000
MOST_ELEMENTS = 60_000
DEEPEST = 200
OLD_OR_LOCKED = b"\xd0\xcf\x11\xe0"
"""How an OLE file begins: a .doc, or a document under a password."""
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


class Package:
    """The parts of a file. ``prefixes`` gives the short name of each XML namespace; the others become ``?``."""

    def __init__(self, body: bytes, prefixes: Mapping[str, str]) -> None:
        if body.startswith(OLD_OR_LOCKED):
            raise BadShape("This document has a password or is an old .doc. Save it as .docx without one.")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
        except BROKEN:
            raise unreadable() from None
        self.names = frozenset(self._zip.namelist())
        if len(self.names) > MOST_PARTS or len(self.names) != len(self._zip.namelist()):
            raise TooLong("This document is too complex. Copy its text into a new one.")
        if any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in self.names):
            raise BadShape("This document has macros. Save it as .docx without them.")
        self._prefixes = prefixes
        self._room = MOST_UNPACKED
        self._elements = MOST_ELEMENTS

    def bytes_of(self, name: str) -> bytes:
        """A part, unpacked; empty if there is none."""
        if name not in self.names:
            return b""
        try:
            with self._zip.open(name) as part:
                body = part.read(self._room + 1)
        except BROKEN:
            raise unreadable() from None
        self._room -= len(body)
        if self._room < 0:
            raise TooLong("This document is too complex. Copy its text into a new one.")
        return body

    def tree(self, name: str) -> Element | None:
        """A part as a tree whose names have short prefixes, such as ``w:p``; None if there is no such part."""
        body = self.bytes_of(name)
        if not body:
            return None
        builder = _Builder(self._prefixes, self._elements)
        found = builder.tree(body)
        self._elements = builder.room
        return found


def unreadable() -> BadShape:
    """The refusal of what is no document, or a broken one."""
    return BadShape("We can't read this document. Save it again as .docx.")


class _Builder:
    """Builds a tree from XML, within limits."""

    def __init__(self, prefixes: Mapping[str, str], room: int) -> None:
        self._prefixes = prefixes
        self._tree = TreeBuilder()
        self._depth = 0
        self.room = room

    def tree(self, body: bytes) -> Element:
        """The tree of one part."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._tree.data
        parser.StartDoctypeDeclHandler = self._refuse_entities
        try:
            parser.Parse(body, True)
        except expat.ExpatError:
            raise unreadable() from None
        return self._tree.close()

    def _short(self, name: str) -> str:
        space, _, local = name.rpartition(" ")
        return f"{self._prefixes.get(space, '?')}:{local}" if space else local

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.room -= 1
        self._depth += 1
        if self._depth > DEEPEST or self.room < 0:
            raise TooLong("This document is too complex. Copy its text into a new one.")
        self._tree.start(self._short(name), {self._short(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._tree.end(self._short(name))

    def _refuse_entities(self, *_: object) -> None:
        raise BadShape("This document is too complex. Copy its text into a new one.")
