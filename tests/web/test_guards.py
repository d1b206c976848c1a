"""Two guards stand before every form of the organizers, found over all rules: whose letter it is, and who sent it."""

from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter, Version
from tests.routes import organizers_routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page

TYPED = {
    "title": "Taken over", "recipient": "R", "employer": "E", "body": "B", "demands-0": "D", "language": "en",
    "do": "save",
    "based_on": "1", "k": "7", "goal": "7", "count": "7", "reason": "r", "rolls": "Others", "timing": "together",
    "now": "y", "name": "Ana", "passphrase": "correct horse battery staple", "again": "correct horse battery staple",
}  # fmt: skip


def state_of(shared: Shared, place: Place) -> Any:
    """All that the database holds of a letter's own row and its versions."""
    with Session(shared.campaign.databases.reading) as session:
        letter = session.get_one(Letter, place.id)
        columns = {column.key: getattr(letter, column.key) for column in inspect(Letter).columns}
        versions = session.execute(select(Version.number, Version.title).where(Version.letter_id == place.id)).all()
        return columns, versions


@pytest.mark.thorough
@ONCE
@pytest.mark.parametrize("token", [None, "", "wrong", "IjAi.aaaa.bbbb"])
def test_no_form_of_the_organizers_works_without_the_token_of_their_own_page(shared: Shared, token: str | None) -> None:
    place = shared.a_draft()
    before = state_of(shared, place)
    sent = {**TYPED, **({} if token is None else {"csrf_token": token})}
    forms = organizers_routes(shared.app, place.slug, "POST")
    answers = {route.path: shared.desk().post(route.path, **sent) for route in forms}

    assert len(answers) >= 12
    assert {answer.status_code for answer in answers.values()} == {400}
    assert state_of(shared, place) == before


def test_what_was_typed_is_kept_when_the_token_was_missing_and_goes_through_with_one_more_press(
    shared: Shared,
) -> None:
    place = shared.a_draft()
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    again = visitor.post(f"{place.desk}write", **{**TYPED, "body": "Line one\r\n\r\n<b>& two"})
    kept = visitor.press(again, "Send again")

    assert (again.heading, kept.heading) == ("Press once more", "Taken over")
    assert "&lt;b&gt;&amp; two" in visitor.open(f"{place.desk}write").text


@pytest.mark.thorough
@ONCE
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", ["draft", "open", "published"])
def test_another_organizer_s_letter_answers_everywhere_like_one_that_never_was(
    shared: Shared, method: str, state: str
) -> None:
    make = {"draft": shared.a_draft, "open": shared.an_open_letter, "published": shared.a_published_letter}[state]
    place = make()
    before, ben = state_of(shared, place), shared.desk("Ben")
    token = ben.csrf("/organize/letters/new")

    def answers(slug: str) -> dict[str, Any]:
        found = [route for route in organizers_routes(shared.app, slug, method) if f"/{slug}/" in route.path]
        sent = [
            ben.get(route.path) if method == "GET" else ben.post(route.path, csrf_token=token, **TYPED)
            for route in found
        ]
        return {
            route.path.replace(slug, "SLUG"): (answer.status_code, answer.data, sorted(answer.headers))
            for route, answer in zip(found, sent, strict=True)
        }

    theirs, never = answers(place.slug), answers("letter-never")
    assert len(theirs) >= 5
    assert {status for status, _, _ in theirs.values()} == {404}
    assert theirs == never
    assert state_of(shared, place) == before


@ONCE
def test_a_second_organizer_s_desk_lists_none_of_the_first_one_s_letters(shared: Shared) -> None:
    place = shared.a_draft()

    assert place.desk in Page(shared.desk("Ana").get("/organize/"), "/organize/").text
    assert place.desk not in shared.desk("Ben").get("/organize/").text
