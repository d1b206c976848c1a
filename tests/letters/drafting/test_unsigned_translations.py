"""Translations outside the text that is signed: when they may change, and what never changes with them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination.closing import withdraw_letter
from petition.errors import Conflict, NotFound, Obstructed, TextChanged, TooLong
from petition.letters.drafting.drafts import delete_draft
from petition.letters.drafting.unsigned_translations import (
    delete_unsigned,
    fingerprint,
    save_unsigned,
    shown_translations,
    unsigned_translation,
    unsigned_translations,
)
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import UnsignedTranslation
from petition.letters.text.letter_text import Translation
from tests.walks import WORDS, Campaign

GERMAN = Translation("de", "Wir weigern uns", "", "Lieber Jo,\n\nwir **nicht**.", ("Aufhören.", "Sagen."))
STATES = ("a_draft", "an_open_letter", "a_published_letter", "closed")


def letter_in(campaign: Campaign, session: Session, state: str) -> Any:
    if state != "closed":
        return campaign.letter(session, getattr(campaign, state)())
    made = campaign.a_published_letter()
    campaign.sign_all(made, 15)
    campaign.seal(made)
    campaign.close_letter(made)
    return campaign.letter(session, made)


@pytest.mark.parametrize("state", STATES)
def test_one_is_added_replaced_and_deleted_before_and_after_opening(
    campaign: Campaign, session: Session, state: str
) -> None:
    letter = letter_in(campaign, session, state)
    save_unsigned(session, letter, GERMAN, based_on="")
    changed = replace(GERMAN, title="Nein")
    save_unsigned(session, letter, changed, based_on=fingerprint(GERMAN))

    assert unsigned_translations(session, letter) == (changed,)
    delete_unsigned(session, letter, "de")
    assert unsigned_translations(session, letter) == ()


def test_nothing_that_is_signed_changes(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.an_open_letter())
    before = (letter.text, letter.text_sha256, letter.pinned, newest_version(session, letter).number)
    save_unsigned(session, letter, GERMAN, based_on="")

    assert (letter.text, letter.text_sha256, letter.pinned, newest_version(session, letter).number) == before
    assert text_of(newest_version(session, letter)) == WORDS


def test_each_change_makes_a_new_edition_and_a_save_without_changes_does_not(
    campaign: Campaign, session: Session
) -> None:
    letter = campaign.letter(session, campaign.a_published_letter())
    before = letter.edition
    save_unsigned(session, letter, GERMAN, based_on="")
    save_unsigned(session, letter, GERMAN, based_on="")
    delete_unsigned(session, letter, "de")

    assert letter.edition == before + 2


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GERMAN, title=""),
        replace(GERMAN, body=""),
        replace(GERMAN, demands=("Aufhören.",)),
        replace(GERMAN, body="Siehe[^1]"),
    ],
)
def test_one_that_does_not_fit_the_letter_is_refused(campaign: Campaign, session: Session, wrong: Translation) -> None:
    letter = campaign.letter(session, campaign.an_open_letter())

    with pytest.raises(Obstructed):
        save_unsigned(session, letter, wrong, based_on="")
    assert unsigned_translations(session, letter) == ()


def test_a_language_that_is_signed_has_no_unsigned_text(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.an_open_letter(words=replace(WORDS, translations=(GERMAN,))))

    for language in ("en", "de"):
        with pytest.raises(Conflict):
            save_unsigned(session, letter, replace(GERMAN, language=language), based_on="")


def test_a_language_is_the_same_in_capitals_and_in_small_letters(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.a_draft(words=replace(WORDS, language="pt-BR")))
    save_unsigned(session, letter, replace(GERMAN, language="de-AT"), based_on="")

    for code in ("pt-br", "de-at"):
        with pytest.raises(Conflict):
            save_unsigned(session, letter, replace(GERMAN, language=code), based_on="")


def test_no_one_overwrites_what_they_have_not_seen(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.an_open_letter())
    save_unsigned(session, letter, GERMAN, based_on="")

    for based_on in ("", "3", fingerprint(replace(GERMAN, title="Older"))):
        with pytest.raises(TextChanged):
            save_unsigned(session, letter, replace(GERMAN, title="Mine"), based_on=based_on)
    assert unsigned_translation(session, letter, "de") == GERMAN


def test_a_letter_that_was_taken_down_takes_none(campaign: Campaign, session: Session) -> None:
    made = campaign.an_open_letter()
    letter = campaign.letter(session, made)
    save_unsigned(session, letter, GERMAN, based_on="")
    session.commit()
    withdraw_letter(campaign.services, made, "")

    with pytest.raises(Conflict):
        save_unsigned(session, letter, replace(GERMAN, language="fr"), based_on="")
    with pytest.raises(Conflict):
        delete_unsigned(session, letter, "de")


def test_there_are_at_most_twenty(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.an_open_letter())
    for number in range(20):
        save_unsigned(session, letter, replace(GERMAN, language=f"q{chr(97 + number)}"), based_on="")

    with pytest.raises(TooLong):
        save_unsigned(session, letter, GERMAN, based_on="")


def test_one_is_deleted_once(campaign: Campaign, session: Session) -> None:
    with pytest.raises(NotFound):
        delete_unsigned(session, campaign.letter(session, campaign.an_open_letter()), "de")


def test_one_that_a_draft_has_outgrown_is_kept_and_not_shown(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.a_draft())
    save_unsigned(session, letter, GERMAN, based_on="")

    assert shown_translations(session, letter, WORDS) == (GERMAN,)
    assert shown_translations(session, letter, replace(WORDS, demands=("One.",))) == ()
    assert shown_translations(session, letter, replace(WORDS, language="de")) == ()
    assert unsigned_translations(session, letter) == (GERMAN,)


def test_deleting_a_draft_deletes_them(campaign: Campaign, session: Session) -> None:
    letter = campaign.letter(session, campaign.a_draft())
    here = select(UnsignedTranslation).where(UnsignedTranslation.letter_id == letter.id)
    save_unsigned(session, letter, GERMAN, based_on="")
    delete_draft(session, letter)

    assert session.scalars(here).all() == []
