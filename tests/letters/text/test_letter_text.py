"""A letter's text: what it may contain, its bytes, its HTML."""

import hashlib
import re
import unicodedata
from functools import partial

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.errors import BadShape, TooLong
from petition.letters.text.characters import meaningless_in
from petition.letters.text.letter_text import (
    LIMITS,
    MOST_DEMANDS,
    LetterText,
    canonical,
    digest,
    one_line,
    read_letter_text,
    read_translation,
    several_lines,
)
from petition.letters.text.markdown import html
from tests.walks import WORDS

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u202a\u202b\u202c\u202d\u202e"))


def words(**typed: object) -> LetterText:
    fields = {"title": "T", "recipient": "R", "employer": "E", "body": "B", "demands": [], "language": "en"}
    return read_letter_text(**{**fields, **typed})  # type: ignore[arg-type]


# Normal form


def test_a_letter_written_with_combining_accents_is_the_letter_written_without() -> None:
    assert words(title="Caf\u0065\u0301", body="o\u0308") == words(title="Café", body="ö")


def test_spaces_and_line_breaks_within_a_line_become_one_space() -> None:
    assert one_line("  We\r\nrefuse \t to\u00a0build \n it ", "title") == "We refuse to build it"


def test_a_text_keeps_its_lines_and_loses_what_trails() -> None:
    assert several_lines("\n\nDear Jo,  \r\n\r\nstop.\t\rNow.\n\n", "body") == "Dear Jo,\n\nstop.\nNow."


def test_empty_demands_are_none_and_do_not_count() -> None:
    demands = ["", "Stop.", "  ", "\u2060", *["\t"] * MOST_DEMANDS, "Say so."]

    assert words(demands=demands).demands == ("Stop.", "Say so.")


@given(TEXT.filter(lambda text: len(unicodedata.normalize("NFC", text)) <= 200))
@example("\u1fef")
@example("\u0958")
def test_what_was_kept_is_kept_as_it_is_when_saved_again(text: str) -> None:
    try:
        kept = one_line(text, "title")
    except BadShape:
        return
    assert one_line(kept, "title") == kept
    assert several_lines(kept, "body") == kept
    assert unicodedata.is_normalized("NFC", kept)


# What is refused


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\u202e", "right-to-left override"),
        ("\u202d", "left-to-right override"),
        ("\0", "U\\+0000"),
        ("\x1b", "U\\+001B"),
        ("\x1c", "U\\+001C"),
        ("\x7f", "U\\+007F"),
        ("\x81", "U\\+0081"),
        ("\ud800", "U\\+D800"),
    ],
)
def test_what_could_deceive_is_refused_by_name_where_it_stands(character: str, name: str) -> None:
    for field in ("title", "recipient", "employer", "body"):
        with pytest.raises(
            BadShape, match=f"Delete the invisible character \\({name}\\) in the {field}. .*: “We ab\\[here\\]c.”"
        ):
            words(**{field: f"We ab{character}c."})


def test_a_long_text_shows_the_words_around_what_is_refused() -> None:
    with pytest.raises(BadShape) as refusal:
        words(body="Nobody reads this any more. " * 9 + "We strike\u202e now" + " and then" * 20)

    assert "“…Nobody reads this any more. We strike[here] now and then and then and then and…”" in str(refusal.value)


def test_a_demand_is_checked_like_the_rest() -> None:
    with pytest.raises(BadShape, match="Delete the invisible character .* in the demand"):
        words(demands=["Stop.", "Say\u202eso."])


@pytest.mark.parametrize(
    ("typed", "kept", "named"),
    [
        ("con\u00adtract", "contract", {"soft hyphen": 1}),
        ("a\u200bb\u200bc\ufeff", "abc", {"zero width space": 2, "zero width no-break space": 1}),
        ("a \u2067עברית\u2069 b", "a עברית b", {"right-to-left isolate": 1, "pop directional isolate": 1}),
        ("only\u200e left", "only left", {"left-to-right mark": 1}),
        ("by\u200djoiner", "byjoiner", {"zero width joiner": 1}),
        ("x\U000e0041\u034f\u2062", "x", {"tag latin capital letter a": 1, "combining grapheme joiner": 1,
                                          "invisible times": 1}),
        ("شركة C++\u200f، نعم", "شركة C++\u200f، نعم", {}),
        ("می\u200cخواهم", "می\u200cخواهم", {}),
        ("क्\u200dष", "क्\u200dष", {}),
        ("👩\u200d🏭 ✊🏽 ❤\ufe0f", "👩\u200d🏭 ✊🏽 ❤\ufe0f", {}),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f", {}),
    ],
)  # fmt: skip
def test_meaningless_characters_are_removed_and_can_be_listed(typed: str, kept: str, named: dict[str, int]) -> None:
    assert one_line(typed, "title") == several_lines(typed, "body") == kept
    assert meaningless_in(typed) == named
    assert meaningless_in(kept) == {}


def test_codes_that_break_lines_break_them() -> None:
    assert several_lines("a\x0bb\u2028c\x85d\x0ce\u2029f", "body") == "a\nb\nc\nd\n\ne\n\nf"
    assert one_line("a\x0bb\x0cc", "title") == "a b c"


def test_codes_of_windows_and_word_are_the_characters_that_were_meant() -> None:
    assert several_lines("\x93it\x92s\x94 non\x1estop\x1fped", "body") == "“it’s” non\N{NON-BREAKING HYPHEN}stopped"


@pytest.mark.parametrize(("field", "most"), [("title", 200), ("recipient", 200), ("employer", 200), ("body", 60_000)])
def test_a_field_may_be_so_long_and_no_longer(field: str, most: int) -> None:
    assert LIMITS[field] == most
    assert len(getattr(words(**{field: "é" * most}), field)) == most
    with pytest.raises(TooLong, match=f"Shorten the {field}: it has {most + 1} characters, and the limit is {most}"):
        words(**{field: "é" * (most + 1)})


def test_the_number_and_length_of_demands_are_limited() -> None:
    assert len(words(demands=["x" * 1000] * 30).demands) == 30
    with pytest.raises(TooLong, match="at most 30 here"):
        words(demands=["x"] * 31)
    with pytest.raises(TooLong, match="Shorten the demand: it has 1001 characters"):
        words(demands=["x" * 1001])


@pytest.mark.parametrize("code", ["en", "es", "pt-BR", "zh-Hant", "tlh"])
def test_a_language_is_a_code(code: str) -> None:
    assert words(language=code).language == code


@pytest.mark.parametrize("code", ["e", "EN", "en\nTo: me", "en_US", "English", "en-x", "de-" + "a" * 9, "../en", "\0"])
def test_what_is_no_code_of_a_language_is_refused(code: str) -> None:
    with pytest.raises(BadShape, match="such as en, es or pt-BR"):
        words(language=code)


LISTS = "\n".join(f"{'  ' * level}- x{level}" for level in range(9))
DEEP = [
    "> " * 9 + "x",
    "- " * 9 + "x",
    LISTS,
    "> - " * 4 + "*x*",
    "*a **a " * 5 + "x" + " a** a*" * 5,
    "> " * 500 + "x",
]


@pytest.mark.parametrize("body", DEEP)
def test_quotes_lists_and_emphasis_may_be_nested_so_deep_and_no_deeper(body: str) -> None:
    translation = {"language": "es", "title": "T", "recipient": "R", "demands": []}
    for read in (words, partial(read_translation, **translation)):  # type: ignore[arg-type]
        with pytest.raises(BadShape, match="at most 8 levels deep") as refused:
            read(body=body)
        assert refused.value.place == "body"


@pytest.mark.parametrize("body", ["> " * 8 + "x", "- " * 8 + "x", "> - " * 3 + "***x***", "> - x\n\n*x*\n\n" * 20])
def test_eight_levels_are_no_more_than_a_letter_may_have(body: str) -> None:
    assert words(body=body).body == body.strip()


# Canonical bytes


def test_the_canonical_bytes_are_these() -> None:
    expected = (
        "# We refuse to build it\n"
        "\n"
        "To: Jo Muster, CEO  \n"
        "Employer: Example Corp  \n"
        "Language: en\n"
        "\n"
        "Dear Jo,\n"
        "\n"
        "we, who **work here**, ask you to stop.\n"
        "\n"
        "1. Stop.\n"
        "2. Say so in public.\n"
    )

    assert canonical(WORDS) == expected.encode()
    assert digest(canonical(WORDS)) == hashlib.sha256(expected.encode()).hexdigest()


def test_a_letter_without_demands_ends_with_its_body() -> None:
    assert canonical(words(body="Stop.")).endswith(b"Language: en\n\nStop.\n")


@given(title=TEXT, body=TEXT, demands=st.lists(TEXT, max_size=3))
def test_the_canonical_bytes_say_every_word_and_nothing_hangs_on_the_way_there(
    title: str, body: str, demands: list[str]
) -> None:
    try:
        kept = words(title=title[:50], body=body, demands=demands)
    except BadShape:
        return
    again = read_letter_text(kept.title, kept.recipient, kept.employer, kept.body, list(kept.demands), kept.language)
    text = canonical(kept).decode()

    assert canonical(again) == canonical(kept)
    assert text.startswith(f"# {kept.title}\n\nTo: R  \nEmployer: E  \nLanguage: en\n")
    assert all(f"{number}. {demand}\n" in text for number, demand in enumerate(kept.demands, 1))
    assert kept.body in text
    assert text.endswith("\n")


@pytest.mark.parametrize("field", ["title", "recipient", "employer", "body", "demands", "language"])
def test_every_field_changes_the_digest(field: str) -> None:
    other = {"demands": ["Another."], "language": "es"}.get(field, "Another")

    assert digest(canonical(words(**{field: other}))) != digest(canonical(words()))


# HTML


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>x</b>",
        "<iframe src=//x>",
        "<!-- x -->",
        "&lt;script&gt;",
        "`<script>`",
        "```\n<script>alert(1)</script>\n```",
        '```"><script>\nx\n```',
        '[x](http://y "\'><script>")',
        "[^1]\n\n[^1]: <script>alert(1)</script>",
        '[^"><script>]\n\n[^"><script>]: x',
    ],
)
def test_html_of_the_body_is_text(markdown: str) -> None:
    rendered = html(markdown)

    for begun in ("<script", "<img", "<iframe", "<b ", "<!--"):
        assert begun not in rendered


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;avascript&colon;alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,AAAA",
        "file:///etc/passwd",
        "blob:x",
    ],
)
def test_a_link_goes_to_the_web_or_to_a_mailbox_or_nowhere(address: str) -> None:
    for markdown in (f"[x]({address})", f"[x](<{address}>)", f"<{address}>", f"[x]\n\n[x]: {address}"):
        assert "href=" not in html(markdown)


def test_good_links_stay_and_say_nothing_of_where_they_were_followed() -> None:
    rendered = html("[a](https://example.org/) <mailto:a@example.org>")

    assert '<a href="https://example.org/" rel="nofollow noopener noreferrer">a</a>' in rendered
    assert 'href="mailto:a@example.org"' in rendered


def test_images_are_off_so_that_no_reader_is_counted_elsewhere() -> None:
    for markdown in ("![x](https://example.org/x.png)", "![x][1]\n\n[1]: https://example.org/x.png"):
        assert "<img" not in html(markdown)
        assert "src=" not in html(markdown)
        assert ">x</a>" in html(markdown)


def test_headings_stand_below_those_of_the_page() -> None:
    for typed in ("#", "##", "######"):
        assert html(f"{typed} Why").strip() == "<h2>Why</h2>"
    assert html("Why\n===").strip() == "<h2>Why</h2>"
    assert html("## Why", apart="de").strip() == "<h3>Why</h3>"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("# # ## #", "2 2 3 2"),
        ("## #### ## ###", "2 3 2 3"),
        ("### # ##", "2 2 3"),
        ("# ## ### #### ##### ######", "2 3 4 5 6 6"),
    ],
)
def test_no_heading_of_a_letter_is_more_than_one_level_below_the_one_before(typed: str, shown: str) -> None:
    rendered = html("\n\n".join(f"{marks} Why *so*" for marks in typed.split()))

    assert re.findall("<h([1-6])>Why <em>so</em></h[1-6]>", rendered) == shown.split()


def test_a_footnote_leads_there_and_back() -> None:
    rendered = html("They knew.[^1]\n\n[^1]: A report.")

    assert '<a href="#fn1" id="fnref1"' in rendered
    assert '<li id="fn1"' in rendered
    assert 'href="#fnref1"' in rendered


@pytest.mark.parametrize("body", DEEP[:-1])
def test_levels_that_are_too_deep_are_shown_as_one_with_every_word(body: str) -> None:
    rendered = html(body)

    assert len(re.findall("<(?:blockquote|ul|em|strong)>", rendered)) == 8
    assert re.sub("<[^>]+>", " ", rendered).split() == re.findall("[ax][0-9]?", body)


def test_no_style_and_no_handler_comes_through() -> None:
    rendered = html("# x {onclick=y}\n\n- [ ] a\n\n> b\n\n1. c\n\n**d** *e* `f`\n\n---\n\ng  \nh")

    for tag in ("blockquote", "ul", "ol", "strong", "em", "code", "hr"):
        assert f"<{tag}" in rendered
    assert "style=" not in rendered
    assert "<h2>x {onclick=y}</h2>" in rendered


@given(st.text("<>[](){}!#*_`\"'&;:/\\ \n^1ahrefscipt=onx-", max_size=60))
@example("<a href='x' onx=1>")
def test_whatever_is_typed_no_other_element_and_no_other_attribute_comes_out(markdown: str) -> None:
    rendered = html(markdown)
    allowed = {
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "em",
        "strong",
        "a",
        "code",
        "pre",
        "hr",
    }
    allowed |= {"br", "sup", "section"}
    attributes = {tag: {"href", "id", "class", "start"} for tag in allowed}

    assert nh3.clean(rendered, tags=allowed, attributes=attributes, link_rel="nofollow noopener noreferrer") == rendered
