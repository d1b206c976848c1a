"""The letter in several languages: written, merged, frozen together."""

from dataclasses import replace

import pytest

from petition.letters.text.letter_text import Translation
from tests.shared import ONCE, Shared
from tests.visitors import Visitor
from tests.walks import WORDS
from tests.web.desk.test_versions import ana, browser, newest, pressed

__all__ = ["ana", "browser"]
SPANISH = Translation("es", "Nos negamos", "", "Hola, Jo:", ("Basta.", "Dilo."))
TYPED = {"title": "Nos negamos", "body": "Hola, Jo:", "demands-0": "Basta.", "demands-1": "Dilo."}


def test_a_translation_is_chosen_written_and_listed(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    form = ana.press(ana.open(f"{place.desk}translations"), "Translate", language="es")
    listed = ana.press(form, "Save", **TYPED)

    assert form.path.endswith("/translations/es")
    assert newest(shared, place) == replace(WORDS, translations=(SPANISH,))
    assert "Español" in listed.links


@ONCE
def test_a_language_that_is_not_listed_is_named_by_its_code(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    form = ana.press(ana.open(f"{place.desk}translations"), "Translate", code="qu")

    assert form.path.endswith("/translations/qu")
    assert ana.press(ana.open(f"{place.desk}translations"), "Translate", code="Quechua").status == 400
    assert ana.open(f"{place.desk}translations/en").status == 404
    assert ana.open(f"{place.desk}translations/EN").status == 404


@ONCE
def test_a_translation_is_previewed_kept_unsaved_and_taken_out(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=replace(WORDS, translations=(SPANISH,)))
    page = f"{place.desk}translations/es"
    preview = ana.press(ana.open(page), "Preview", body="**Hola**")

    assert "<strong>Hola</strong>" in preview.text
    assert ana.open(page).form_with("Save").fields["body"] == "**Hola**"
    ana.press(ana.open(page), "Discard these changes")
    assert ana.open(page).form_with("Save").fields["body"] == "Hola, Jo:"
    ana.press(ana.open(page), "Delete this translation")
    assert newest(shared, place) == WORDS


@ONCE
def test_two_windows_on_one_translation_come_to_a_decision(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=replace(WORDS, translations=(SPANISH,)))
    page = f"{place.desk}translations/es"
    window, other = ana.open(page), ana.open(page)
    ana.press(other, "Save", body="Otra.")
    conflict = ana.press(window, "Save", body="Mía.", title="No")

    assert conflict.status == 409
    assert conflict.form_with("Save").action.endswith("/translations/es")
    ana.press(conflict, "Merge and save", **{"choice-0": "both"})
    assert newest(shared, place).translations == (replace(SPANISH, title="No", body="Otra.\n\nMía."),)


@ONCE
def test_a_translation_is_shown_again_when_its_language_was_made_binding_meanwhile(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    window = ana.open(f"{place.desk}translations/es")
    ana.press(ana.open(f"{place.desk}write"), "Save", language="es")
    conflict = ana.press(window, "Save", **TYPED)
    again = ana.press(conflict, "Save")

    assert (conflict.status, again.status) == (409, 409)
    assert "Both are below" in conflict.text and "no translation into this language" in again.text
    assert conflict.form_with("Save").fields["body"] == again.form_with("Save").fields["body"] == "Hola, Jo:"
    assert newest(shared, place) == replace(WORDS, language="es")


@ONCE
def test_a_language_is_not_made_binding_over_a_translation_that_was_saved_meanwhile(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    window = ana.open(f"{place.desk}write")
    ana.press(ana.open(f"{place.desk}translations/es"), "Save", **TYPED)
    conflict = ana.press(window, "Save", language="es", title="No")
    again = ana.press(conflict, "Save")

    assert (conflict.status, again.status) == (409, 400)
    assert "Delete the translation into this language first." in again.text
    assert again.form_with("Save").fields["title"] == "No"
    assert newest(shared, place) == replace(WORDS, translations=(SPANISH,))


@ONCE
def test_writing_the_binding_text_leaves_translations_as_they_are(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=replace(WORDS, translations=(SPANISH,)))
    ana.press(ana.open(f"{place.desk}write"), "Save", title="Other")

    assert newest(shared, place) == replace(WORDS, title="Other", translations=(SPANISH,))
    refused = ana.press(ana.open(f"{place.desk}write"), "Save", language="es")
    assert (refused.status, "Delete the translation into this language first." in refused.text) == (400, True)


@ONCE
@pytest.mark.parametrize(
    ("translation", "sentence"),
    [
        (replace(SPANISH, title=""), "has no title or text yet"),
        (replace(SPANISH, demands=("Basta.",)), "has 1 demands, the official version 2"),
        (replace(SPANISH, body="a[^1]"), "Source 1 is cited but missing."),
    ],
)
def test_an_unfinished_translation_prevents_opening(
    shared: Shared, ana: Visitor, translation: Translation, sentence: str
) -> None:
    place = shared.a_draft(words=replace(WORDS, translations=(translation,)))

    assert sentence in ana.open(f"{place.desk}open").text


@ONCE
def test_demands_of_a_translation_are_moved_too(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=replace(WORDS, translations=(SPANISH,)))
    form = pressed(ana, ana.open(f"{place.desk}translations/es"), "demands-up-1")
    ana.press(form, "Save")

    assert newest(shared, place).translations[0].demands == ("Dilo.", "Basta.")
