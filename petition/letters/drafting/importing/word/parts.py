"""The parts of a .docx, found as programs find them: through relationships, never by their names."""

import posixpath
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from petition.errors import BadShape
from petition.letters.drafting.importing.packages import Package, unreadable

_OPEN = "http://schemas.openxmlformats.org/"
_STRICT = "http://purl.oclc.org/ooxml/"
PREFIXES = {
    f"{_OPEN}wordprocessingml/2006/main": "w",
    f"{_STRICT}wordprocessingml/main": "w",
    f"{_OPEN}officeDocument/2006/relationships": "r",
    f"{_STRICT}officeDocument/relationships": "r",
    f"{_OPEN}officeDocument/2006/math": "m",
    f"{_STRICT}officeDocument/math": "m",
    f"{_OPEN}drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}drawingml/wordprocessingDrawing": "wp",
    f"{_OPEN}drawingml/2006/main": "a",
    f"{_STRICT}drawingml/main": "a",
    f"{_OPEN}markup-compatibility/2006": "mc",
    f"{_OPEN}package/2006/relationships": "rel",
    "http://schemas.microsoft.com/office/word/2010/wordml": "w14",
    "urn:schemas-microsoft-com:vml": "v",
}


@dataclass(frozen=True)
class Relation:
    """What a part refers to: the last word of its type, such as ``styles``, and its target."""

    kind: str
    target: str
    is_external: bool


class WordParts:
    """The trees of a document's parts."""

    def __init__(self, body: bytes) -> None:
        self._package = Package(body, PREFIXES)
        if b"macroEnabled" in self._package.bytes_of("[Content_Types].xml"):
            raise BadShape("This document has macros. Save it as .docx without them.")
        main = [one.target for one in self.relations("").values() if one.kind == "officeDocument"]
        found = self._package.tree(main[0]) if main else None
        if found is None or found.tag != "w:document":
            raise unreadable()
        self.document = found
        self._main = main[0]
        self.links = self.relations(self._main)

    def relations(self, part: str) -> dict[str, Relation]:
        """What a part refers to, by the ids that it uses; the package itself is the part without a name."""
        folder, name = posixpath.split(part)
        tree = self._package.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for one in tree if tree is not None else ():
            target, is_external = one.get("Target", ""), one.get("TargetMode") == "External"
            inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = one.get("Type", "").rpartition("/")[2]
            found[one.get("Id", "")] = Relation(kind, target if is_external else inside, is_external)
        return found

    def trees(self, kind: str) -> list[tuple[Element, dict[str, Relation]]]:
        """All parts of a kind that the document refers to, each with what it refers to itself."""
        names = dict.fromkeys(one.target for one in self.links.values() if one.kind == kind and not one.is_external)
        trees = ((self._package.tree(name), self.relations(name)) for name in names)
        return [(tree, relations) for tree, relations in trees if tree is not None]

    def tree(self, kind: str) -> Element | None:
        """The only part of a kind, such as the styles."""
        return next((tree for tree, _ in self.trees(kind)), None)
