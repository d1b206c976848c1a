"""A letter from a file of any kind that can be read, and what of the file could not be carried over."""

from collections.abc import Mapping
from dataclasses import dataclass

from petition.errors import BadShape
from petition.letters.drafting.importing.documents import read_document
from petition.letters.drafting.importing.markdown_files import words_from
from petition.letters.drafting.importing.markup import escaped
from petition.letters.text.letter_text import LIMITS, Words

MOST_BYTES = 1_000_000
BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Imported:
    """The words, and how many pictures, tables and the like stayed behind, by what they are."""

    words: Words
    left_out: Mapping[str, int]


def read_file(name: str, body: bytes) -> Imported:
    """A letter from a file; what kind it is, its name says: .md, .txt or .docx. Refuses any other."""
    kind = name.rpartition(".")[2].lower()
    if kind == "docx":
        words, left_out = read_document(body)
        return Imported(words, left_out)
    if kind in ("md", "markdown"):
        return Imported(words_from(as_text(body)), {})
    if kind == "txt":
        return Imported(_from_plain(as_text(body)), {})
    raise BadShape("Choose a file whose name ends in .md, .txt or .docx. Save it as one of these and try again.")


def as_text(body: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 that says so by its first bytes."""
    encoding = next((found for mark, found in BYTE_ORDER_MARKS.items() if body.startswith(mark)), "utf-8")
    try:
        return body.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise BadShape("The file is not text in UTF-8. Save it as UTF-8 and try again.") from None


def _from_plain(text: str) -> Words:
    """Plain text: its first line is the title if it is short and stands alone. Nothing in it is taken for Markdown."""
    first, _, rest = text.strip("\n").partition("\n")
    if len(first) <= LIMITS["title"] and (not rest or rest.startswith("\n")):
        return Words(title=first.strip(), body=escaped(rest.strip("\n")))
    return Words(body=escaped(text.strip("\n")))
