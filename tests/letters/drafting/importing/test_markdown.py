"""A letter from Markdown: what people write by hand, and what Google Docs and others export."""

import pytest

from petition.errors import BadShape
from petition.letters.drafting.importing.files import Imported, read_file
from petition.letters.text.letter_text import LetterText
from petition.letters.text.sources import Source

EXPORTED = r"""# **We will not build R\&D tools for war** {#title}

**To:** The CEO··
**Employer:** Example Corp

Dear leadership,··
we are 200 workers\! See the report[^1] \- it's clear.

![][image1]

| Year | Paid |
| :---- | :---- |
| 2025 | *little* |

1. Stop it.··
2. Tell us who decided\.

[^1]:  The Report, 2025, [https://example.org/r](https://example.org/r)

[image1]: <data:image/png;base64,DATA>
""".replace("DATA", "iVBORw0KGgo" * 30).replace("··", "  ")


def read(text: str, name: str = "letter.md") -> Imported:
    """A file of that text, read."""
    return read_file(name, text.encode())


def told(imported: Imported) -> list[str]:
    """What is listed."""
    return [str(one) for one in imported.omissions]


def test_what_google_docs_exports_is_a_letter() -> None:
    found = read(EXPORTED)

    assert found.words == LetterText(
        title="We will not build R&D tools for war",
        recipient="The CEO",
        employer="Example Corp",
        body="Dear leadership,\\\nwe are 200 workers! See the report[^1] - it's clear.\n\n"
        "Year | Paid\\\n2025 | *little*",
        demands=("Stop it.", "Tell us who decided."),
        sources=(Source("The Report, 2025", "https://example.org/r"),),
    )
    assert told(found) == ["Pictures: 1", "Table rows, now lines with | between cells: 2"]


def test_lines_that_go_on_belong_to_their_demand() -> None:
    found = read("# T\n\nBody.\n\n1. Stop selling the tool to\n   any army.\n\n   Now.\n2. Publish the\ncontract.\n")

    assert found.words.demands == ("Stop selling the tool to any army. Now.", "Publish the contract.")
    assert told(found) == ["Line breaks within demands: 1"]


@pytest.mark.parametrize(
    ("tail", "listed"),
    [
        ("1. Stop\n   - now\n2. Pay", "1. Stop"),
        ("1. Stop[^1]\n2. Pay\n\n[^1]: Why.", "1. Stop"),
        ("3. Stop\n4. Pay", "3. Stop"),
    ],
)
def test_a_list_that_cannot_be_demands_stays_in_the_text_and_is_listed(tail: str, listed: str) -> None:
    found = read(f"# T\n\nBody.\n\n{tail}")

    assert found.words.demands == ()
    assert found.words.body.startswith(f"Body.\n\n{listed}")
    assert told(found)[0].startswith(f"The list at the end, kept in the text: “{listed}")


@pytest.mark.parametrize(
    ("text", "body", "listed"),
    [
        ("a ~~b~~ c", "a b c", ["Struck-out text, now like any other: “b”"]),
        ("a<br>b <u>c</u>", "a\\\nb c", ["HTML, kept as text: “<u>”, “</u>”"]),
        ("10<sup>6</sup> H<sub>2</sub>O", "10⁶ H₂O", []),
        ("<b>a</b> <i>b</i>", "**a** *b*", []),
        ("<div>\n\nwithin\n\n</div>", "within", ["HTML, kept as text: “<div>”, “</div>”"]),
        ("<p>kept &amp; read</p>", "kept & read", ["HTML, kept as text: “<p>kept &amp; read</p>”"]),
        ("![Our office](x.png)", "", ["Pictures: 1 (“Our office”)"]),
        ("[x](ftp://a.example)", "x", ["Links, kept as text: “x (ftp://a.example)”"]),
        ("one\ntwo", "one two", []),
        ("一\n二", "一二", []),
        ("one  \ntwo\\\nthree", "one\\\ntwo\\\nthree", []),
        ("Setext\n===\n\n* a\n* b\n\n> q", "# Setext\n\n- a\n- b\n\n> q", []),
        ("```\ncode\n```\n\n---", "```\ncode\n```\n\n___", []),
        ("a `c*d` e", "a `c*d` e", []),
        ("Text.[^2]", "Text.[^2]", []),
        ("Text.\n\n[^a]: A note.", "Text.\n\n[^a]: A note.",
         ["Footnotes that the text doesn't use: “A note.”"]),
        ("# A heading\n\nText", "# A heading\n\nText", []),
        ("a\u200bb\u00adc \u202aLRE", "abc LRE",
         ["Invisible characters: “zero width space”, “soft hyphen”, “left-to-right embedding”"]),
    ],
)  # fmt: skip
def test_the_text_is_carried_over_and_what_is_not_is_listed(text: str, body: str, listed: list[str]) -> None:
    found = read(f"# T\n\nTo: Jo\nEmployer: E\nLanguage: en\n\n{text}\n")

    assert (found.words.title, found.words.recipient, found.words.employer) == ("T", "Jo", "E")
    assert found.words.body == body
    assert told(found) == listed


def test_a_front_matter_carries_the_head_demands_sources_and_settings() -> None:
    found = read(
        '---\ntitle: "We refuse"\nrecipient: Jo\nemployer: E\nlanguage: es\ndemand: Stop.\ndemand: Say so.\n'
        "source: A report <https://example.org/> (2018)\nK: 5\nroll: Workers\nroll: Contractors\nnames_months: 6\n"
        "date: today\n---\n\nText.[^1]\n"
    )

    assert found.words == LetterText(
        "We refuse", "Jo", "E", "Text.[^1]", ("Stop.", "Say so."), "es",
        (Source("A report", "https://example.org/", "2018"),),
    )  # fmt: skip
    assert found.settings == (("k", "5"), ("roll", "Workers"), ("roll", "Contractors"), ("names months", "6"))
    assert told(found) == ["Unknown settings at the top of the file: “date: today”"]


def test_notes_that_are_no_sources_stay_in_the_text() -> None:
    for notes in ("[^a]: A note.", "[^2]: Second only.", "[^1]: One.\n[^3]: Three."):
        text = "# T\n\nText" + "".join(f"[^{name}]" for name in "a123" if f"[^{name}]:" in notes)
        found = read(f"{text}\n\n{notes}").words

        assert found.sources == ()
        assert all(note in found.body for note in notes.split("\n"))


def test_translations_follow_behind_lines_of_hyphens() -> None:
    other = "# Nos negamos\n\nTo: Jo  \nEmployer: E  \nLanguage: es  \nTranslation of: en\n\nHola\n\n1. Basta."
    found = read(f"# We refuse\n\nTo: Jo\nEmployer: E\n\nHello\nyou\n\n1. Stop.\n\n---\n\n{other}\n").words

    assert (found.title, found.body, found.demands) == ("We refuse", "Hello you", ("Stop.",))
    assert [(one.language, one.title, one.body, one.demands) for one in found.translations] == [
        ("es", "Nos negamos", "Hola", ("Basta.",))
    ]


def test_what_could_deceive_is_refused_and_shown_in_its_sentence() -> None:
    with pytest.raises(BadShape) as refusal:
        read("# T\n\nWe will never \u202estrike\u202c the building.")

    assert str(refusal.value) == (
        "Delete the invisible character (right-to-left override) in the body. "
        "It is at [here]: “We will never [here]strike the building.”"
    )
