"""A letter from a file of any readable kind, and a list of what the letter has differently or not at all."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from petition.errors import BadShape
from petition.letters.drafting.importing.composing import Draft, compose, require_length
from petition.letters.drafting.importing.front_matter import FrontMatter, split_front_matter
from petition.letters.drafting.importing.letter_md import NEXT_TRANSLATION, read_letter_md
from petition.letters.drafting.importing.markdown_reader import read_markdown
from petition.letters.drafting.importing.omissions import INVISIBLE, Omission, Omissions
from petition.letters.drafting.importing.opendocument.reader import read_opendocument
from petition.letters.drafting.importing.plain_text import read_plain
from petition.letters.drafting.importing.rich_text import Document
from petition.letters.drafting.importing.word.reader import read_word
from petition.letters.text.characters import meaningless_in, without_codes
from petition.letters.text.letter_text import LetterText, Translation, read_letter_text, read_translation

BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
PICTURE = re.compile(r"(data:image/)[^\s<>)]{100,}")
"""A picture within a Markdown file, as Google Docs writes it at its end."""
PACKAGES: dict[str, Callable[[bytes], Document]] = {"docx": read_word, "odt": read_opendocument}


@dataclass(frozen=True)
class Imported:
    """The letter, what of the file is not in it as it was, and settings that a front matter has."""

    words: LetterText
    omissions: tuple[Omission, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    language: str = ""
    """The code of the binding language, if the file says it."""


def read_file(name: str, body: bytes) -> Imported:
    """A letter from a file; what kind it is, its name says: .docx, .odt, .md or .txt. Refuses any other.

    It runs as long and takes as much memory as the file demands: ``import_file`` runs it within limits.
    """
    kind = name.rpartition(".")[2].lower()
    if kind in PACKAGES:
        return _from_documents([PACKAGES[kind](body)], FrontMatter())
    if kind in ("md", "markdown"):
        return _from_markdown(as_text(body))
    if kind == "txt":
        text = as_text(body)
        require_length(text)
        return _from_documents([read_plain(text)], FrontMatter())
    raise BadShape("Save the file as .docx, .odt, .md or .txt.")


def as_text(body: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 that says so by its first bytes. Only line feeds break its lines."""
    encoding = next((found for mark, found in BYTE_ORDER_MARKS.items() if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise BadShape("Save the file as UTF-8 text.") from None
    return without_codes(text.replace("\r\n", "\n").replace("\r", "\n"))


def _from_markdown(text: str) -> Imported:
    words = read_letter_md(text)
    if words is not None:
        return Imported(words, language=words.language)
    omissions = Omissions()
    text = PICTURE.sub(r"\1png;,", text)
    require_length(text)
    front, rest = split_front_matter(text.lstrip("\n "), omissions)
    documents = [read_markdown(part) for part in NEXT_TRANSLATION.split(rest)]
    return _from_documents(documents, front, omissions)


def _from_documents(documents: list[Document], front: FrontMatter, omissions: Omissions | None = None) -> Imported:
    """The letter in its languages, the binding one first."""
    lists = [*([omissions] if omissions else []), *(one.omissions for one in documents)]
    first, *others = (compose(one, reads_numbers=bool(omissions)) for one in documents)
    for name, value in front.head.items():
        setattr(first, name, value)
    first.demands, first.sources = front.demands + first.demands, front.sources + first.sources
    removed = Omissions()
    for draft in (first, *others):
        _note_invisible(draft, removed)
    words = read_letter_text(
        first.title, first.recipient, first.employer, first.body, first.demands, first.language, first.sources,
        [_translation(one, first) for one in others],
    )  # fmt: skip
    told = tuple(omission for one in (*lists, removed) for omission in one)
    return Imported(words, told, tuple(front.settings), first.language and words.language)


def _translation(draft: Draft, binding: Draft) -> Translation:
    to = draft.recipient or binding.recipient
    return read_translation(draft.language, draft.title, to, draft.body, draft.demands)


def _note_invisible(draft: Draft, omissions: Omissions) -> None:
    texts = [draft.title, draft.recipient, draft.employer, draft.body, *draft.demands]
    for text in (*texts, *(source.title for source in draft.sources)):
        for name, count in meaningless_in(text).items():
            omissions.add(INVISIBLE, name, count)
