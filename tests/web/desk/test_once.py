"""Forms that make something act once for each time they were shown, however often they are pressed."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.issuing.models import Batch
from petition.letters.models import Comment, Event, Invitation, Letter, SpentForm
from petition.letters.organizers.spent_forms import forget_spent_forms
from tests.shared import Place, Shared
from tests.visitors import Form, Page, Visitor

TYPED = {
    "title": "Pressed twice", "text": "Said once.", "kind": "update", "role": "editor", "count": "3", "do": "save",
    "quote": "", "suggestion": "", "language": "en",
}  # fmt: skip
PAGES = {
    "comments?paragraph=2": Comment,
    "people": Invitation,
    "codes": Batch,
    "after": Event,
}
"""Where something is made, and the table in which it stands; a published letter but for the first two."""


@pytest.fixture
def ana(shared: Shared) -> Visitor:
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    return visitor


def once_forms(page: Page) -> list[Form]:
    return [form for form in page.forms if "once" in form.fields]


def press(ana: Visitor, page: Page, form: Form, **typed: str) -> Page:
    path = form.action if form.action.startswith("/") else page.path.rpartition("/")[0] + "/" + form.action
    return ana.post(path if form.action else page.path.partition("?")[0], **{**form.fields, **typed})


def made(shared: Shared, place: Place, page: str) -> int:
    return len(shared.campaign.rows(PAGES[page], place.id))


@pytest.mark.parametrize("page", PAGES)
def test_pressed_twice_one_thing_is_made_and_pressed_after_looking_again_another(
    shared: Shared, ana: Visitor, page: str
) -> None:
    is_draft = page in ("comments?paragraph=2", "people")
    place = shared.a_draft() if is_draft else shared.a_published_letter()
    typed = TYPED if page != "after" else {**TYPED, "day": shared.clock.moment.date().isoformat()}
    counts = []
    for _ in range(2):
        shown = ana.open(f"{place.desk}{page}")
        form = once_forms(shown)[-1 if page == "people" else 0]
        answers = [press(ana, shown, form, **typed) for _ in range(2)]
        counts.append(made(shared, place, page))

    assert [answer.status for answer in answers] == [200, 200]
    assert "You pressed this button twice." in answers[1].text
    assert counts == [1, 2]


def test_codes_made_by_the_first_of_two_presses_are_named_by_their_batch(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="3")
    shown = ana.open(f"{place.desk}codes")
    again = [press(ana, shown, once_forms(shown)[0], count="4") for _ in range(2)][1]

    assert "Print batch 2 was made, but we can&#39;t show its codes again." in again.text
    assert "Cancel unused codes in print batch 2" in again.links


def test_no_batch_is_named_where_it_may_be_another_one(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shown = ana.open(f"{place.desk}codes")
    ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="3")
    again = [press(ana, shown, once_forms(shown)[0], count="3") for _ in range(2)][1]

    assert "cancel their print batch and make new ones." in again.text
    assert "was made, but" not in again.text


def test_strips_to_pass_on_pressed_twice_are_made_again_and_not_canceled(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shown = ana.open(f"{place.desk}codes")
    again = [press(ana, shown, once_forms(shown)[1]) for _ in range(2)][1]

    assert [batch.made for batch in shared.campaign.rows(Batch, place.id)] == [10]
    assert "If you don&#39;t have them, make ten more. Don&#39;t cancel" in again.text


def test_a_new_letter_pressed_twice_is_one_letter(shared: Shared, ana: Visitor) -> None:
    shown = ana.open("/organize/letters/new")
    form = once_forms(shown)[0]
    answers = [press(ana, shown, form, **{**TYPED, "title": f"Twice {id(shared)}"}) for _ in range(2)]
    with Session(shared.campaign.databases.reading) as session:
        same = session.scalars(select(Letter).where(Letter.title == f"Twice {id(shared)}")).all()

    assert (len(same), answers[1].path) == (1, "/organize/")


def test_what_was_refused_may_be_pressed_again(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shown = ana.open(f"{place.desk}codes")
    form = once_forms(shown)[0]
    refused, good = press(ana, shown, form, count="0"), press(ana, shown, form, count="3")

    assert (refused.status, good.status) == (400, 200)
    assert made(shared, place, "codes") == 1


def test_what_is_kept_says_neither_who_nor_when_and_goes(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    shown = ana.open(f"{place.desk}people")
    press(ana, shown, once_forms(shown)[-1], **TYPED)

    assert {column.key for column in SpentForm.__table__.columns} == {"key", "day"}
    with Session(shared.campaign.databases.petition) as session:
        forget_spent_forms(session, moment=shared.clock() + timedelta(days=4))
        session.commit()
        assert session.scalars(select(SpentForm)).all() == []


def test_a_form_shown_days_ago_asks_to_look_again(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    shown = ana.open(f"{place.desk}people")
    shared.clock.pass_time(days=4)
    late = press(ana, shown, once_forms(shown)[-1], **TYPED)

    assert late.status == 400
    assert made(shared, place, "people") == 0
