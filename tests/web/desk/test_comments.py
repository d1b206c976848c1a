"""The page of comments, as an editor and a commenter press its buttons."""

import pytest
from sqlalchemy.orm import Session

from petition.letters.drafting.comments import add_comment
from petition.letters.models import Letter, Organizer
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor
from tests.web.desk.test_people import as_, come, link_to

pytestmark = [ONCE, pytest.mark.thorough]


def two(shared: Shared) -> tuple[Place, Visitor, Visitor]:
    """A draft, its editor, and a commenter."""
    place = shared.a_draft()
    carl, _ = come(shared, link_to(shared, place, "commenter"), f"Carl of {place.slug}")
    return place, as_(shared), carl


def say(visitor: Visitor, place: Place, **typed: str) -> Page:
    return visitor.press(visitor.open(f"{place.desk}comments?paragraph=2"), "Post comment", **typed)


def test_a_commenter_suggests_and_an_editor_takes_it_over(shared: Shared) -> None:
    place, ana, carl = two(shared)
    said = say(carl, place, quote="ask you to stop", text="Stronger!", suggests="y", suggestion="demand that you stop")
    seen = ana.open(f"{place.desk}comments")
    ana.press(seen, "Use this suggestion")

    assert "Use this suggestion" not in said.text
    assert "Stronger!" in seen.text
    assert "demand that you stop" in ana.open(f"{place.desk}preview").text


def test_replies_and_resolving(shared: Shared) -> None:
    place, ana, carl = two(shared)
    page = say(carl, place, quote="", text="Too polite?")
    replied = ana.press(ana.open(f"{place.desk}comments"), "Reply", text="No, just right.")
    resolved = carl.press(carl.open(f"{place.desk}comments"), "Mark as resolved")

    assert "Too polite?" in page.text
    assert "No, just right." in replied.text
    assert "Too polite?" not in resolved.text
    assert "Too polite?" in carl.follow(resolved, "Show 1 resolved too").text


def test_no_button_of_a_comment_that_was_deleted_acts_on_the_next_one_with_its_number(shared: Shared) -> None:
    place, ana, carl = two(shared)
    how = {"quote": "ask you to stop", "text": "", "suggests": "y"}
    say(carl, place, **how, suggestion="demand that you stop")
    seen = ana.open(f"{place.desk}comments")
    carl.press(carl.open(f"{place.desk}comments"), "Delete")
    say(carl, place, **how, suggestion="beg you to stop")
    answers = [ana.press(seen, act) for act in ("Use this suggestion", "Mark as resolved", "Delete")]
    answers.append(ana.press(seen, "Reply", text="Yes, that."))

    assert [answer.status for answer in answers] == [409] * 4
    assert all("This comment is deleted." in answer.text for answer in answers)
    assert "Yes, that." in answers[-1].text
    assert "beg you to stop" not in ana.open(f"{place.desk}preview").text
    ana.press(ana.open(f"{place.desk}comments"), "Use this suggestion")
    assert "beg you to stop" in ana.open(f"{place.desk}preview").text


def test_what_was_typed_is_kept_when_it_is_refused(shared: Shared) -> None:
    place, _, carl = two(shared)
    page = say(carl, place, quote="not there at all", text="My long thought")

    assert page.status == 400
    assert page.form_with("Post comment").fields["text"] == "My long thought"
    assert page.form_with("Post comment").fields["quote"] == "not there at all"


def test_markup_in_a_comment_is_shown_and_not_run(shared: Shared) -> None:
    place, _, carl = two(shared)
    page = say(carl, place, quote="", text="<script>alert(1)</script>")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_a_commenter_cannot_delete_another_ones_comment(shared: Shared) -> None:
    place, ana, carl = two(shared)
    say(ana, place, quote="", text="Ana's own")
    fields = carl.open(f"{place.desk}comments").form_with("Reply").fields
    page = carl.post(f"{place.desk}comments/1/remove", csrf_token=fields["csrf_token"], seen=fields["seen"])

    assert page.status == 409
    assert "Only its author or an editor can delete this." in page.text
    assert "Ana&#39;s own" in ana.open(f"{place.desk}comments").text


def test_a_comment_shows_its_passage_without_marks(shared: Shared) -> None:
    place, ana, carl = two(shared)
    page = say(carl, place, quote="", text="Bold indeed.")

    assert "we, who work here, ask you to stop" in page.text


def test_many_comments_come_in_pages(shared: Shared) -> None:
    place, ana, _ = two(shared)
    with Session(shared.campaign.databases.petition) as session:
        letter, author = session.get_one(Letter, place.id), session.get_one(Organizer, shared.ids["Ana"])
        for number in range(105):
            add_comment(session, letter, author, version=1, paragraph=2, quote="", text=f"Thought {number}.",
                        suggestion=None, moment=shared.clock())  # fmt: skip
        session.commit()
    first = ana.open(f"{place.desk}comments")
    second = ana.follow(first, "More comments")

    assert ("Thought 99." in first.text, "Thought 100." in first.text) == (True, False)
    assert ("Thought 99." in second.text, "Thought 104." in second.text) == (False, True)
