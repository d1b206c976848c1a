"""Codes on paper: what stands on the strips, for eyes and for phones."""

import io
import os
import re
from dataclasses import replace
from html import unescape

import pypdf
import pytest
import zxingcpp
from PIL import Image

from petition.crypto.codes import new_code, show
from petition.crypto.pins import show_pin, write_pin
from petition.errors import BadShape
from petition.i18n import languages
from petition.publishing.documents.code_sheets import (
    MOST_ON_PAPER,
    STRIPS,
    TEMPLATE,
    Sheet,
    join_link,
    said,
    sheet_pdf,
)
from petition.publishing.documents.typesetting import png
from tests.shared import ONCE, Shared
from tests.walks import WORDS

pytestmark = pytest.mark.thorough

JOIN = "https://letters.example.org/s/abcd-efgh-jkmn-pqrs/join"
SHEET = Sheet(join=JOIN, round=7, pin=bytes(range(32)), title="We refuse to build it")
NEUTRAL = replace(SHEET, title="")
LINK = f"{JOIN}#r=7&p={write_pin(SHEET.pin)}"
CODES = [new_code(os.urandom) for _ in range(STRIPS)]
LINKS = {join_link(SHEET, code) for code in CODES}


def read(pdf: bytes) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def squares(sheet: Sheet, codes: list[str]) -> set[str]:
    """What a phone reads from the printed page."""
    picture = Image.open(io.BytesIO(png(TEMPLATE, said(sheet, codes, "a4"), ppi=200)))
    return {found.text for found in zxingcpp.read_barcodes(picture)}


def test_a_phone_reads_a_link_with_round_pin_and_code_from_each_strip():
    assert squares(SHEET, CODES) == LINKS
    assert join_link(SHEET, CODES[0]) == f"{LINK}&c={show(CODES[0])}"


@pytest.mark.parametrize("language", languages())
def test_strips_are_printed_in_every_language(language):
    assert png(TEMPLATE, said(replace(SHEET, language=language), CODES, "a4"), ppi=30).startswith(b"\x89PNG")


def test_in_a_language_that_the_site_does_not_speak_the_english_around_the_title_runs_from_left_to_right():
    sheet = said(replace(SHEET, language="fa", title="ما نمی‌سازیم"), CODES, "a4")

    assert (sheet["language"], sheet["spoken"]) == ("fa", "en")
    assert said(replace(SHEET, language="zh-Hans"), CODES, "a4")["spoken"] == "zh"


def test_the_code_can_be_left_out_of_the_link_and_is_printed_all_the_same():
    sheet = replace(SHEET, has_codes=False)
    text = read(sheet_pdf(sheet, CODES))[1]

    assert squares(sheet, CODES) == {LINK}
    assert [show(code) in text for code in CODES] == [True] * STRIPS


def test_a_strip_can_be_read_aloud():
    text = read(sheet_pdf(SHEET, CODES))[1]

    assert [show(code) in text for code in CODES] == [True] * STRIPS
    for words in ("We refuse to build it", JOIN.partition("://")[2], show_pin(SHEET.pin), "Own phone"):
        assert text.replace(" ", "").count(words.replace(" ", "")) == STRIPS, words


def test_a_neutral_strip_names_neither_the_letter_nor_its_address():
    reader, text = read(sheet_pdf(NEUTRAL, CODES))

    assert show(CODES[0]) in text
    assert "refuse" not in text + str(reader.metadata)
    assert squares(NEUTRAL, CODES) == LINKS


def test_a_coworker_gets_half_a_page_and_no_strip_is_lost():
    handed_on = replace(SHEET, is_handed_on=True)
    ten = [*CODES, *CODES[:2]]
    reader, text = read(sheet_pdf(handed_on, ten))

    assert len(reader.pages) == 2
    assert "Never write down who got a strip." in text
    assert text.count("Code") == len(ten)
    assert squares(handed_on, CODES[:4]) == {join_link(SHEET, code) for code in CODES[:4]}


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_the_paper_is_chosen(paper, size):
    page = read(sheet_pdf(SHEET, CODES[:1], paper))[0].pages[0]

    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


def test_the_same_codes_give_the_same_bytes_without_a_time():
    made = sheet_pdf(SHEET, CODES)

    assert made == sheet_pdf(SHEET, CODES)
    assert b"/CreationDate" not in made


def test_a_page_has_eight_strips_and_one_more_takes_another():
    assert len(read(sheet_pdf(SHEET, [*CODES, CODES[0]]))[0].pages) == 2


@pytest.mark.parametrize("title", ["نرفض أن نبنيه", "我们拒绝建造", '#let x = "typst"', "A" * 200])
def test_any_title_is_data(title):
    sheet = replace(SHEET, title=title)

    assert squares(sheet, CODES) == LINKS


@pytest.mark.parametrize("codes", [[], ["no code"], CODES * (MOST_ON_PAPER // STRIPS) + CODES[:1]])
def test_what_is_no_sheet_of_codes_is_refused(codes):
    with pytest.raises(BadShape):
        sheet_pdf(SHEET, codes)


@pytest.mark.parametrize("paper", ["", "a5"])
def test_a_paper_that_nobody_has_is_refused(paper):
    with pytest.raises(BadShape):
        sheet_pdf(SHEET, CODES, paper)


@ONCE
def test_organizers_get_the_codes_that_they_just_made(shared: Shared):
    place = shared.an_open_letter()
    desk = shared.desk()
    made = desk.send(f"{place.desk}codes", count="3", roll="")
    codes = re.findall(r'"strip-code">([^<]+)<', made.text)
    token = desk.csrf(f"{place.desk}codes")
    values = {"codes": "\r\n".join(codes), "round": "1", "paper": "letter"}
    answer = desk.post(f"{place.desk}codes/sheet", csrf_token=token, **values)

    assert all(re.search(f"/join#r=1&amp;p=[A-Za-z0-9_-]{{43}}&amp;c={code}", made.text) for code in codes)
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert all(code in read(answer.data)[1] for code in codes)


@ONCE
def test_the_page_of_new_codes_prints_the_strips_of_the_pdf_in_the_letter_s_language(shared: Shared):
    place = shared.an_open_letter(words=replace(WORDS, language="es"))
    made = unescape(shared.desk().send(f"{place.desk}codes/hand-on", f"{place.desk}codes").text)
    sheet = replace(SHEET, language="es", is_handed_on=True)
    said_once = [*sheet.handing_on, 'class="strips" lang="es"']
    said_on_each = [sheet.words["lead"], sheet.words["advice"], f"{sheet.words['check']}: <code>"]

    assert sheet.words["lead"] != replace(sheet, language="en").words["lead"]
    assert {words: made.count(words) for words in said_once} == dict.fromkeys(said_once, 1)
    assert {words: made.count(words) for words in said_on_each} == dict.fromkeys(said_on_each, 10)


@ONCE
@pytest.mark.parametrize(
    "wrong",
    [
        {"round": "9"},
        {"round": str(10**30)},
        {"round": str(2**63)},
        {"codes": "<script>"},
        {"paper": "x"},
        {"round": ""},
    ],
)
def test_rubbish_makes_no_sheet(shared: Shared, wrong):
    place = shared.an_open_letter()
    desk = shared.desk()
    values = {"codes": CODES[0], "round": "1", "paper": "a4"} | wrong
    answer = desk.post(f"{place.desk}codes/sheet", csrf_token=desk.csrf(f"{place.desk}codes"), **values)

    assert 400 <= answer.status_code < 500
