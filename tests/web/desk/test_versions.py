"""Lists, unsaved text, history and decisions in the browser, without scripts."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Authorship, Letter, Version, WorkingCopy
from petition.letters.organizers.members import set_role
from petition.letters.states import COMMENTER
from petition.letters.text.letter_text import canonical, digest
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor
from tests.walks import PASSPHRASE, WORDS, LetterText

pytestmark = pytest.mark.thorough

LONG = replace(WORDS, body="First.\n\nSecond.\n\nThird.")
Browsers = Callable[[str], Visitor]


@pytest.fixture
def browser(shared: Shared) -> Browsers:
    """The browser of an organizer."""

    def of(name: str) -> Visitor:
        visitor = shared.visitor()
        visitor.client = shared.desk(name).client
        return visitor

    return of


@pytest.fixture
def ana(browser: Browsers) -> Visitor:
    return browser("Ana")


def a_shared_draft(shared: Shared, words: LetterText = LONG) -> Place:
    """A draft on which Ana and Ben work."""
    place = shared.a_draft(words=words)
    with Session(shared.campaign.databases.petition) as session:
        session.add(Authorship(letter_id=place.id, organizer_id=shared.ids["Ben"]))
        session.commit()
    return place


def newest(shared: Shared, place: Place) -> LetterText:
    with Session(shared.campaign.databases.reading) as session:
        return text_of(newest_version(session, session.get_one(Letter, place.id)))


def pressed(visitor: Visitor, page: Page, act: str, **typed: str) -> Page:
    """Press a button of the writing form by what it sends: several have the same text."""
    form = page.form_with("Save")
    return visitor.post(form.action, **{**form.fields, **typed, "do": act})


# Roles


def made_a_reviewer(shared: Shared, place: Place, name: str) -> None:
    with Session(shared.campaign.databases.petition) as session:
        set_role(session, session.get_one(Letter, place.id), shared.ids[name], COMMENTER)
        session.commit()


@ONCE
def test_what_an_editor_was_writing_when_made_a_reviewer_is_there_to_copy(shared: Shared, browser: Browsers) -> None:
    place, ben = a_shared_draft(shared), browser("Ben")
    pages = ["write", "translations/es", "translations/unsigned/es"]
    forms = [ben.open(place.desk + page) for page in pages]
    made_a_reviewer(shared, place, "Ben")
    answers = [pressed(ben, form, act, body="Long text.") for form in forms for act in ("save", "preview")]

    assert [answer.status for answer in answers] == [403] * 6
    for answer in answers:
        assert answer.form_with("Preview").fields["body"] == "Long text."
        assert "To change the letter, ask an editor." in answer.text
        assert not any("Save" in form.buttons for form in answer.forms)


@ONCE
def test_what_a_reviewer_typed_as_an_editor_can_be_discarded(shared: Shared, browser: Browsers) -> None:
    place, ben = a_shared_draft(shared), browser("Ben")
    pressed(ben, ben.open(f"{place.desk}write"), "preview", body="Long text.")
    made_a_reviewer(shared, place, "Ben")
    kept = ben.open(f"{place.desk}write")
    ben.press(kept, "Discard these changes")

    assert kept.form_with("Preview").fields["body"] == "Long text."
    assert shared.campaign.rows(WorkingCopy, place.id) == []
    assert "Preview" not in {button for form in ben.open(f"{place.desk}write").forms for button in form.buttons}


# Lists


@ONCE
def test_demands_are_added_moved_and_taken_out_with_buttons_and_nothing_else_changes(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}write")
    form = pressed(ana, form, "demands-more", **{"demands-2": "Third", "title": "Typed"})
    form = pressed(ana, form, "demands-up-2")
    form = pressed(ana, form, "demands-down-0")
    form = pressed(ana, form, "demands-out-2")

    assert form.form_with("Save").fields["title"] == "Typed"
    assert newest(shared, place) == WORDS
    ana.press(form, "Save")
    assert newest(shared, place) == replace(WORDS, title="Typed", demands=("Third", "Stop."))


@ONCE
@pytest.mark.parametrize("act", ["demands-up-0", "demands-down-9", "demands-out-99", "sources-up-999", "nonsense"])
def test_a_button_that_has_nothing_to_do_does_nothing(shared: Shared, ana: Visitor, act: str) -> None:
    place = shared.a_draft()
    form = pressed(ana, ana.open(f"{place.desk}write"), act)

    assert form.status == 200
    ana.press(form, "Save")
    assert newest(shared, place) == WORDS


@ONCE
def test_sources_are_typed_in_fields_of_their_own_and_appear_below_the_letter(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    source = {"sources-0-title": "A report", "sources-0-url": "https://example.org/r", "sources-0-date": "2018-06"}
    page = ana.press(ana.open(f"{place.desk}write"), "Preview", body="They knew.[^1]", **source)
    ana.press(page, "Save")
    shown = ana.open(f"{place.desk}preview").text

    assert '<a href="#source-1"' in page.text
    assert '<li id="source-1"><span dir="auto"><a href="https://example.org/r"' in shown
    assert newest(shared, place).sources[0].line == "A report <https://example.org/r> (2018-06)"


@ONCE
def test_a_source_that_leads_nowhere_is_refused_and_kept_in_the_form(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    refused = ana.press(ana.open(f"{place.desk}write"), "Save", **{"sources-0-url": "javascript:alert(1)"})

    assert refused.status == 400
    assert "not a web address" in refused.text
    assert refused.form_with("Save").fields["sources-0-url"] == "javascript:alert(1)"


# What was typed and not saved


def test_what_was_previewed_and_not_saved_is_there_again_for_its_typist_alone(
    shared: Shared, browser: Browsers
) -> None:
    place = a_shared_draft(shared)
    ana, ben = browser("Ana"), browser("Ben")
    ana.press(ana.open(f"{place.desk}write"), "Preview", body="Half a thou")
    again = ana.open(f"{place.desk}write")

    assert again.form_with("Save").fields["body"] == "Half a thou"
    assert "these unsaved changes" in again.text
    assert ben.open(f"{place.desk}write").form_with("Save").fields["body"] == LONG.body
    assert newest(shared, place) == LONG
    told = [browser(name).open(f"{place.desk}open").text for name in ("Ben", "Ana")]
    assert ("Unsaved changes: Ana." in told[0], "Unsaved changes: Ana." in told[1]) == (True, False)


@ONCE
def test_it_is_gone_once_it_is_saved_or_thrown_away(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.press(ana.open(f"{place.desk}write"), "Preview", title="One"), "Save")
    assert "these unsaved changes" not in ana.open(f"{place.desk}write").text
    ana.press(ana.open(f"{place.desk}write"), "Preview", title="Two")
    ana.press(ana.open(f"{place.desk}write"), "Discard these changes")

    assert ana.open(f"{place.desk}write").form_with("Save").fields["title"] == "One"
    assert shared.campaign.rows(WorkingCopy, place.id) == []


@ONCE
def test_a_letter_that_is_not_begun_is_kept_too(shared: Shared) -> None:
    shared.campaign.organizer("Nia")
    nia = shared.visitor()
    nia.client = shared.campaign.signed_in(shared.app, "Nia").client
    nia.press(nia.open("/organize/letters/new"), "Preview", title="Begun")

    again = nia.open("/organize/letters/new")
    assert again.form_with("Save").fields["title"] == "Begun"
    nia.press(again, "Save")
    assert nia.open("/organize/letters/new").form_with("Save").fields["title"] == ""


@ONCE
def test_a_letter_that_is_begun_offers_to_start_over_and_no_template(shared: Shared) -> None:
    shared.campaign.organizer("Noa")
    noa = shared.visitor()
    noa.client = shared.campaign.signed_in(shared.app, "Noa").client
    template, new = "Start from a template", "/organize/letters/new"
    before = [noa.open(new), noa.open("/organize/")]
    typed = noa.press(before[0], "Preview", title="Begun")
    begun = [typed, noa.open(new), noa.open("/organize/")]
    again = noa.press(begun[1], "Discard these changes")

    assert [template in page.links for page in [*before, *begun, again]] == [True, True, False, False, False, True]
    assert again.form_with("Save").fields["title"] == ""


@ONCE
def test_what_was_being_saved_when_the_server_failed_is_there_again(
    shared: Shared, ana: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}write")
    monkeypatch.setattr("petition.web.desk.editor.save_version", lambda *_, **__: 1 / 0)
    failed = ana.press(form, "Save", title="Typed for an hour")
    monkeypatch.undo()

    assert failed.status == 500
    assert ana.open(f"{place.desk}write").form_with("Save").fields["title"] == "Typed for an hour"


@ONCE
def test_a_paste_of_two_megabytes_is_refused_with_a_sentence_and_stays_in_the_form(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft()
    refused = ana.press(ana.open(f"{place.desk}write"), "Save", body="é" * 1_000_000, title="Kept")

    assert refused.status == 413
    assert "Shorten the body: it has 1000000 characters, and the limit is 60000." in refused.text
    assert len(refused.form_with("Save").fields["body"]) == 1_000_000


@ONCE
def test_nobody_else_may_send_as_much(shared: Shared) -> None:
    answer = shared.visitor().post("/organize/letters/new", body="x" * 2_000_000)

    assert answer.status == 413


# Two people


def test_changes_of_two_people_in_different_places_are_merged_and_shown_once(shared: Shared, browser: Browsers) -> None:
    place = a_shared_draft(shared)
    ana, ben = browser("Ana"), browser("Ben")
    form = ana.open(f"{place.desk}write")
    ben.press(ben.open(f"{place.desk}write"), "Save", body="FIRST.\n\nSecond.\n\nThird.")
    told = ana.press(form, "Save", body="First.\n\nSecond.\n\nTHIRD.")

    assert newest(shared, place).body == "FIRST.\n\nSecond.\n\nTHIRD."
    assert "Version 3 also has changes by Ben." in told.text
    assert "merged with version 2" in ana.open(f"{place.desk}history").text


@ONCE
def test_changes_of_one_person_in_two_windows_are_not_told_as_someone_elses(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=LONG)
    form = ana.open(f"{place.desk}write")
    ana.press(ana.open(f"{place.desk}write"), "Save", body="FIRST.\n\nSecond.\n\nThird.")
    told = ana.press(form, "Save", body="First.\n\nSecond.\n\nTHIRD.").text

    assert "Version 3 also has your changes from another window." in told
    assert "changes by Ana" not in told


@ONCE
def test_an_organizer_who_goes_on_writing_learns_of_a_newer_version(shared: Shared, browser: Browsers) -> None:
    place = a_shared_draft(shared)
    ana, ben = browser("Ana"), browser("Ben")
    form = ana.open(f"{place.desk}write")
    ben.press(ben.open(f"{place.desk}write"), "Save", title="Ben's")

    assert "Ben saved version 2 while you were writing" in ana.press(form, "Preview").text


def in_conflict(shared: Shared, browser: Browsers, place: Place) -> Page:
    """Both changed the second paragraph; Ben also the first, Ana also the title."""
    ana, ben = browser("Ana"), browser("Ben")
    form = ana.open(f"{place.desk}write")
    ben.press(ben.open(f"{place.desk}write"), "Save", body="FIRST.\n\nBen's.\n\nThird.")
    return ana.press(form, "Save", title="Ana's", body="First.\n\nAna's.\n\nThird.")


@pytest.mark.parametrize(("choice", "second"), [("mine", "Ana's."), ("theirs", "Ben's."), ("both", "Ben's.\n\nAna's.")])
def test_what_collides_is_decided_and_the_rest_merges(
    shared: Shared, browser: Browsers, choice: str, second: str
) -> None:
    place = a_shared_draft(shared)
    conflict = in_conflict(shared, browser, place)
    browser("Ana").press(conflict, "Merge and save", **{"choice-0": choice})

    assert (conflict.status, conflict.heading) == (409, "You and Ben changed the same text")
    assert newest(shared, place) == replace(LONG, title="Ana's", body=f"FIRST.\n\n{second}\n\nThird.")


@ONCE
def test_a_decision_that_was_left_out_is_asked_for_again(shared: Shared, browser: Browsers) -> None:
    place = a_shared_draft(shared)
    again = browser("Ana").press(in_conflict(shared, browser, place), "Merge and save")

    assert again.status == 400
    assert "Choose for each place." in again.text
    browser("Ana").press(again, "Merge and save", **{"choice-0": "mine"})
    assert newest(shared, place).title == "Ana's"


@ONCE
def test_an_organizer_may_merge_and_go_on_writing(shared: Shared, browser: Browsers) -> None:
    place = a_shared_draft(shared)
    form = browser("Ana").press(in_conflict(shared, browser, place), "Merge and keep writing", **{"choice-0": "theirs"})

    assert form.form_with("Save").fields["body"] == "FIRST.\n\nBen's.\n\nThird."
    browser("Ana").press(form, "Save", title="At last")
    assert newest(shared, place).title == "At last"


@ONCE
def test_a_decision_survives_a_session_that_is_over(shared: Shared, browser: Browsers) -> None:
    place = a_shared_draft(shared)
    conflict, later = in_conflict(shared, browser, place), shared.visitor()
    ask = later.press(conflict, "Merge and save", **{"choice-0": "mine"})
    again = later.press(ask, "Sign in", name="Ana", passphrase=PASSPHRASE)
    later.press(again, "Send again")

    assert newest(shared, place).body == "FIRST.\n\nAna's.\n\nThird."


@ONCE
@pytest.mark.parametrize("mine", ["", "{", "[]", '{"title": 1}', "null", '{"title": "x", "surplus": 1}', "[" * 5_000])
def test_a_decision_about_nonsense_is_refused(shared: Shared, ana: Visitor, mine: str) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}write").form_with("Save")
    sent = {"csrf_token": form.fields["csrf_token"], "based_on": "1", "theirs": "1", "mine": mine}

    assert ana.post(f"{place.desk}decide", **sent).status == 400


# History


def test_any_two_versions_are_compared_by_word(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=LONG)
    ana.press(ana.open(f"{place.desk}write"), "Save", body="First.\n\nA second.\n\nThird.", note="Clearer")
    inline = ana.open(f"{place.desk}differences?before=1&after=2")
    beside = ana.open(f"{place.desk}differences?before=1&after=2&view=side")

    assert "Clearer" in ana.open(f"{place.desk}history").text
    assert "<del>Second</del><ins>A second</ins>." in inline.text
    assert "<del>Second</del>." in beside.text and "<ins>A second</ins>." in beside.text
    assert "The two versions are the same." in ana.open(f"{place.desk}differences?before=2&after=2").text


@ONCE
@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("?before=1", 400), ("?before=x&after=1", 400), ("?before=1&after=7", 404),
                          ("?before=1&after=99999999999999999999", 400), ("?before=0&after=1", 404)]
)  # fmt: skip
def test_versions_that_never_were_cannot_be_compared(shared: Shared, ana: Visitor, query: str, status: int) -> None:
    assert ana.open(f"{shared.a_draft().desk}differences{query}").status == status


def test_an_earlier_version_is_made_the_newest_again_and_none_is_lost(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}write"), "Save", title="Second thoughts")
    ana.press(ana.open(f"{place.desk}versions/1/"), "Restore this version")

    assert newest(shared, place) == WORDS
    history = ana.open(f"{place.desk}history").text
    assert "Version 3" in history and "Back to version 1" in history


@ONCE
def test_an_open_letter_goes_back_to_no_version(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    ana.press(ana.open(f"{place.desk}write"), "Save", title="Second thoughts")
    form = ana.open(f"{place.desk}versions/1/")
    shared.campaign.open(place.id)

    assert ana.press(form, "Restore this version").status == 409
    assert "Restore this version" not in ana.open(f"{place.desk}versions/1/").text


@ONCE
def test_ten_thousand_versions_are_shown_some_at_a_time(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    with Session(shared.campaign.databases.petition) as session:
        first = newest_version(session, session.get_one(Letter, place.id))
        row = {column.name: getattr(first, column.name) for column in Version.__table__.columns}
        session.execute(insert(Version), [{**row, "number": number} for number in range(2, 10_001)])
        session.commit()
    pages = [ana.open(f"{place.desk}{path}") for path in ("history", "history?before=5000", "write", "")]

    assert "Version 10000" in pages[0].text and "Version 4999" in pages[1].text
    assert pages[0].text.count("<li>") < 80


# The text as files, printed, before and after


@pytest.mark.parametrize("state", ["draft", "open", "published"])
def test_the_canonical_text_and_its_digest_are_at_hand_in_every_state(shared: Shared, ana: Visitor, state: str) -> None:
    make = {"draft": shared.a_draft, "open": shared.an_open_letter, "published": shared.a_published_letter}[state]
    place = make(words=LONG)
    file = ana.client.get(f"{place.desk}versions/1/letter.md", base_url="https://letters.example.org")
    printed = ana.open(f"{place.desk}print").text
    in_fours = " ".join(digest(canonical(LONG))[start : start + 4] for start in range(0, 64, 4))

    assert file.data == canonical(LONG)
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert in_fours in printed and in_fours in ana.open(f"{place.desk}preview").text
    assert "<pre><code># We refuse to build it\n" in printed
    assert ("a draft" in printed) == (state == "draft")


@ONCE
def test_the_page_before_opening_lists_what_is_missing_and_what_freezes(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=replace(LONG, body="They knew.[^2]"))
    missing = ana.open(f"{place.desk}open")
    ana.press(ana.open(f"{place.desk}write"), "Save", body="They knew.")
    ready = ana.open(f"{place.desk}open")

    assert f"{place.desk}write#sources" in missing.links.values()
    assert not any("Lock the text and start collecting" in form.buttons for form in missing.forms)
    assert ana.press(ready, "Lock the text and start collecting").heading == LONG.title
