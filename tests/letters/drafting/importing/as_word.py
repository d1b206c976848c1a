"""A letter as its organizers may have it: a .docx with a title, lines of a head, text, notes, and a list at the end."""

from collections.abc import Iterable, Sequence

from petition.letters.drafting.importing.markdown_reader import read_markdown
from petition.letters.drafting.importing.rich_text import (
    Block,
    Heading,
    Inline,
    ItemList,
    LineBreak,
    Listing,
    NoteMark,
    Paragraph,
    Quote,
    Text,
)
from petition.letters.text.letter_text import LetterText
from tests.letters.drafting.importing.word_files import BULLET, DECIMAL, ENDING, item, note_mark, p, t, title, word_file


def as_word(words: LetterText) -> bytes:
    """The binding text as a .docx; sources are its footnotes."""
    links: dict[str, str] = {}
    head = [t(f"To: {words.recipient}"), t(f"Employer: {words.employer}"), t(f"Language: {words.language}")]
    body = _blocks(read_markdown(words.body).blocks, links)
    notes = {}
    for number, source in enumerate(words.sources, 2):
        date = f" ({source.date})" if source.date else ""
        link = [" ", _link(t(source.url), source.url, links)] if source.url else []
        notes[number] = p(t(source.title), *(one if one != " " else t(one) for one in link), t(date))
    demands = [item(t(demand), of=ENDING) for demand in words.demands]
    return word_file(title(words.title), *map(p, head), *body, *demands, footnotes=notes or None, links=links)


def _blocks(blocks: Iterable[Block], links: dict[str, str], style: str = "") -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            found.append(p(*_runs(block.inlines, links), style=style))
        elif isinstance(block, Heading):
            found.append(p(*_runs(block.inlines, links), style=f"heading{block.level}"))
        elif isinstance(block, Quote):
            found += _blocks(block.blocks, links, "Quote")
        elif isinstance(block, ItemList):
            found += _items(block, links, 0)
        elif isinstance(block, Listing):
            found.append(p(t(block.text)))
    return found


def _items(of: ItemList, links: dict[str, str], depth: int) -> list[str]:
    found = []
    for one in of.items:
        first, *rest = one.blocks
        assert isinstance(first, Paragraph)
        found.append(item(*_runs(first.inlines, links), of=DECIMAL if one.label else BULLET, depth=depth))
        for inside in rest:
            assert isinstance(inside, ItemList)
            found += _items(inside, links, depth + 1)
    return found


def _runs(inlines: Sequence[Inline], links: dict[str, str]) -> list[str]:
    return [_run(one, links) for one in inlines]


def _run(one: Inline, links: dict[str, str]) -> str:
    if isinstance(one, LineBreak):
        return "<w:r><w:br/></w:r>"
    if isinstance(one, NoteMark):
        return note_mark(int(one.name) + 1)
    assert isinstance(one, Text)
    run = t(one.text, "<w:b/>" * one.strong + "<w:i/>" * one.emphasis)
    return _link(run, one.link, links) if one.link else run


def _link(run: str, address: str, links: dict[str, str]) -> str:
    name = f"rLink{len(links)}"
    links[name] = address
    return f'<w:hyperlink r:id="{name}">{run}</w:hyperlink>'
