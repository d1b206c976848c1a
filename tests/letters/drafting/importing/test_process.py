"""Files are read in a process of its own: what takes more than a letter needs is stopped there."""

import io
import re
import resource
import time
import zipfile
from collections.abc import Callable

import pytest

from petition.errors import BadShape, Refusal, TooLong
from petition.letters.drafting.importing.files import read_file
from petition.letters.drafting.importing.packages import MOST_UNPACKED
from petition.letters.drafting.importing.process import LARGEST_DOCUMENT, import_file
from petition.letters.drafting.importing.worker import MEMORY, SECONDS
from tests.letters.drafting.importing.word_files import SPACES, item, p, packed, style, t, title, word_file

pytestmark = pytest.mark.thorough

Change = Callable[[dict[str, bytes]], None]
DOCUMENT = "word/document.xml"
WHOLE = word_file(title("We refuse"), p(t("Dear Jo,")), item(t("Stop.")))


def changed(change: Change) -> bytes:
    """A document with some of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    return packed(parts)


def test_the_letter_comes_back_whole_with_its_list() -> None:
    text = "---\nk: 5\ndemand: Stop.\n---\n# T\n\nHe said ~~no~~[^1].\n\n[^1]: A book\n"
    body = word_file(title("We refuse"), p(t("gone", "<w:vanish/>"), t("kept")), item(t("Stop.")))

    assert import_file("letter.md", text.encode()) == read_file("letter.md", text.encode())
    assert import_file("letter.docx", body) == read_file("letter.docx", body)


@pytest.mark.parametrize("name", ["let\0ter.md", "let\udc80ter.md", "e" * 200_000 + ".md", "-c.md", "let\nter.md"])
def test_no_name_of_a_file_keeps_it_from_being_read(name: str) -> None:
    assert import_file(name, b"# We refuse\n\nText.").words.title == "We refuse"


def test_a_refusal_comes_back_as_it_was() -> None:
    with pytest.raises(BadShape) as refusal:
        import_file("letter.md", "# T\n\nWe will \u202estrike".encode())

    assert refusal.value.values["name"] == "right-to-left override"


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


def long(parts: dict[str, bytes]) -> None:
    parts[DOCUMENT] = parts[DOCUMENT].replace(b"Dear Jo", b"a " * 1_900_000)


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
        (bomb, TooLong, "too complex"),
        (entities, BadShape, "too complex"),
        (entities_elsewhere, BadShape, "too complex"),
        (in_another_encoding, BadShape, "too complex"),
        (deep, TooLong, "too complex"),
        (many, TooLong, "too complex"),
        (long, TooLong, "the text: it has 38[0-9]* characters"),
        (parts_without_end, TooLong, "too complex"),
        (without_text, BadShape, "can't read"),
        (broken, BadShape, "can't read"),
    ],
)
def test_what_could_harm_is_refused(change: Change, kind: type[Refusal], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        import_file("letter.docx", changed(change))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "has a password or is an old"),
        (b"PK\x03\x04", "can't read"),
        (b"", "can't read"),
        (b"{\\rtf1}", "can't read"),
    ],
)
def test_what_is_no_document_is_refused_with_what_to_do(body: bytes, sentence: str) -> None:
    with pytest.raises(BadShape, match=sentence):
        import_file("letter.docx", body)


def test_a_zip_that_lies_about_sizes_is_unpacked_no_further() -> None:
    body = bytearray(changed(bomb))
    place = body.rfind(DOCUMENT.encode()) - 46
    body[place + 24 : place + 28] = (1000).to_bytes(4, "little")

    with pytest.raises(Refusal):
        import_file("letter.docx", bytes(body))


def test_a_file_that_is_too_large_is_not_read_at_all() -> None:
    with pytest.raises(TooLong, match="larger than 1 MB"):
        import_file("letter.md", b"x" * (LARGEST_DOCUMENT + 1))


TIRING = {
    "runs": ("x.docx", word_file(*[p(*[t("a", "<w:b/>")] * 20)] * 900)),
    "marks": ("x.docx", word_file(p(*[t("“a”", f"<w:{'bi'[n % 2]}/>") for n in range(9_000)]))),
    "styles": (
        "x.docx",
        word_file(
            *[p(t("x"), style="s4000")] * 3_000,
            styles="".join(style(f"s{n}", f'<w:basedOn w:val="s{n - 1}"/>') for n in range(4_001)),
        ),
    ),
    "asterisks": ("x.md", b"*a " * 40_000),
    "bullets": ("x.txt", b"- x\ny\n" * 18_000),
}


@pytest.mark.parametrize(
    "name", [name if name in ("runs", "asterisks") else pytest.param(name, marks=pytest.mark.long) for name in TIRING]
)
def test_what_takes_long_is_ended_by_the_limit_of_time(name: str) -> None:
    file, body = TIRING[name]
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.thread_time()
    try:
        import_file(file, body)
    except Refusal as refusal:
        assert isinstance(refusal, TooLong)
    own = time.thread_time() - own
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime < SECONDS + 1
    assert own < 0.5  # of the thread that serves a visitor
    assert ended.ru_maxrss * 1024 < MEMORY or ended.ru_maxrss == begun.ru_maxrss  # another test's child


def test_a_letter_of_the_greatest_length_is_far_from_the_limits() -> None:
    body = word_file(*(p(*(t(f"word{n % 7} ", "<w:b/>" if n % 2 else "") for n in range(30))) for _ in range(200)))
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = import_file("letter.docx", body).words
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert 40_000 < len(words.body) <= 60_000
    assert ended.ru_utime - begun.ru_utime < SECONDS


def test_the_process_sees_no_setting_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETITION_SECRET_FILE", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")

    assert import_file("letter.docx", WHOLE).words.title == "We refuse"


def test_a_part_leads_to_no_file_outside_the_package() -> None:
    def climb(parts: dict[str, bytes]) -> None:
        parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"word/document.xml", b"../../../../etc/passwd")
        parts["../../outside.xml"] = f"<x {SPACES}/>".encode()

    with pytest.raises(BadShape, match="can't read"):
        import_file("letter.docx", changed(climb))
    assert MOST_UNPACKED <= 4_000_000
