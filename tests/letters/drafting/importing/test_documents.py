"""A letter from a .docx: what is carried over, what is told to be left out, and what is never opened."""

import io
import re
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from petition.errors import BadShape, Refusal, TooLong
from petition.letters.drafting.importing.files import Imported, read_file
from petition.letters.drafting.importing.packages import MOST_UNPACKED

pytestmark = pytest.mark.thorough

Change = Callable[[dict[str, bytes]], None]
DOCUMENT = "word/document.xml"


def a_document() -> bytes:
    made = docx.Document()
    made.add_heading("We refuse to build it", 0)
    made.add_paragraph("To: Jo Muster, CEO")
    made.add_paragraph("Dear Jo,")
    paragraph = made.add_paragraph("we ")
    paragraph.add_run("who work here ").bold = True
    paragraph.add_run("ask 2 * 3 times <b> _now_")
    paragraph.add_run(" please").italic = True
    made.add_heading("Why", 1)
    made.add_paragraph("one", style="List Bullet")
    made.add_paragraph("two", style="List Bullet")
    made.add_paragraph("We refuse.", style="Quote")
    table = made.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 1).text = "a", "b", "c"
    made.add_paragraph("# no heading")
    made.add_paragraph("Stop.", style="List Number")
    made.add_paragraph("Say *so*.", style="List Number")
    return saved(made)


def saved(made: "docx.document.Document") -> bytes:
    body = io.BytesIO()
    made.save(body)
    return body.getvalue()


def changed(change: Change) -> bytes:
    """A document with some of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(a_document())) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return body.getvalue()


def read(body: bytes) -> Imported:
    return read_file("letter.docx", body)


def test_headings_lists_quotes_marks_and_demands_are_carried_over() -> None:
    words = read(a_document()).words

    assert (words.title, words.recipient, words.demands) == (
        "We refuse to build it", "Jo Muster, CEO", ("Stop.", "Say *so*."),
    )  # fmt: skip
    assert words.body == (
        "Dear Jo,\n\nwe **who work here** ask 2 \\* 3 times \\<b> \\_now\\_ *please*\n\n# Why\n\n- one\n- two\n\n"
        "> We refuse.\n\na | b\n\nc\n\n\\# no heading"
    )


def test_what_is_left_out_is_told() -> None:
    assert read(a_document()).left_out == {"tables (their text is here, row by row)": 1}

    def edit(parts: dict[str, bytes]) -> None:
        extra = b"<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del/><w:r><w:drawing/></w:r></w:p>"
        parts[DOCUMENT] = parts[DOCUMENT].replace(b"<w:body>", b"<w:body>" + extra)

    told = read(changed(edit)).left_out
    assert told["pictures"] == 1
    assert sum(number for what, number in told.items() if what.startswith("deletions")) == 2


def test_links_and_footnotes_are_carried_over() -> None:
    relations = (
        b'<Relationship Id="rLink" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"'
        b' Target="https://example.org/a?b=1" TargetMode="External"/>'
        b'<Relationship Id="rBad" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"'
        b' Target="javascript:alert(1)" TargetMode="External"/>'
        b'<Relationship Id="rNotes" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"'
        b' Target="footnotes.xml"/>'
    )
    notes = (
        b'<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        b'<w:footnote w:id="2"><w:p><w:r><w:t>We saw it.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )

    def edit(parts: dict[str, bytes]) -> None:
        extra = (
            b'<w:p><w:hyperlink r:id="rLink"><w:r><w:t>here</w:t></w:r></w:hyperlink><w:r><w:t xml:space="preserve"> '
            b'and </w:t></w:r><w:hyperlink r:id="rBad"><w:r><w:t>there</w:t></w:r></w:hyperlink>'
            b'<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        )
        parts[DOCUMENT] = parts[DOCUMENT].replace(b"<w:body>", b"<w:body>" + extra)
        rels = "word/_rels/document.xml.rels"
        parts[rels] = parts[rels].replace(b"</Relationships>", relations + b"</Relationships>")
        parts["word/footnotes.xml"] = notes

    words = read(changed(edit)).words
    body = words.body
    assert words.demands == ("Stop.", "Say *so*.")
    assert body.startswith("[here](<https://example.org/a?b=1>) and there[^n2]")
    assert "[^n2]: We saw it." in body


# What is never opened


def macros(parts: dict[str, bytes]) -> None:
    parts["word/vbaProject.bin"] = b"x"


def macro_type(parts: dict[str, bytes]) -> None:
    name = "[Content_Types].xml"
    parts[name] = parts[name].replace(b"</Types>", b"<!-- application/vnd.ms-word.document.macroEnabled --></Types>")


def bomb(parts: dict[str, bytes]) -> None:
    parts[DOCUMENT] = parts[DOCUMENT] + b" " * (100 * 1024 * 1024)


def entities(parts: dict[str, bytes]) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">'.encode() for n in range(9)
    )
    parts[DOCUMENT] = re.sub(rb"<\?xml.*?\?>", b"", parts[DOCUMENT], count=1)
    parts[DOCUMENT] = laughs + b"]>" + parts[DOCUMENT].replace(b"Dear Jo", b"&j;")


def entities_elsewhere(parts: dict[str, bytes]) -> None:
    parts["word/styles.xml"] = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


def in_another_encoding(parts: dict[str, bytes]) -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
    parts[DOCUMENT] = text.encode("utf-16")


def deep(parts: dict[str, bytes]) -> None:
    parts[DOCUMENT] = b"<a>" * 100_000 + b"</a>" * 100_000


def many(parts: dict[str, bytes]) -> None:
    parts[DOCUMENT] = parts[DOCUMENT].replace(b"<w:body>", b"<w:body>" + b"<w:p/>" * 200_000)


def parts_without_end(parts: dict[str, bytes]) -> None:
    parts.update({f"word/media/{number}": b"" for number in range(2_000)})


def without_text(parts: dict[str, bytes]) -> None:
    del parts[DOCUMENT]


def broken(parts: dict[str, bytes]) -> None:
    parts[DOCUMENT] = parts[DOCUMENT][:-50]


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        (macros, BadShape, "has macros"),
        (macro_type, BadShape, "has macros"),
        (bomb, TooLong, "unpacks to far more"),
        (entities, BadShape, "defines entities"),
        (entities_elsewhere, BadShape, "defines entities"),
        (in_another_encoding, BadShape, "defines entities"),
        (deep, TooLong, "far more pieces"),
        (many, TooLong, "far more pieces"),
        (parts_without_end, TooLong, "far more parts"),
        (without_text, BadShape, "no .docx that can be read"),
        (broken, BadShape, "no .docx that can be read"),
    ],
)
def test_what_could_harm_is_refused_before_it_is_read_and_quickly(
    change: Change, kind: type[Refusal], sentence: str
) -> None:
    body = changed(change)
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(kind, match=sentence):
        read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert time.process_time() - begun < 5
    assert peak < 8 * MOST_UNPACKED


@pytest.mark.parametrize(
    ("body", "sentence"),
    [(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "has a password, or is an old"), (b"PK\x03\x04", "no .docx"),
     (b"", "no .docx"), (b"{\\rtf1}", "no .docx")],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_what_to_do(body: bytes, sentence: str) -> None:
    with pytest.raises(BadShape, match=sentence):
        read(body)


def test_a_zip_that_lies_about_sizes_is_unpacked_no_further() -> None:
    body = bytearray(changed(bomb))
    place = body.rfind(DOCUMENT.encode()) - 46
    body[place + 24 : place + 28] = (1000).to_bytes(4, "little")

    with pytest.raises(Refusal):
        read(bytes(body))


def test_a_document_of_the_greatest_length_takes_little_time_and_memory() -> None:
    made = docx.Document()
    for number in range(200):
        paragraph = made.add_paragraph()
        for word in range(30):
            paragraph.add_run(f"word{number % 7} ").bold = word % 2 == 0
    body = saved(made)
    tracemalloc.start()
    begun = time.process_time()
    words = read(body).words
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 40_000 < len(words.body) <= 200_000
    assert time.process_time() - begun < 15
    assert peak < 200_000_000


def test_a_file_may_not_lead_out_of_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def climb(parts: dict[str, bytes]) -> None:
        parts["../../outside.xml"] = b"<x/>"
        parts["/etc/x.xml"] = b"<x/>"

    assert read(changed(climb)).words.title == "We refuse to build it"
    assert list(tmp_path.iterdir()) == []
