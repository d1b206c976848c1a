"""Organizers add, replace and delete translations that are not signed; nothing typed is ever lost."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from petition.coordination.closing import withdraw_letter
from petition.letters.drafting.unsigned_translations import unsigned_translations
from petition.letters.models import Letter
from petition.letters.text.letter_text import Translation
from tests.shared import ONCE, Place, Shared
from tests.visitors import Visitor
from tests.walks import WORDS
from tests.web.desk.test_versions import ana, browser, pressed

__all__ = ["ana", "browser"]
GERMAN = Translation("de", "Wir weigern uns", "", "Lieber Jo,", ("Aufhören.", "Sagen."))
TYPED = {"title": "Wir weigern uns", "body": "Lieber Jo,", "demands-0": "Aufhören.", "demands-1": "Sagen."}


def stored(shared: Shared, place: Place) -> tuple[Translation, ...]:
    with Session(shared.campaign.databases.reading) as session:
        return unsigned_translations(session, session.get_one(Letter, place.id))


@pytest.mark.parametrize("state", ["a_draft", "an_open_letter", "a_published_letter"])
def test_one_is_chosen_written_changed_and_deleted(shared: Shared, ana: Visitor, state: str) -> None:
    place = getattr(shared, state)()
    languages = f"{place.desk}translations"
    form = ana.press(ana.open(languages), "Write a translation", language="de")
    listed = ana.press(form, "Save", **TYPED)

    assert form.path == f"{place.desk}translations/unsigned/de"
    assert stored(shared, place) == (GERMAN,)
    ana.press(ana.follow(listed, "Deutsch"), "Save", title="Nein")
    assert stored(shared, place) == (replace(GERMAN, title="Nein"),)
    asked = ana.follow(ana.open(form.path), "Delete this translation")
    assert "The translation and its page, for everyone" in asked.text and stored(shared, place)
    ana.press(asked, "Delete this translation")
    assert stored(shared, place) == ()


@ONCE
def test_a_language_by_its_code_and_none_that_is_signed(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    page = ana.open(f"{place.desk}translations")

    assert ana.press(page, "Write a translation", code="qu").path.endswith("/unsigned/qu")
    refused = ana.press(page, "Write a translation", code="en")
    assert (refused.status, "already has a signed text" in refused.text) == (409, True)
    assert ana.press(page, "Write a translation", code="Quechua").status == 400
    assert ana.open(f"{place.desk}translations/unsigned/en").status == 404
    assert ana.open(f"{place.desk}translations/unsigned/de/delete").status == 404


@pytest.mark.parametrize("language", ["es", "abc-defghijk"])
def test_what_was_typed_of_a_signed_and_of_an_unsigned_translation_are_two_things(
    shared: Shared, ana: Visitor, language: str
) -> None:
    place = shared.a_draft()
    signed, unsigned = f"{place.desk}translations/{language}", f"{place.desk}translations/unsigned/{language}"
    pressed(ana, ana.open(signed), "preview", **{**TYPED, "title": "Signed"})
    pressed(ana, ana.open(unsigned), "preview", **{**TYPED, "title": "Unsigned"})
    shown = [ana.open(path).form_with("Save").fields["title"] for path in (signed, unsigned)]
    saved = ana.press(ana.open(unsigned), "Save")

    assert shown == ["Signed", "Unsigned"]
    assert [one.title for one in stored(shared, place)] == ["Unsigned"]
    assert "saved a newer version" not in saved.text
    assert ana.open(signed).form_with("Save").fields["title"] == "Signed"
    ana.press(ana.open(signed), "Discard these changes")
    assert ana.open(signed).form_with("Save").fields["title"] == ""


@ONCE
def test_what_is_not_finished_is_refused_and_stays_in_the_form(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    path = f"{place.desk}translations/unsigned/de"
    refused = ana.press(ana.open(path), "Save", title="Nein", body="", **{"demands-0": "Eins."})

    assert refused.status == 409
    assert "has no title or text yet" in refused.text and "has 1 demands" in refused.text
    for page in (refused, ana.open(path)):
        fields = page.form_with("Save").fields
        assert (fields["title"], fields["demands-0"]) == ("Nein", "Eins.")
    assert stored(shared, place) == ()


@ONCE
def test_it_is_previewed_kept_unsaved_and_discarded(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    path = f"{place.desk}translations/unsigned/de"
    ana.press(ana.open(path), "Save", **TYPED)
    preview = ana.press(ana.open(path), "Preview", body="**Hallo**")

    assert "<strong>Hallo</strong>" in preview.text
    assert ana.open(path).form_with("Save").fields["body"] == "**Hallo**"
    ana.press(ana.open(path), "Discard these changes")
    assert ana.open(path).form_with("Save").fields["body"] == "Lieber Jo,"


@ONCE
def test_of_two_windows_the_second_sees_both_texts_and_decides(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    path = f"{place.desk}translations/unsigned/de"
    window, other = ana.open(path), ana.open(path)
    ana.press(other, "Save", **TYPED)
    both = ana.press(window, "Save", **{**TYPED, "title": "Meiner", "body": "Mein Text."})

    assert both.status == 409
    assert "Lieber Jo," in both.text and both.form_with("Save").fields["title"] == "Meiner"
    assert stored(shared, place) == (GERMAN,)
    ana.press(both, "Save")
    assert stored(shared, place) == (replace(GERMAN, title="Meiner", body="Mein Text."),)


@ONCE
def test_demands_are_moved_without_a_script(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    path = f"{place.desk}translations/unsigned/de"
    ana.press(ana.open(path), "Save", **TYPED)
    ana.press(pressed(ana, ana.open(path), "demands-up-1"), "Save")

    assert stored(shared, place)[0].demands == ("Sagen.", "Aufhören.")


@ONCE
def test_one_in_a_language_that_the_draft_has_by_now_is_named_and_can_be_deleted(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}translations/unsigned/de"), "Save", **TYPED)
    ana.press(ana.open(f"{place.desk}translations/de"), "Save", **TYPED)
    listed = ana.open(f"{place.desk}translations")

    assert "the letter has this language now" in listed.text
    ana.press(ana.follow(listed, "Delete"), "Delete this translation")
    assert stored(shared, place) == ()


@ONCE
def test_only_editors_may(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    path = f"{place.desk}translations/unsigned/de"
    ben = shared.desk("Ben")

    assert ben.get(path).status_code == 404
    assert ben.send(path, "/organize/account", do="save", **TYPED).status_code == 404
    assert ben.send(f"{path}/delete", "/organize/account").status_code == 404
    assert stored(shared, place) == ()


@ONCE
def test_a_letter_that_was_taken_down_offers_none(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(words=WORDS)
    withdraw_letter(shared.campaign.services, place.id, "")

    assert "Write a translation" not in ana.open(f"{place.desk}translations").text
    sent = shared.desk().send(f"{place.desk}translations/unsigned/de", "/organize/account", do="save", **TYPED)
    assert (sent.status_code, stored(shared, place)) == (409, ())
