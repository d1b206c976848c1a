"""Refusals to programs: RFC 9457 problem details, with the members that are promised and no others."""

import pytest

from tests.shared import ONCE, Shared

JSON = "application/json"


@ONCE
@pytest.mark.parametrize("method", ["tokens", "signatures", "withdrawals", "appearances"])
def test_a_refusal_has_four_members_that_agree_with_the_status(shared: Shared, method: str) -> None:
    place = shared.an_open_letter()
    answer = shared.send(f"{place.hidden}{method}", {"wrong": "shape"})
    found = answer.get_json()

    assert answer.content_type == "application/problem+json"
    assert sorted(found) == ["detail", "status", "title", "type"]
    assert (found["status"], answer.status_code) == (400, 400)
    assert (found["type"], found["title"]) == ("/problems/bad-shape", "We couldn't read this")
    assert "exactly these members" in found["detail"]


@ONCE
@pytest.mark.parametrize(
    ("path", "status"),
    [("/letters/never-was/tokens", 404), ("/letters/never-was/round.json", 404), ("/nowhere", 404)],
)
def test_a_program_that_asks_for_json_gets_problem_details_everywhere(shared: Shared, path: str, status: int) -> None:
    answer = shared.send(path, {}) if path.endswith("tokens") else shared.get(path, Accept=JSON)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.get_json()["status"] == status


@ONCE
@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/letters/never-was/counts.json", "*/*", "application/problem+json"),
        ("/letters/never-was/counts.json", "text/html,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("/letters/never-was/", "*/*", "text/html; charset=utf-8"),
    ],
)
def test_a_program_that_takes_anything_gets_problem_details_where_data_is(
    shared: Shared, path: str, accept: str, kind: str
) -> None:
    answer = shared.get(path, Accept=accept)

    assert (answer.status_code, answer.content_type) == (404, kind)


@ONCE
def test_a_person_who_asks_for_a_page_gets_one_that_says_what_to_do(shared: Shared) -> None:
    answer = shared.get("/letters/never-was/", Accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "<h1>Not found</h1>" in answer.text
    assert "Check the link; it may have been taken down." in answer.text


@ONCE
def test_a_method_that_an_address_does_not_take_is_refused_with_those_that_it_takes(shared: Shared) -> None:
    place = shared.an_open_letter()
    answer = shared.app.test_client().put(f"{place.hidden}signatures", json={})

    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert "POST" in answer.headers["Allow"]
