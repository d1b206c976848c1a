"""Unsigned translations, as readers get them: on a page of their own that says what it is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination.closing import withdraw_letter
from petition.letters.drafting.unsigned_translations import delete_unsigned, fingerprint, save_unsigned
from petition.letters.models import Letter
from petition.letters.text.letter_text import Translation
from petition.letters.text.sources import Source
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder
from petition.publishing.mirror import prepare_mirror
from tests.shared import ONCE, Place, Shared
from tests.walks import WORDS

pytestmark = ONCE
SOURCED = replace(WORDS, body="They knew.[^1]", sources=(Source("A report", "https://example.org/r", "2018-06"),))
GERMAN = Translation("de", "Wir weigern uns", "", "Sie **wussten** es.[^1]", ("Aufhören.", "Sagen."))
PERSIAN = Translation("fa", "نرفض", "جو", "مرحبا <script>alert(1)</script>", ("كفى.", "قلها."))
MARK = "This is a translation. It is not what was signed."
GERMAN_MARK = "Das ist eine Übersetzung. Sie ist nicht das, was unterschrieben wurde."


def add(shared: Shared, place: Place, *translations: Translation) -> None:
    with Session(shared.campaign.databases.petition) as session:
        for one in translations:
            save_unsigned(session, session.get_one(Letter, place.id), one, based_on="")
        session.commit()


def remove(shared: Shared, place: Place, language: str) -> None:
    with Session(shared.campaign.databases.petition) as session:
        delete_unsigned(session, session.get_one(Letter, place.id), language)
        session.commit()


def written(shared: Shared, place: Place, folder: Path) -> dict[str, bytes]:
    """A letter's published folder."""
    with Session(shared.campaign.databases.reading) as session:
        letter = session.get_one(Letter, place.id)
        write_folder(session, letter, figures(session, letter, shared.campaign.settings.url), folder, lambda _: None)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_letter_links_to_a_page_that_says_that_it_is_not_what_was_signed(shared: Shared) -> None:
    place, visitor = shared.a_published_letter(words=SOURCED), shared.visitor()
    add(shared, place, GERMAN, PERSIAN)
    letter = visitor.open(place.public)
    page = visitor.follow(letter, "Deutsch")

    assert "Also in:" in letter.text and "Sie <strong>wussten" not in letter.text
    assert (page.path, page.heading) == (f"{place.public}translations/de/index.html", "Wir weigern uns")
    assert '<html lang="de" dir="ltr">' in page.text
    assert GERMAN_MARK in page.text
    assert "Sie <strong>wussten</strong> es." in page.text
    assert '<a href="https://example.org/r"' in page.text
    assert visitor.follow(page, "Original lesen (English)").heading == SOURCED.title


def test_around_a_language_that_the_interface_lacks_the_page_speaks_the_letters(shared: Shared) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, PERSIAN)
    page = shared.visitor().open(f"{place.public}translations/fa/")

    assert '<html lang="en" dir="ltr">' in page.text
    assert '<article class="letter" lang="fa" dir="rtl">' in page.text
    assert MARK in page.text
    assert "<script>alert" not in page.text and "alert(1)" in page.text


def test_what_is_signed_and_what_programs_read_stay_byte_for_byte(shared: Shared) -> None:
    place = shared.a_published_letter(words=SOURCED)
    names = ("letter.md", "round.json", "counts.json", "log/checkpoint", "letter.txt", "feed.atom")
    before = {name: shared.get(f"{place.public}{name}").data for name in names}
    add(shared, place, GERMAN)

    assert "Deutsch" in shared.visitor().open(place.public).links
    assert {name: shared.get(f"{place.public}{name}").data for name in names} == before


def test_holders_of_an_unpublished_letters_address_read_it_and_no_one_else(shared: Shared) -> None:
    place, visitor = shared.an_open_letter(words=SOURCED), shared.visitor()
    add(shared, place, GERMAN)
    page = visitor.follow(visitor.open(place.hidden), "Deutsch")
    answer = shared.get(f"{place.hidden}translations/de/")

    assert page.heading == "Wir weigern uns" and GERMAN_MARK in page.text
    assert 'name="robots" content="noindex"' in page.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert place.public not in page.text
    assert visitor.follow(page, "Original lesen (English)").heading == SOURCED.title
    for path in (f"{place.public}translations/de/", f"{place.hidden}translations/fr/"):
        assert shared.get(path).status_code == 404


def test_the_unlisted_address_leads_on_once_the_letter_is_public(shared: Shared) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, GERMAN)
    answer = shared.get(f"{place.hidden}translations/de/")

    assert (answer.status_code, answer.headers["Location"]) == (308, f"{place.public}translations/de/")


@pytest.mark.parametrize("wrong", ["fr/", "en/", "DE/", "de/x", "d/", "../letter.md/", "%00/"])
def test_there_is_no_page_for_any_other_language(shared: Shared, wrong: str) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, GERMAN)

    assert shared.get(f"{place.public}translations/{wrong}").status_code == 404


@pytest.mark.thorough
def test_a_deleted_one_is_gone_at_once_and_leaves_published_folders(shared: Shared, tmp_path: Path) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, GERMAN)
    served = shared.get(f"{place.public}translations/de/").data
    first = written(shared, place, tmp_path / place.slug)
    remove(shared, place, "de")
    second = written(shared, place, tmp_path / place.slug)

    assert first["translations/de/index.html"] == served
    assert b'href="translations/de/index.html"' in first["index.html"]
    assert (
        f'href="https://letters.example.org{place.public}translations/de/index.html"'.encode() in first["es/index.html"]
    )
    assert shared.get(f"{place.public}translations/de/").status_code == 404
    assert not [name for name in second if name.startswith("translations/")]
    assert b"Also in" not in second["index.html"]


@pytest.mark.thorough
def test_a_letter_that_is_taken_down_takes_its_translations_along(shared: Shared, tmp_path: Path) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, GERMAN)
    written(shared, place, tmp_path / place.slug)
    withdraw_letter(shared.campaign.services, place.id, "It names a neighbor.", taken_down=True)
    prepare_mirror(tmp_path, [])

    for path in (f"{place.public}translations/de/", f"{place.hidden}translations/de/"):
        answer = shared.get(path)
        assert (answer.status_code, "Wir weigern uns" in answer.text) == (410, False)
    assert not (tmp_path / place.slug).exists()


def test_nothing_says_when_it_was_written(shared: Shared) -> None:
    place = shared.a_published_letter(words=SOURCED)
    before = shared.get(place.public).headers["Last-Modified"]
    shared.clock.pass_time(hours=3)
    add(shared, place, GERMAN)
    answer = shared.get(f"{place.public}translations/de/")

    assert answer.headers["Last-Modified"] == before
    assert "<time" not in answer.text.replace("<time>2018-06</time>", "")


def test_one_that_is_replaced_is_shown_at_once(shared: Shared) -> None:
    place = shared.a_published_letter(words=SOURCED)
    add(shared, place, GERMAN)
    shared.get(f"{place.public}translations/de/")
    with Session(shared.campaign.databases.petition) as session:
        newer: Any = replace(GERMAN, title="Nein")
        save_unsigned(session, session.get_one(Letter, place.id), newer, based_on=fingerprint(GERMAN))
        session.commit()

    assert shared.visitor().open(f"{place.public}translations/de/").heading == "Nein"
