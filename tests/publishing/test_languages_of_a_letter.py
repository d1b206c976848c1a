"""A letter in several languages, as its readers get it: each in its place, all under one digest."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.letters.text.letter_text import Translation, canonical, digest
from petition.letters.text.sources import Source
from petition.publishing.documents.draft_files import Draft, draft_md, draft_pdf, draft_txt
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder
from tests.conftest import START
from tests.shared import ONCE, Place, Shared
from tests.walks import WORDS

pytestmark = [ONCE, pytest.mark.thorough]
WHOLE = replace(
    WORDS,
    body="Dear Jo,\n\nthey knew.[^1] So did we.[^a]\n\n[^a]: We saw it.",
    sources=(Source("A report", "https://example.org/r", "2018-06"),),
    translations=(
        Translation("fa", "نرفض", "جو", "مرحبا[^1]", ("كفى.", "قلها.")),
        Translation("es", "Nos negamos", "Jo Muster, directora", "Hola, Jo:\n\nsabían.[^1]", ("Basta.", "Dilo.")),
    ),
)


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    return shared.a_published_letter(words=WHOLE)


def test_the_bare_address_speaks_the_binding_language_and_shows_what_the_interface_does_not_speak(
    shared: Shared, place: Place
) -> None:
    page = shared.visitor().open(place.public)

    assert page.heading == WHOLE.title
    assert page.links["Español"] == "es/index.html"
    assert re.search(r'<details class="translation"><summary lang="fa">فارسی:\sنرفض</summary>', page.text)
    assert '<article class="letter" lang="fa" dir="rtl">' in page.text
    assert "Basta." not in page.text
    assert page.text.count('id="source-1"') == 1


def test_below_a_languages_prefix_stands_that_translation(shared: Shared, place: Place) -> None:
    page = shared.visitor().open(f"/es{place.public}")

    assert page.heading == "Nos negamos"
    assert "Basta." in page.text and "Stop." not in page.text
    assert "Carta abierta a Jo Muster, directora, Example Corp" in page.text
    assert page.links["English"] == f"https://letters.example.org{place.public}"
    assert "la versión oficial es el texto en este idioma: English" in " ".join(page.text.split())


def test_a_language_behind_the_address_is_the_same_page(shared: Shared, place: Place) -> None:
    visitor = shared.visitor()

    for path in ("", "index.html", "press/index.html", "_site/style.css"):
        behind, before = shared.get(f"{place.public}es/{path}"), shared.get(f"/es{place.public}{path}")
        assert (behind.status_code, behind.data) == (200, before.data)
    assert visitor.follow(visitor.open(place.public), "Español").heading == "Nos negamos"


def test_an_unpublished_letter_is_read_in_its_languages_too(shared: Shared) -> None:
    hidden = shared.an_open_letter(words=WHOLE).hidden
    visitor = shared.visitor()
    spanish = visitor.follow(visitor.open(hidden), "Español")

    assert spanish.heading == "Nos negamos"
    assert visitor.follow(spanish, "English").heading == WHOLE.title


def test_a_letter_that_is_written_in_spanish_leads_to_the_site_s_spanish_pages(shared: Shared) -> None:
    letter = shared.a_published_letter(words=replace(WORDS, language="es"))
    visitor = shared.visitor()

    for path in ("", "press/", "before/"):
        privacy = visitor.follow(visitor.open(f"{letter.public}{path}"), "Privacidad y riesgos")
        assert privacy.status == 200 and '<html lang="es"' in privacy.text


def test_the_folder_has_every_language_and_one_letter_md_under_the_digest_that_is_signed(
    shared: Shared, place: Place, tmp_path: Path
) -> None:
    with Session(shared.campaign.databases.reading) as session:
        letter = session.get_one(Letter, place.id)
        found = figures(session, letter, shared.campaign.settings.url)
        write_folder(session, letter, found, tmp_path / "out", lambda _: None)
    spanish = (tmp_path / "out" / "es" / "index.html").read_bytes()

    assert spanish == shared.get(f"/es{place.public}").data
    assert (tmp_path / "out" / "letter.md").read_bytes() == canonical(WHOLE)
    assert shared.get(f"{place.public}counts.json").get_json()["letter"]["text_sha256"] == digest(canonical(WHOLE))
    assert (tmp_path / "out" / "es" / "index.html").is_file()


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def test_letter_txt_and_letter_pdf_have_all_languages(shared: Shared, place: Place) -> None:
    text = shared.get(f"{place.public}letter.txt").text
    paper = text_of(shared.get(f"{place.public}letter.pdf").data)

    for said in ("they knew.", "A report", "Nos negamos", "Dilo."):
        assert said in text and said in paper


def test_a_version_is_exported_in_each_format_and_the_same_one_gives_the_same_bytes(shared: Shared) -> None:
    found = Draft(WHOLE, 7, START)
    text, paper = draft_txt(found).decode(), text_of(draft_pdf(found))

    assert draft_md(found) == canonical(WHOLE)
    for said in ("Version 7, November 2, 2026", "they knew.", "Nos negamos", "A report"):
        assert said in text and said in paper
    assert digest(canonical(WHOLE)) in text
    assert digest(canonical(WHOLE))[:4] in paper
    assert (draft_txt(found), draft_pdf(found)) == (draft_txt(found), draft_pdf(found))


@pytest.mark.parametrize("kind", ["txt", "pdf", "md"])
def test_organizers_download_any_version(shared: Shared, place: Place, kind: str) -> None:
    answer = shared.desk().get(f"{place.desk}versions/1/letter.{kind}")

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{place.slug}-1.{kind}"'
    assert shared.desk().get(f"{place.desk}versions/1/letter.exe").status_code == 404
    assert shared.desk().get(f"{place.desk}versions/9/letter.{kind}").status_code == 404


def test_an_empty_draft_can_be_exported(shared: Shared) -> None:
    for make in (draft_md, draft_txt, draft_pdf):
        assert make(Draft(replace(WORDS, title="", recipient="", employer="", body="", demands=()), 1, START))
