"""A letter from a .docx: each kind of what word processors write, with what the letter then says."""

import io
from pathlib import Path

import docx
import pytest

from petition.letters.drafting.importing.files import Imported, read_file
from petition.letters.text.sources import Source
from tests.letters.drafting.importing.word_files import (
    BULLET,
    DECIMAL,
    FROM_FOUR,
    LETTERS,
    NUMBERING,
    STYLES,
    box,
    field,
    item,
    note_mark,
    p,
    style,
    t,
    table,
    title,
    word_file,
)

RAISED = '<w:vertAlign w:val="superscript"/>'
SET_IN = '<w:ind w:left="720"/>'
BOX = "<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>"
DATED = 'w:id="1" w:author="x" w:date="2026-01-01T00:00:00Z"'


def read(*blocks: str, **parts: object) -> Imported:
    """A file of blocks behind a title, read."""
    return read_file("letter.docx", word_file(title("Our letter"), *blocks, **parts))  # type: ignore[arg-type]


def body(*blocks: str, **parts: object) -> str:
    """What the letter then says."""
    return read(*blocks, **parts).words.body


def told(imported: Imported) -> list[str]:
    """What is listed."""
    return [str(one) for one in imported.omissions]


@pytest.mark.parametrize(
    ("paragraph", "shown"),
    [
        (p(t("Signed on "), '<w:fldSimple w:instr=" DATE ">' + t("21 June 2026") + "</w:fldSimple>", t(".")),
         "Signed on 21 June 2026."),
        (p(t("By "), field("DOCPROPERTY Company", t("Example Corp")), t(".")), "By Example Corp."),
        (p(t("one"), "<w:r><w:tab/></w:r>", t("two"), "<w:r><w:br/></w:r>", t("three"), "<w:r><w:cr/></w:r>", t("4")),
         "one two\\\nthree\\\n4"),
        (p(t("non"), "<w:r><w:noBreakHyphen/></w:r>", t("stop"), "<w:r><w:softHyphen/></w:r>", t("ped")),
         "non\N{NON-BREAKING HYPHEN}stopped"),
        (p(t("stop now", "<w:caps/>"), t(" H"), t("2", '<w:vertAlign w:val="subscript"/>'), t("O, 10"),
           t("6", RAISED)), "STOP NOW H₂O, 10⁶"),
        (p(t("注意：", "<w:b/>"), t("请。"), t("「反对」", "<w:b/>"), t("是")), "**注意：**请。**「反对」**是"),
        (p(t("مهم", "<w:rtl/><w:bCs/>"), t(" جدا", "<w:rtl/><w:b/>")), "**مهم** جدا"),
        (p(t("strong", '<w:rStyle w:val="Strong"/>'), t(" plain")), "**strong** plain"),
        (p(t("not", '<w:rStyle w:val="Strong"/><w:b w:val="0"/>'), t(" bold")), "not bold"),
        (p('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>', t(" yes")), "✓ yes"),
        (p('<w:smartTag w:element="x">' + t("in a tag") + "</w:smartTag>"), "in a tag"),
        (p(t("# 1 * 2 [3] <b>")), "\\# 1 \\* 2 \\[3\\] \\<b>"),
    ],
)  # fmt: skip
def test_the_text_that_word_shows_stays(paragraph: str, shown: str) -> None:
    assert body(paragraph) == shown
    assert told(read(paragraph)) == []


@pytest.mark.parametrize(
    ("paragraph", "shown", "listed"),
    [
        (p(t("Shown. "), t("HIDDEN", "<w:vanish/>"), t("Again.")), "Shown. Again.", ["Hidden text: 1"]),
        (p(t("Unseen"), style="Noteofours"), "", ["Hidden text: 1"]),
        (p(t("we "), t("never", "<w:strike/>"), t(" said")), "we never said",
         ["Struck-out text, now like any other: “never”"]),
        (p(t("10"), t("n", RAISED), t(" 1"), t("st", RAISED)),
         "10ⁿ 1st", ["Superscripts and subscripts, kept as text: “st”"]),
        (p(t("10"), t("6a", RAISED)), "10^(6a)",
         ["Superscripts and subscripts, kept as text: “6a”"]),
        (p('<w:r><w:ruby><w:rubyPr/><w:rt>' + t("とうきょう") + "</w:rt><w:rubyBase>" + t("東京")
           + "</w:rubyBase></w:ruby></w:r>"), "東京（とうきょう）",
         ["Pronunciations, now in parentheses: 1"]),
        (p('<w:bdo w:val="rtl">' + t("turned") + "</w:bdo>"), "turned",
         ["Changes of text direction: 1"]),
        (p(t("old"), f"<w:del {DATED}><w:r><w:delText> gone</w:delText></w:r></w:del>",
           f"<w:ins {DATED}>" + t(" new") + "</w:ins>"), "old new",
         ["Tracked deletions: 1", "Tracked insertions, now in the text: 1"]),
        (p(t("red", '<w:color w:val="FF0000"/>'), t(" u", '<w:u w:val="single"/>')), "red u",
         ["Underlines, colors, highlights and small capitals: 2"]),
        (p("<w:sdt><w:sdtPr/><w:sdtContent>" + t("filled in") + "</w:sdtContent></w:sdt>"), "filled in",
         ["Form fields, kept as text: 1"]),
        ("<w:sdt><w:sdtContent>" + p(t("a block")) + "</w:sdtContent></w:sdt>", "a block",
         ["Form fields, kept as text: 1"]),
        (p(f'<w:r><w:fldChar w:fldCharType="begin">{BOX}</w:fldChar></w:r>'
           "<w:r><w:instrText> FORMCHECKBOX </w:instrText></w:r>"
           '<w:r><w:fldChar w:fldCharType="end"/></w:r>', t(" done")),
         "☒ done", ["Check boxes, now characters: 1"]),
        (p("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>12</m:t></m:r></m:den></m:f></m:oMath>"),
         "1/(12)", ["Formulas, kept as text: “1/(12)”"]),
        (p(t("see"), '<w:r><w:commentReference w:id="1"/></w:r>'), "see", ["Comments: 1"]),
        (p(t("a"), "<w:r><w:drawing><wp:docPr id='1' name='x' descr='Our office'/></w:drawing></w:r>"),
         "a", ["Pictures: 1 (“Our office”)"]),
        (p(t("a"), "<w:r><w:drawing/></w:r>"), "a", ["Pictures: 1"]),
        (table(("Year", "Paid"), ("2025", ""), ("", "3")), "Year | Paid\\\n2025\\\n| 3",
         ["Table rows, now lines with | between cells: 3"]),
        (p(t("box:"), box(p(t("within")), p(t("it")))), "box:\n\nwithin\n\nit",
         ["Text boxes, now below their paragraph: 1"]),
        (p('<w:r><w:sym w:font="Webdings" w:char="F041"/></w:r>', t("x")), "x",
         ["Symbols from a special font: “Webdings 41”"]),
    ],
)  # fmt: skip
def test_what_changes_its_look_or_is_left_out_is_listed(paragraph: str, shown: str, listed: list[str]) -> None:
    found = read(paragraph)

    assert found.words.body == shown
    assert told(found) == listed


def test_the_first_title_is_the_title_and_later_ones_are_headings() -> None:
    found = read(
        title("A second title"), p(t("Part"), style="heading1"), p(t("Smaller"), style="heading2"), p(t("Text."))
    )

    assert found.words.title == "Our letter"
    assert found.words.body == "# A second title\n\n# Part\n\n## Smaller\n\nText."


def test_a_heading_that_begins_the_document_is_its_title() -> None:
    found = read_file("letter.docx", word_file(p(t("We refuse"), style="heading1"), p(t("To: Jo")), p(t("Dear Jo,"))))

    assert (found.words.title, found.words.recipient, found.words.body) == ("We refuse", "Jo", "Dear Jo,")


def test_a_title_that_is_too_long_is_shown_above_the_text() -> None:
    found = read_file("letter.docx", word_file(title("long " * 50), p(t("Text."))))

    assert (found.words.title, found.words.body) == ("", f"# {'long ' * 49}long\n\nText.")
    assert told(found)[0].startswith("Title too long")


def test_numbers_are_those_of_the_document() -> None:
    found = body(
        item(t("one")), item(t("two")), p(t("Between.")), item(t("three")), p(t("Other.")),
        item(t("four"), of=FROM_FOUR), item(t("five"), of=FROM_FOUR),
        item(t("A"), of=LETTERS), item(t("A.1"), of=LETTERS, depth=1), p(t("6. by hand")),
    )  # fmt: skip

    assert found == (
        "1. one\n2. two\n\nBetween.\n\n3. three\n\nOther.\n\n4. four\n5. five\n\nA. A\n\nA.1 A.1\n\n6\\. by hand"
    )


def test_lists_keep_their_levels() -> None:
    numbers = (item(t("one")), item(t("sub"), depth=1), item(t("subsub"), depth=2), item(t("two")))
    bullets = (item(t("x"), of=BULLET), item(t("y"), of=BULLET, depth=1))
    found = body(*numbers, *bullets, p(t("End.")))

    assert found == "1. one\n\n   a) sub\n\n   i. subsub\n\n2. two\n\n- x\n  - y\n\nEnd."


def test_a_list_may_start_again() -> None:
    restarted = NUMBERING + (
        f'<w:num w:numId="9"><w:abstractNumId w:val="{DECIMAL}"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    )
    found = body(item(t("one")), item(t("two")), item(t("anew"), of=9), p(t("End.")), numbering=restarted)

    assert found == "1. one\n2. two\n\n1) anew\n\nEnd."


def test_a_list_may_come_from_a_style() -> None:
    styles = STYLES + style("List Number", f'<w:pPr><w:numPr><w:numId w:val="{DECIMAL}"/></w:numPr></w:pPr>')

    assert read(p(t("Stop."), style="ListNumber"), p(t("Pay."), style="ListNumber"), styles=styles).words.demands == (
        "Stop.", "Pay.",
    )  # fmt: skip


def test_a_paragraph_that_is_set_in_belongs_to_its_item() -> None:
    more = p(t("More on it."), properties=SET_IN)
    found = read(item(t("Stop.")), more, item(t("Pay.")), p(t("Not set in.")))

    assert found.words.body == "1. Stop.\n\n   More on it.\n\n2. Pay.\n\nNot set in."


def test_the_numbered_list_at_the_end_is_the_demands() -> None:
    more = p(t("To all."), properties=SET_IN)
    found = read(p(t("Dear Jo,")), item(t("Stop "), t("now", "<w:b/>"), t(".")), more, item(t("Pay\n it.")))

    assert found.words.demands == ("Stop now. To all.", "Pay it.")
    assert told(found) == [
        "Line breaks within demands: 1", "Formatting, kept as text: “now”",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        ((item(t("Stop"), note_mark(2)), item(t("Pay"))), "1. Stop[^n1]\n2. Pay\n\n[^n1]: Why."),
        ((item(t("Stop")), item(t("soon"), depth=1), item(t("Pay"))), "1. Stop\n\n   a) soon\n\n2. Pay"),
        ((item(t("Stop"), of=FROM_FOUR),), "4. Stop"),
        ((item(t("x" * 1001)),), "1. " + "x" * 1001),
    ],
)
def test_a_list_that_cannot_be_demands_stays_in_the_text_and_is_listed(items: tuple[str, ...], shown: str) -> None:
    found = read(*items, footnotes={2: p(t("Why."))})

    assert (found.words.demands, found.words.body) == ((), shown)
    assert told(found)[0].startswith("The list at the end, kept in the text: “")


def test_notes_keep_their_paragraphs_and_their_looks() -> None:
    note = p('<w:r><w:footnoteRef/></w:r>', t("One.")) + p(t("Two "), t("bold", "<w:b/>"), t("."))  # fmt: skip
    found = read(p(t("Text"), note_mark(2), t(" and"), note_mark(5, "endnote"), t(".")),
                 footnotes={2: note, 9: p(t("Unused."))}, endnotes={5: p(t("End."))})  # fmt: skip

    assert found.words.body == "Text[^n1] and[^n2].\n\n[^n1]: One.\n\n    Two **bold**.\n\n[^n2]: End."
    assert told(found) == []


def test_notes_that_are_all_sources_become_sources() -> None:
    notes = {
        2: p(t("The Report, 2025, https://example.org/r.")),
        3: p(t("A page <https://example.org/p> (2018-06-21)")),
    }
    found = read(p(t("Text"), note_mark(3), t(" and"), note_mark(2), t(".")), footnotes=notes)

    assert found.words.body == "Text[^1] and[^2]."
    assert found.words.sources == (
        Source("A page", "https://example.org/p", "2018-06-21"), Source("The Report, 2025", "https://example.org/r"),
    )  # fmt: skip
    assert told(found) == []


def test_a_note_without_its_text_leaves_no_mark() -> None:
    assert body(p(t("Text"), note_mark(7), t("."))) == "Text."


@pytest.mark.parametrize(
    "address", ["https://a.example/x_(y)", "https://a.example/?q=a&copy=1#b*c", "mailto:a@b.example"]
)
def test_links_lead_where_they_led(address: str) -> None:
    found = body(p('<w:hyperlink r:id="r9">' + t("here") + "</w:hyperlink>", t(".")), links={"r9": address})

    assert found == f"[here](<{address}>)."


def test_links_that_lead_nowhere_are_text_and_listed() -> None:
    found = read(p('<w:hyperlink r:id="r9">' + t("there") + '</w:hyperlink><w:hyperlink w:anchor="x">' + t(" below")
                   + "</w:hyperlink>"), links={"r9": "javascript:alert(1)"})  # fmt: skip

    assert found.words.body == "there below"
    assert told(found) == ["Links, kept as text: “there (javascript:alert(1))”"]


def test_a_link_ends_with_its_paragraph_even_if_its_field_does_not() -> None:
    begins = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        '<w:r><w:instrText> HYPERLINK "https://b.example/x" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    deleted = f'<w:del {DATED}><w:r><w:fldChar w:fldCharType="end"/></w:r></w:del>'

    assert body(p(begins, t("linked"), deleted, t(" not.")), p(t("Second."))) == (
        "[linked](<https://b.example/x>) not.\n\nSecond."
    )
    assert body(p(begins, t("linked")), p(t("Second."))) == "[linked](<https://b.example/x>)\n\nSecond."


def test_a_field_without_an_end_hides_no_later_paragraph() -> None:
    assert body(p('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', t("code")), p(t("Second."))) == "Second."


def test_a_paragraph_whose_end_was_deleted_goes_on_with_the_next() -> None:
    assert body(p(t("One "), properties=f"<w:rPr><w:del {DATED}/></w:rPr>"), p(t("two."))) == "One two."


def test_rows_that_were_deleted_are_gone() -> None:
    rows = table(("a", "b"), ("c", "d")).replace("<w:tr>", f"<w:tr><w:trPr><w:del {DATED}/></w:trPr>", 1)

    assert body(rows) == "c | d"


def test_a_table_of_one_column_is_its_text() -> None:
    assert body(table(("Dear Jo,", ""), ("we ask", ""))) == "Dear Jo,\n\nwe ask"


def test_quotes_are_gathered_and_only_what_is_italic_by_itself_is_emphasized() -> None:
    quote = p(t("No.")), p(t("No."), style="Quote"), p(t("Not "), t("ever", "<w:i/>"), t("."), style="Quote")

    assert body(*quote, p(t("End."))) == "No.\n\n> No.\n>\n> Not *ever*.\n\nEnd."


def test_headers_and_footers_are_listed_with_their_words() -> None:
    header = (
        '<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        + p(t("Confidential"))
        + "</w:hdr>"
    )

    assert told(read(p(t("Text.")), extra={"header1": header})) == ["Headers and footers: “Confidential”"]


@pytest.mark.parametrize(("main", "is_strict"), [("document2", False), ("document", True), ("letter", True)])
def test_parts_are_found_through_relationships(main: str, is_strict: bool) -> None:
    found = read(p(t("Text")), item(t("Stop.")), main=main, is_strict=is_strict)

    assert (found.words.body, found.words.demands) == ("Text", ("Stop.",))


def test_isolates_that_mean_nothing_are_removed_and_listed() -> None:
    found = read(p(t("The clause \u2067עברית\u2069 in Hebrew.")))

    assert found.words.body == "The clause עברית in Hebrew."
    assert told(found) == ["Invisible characters: “right-to-left isolate”, “pop directional isolate”"]


def test_a_document_of_python_docx_is_carried_over(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_heading("We refuse to build it", 0)
    made.add_paragraph("To: Jo Muster, CEO")
    paragraph = made.add_paragraph("we ")
    paragraph.add_run("who work here ").bold = True
    paragraph.add_run("ask").italic = True
    made.add_heading("Why", 1)
    made.add_paragraph("one", style="List Bullet")
    made.add_paragraph("We refuse.", style="Quote")
    made.add_paragraph("Stop.", style="List Number")
    made.add_paragraph("Say *so*.", style="List Number")
    written = io.BytesIO()
    made.save(written)
    words = read_file("letter.docx", written.getvalue()).words

    assert (words.title, words.recipient, words.demands) == (
        "We refuse to build it", "Jo Muster, CEO", ("Stop.", "Say *so*."),
    )  # fmt: skip
    assert words.body == "we **who work here** *ask*\n\n# Why\n\n- one\n\n> We refuse."
