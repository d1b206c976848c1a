"""Writing a letter in the browser: nothing that an organizer typed is ever lost."""

import re

import pytest
from sqlalchemy.orm import Session

from petition.coordination import opening
from petition.letters.models import Organizer, WorkingCopy
from petition.letters.organizers.accounts import sign_in
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor
from tests.walks import PASSPHRASE

TYPED = {
    "title": "Stop it, please",
    "recipient": "Jo Muster, CEO",
    "employer": "Example Corp",
    "body": "Dear Jo,\r\n\r\nplease **stop**.",
    "demands-0": "Stop.",
    "demands-1": "Say so.",
    "language": "en",
}


@pytest.fixture
def ana(shared: Shared) -> Visitor:
    """Ana's browser, signed in."""
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    return visitor


def desk_of(ana: Visitor) -> str:
    """The list of her letters."""
    return ana.open("/organize/").text.partition('<p><a class="button"')[0].partition('<main id="main">')[2]


def test_a_letter_is_written_and_appears_on_the_desk(ana: Visitor) -> None:
    overview = ana.press(ana.open("/organize/letters/new"), "Save", **TYPED)

    assert overview.heading == "Stop it, please"
    assert "Version 1 ·" in overview.text
    assert overview.path in ana.open("/organize/").text


@ONCE
def test_the_preview_shows_what_was_typed_and_saves_nothing(ana: Visitor) -> None:
    before = desk_of(ana)
    preview = ana.press(ana.open("/organize/letters/new"), "Preview", **{**TYPED, "title": "Only looked at"})

    assert "<strong>stop</strong>" in preview.text
    assert preview.form_with("Save").fields["body"] == TYPED["body"].replace("\r\n", "\n")
    assert desk_of(ana) == before


@ONCE
def test_a_letter_without_a_title_is_refused_and_kept_in_the_form(ana: Visitor) -> None:
    refused = ana.press(ana.open("/organize/letters/new"), "Save", **{**TYPED, "title": " "})

    assert refused.status == 400
    assert "Give the letter a title" in refused.text
    kept = refused.form_with("Save").fields
    assert (kept["demands-0"], kept["demands-1"], kept["demands-2"]) == ("Stop.", "Say so.", "")


@ONCE
@pytest.mark.parametrize(
    ("field", "value", "status", "sentence"),
    [
        ("title", "x" * 201, 413, "Shorten the title: it has 201 characters, and the limit is 200."),
        ("body", "x" * 60_001, 413, "Shorten the body: it has 60001 characters, and the limit is 60000."),
        ("demands-0", "\r\n".join(["x"] * 31), 413, "You can have at most 30 here."),
        ("demands-1", "x" * 1001, 413, "Shorten the demand: it has 1001 characters"),
        ("body", "a\u202eb", 400, "right-to-left override"),
        ("body", "> " * 9 + "x", 400, "Nest quotes, lists, bold and italics at most 8 levels deep."),
        ("title", "ab\x07c", 400, "U+0007"),
        ("recipient", "\x00", 400, "U+0000"),
        ("language", "en\x00", 400, ""),
        ("language", "x" * 500, 400, ""),
    ],
)
def test_what_a_letter_may_not_contain_is_named_and_everything_typed_is_kept(
    ana: Visitor, field: str, value: str, status: int, sentence: str
) -> None:
    refused = ana.press(ana.open("/organize/letters/new"), "Save", **{**TYPED, field: value})

    assert refused.status == status
    assert sentence in refused.text
    kept = refused.form_with("Save").fields
    assert kept["employer"] == "Example Corp"
    assert field == "language" or kept[field].split() == value.split()


@ONCE
def test_everything_wrong_is_said_at_once_at_its_field_and_the_rest_is_still_previewed(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    wrong = {"title": "x" * 201, "demands-1": "x" * 1001, "sources-0-url": "nowhere at all", "sources-0-date": "soon"}
    refused = ana.press(ana.open(f"{place.desk}write"), "Save", **{**TYPED, **wrong})
    invalid = {found.get("id") for _, found in refused.tags if found.get("aria-invalid") == "true"}

    assert invalid == set(wrong)
    assert all(f'<a href="#{place}">' in refused.text for place in wrong)
    assert "<strong>stop</strong>" in refused.text
    assert "<title>Error: " in refused.text


@ONCE
def test_a_link_without_https_and_a_date_in_words_are_read(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    source = {"sources-0-title": "Heat", "sources-0-url": "example.org/heat", "sources-0-date": "July 2026"}
    ana.press(ana.open(f"{place.desk}write"), "Save", **source)
    kept = ana.open(f"{place.desk}write").form_with("Save").fields

    assert (kept["sources-0-url"], kept["sources-0-date"]) == ("https://example.org/heat", "2026-07")


@ONCE
def test_a_source_is_cited_without_typing_its_mark(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    page = ana.press(ana.open(f"{place.desk}write"), "Add a source here", body="They knew.")

    assert page.form_with("Save").fields["body"] == "They knew.[^1]"


@ONCE
def test_a_blank_form_keeps_nothing_and_shows_no_preview(shared: Shared) -> None:
    ben = shared.visitor()
    ben.client = shared.desk("Ben").client
    page = ben.press(ben.open("/organize/letters/new"), "Preview", title=" ", language="en")

    assert 'class="paper"' not in page.text
    assert "unsaved changes" not in ben.open("/organize/letters/new").text


@ONCE
def test_text_is_kept_in_one_normal_form(ana: Visitor) -> None:
    overview = ana.press(ana.open("/organize/letters/new"), "Save", **{**TYPED, "title": "Cafe\u0301"})

    assert overview.heading == "Caf\u00e9"


def test_saving_again_makes_the_next_version(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}write"), "Save", title="Second thoughts")

    assert "Version 2 ·" in ana.open(place.desk).text


@ONCE
def test_saving_what_is_there_makes_none(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}write"), "Save")

    assert "Version 1 ·" in ana.open(place.desk).text


def in_conflict(shared: Shared, ana: Visitor, place: Place) -> Page:
    """Ana opened the letter in two windows, and saved first in the other one."""
    window, other = ana.open(f"{place.desk}write"), ana.open(f"{place.desk}write")
    ana.press(other, "Save", title="Theirs", body="Their body.")
    return ana.press(window, "Save", title="A title of mine", body="My body.")


def test_a_draft_saved_over_a_newer_one_shows_both(shared: Shared, ana: Visitor) -> None:
    conflict = in_conflict(shared, ana, shared.a_draft())

    assert conflict.status == 409
    assert re.search("<textarea[^>]*readonly[^>]*>\n?Their body.</textarea>", conflict.text)
    assert conflict.form_with("Save").fields["body"] == "My body."
    assert "Theirs" in conflict.text


def test_saving_once_more_puts_ones_own_text_on_top_of_the_newer_one(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    overview = ana.press(in_conflict(shared, ana, place), "Save")

    assert overview.heading == "A title of mine"
    assert "Version 3 ·" in overview.text


def locked_meanwhile(shared: Shared, ana: Visitor, place: Place) -> Page:
    """The form in which a letter is written; then its text is locked."""
    form = ana.open(f"{place.desk}write")
    opening.open_letter(shared.campaign.services, place.id, moment=shared.clock())
    return form


@ONCE
def test_an_open_letter_can_not_be_changed(shared: Shared, ana: Visitor) -> None:
    refused = ana.press(locked_meanwhile(shared, ana, shared.a_draft()), "Save", title="Too late")

    assert refused.status == 409
    assert "To change it, start a new letter." in refused.text
    assert refused.forms[-1].fields["title"] == "Too late"


@ONCE
def test_once_the_text_is_locked_the_pages_to_change_it_lead_to_the_letter(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()

    assert [ana.open(place.desk + page).path for page in ("write", "import")] == [f"{place.desk}preview"] * 2


@ONCE
def test_a_locked_letter_autosaves_nothing_and_keeps_what_was_typed_in_the_form(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    refused = ana.press(locked_meanwhile(shared, ana, place), "Preview", title="Too late")

    assert refused.status == 409
    assert "To change it, start a new letter." in refused.text
    assert "Autosaved" not in refused.text
    assert refused.form_with("Preview").fields["title"] == "Too late"
    assert shared.campaign.rows(WorkingCopy, place.id) == []


@ONCE
def test_what_was_typed_before_the_text_was_locked_can_still_be_copied_and_discarded(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}write"), "Preview", title="Not saved in time")
    opening.open_letter(shared.campaign.services, place.id, moment=shared.clock())
    kept = ana.open(f"{place.desk}write")

    assert kept.form_with("Preview").fields["title"] == "Not saved in time"
    assert "To change it, start a new letter." in kept.text
    assert ana.press(kept, "Discard these changes").path == f"{place.desk}preview"


@ONCE
def test_the_preview_page_shows_the_digest_that_will_be_signed(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    shown = ana.open(f"{place.desk}preview").text
    opening.open_letter(shared.campaign.services, place.id, moment=shared.clock())
    digest = shared.get(f"{place.hidden}round.json").get_json()["text_sha256"]

    assert " ".join(digest[start : start + 4] for start in range(0, 64, 4)) in shown


def test_rules_are_kept_and_shown_again(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}rules"), "Save", k="12")
    ana.press(ana.open(f"{place.desk}goal"), "Save", goal="500", threshold="")
    rules, goal = (ana.open(place.desk + page).form_with("Save").fields for page in ("rules", "goal"))

    assert (rules["k"], goal["goal"], goal["threshold"]) == ("12", "500", "")


@ONCE
@pytest.mark.parametrize(("field", "value"), [("k", "2"), ("k", "51"), ("k", "x"), ("k", ""), ("goal", "-1")])
def test_wrong_rules_are_refused_beside_their_field(shared: Shared, ana: Visitor, field: str, value: str) -> None:
    page = "goal" if field == "goal" else "rules"
    refused = ana.press(ana.open(f"{shared.a_draft().desk}{page}"), "Save", **{field: value})
    tied = next(found for tag, found in refused.tags if tag == "input" and found.get("name") == field)

    assert refused.status == 400
    assert (tied["aria-invalid"], tied["value"]) == ("true", value)
    assert tied["aria-describedby"].split()[-1] == f"{field}-error"
    assert f'<a href="#{field}">' in refused.text


@ONCE
def test_k_is_frozen_once_the_letter_is_open_and_the_goal_is_not(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(k=5)
    goal = ana.open(f"{place.desk}goal")
    token = goal.form_with("Save").fields["csrf_token"]

    assert ana.post(f"{place.desk}rules", csrf_token=token, k="9", timing="together").status == 409
    assert ana.press(goal, "Save", goal="100").path == f"{place.desk}goal"


# A session that ended while an organizer was typing


def signed_out(shared: Shared, ana: Visitor) -> Visitor:
    """A browser whose cookie is gone."""
    return shared.visitor()


def test_what_was_typed_is_carried_through_the_sign_in_and_saved(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}write")
    later = shared.visitor()
    ask = later.press(form, "Save", title="Typed for an hour", body='Line\r\n\r\n"quoted" <&>', language="en")
    again = later.press(ask, "Sign in", name="Ana", passphrase=PASSPHRASE)
    saved = later.press(again, "Send again")

    assert (ask.status, ask.heading) == (403, "Organizer sign-in")
    assert saved.heading == "Typed for an hour"
    kept = later.open(f"{place.desk}write").form_with("Save").fields
    assert (kept["body"], kept["language"]) == ('Line\n\n"quoted" <&>', "en")


@ONCE
def test_it_is_carried_through_a_mistyped_name_and_passphrase_too(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    later = shared.visitor()
    ask = later.press(ana.open(f"{place.desk}write"), "Save", title="Typed for an hour")
    wrong = later.press(ask, "Sign in", name="Anna", passphrase="wrong wrong wrong")
    again = later.press(wrong, "Sign in", name="Ana", passphrase=PASSPHRASE)

    assert wrong.status == 403
    assert "name" not in again.form_with("Send again").fields
    assert later.press(again, "Send again").heading == "Typed for an hour"


@ONCE
def test_a_new_letter_is_carried_too(ana: Visitor, shared: Shared) -> None:
    form, later = ana.open("/organize/letters/new"), shared.visitor()
    again = later.press(later.press(form, "Save", **TYPED), "Sign in", name="Ana", passphrase=PASSPHRASE)
    saved = later.press(again, "Send again")

    assert (saved.heading, saved.status) == ("Stop it, please", 200)


@ONCE
def test_a_step_that_was_pressed_while_signed_out_asks_again_after_the_sign_in(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    asked, later = ana.open(f"{place.desk}open"), shared.visitor()
    ask = later.press(asked, "Lock the text and start collecting")
    again = later.press(ask, "Sign in", name="Ana", passphrase=PASSPHRASE)
    before = shared.campaign.letter_row(place.id).state
    later.press(again, "Lock the text and start collecting")

    assert again.path == f"{place.desk}open"
    assert (before, shared.campaign.letter_row(place.id).state) == ("draft", "open")


@ONCE
def test_the_passphrase_is_never_carried(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    later = shared.visitor()
    ask = later.press(ana.open(f"{place.desk}write"), "Save", title="x")
    pages = [later.press(ask, "Sign in", name="Ana", passphrase=word) for word in ("wrong wrong wrong", PASSPHRASE)]

    assert not [page for page in pages if "wrong wrong wrong" in page.text or PASSPHRASE in page.text]
    with Session(shared.campaign.databases.petition) as session:
        known = sign_in(session, "Ana", PASSPHRASE, moment=shared.clock(), master=shared.campaign.master)
        assert isinstance(known, Organizer)
