"""A letter from an .odt: what LibreOffice shows stays, the rest is listed."""

import pytest

from petition.errors import BadShape
from petition.letters.drafting.importing.files import Imported, read_file
from tests.letters.drafting.importing.word_files import packed

OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = " ".join(
    [
        *(f'xmlns:{name}="{OASIS}{name}:1.0"' for name in ("office", "text", "style", "table")),
        f'xmlns:draw="{OASIS}drawing:1.0" xmlns:fo="{OASIS}xsl-fo-compatible:1.0"',
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)
GOES_ON = 'text:continue-numbering="true"'
STYLES = """
<style:style style:name="B" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="S" style:family="text">
<style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="U" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
<text:list-style style:name="L">
<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/></text:list-style>
<text:list-style style:name="D"><text:list-level-style-bullet text:level="1" text:bullet-char="-"/></text:list-style>
"""


def read(*blocks: str) -> Imported:
    """A document of blocks, read."""
    text = f"<office:body><office:text>{''.join(blocks)}</office:text></office:body>"
    content = f"<office:automatic-styles>{STYLES}</office:automatic-styles>{text}"
    return read_file(
        "letter.odt", packed({"content.xml": f"<office:document-content {SPACES}>{content}</office:document-content>"})
    )


def p(text: str, style: str = "Standard") -> str:
    """A paragraph."""
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def span(text: str, style: str) -> str:
    """Text of a style."""
    return f'<text:span text:style-name="{style}">{text}</text:span>'


def items(*texts: str, style: str = "L", more: str = "") -> str:
    """A list of items."""
    inside = "".join(f"<text:list-item>{one}</text:list-item>" for one in texts)
    return f'<text:list text:style-name="{style}" {more}>{inside}</text:list>'


def test_title_head_and_demands_are_found() -> None:
    found = read(p("We refuse", "Title"), p("To: Jo"), p("Dear Jo,"), items(p("Stop."), p("Pay."))).words

    assert (found.title, found.recipient, found.body, found.demands) == (
        "We refuse",
        "Jo",
        "Dear Jo,",
        ("Stop.", "Pay."),
    )


@pytest.mark.parametrize(
    ("block", "shown", "listed"),
    [
        (p(f"we {span('never', 'B')} said"), "we **never** said", []),
        (p(f"10{span('6', 'U')}"), "10⁶", []),
        (p("a<text:tab/>b<text:s text:c='2'/>c<text:line-break/>d"), "a b c\\\nd", []),
        (p("By <text:user-defined text:name='Company'>Example Corp</text:user-defined>"), "By Example Corp", []),
        (p(f"seen{span(' HIDDEN', 'H')}"), "seen", ["Hidden text: 1"]),
        (p(f"we {span('never', 'S')}"), "we never", ["Struck-out text, now like any other: “never”"]),
        (p("x<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とう</text:ruby-text></text:ruby>"),
         "x東京（とう）", ["Pronunciations, now in parentheses: 1"]),
        (p("a<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"), "a\n\nboxed",
         ["Text boxes, now below their paragraph: 1"]),
        (p("a<draw:frame><draw:image/></draw:frame>"), "a", ["Pictures: 1"]),
        ('<text:h text:outline-level="2">Why</text:h>', "## Why", []),
        (p("They: no.", "Quotations"), "> They: no.", []),
        (p('<text:a xlink:href="https://a.example/">here</text:a>'), "[here](<https://a.example/>)", []),
        (p("a<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>One.</text:p><text:p>Two.</text:p>"
           "</text:note-body></text:note>."), "a[^n1].\n\n[^n1]: One.\n\n    Two.", []),
        (items(p("one"), p("two") + items(p("sub"))) + p("Between.") + items(p("three"), more=GOES_ON)
         + p("End."), "1. one\n\n2. two\n\n   a) sub\n\nBetween.\n\n3. three\n\nEnd.", []),
        (items(p("x"), p("y"), style="D"), "- x\n- y", []),
        ("<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell>"
         "<text:p>b</text:p></table:table-cell></table:table-row></table:table>", "a | b",
         ["Table rows, now lines with | between cells: 1"]),
        ("<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
         "</text:changed-region></text:tracked-changes>" + p("kept"), "kept",
         ["Tracked deletions: 1"]),
    ],
)  # fmt: skip
def test_what_shows_stays_and_the_rest_is_listed(block: str, shown: str, listed: list[str]) -> None:
    found = read(p("Our letter", "Title"), block)

    assert found.words.body == shown
    assert [str(one) for one in found.omissions] == listed


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(BadShape, match="can't read"):
        read_file("letter.odt", packed({"content.xml": "<x/>"}))
