"""Forms that make something act once for each time they were shown, however often they are pressed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from petition.issuing.models import Batch
from petition.letters.models import Comment, Event, Invitation, Letter, SpentForm
from petition.letters.organizers.spent_forms import forget_spent_forms
from petition.signing.models import Round
from tests.race.crowd import together
from tests.shared import Place, Shared
from tests.visitors import Form, Page, Visitor

pytestmark = pytest.mark.thorough

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

    assert "cancel print batch 2 and make new ones." in again.text
    assert "Cancel unused codes in print batch 2" in again.links


def test_no_batch_is_named_where_it_may_be_another_one(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shown = ana.open(f"{place.desk}codes")
    ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="3")
    again = [press(ana, shown, once_forms(shown)[0], count="3") for _ in range(2)][1]

    assert "cancel their print batch and make new ones." in again.text
    assert "cancel print batch 2" not in again.text


def test_strips_to_pass_on_pressed_twice_are_made_again_and_not_canceled(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shown = ana.open(f"{place.desk}codes")
    again = [press(ana, shown, once_forms(shown)[1]) for _ in range(2)][1]

    assert [batch.made for batch in shared.campaign.rows(Batch, place.id)] == [10]
    assert "If you don&#39;t have the codes, make ten more. Don&#39;t cancel" in again.text


def test_a_new_set_asked_for_four_times_at_the_same_moment_is_one_set(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    shown = ana.open(f"{place.desk}codes")
    browsers = [same_browser(shared, ana) for _ in range(4)]
    form, wanted = once_forms(shown)[0], {"count": "6", "new_round": "y"}
    answers = together([lambda one=one: press(one, shown, form, **wanted) for one in browsers])

    assert [answer.status for answer in answers] == [200] * 4
    assert sum("You pressed this button twice." in answer.text for answer in answers) == 3
    assert [row.number for row in shared.campaign.rows(Round, place.id)] == [1, 2]


def test_codes_and_a_new_set_that_are_made_at_the_same_moment_do_not_wait_for_each_other(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    acts = []
    for wanted in [{"count": "6", "new_round": "y"}, *[{"count": "2"}] * 5]:
        shown, one = ana.open(f"{place.desk}codes"), same_browser(shared, ana)
        acts.append(partial(press, one, shown, once_forms(shown)[0], **wanted))

    assert [answer.status for answer in together(acts)] == [200] * 6


def same_browser(shared: Shared, visitor: Visitor) -> Visitor:
    """Another window of a browser; the cookies are the same."""
    window = shared.visitor()
    where = {"path": "/organize", "domain": "letters.example.org"}
    cookie = visitor.client.get_cookie("organizer", **where)
    assert cookie is not None
    window.client.set_cookie("organizer", cookie.value, **where)
    return window


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


@contextmanager
def failing(shared: Shared, table: str) -> Iterator[None]:
    """Databases that are locked as soon as a row is added to a table."""
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise OperationalError("", {}, locked)

    databases = shared.app.extensions["petition"].databases
    for engine in (databases.petition, databases.issuer):
        event.listen(engine, "before_cursor_execute", fail)
    yield
    for engine in (databases.petition, databases.issuer):
        event.remove(engine, "before_cursor_execute", fail)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_locked_database_did_not_take_can_be_sent_again(shared: Shared, ana: Visitor, page: str) -> None:
    is_draft = page in ("comments?paragraph=2", "people")
    place = shared.a_draft() if is_draft else shared.a_published_letter()
    typed = TYPED if page != "after" else {**TYPED, "day": shared.clock.moment.date().isoformat()}
    shown = ana.open(f"{place.desk}{page}")
    form = once_forms(shown)[-1 if page == "people" else 0]
    with failing(shared, PAGES[page].__tablename__):
        failed = press(ana, shown, form, **typed)
    again = press(ana, shown, form, **typed)

    assert failed.status == 503
    assert "You pressed this button twice." not in again.text
    assert made(shared, place, page) == 1


def test_a_new_letter_that_a_locked_database_did_not_take_can_be_sent_again(shared: Shared, ana: Visitor) -> None:
    title = f"Locked {id(shared)}"
    shown = ana.open("/organize/letters/new")
    form = once_forms(shown)[0]
    with failing(shared, "letter"):
        failed = press(ana, shown, form, **{**TYPED, "title": title})
    again = press(ana, shown, form, **{**TYPED, "title": title})

    assert (failed.status, again.heading) == (503, title)


@pytest.mark.parametrize("table", ["batch", "round"])
def test_a_new_set_that_a_locked_database_did_not_take_can_be_sent_again(
    shared: Shared, ana: Visitor, table: str
) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    shown = ana.open(f"{place.desk}codes")
    wanted = {"count": "6", "new_round": "y"}
    with failing(shared, table):
        failed = press(ana, shown, once_forms(shown)[0], **wanted)
    again, twice = (press(ana, shown, once_forms(shown)[0], **wanted) for _ in range(2))

    assert failed.status == 503
    assert again.text.count("join#r=2&amp;p=") == 6
    assert "You pressed this button twice." in twice.text


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


def test_what_was_typed_into_a_form_that_was_open_for_days_is_there_again(shared: Shared, ana: Visitor) -> None:
    draft, letter = shared.a_draft(), shared.a_published_letter()
    ana.press(ana.open(f"{draft.desk}comments?paragraph=2"), "Post comment", text="First.")
    pages = [f"{draft.desk}comments?paragraph=2", f"{draft.desk}comments", f"{letter.desk}after"]
    forms = [once_forms(ana.open(page))[0] for page in pages]
    shown = [ana.open(page) for page in pages]
    new, fields = ana.open("/organize/letters/new"), {**TYPED, "day": "2026-01-01", "title": "Typed for days."}
    shared.clock.pass_time(days=4)
    late = [press(ana, page, form, **{**fields, "text": "For days."}) for page, form in zip(shown, forms, strict=True)]
    late_letter = press(ana, new, once_forms(new)[0], **fields)

    assert [page.status for page in (*late, late_letter)] == [400] * 4
    assert ["For days." in page.text for page in late] == [True] * 3
    assert "Typed for days." in late_letter.text
    sent = press(ana, late_letter, once_forms(late_letter)[0], **fields)
    assert sent.heading == "Typed for days."
