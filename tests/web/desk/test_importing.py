"""Taking a text from a file: it is read in the form before anything is saved."""

import io
from dataclasses import replace

import pytest

from petition.coordination import opening
from petition.letters.text.letter_text import Translation, canonical
from tests.letters.drafting.importing.test_process import changed, macros
from tests.letters.drafting.importing.word_files import item, p, t, table, title, word_file
from tests.shared import ONCE, Shared
from tests.visitors import SITE, Page, Visitor
from tests.walks import WORDS
from tests.web.desk.test_versions import ana, browser, newest

pytestmark = pytest.mark.thorough

DOCUMENT = word_file(
    title("We refuse to build it"),
    p(t("To: Jo Muster")),
    p(t("Dear Jo,"), t("secret", "<w:vanish/>")),
    table(("a", "b")),
    item(t("Stop.")),
    item(t("Say *so*.")),
)

__all__ = ["ana", "browser"]


def sent(visitor: Visitor, page: Page, name: str, body: bytes) -> Page:
    """Choose a file and press the button."""
    form = page.form_with("Show it in the form")
    data = {**form.fields, "file": (io.BytesIO(body), name)}
    headers = {"Sec-Fetch-Site": "same-origin", "Referer": SITE + page.path}
    answer = visitor.client.post(page.path, base_url=SITE, data=data, headers=headers)
    return visitor.open(answer.location) if answer.status_code == 303 else Page(answer, page.path)


@ONCE
def test_a_document_fills_the_form_and_nothing_is_saved(shared: Shared, ana: Visitor) -> None:
    shown = sent(ana, ana.open("/organize/letters/import"), "letter.docx", DOCUMENT)
    fields = shown.form_with("Save").fields

    assert (fields["title"], fields["demands-1"]) == ("We refuse to build it", "Say *so*.")
    assert "Table rows, now lines with | between cells: 1" in shown.text
    assert ana.press(shown, "Save", employer="Example Corp").heading == "We refuse to build it"


@ONCE
def test_a_file_takes_the_place_of_the_text_once_it_is_saved(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    shown = sent(ana, ana.open(f"{place.desk}import"), "letter.txt", b"New title\n\nNew *text*.")

    assert newest(shared, place) == WORDS
    ana.press(shown, "Save")
    assert newest(shared, place).body == "New \\*text\\*."
    assert newest(shared, place).recipient == WORDS.recipient


@ONCE
def test_a_locked_letter_takes_no_file(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    page = ana.open(f"{place.desk}import")
    opening.open_letter(shared.campaign.services, place.id, moment=shared.clock())
    refused = sent(ana, page, "letter.txt", b"New title\n\nNew text.")

    assert refused.status == 409
    assert "To change it, start a new letter." in refused.text


@ONCE
@pytest.mark.parametrize("is_new", [True, False])
def test_a_file_that_would_replace_unsaved_text_says_so_before(shared: Shared, ana: Visitor, is_new: bool) -> None:
    told, home = "This replaces your unsaved text.", "/organize/letters/" if is_new else shared.a_draft().desk
    write = f"{home}{'new' if is_new else 'write'}"
    ana.press(ana.press(ana.open(write), "Preview", title="Typed"), "Preview")
    before = ana.open(f"{home}import").text
    ana.press(ana.open(write), "Discard these changes")

    assert told in before
    assert told not in ana.open(f"{home}import").text


@ONCE
def test_the_page_says_what_a_file_with_translations_does(ana: Visitor) -> None:
    page = ana.open("/organize/letters/import").text

    assert "A file with translations is saved at once." in page
    assert "Nothing is saved" not in page


@ONCE
def test_a_letter_in_several_languages_is_taken_whole(shared: Shared, ana: Visitor) -> None:
    whole = replace(WORDS, title="Whole", translations=(Translation("es", "Toda", "Jo", "Hola", ("Basta.", "Dilo.")),))
    shown = sent(ana, ana.open("/organize/letters/import"), "letter.md", canonical(whole))
    place = shared.a_draft()
    sent(ana, ana.open(f"{place.desk}import"), "letter.md", canonical(whole))

    assert shown.heading == "Whole"
    assert newest(shared, place) == whole


@ONCE
@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("letter.docx", changed(macros), "has macros"),
        ("letter.pdf", b"%PDF", "as .docx, .odt, .md or .txt"),
        ("letter.md", b"\xff", "as UTF-8 text"),
        ("letter.md", b"---\ntitle: " + b"x" * 201 + b"\n---\n", "Shorten the title: it has 201 characters"),
        ("letter.md", "# a\u202eb".encode(), "right-to-left override"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    shared: Shared, ana: Visitor, name: str, body: bytes, sentence: str
) -> None:
    refused = sent(ana, ana.open("/organize/letters/import"), name, body)

    assert refused.status in (400, 413)
    assert sentence in refused.text


@ONCE
def test_a_file_that_is_too_large_is_refused(shared: Shared, ana: Visitor) -> None:
    kind = "multipart/form-data; boundary=b"
    path = "/organize/letters/import"
    large = ana.client.post(path, base_url=SITE, data=b"x" * 1_100_000, content_type=kind)

    assert large.status_code == 413
    assert "Choose a file first." in ana.press(ana.open("/organize/letters/import"), "Show it in the form").text


@ONCE
def test_settings_of_a_file_are_named_and_left_to_the_page_review(shared: Shared, ana: Visitor) -> None:
    shown = sent(ana, ana.open("/organize/letters/import"), "letter.md", b"---\nk: 5\ngoal: 50\n---\n# T\n\nText.")

    assert "Settings, which you choose under “Review”: k, goal" in shown.text


@ONCE
@pytest.mark.parametrize("is_new", [True, False])
def test_settings_of_a_file_in_several_languages_are_named_too(shared: Shared, ana: Visitor, is_new: bool) -> None:
    place = shared.a_draft()
    spanish = "# Pedimos\n\nTo: Jo  \nEmployer: E  \nLanguage: es  \nTranslation of: en\n\nHola."
    english = "# We ask\n\nTo: Jo  \nEmployer: E  \nLanguage: en\n\nHello <u>Jo</u>."
    body = f"---\nupdates: hourly\nk: 5\n---\n\n{english}\n\n---\n\n{spanish}\n".encode()
    shown = sent(ana, ana.open("/organize/letters/import" if is_new else f"{place.desk}import"), "letter.md", body)

    assert "Settings, which you choose under “Review”: updates, k" in shown.text
    assert "HTML, kept as text" in shown.text
    assert shown.form_with("Save").fields["title"] == "We ask"
    assert is_new or newest(shared, place).languages == ("en", "es")


@ONCE
@pytest.mark.parametrize(("line", "language"), [("", "en"), ("language: de\n", "de")])
def test_the_language_that_a_file_says_is_taken(shared: Shared, ana: Visitor, line: str, language: str) -> None:
    place = shared.a_draft()
    body = f"---\ntitle: T\n{line}---\n\nText.".encode()
    shown = sent(ana, ana.open(f"{place.desk}import"), "letter.md", body)

    assert shown.form_with("Save").fields["language"] == language


@ONCE
def test_a_text_that_is_pasted_keeps_its_lines_and_its_bullets(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    pasted = "Dear leadership,\r\nwe ask:\r\n\u2022\tStop.\r\nSigned,\r\nthe workers\x0bof Example"
    demands = {"demands-0": "1)\tPay.\r\n2)\tRest."}
    ana.press(ana.open(f"{place.desk}write"), "Save", body=pasted, **demands)

    assert newest(shared, place).body == "Dear leadership,\\\nwe ask:\n- Stop.\n\nSigned,\\\nthe workers\\\nof Example"
    assert newest(shared, place).demands[:2] == ("Pay.", "Rest.")


@ONCE
def test_invisible_characters_are_named_before_they_are_removed(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    page = ana.press(ana.open(f"{place.desk}write"), "Preview", body="con\u00adtract \u2067\u05d0\u2069")
    ana.press(page, "Save")

    assert "(pop directional isolate, right-to-left isolate, soft hyphen)" in page.text
    assert newest(shared, place).body == "contract \u05d0"


@ONCE
def test_what_could_deceive_is_shown_in_its_sentence_and_stays_in_the_form(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    page = ana.press(ana.open(f"{place.desk}write"), "Save", body="We will \u202estrike now.")

    assert page.status == 400
    assert "“We will [here]strike now.”" in page.text
    assert "\u202e" in page.form_with("Save").fields["body"]
