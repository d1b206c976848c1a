"""Builds .docx files from raw WordprocessingML: the smallest package that word processors open, and pieces of text."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPACES = (
    f'xmlns:w="{TRANSITIONAL}" xmlns:r="{OFFICE}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'
)
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
PARTS = {
    name: f"application/vnd.openxmlformats-officedocument.wordprocessingml.{name}+xml"
    for name in ("styles", "numbering", "footnotes", "endnotes", "header", "footer", "comments")
}


def style(name: str, inside: str = "", kind: str = "paragraph") -> str:
    """A style whose id is its name without blanks."""
    return f'<w:style w:type="{kind}" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/>{inside}</w:style>'


STYLES = "".join(
    (
        style("Title", "<w:rPr><w:b/></w:rPr>"),
        style("heading 1", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr>'),
        style("heading 2", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
        style("Quote", "<w:rPr><w:i/></w:rPr>"),
        style("Note of ours", "<w:rPr><w:vanish/></w:rPr>"),
        style("Strong", "<w:rPr><w:b/></w:rPr>", kind="character"),
    )
)
DIGITS = "0123456789"
DECIMAL, BULLET, FROM_FOUR, LETTERS, ENDING = 1, 2, 3, 4, 5


def _levels(*levels: tuple[str, str, int]) -> str:
    return "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>'
        f'<w:pPr><w:ind w:left="{720 * (depth + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
        for depth, (form, text, start) in enumerate(levels)
    )


ABSTRACT = {
    DECIMAL: _levels(("decimal", "%1.", 1), ("lowerLetter", "%2)", 1), ("lowerRoman", "%3.", 1)),
    BULLET: _levels(("bullet", "•", 1), ("bullet", "◦", 1)),
    FROM_FOUR: _levels(("decimal", "%1.", 4)),
    ENDING: _levels(("decimal", "%1)", 1)),
    LETTERS: _levels(("upperLetter", "%1.", 1), ("decimal", "%1.%2", 1)),
}
NUMBERING = "".join(
    f'<w:abstractNum w:abstractNumId="{number}">{levels}</w:abstractNum>' for number, levels in ABSTRACT.items()
) + "".join(f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>' for number in ABSTRACT)


def t(text: str, properties: str = "") -> str:
    """A run of text with its properties."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def p(*runs: str, style: str = "", properties: str = "") -> str:
    """A paragraph of runs."""
    of_style = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{of_style}{properties}</w:pPr>{''.join(runs)}</w:p>"


def item(*runs: str, of: int = DECIMAL, depth: int = 0) -> str:
    """A paragraph of a list."""
    return p(*runs, properties=f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{of}"/></w:numPr>')


def title(text: str) -> str:
    """The document's title."""
    return p(t(text), style="Title")


def field(instruction: str, shown: str) -> str:
    """A complex field with the text that it shows."""
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f"<w:r><w:instrText xml:space='preserve'> {escape(instruction)} </w:instrText></w:r>"
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{shown}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def note_mark(number: int, kind: str = "footnote") -> str:
    """The mark of a note in the text."""
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:{kind}Reference w:id="{number}"/></w:r>'


def box(*paragraphs: str) -> str:
    """A run with a text box, as Word writes it: once for new programs and once for old ones."""
    content = f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"
    return (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0" '
        'distR="0" simplePos="0" relativeHeight="1" behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1">'
        '<wp:simplePos x="0" y="0"/><wp:positionH relativeFrom="column"><wp:posOffset>0</wp:posOffset></wp:positionH>'
        '<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV>'
        '<wp:extent cx="2000000" cy="900000"/><wp:wrapSquare wrapText="bothSides"/><wp:docPr id="1" name="Box"/>'
        '<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>'
        '<wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="2000000" cy="900000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></wps:spPr>'
        f"<wps:txbx>{content}</wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )


def table(*rows: tuple[str, ...]) -> str:
    """A table of texts."""
    cells = ("".join(f"<w:tc><w:tcPr/>{p(t(cell))}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def notes(kind: str, texts: Mapping[int, str]) -> str:
    """The part with the notes: paragraphs by the number of their note."""
    made = "".join(f'<w:{kind} w:id="{number}">{paragraphs}</w:{kind}>' for number, paragraphs in texts.items())
    separator = f'<w:{kind} w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:{kind}>'
    return f"<w:{kind}s {SPACES}>{separator}{made}</w:{kind}s>"


def word_file(
    *blocks: str,
    footnotes: Mapping[int, str] | None = None,
    endnotes: Mapping[int, str] | None = None,
    links: Mapping[str, str] | None = None,
    styles: str = STYLES,
    numbering: str = NUMBERING,
    main: str = "document",
    is_strict: bool = False,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """A whole file of blocks; ``links`` are addresses by relationship id, ``extra`` further parts by name."""
    parts = {
        "styles": f"<w:styles {SPACES}>{styles}</w:styles>",
        "numbering": f"<w:numbering {SPACES}>{numbering}</w:numbering>",
    }
    parts |= {"footnotes": notes("footnote", footnotes)} if footnotes else {}
    parts |= {"endnotes": notes("endnote", endnotes)} if endnotes else {}
    parts |= dict(extra or {})
    relations = "".join(
        f'<Relationship Id="r_{name}" Type="{OFFICE}/{name.rstrip(DIGITS)}" Target="{name}.xml"/>' for name in parts
    ) + "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/hyperlink" Target="{escape(address)}" TargetMode="External"/>'
        for key, address in (links or {}).items()
    )
    files = {
        "[Content_Types].xml": _content_types(main, parts),
        "_rels/.rels": _relations(f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/{main}.xml"/>'),
        f"word/{main}.xml": f"<w:document {SPACES}><w:body>{''.join(blocks)}<w:sectPr/></w:body></w:document>",
        f"word/_rels/{main}.xml.rels": _relations(relations),
    } | {f"word/{name}.xml": part for name, part in parts.items()}
    return packed({name: _strict(part) if is_strict else part for name, part in files.items()})


def _content_types(main: str, parts: Mapping[str, str]) -> str:
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{PARTS.get(name.rstrip(DIGITS), "application/xml")}"/>'
        for name in parts
    )
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/{main}.xml" ContentType="{MAIN_TYPE}"/>{overrides}</Types>'
    )


def _relations(inside: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inside}</Relationships>'


def _strict(part: str) -> str:
    """The part in the strict variant of the standard (ISO/IEC 29500-1)."""
    return part.replace(TRANSITIONAL, STRICT).replace(OFFICE, "http://purl.oclc.org/ooxml/officeDocument/relationships")


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of parts."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in files.items():
            head = "" if isinstance(part, bytes) else '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            package.writestr(name, part if isinstance(part, bytes) else head + part)
    return body.getvalue()
