"""Another site's page can post nothing here, and no one can post more than people need."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.signing.models import Pending
from tests.routes import routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE
from tests.web.outside import envelope

FOREIGN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": SITE},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://letters.example.org.evil.example"},
    {"Origin": "https://letters.example.org:444"},
    {"Origin": ""},
]
OWN: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": SITE},
    {"Sec-Fetch-Site": "none"},
    {"Origin": SITE},
]
PROGRAMS = ("tokens", "signatures", "withdrawals", "appearances")
pytestmark = ONCE


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


def withdrawal(shared: Shared, place: Place) -> tuple[dict[str, str], int]:
    """A waiting signature's opening, and how many wait."""
    token = shared.campaign.sign_all(place.id, 1)[0]
    held = envelope(shared.get(f"{place.hidden}round.json").get_json(), token.receipt)
    return held.opening(), waiting_now(shared, place)


def waiting_now(shared: Shared, place: Place) -> int:
    with Session(shared.campaign.databases.reading) as session:
        return session.scalar(select(func.count()).where(Pending.letter_id == place.id)) or 0


@pytest.mark.parametrize("headers", FOREIGN)
def test_what_another_site_posts_is_refused_everywhere(shared: Shared, place: Place, headers: dict[str, str]) -> None:
    ana = shared.desk().client
    found = [
        route
        for route in routes(shared.app, slug=place.slug, address=f"s/{place.code}", secret="x")
        if "POST" in route.methods
    ]
    answers = [ana.post(route.path, base_url=SITE, headers=headers, data={"title": "x"}) for route in found]

    assert len(answers) > 20
    assert {answer.status_code for answer in answers} == {403}


@pytest.mark.parametrize("headers", FOREIGN)
def test_what_another_site_posts_changes_nothing(shared: Shared, place: Place, headers: dict[str, str]) -> None:
    opening, before = withdrawal(shared, place)
    answer = shared.send(f"{place.hidden}withdrawals", opening, **headers)

    assert answer.status_code == 403
    assert answer.get_json()["detail"].startswith("This was sent from another site's page.")
    assert waiting_now(shared, place) == before


@pytest.mark.parametrize("headers", OWN)
def test_what_the_own_pages_and_programs_post_is_taken(shared: Shared, place: Place, headers: dict[str, str]) -> None:
    opening, before = withdrawal(shared, place)
    answer = shared.send(f"{place.hidden}withdrawals", opening, **headers)

    assert answer.status_code == 200
    assert waiting_now(shared, place) == before - 1


def test_a_page_of_another_site_may_link_here(shared: Shared, place: Place) -> None:
    assert shared.get(place.hidden, Sec_Fetch_Site="cross-site").status_code == 200


@pytest.mark.thorough
def test_a_form_of_the_organizers_from_another_site_is_refused_although_its_token_is_right(shared: Shared) -> None:
    ana = shared.desk()
    token = ana.csrf("/organize/letters/new")
    sent: dict[str, Any] = {"csrf_token": token, "title": "From elsewhere", "do": "save", "language": "en"}
    answer = ana.client.post(
        "/organize/letters/new", base_url=SITE, data=sent, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    with Session(shared.campaign.databases.reading) as session:
        assert session.scalar(select(Letter).where(Letter.title == "From elsewhere")) is None


@pytest.mark.parametrize(
    "name",
    ["tokens", "signatures", "withdrawals", "appearances", "join", "join/file", "sign", "receipt", "receipt/file"],
)
def test_more_than_64_kb_for_signing_is_refused_with_a_sentence(shared: Shared, place: Place, name: str) -> None:
    body = {"code": "x" * 64 * 1024, "token": "x", "receipt": "x"}
    how: dict[str, Any] = {"json" if name in PROGRAMS else "data": body}
    answer = shared.app.test_client().post(place.hidden + name, base_url=SITE, **how)

    assert answer.status_code == 413
    assert "The limit here is 64 kB." in answer.text


def test_a_file_of_more_than_64_kb_is_refused_too(shared: Shared, place: Place) -> None:
    data = {"token_file": (BytesIO(b"x" * 65 * 1024), "token.json")}
    answer = shared.app.test_client().post(f"{place.hidden}sign", base_url=SITE, data=data)

    assert answer.status_code == 413


def test_more_than_a_letter_can_be_is_refused_in_its_form_and_not_lost(shared: Shared) -> None:
    ana = shared.desk()
    token = ana.csrf("/organize/letters/new")
    typed = "x" * 1024 * 1024
    answer = ana.post("/organize/letters/new", csrf_token=token, body=typed, title="x")

    assert answer.status_code == 413
    assert "Please fix this" in answer.text
    assert typed in answer.text


def test_what_no_letter_could_ever_be_is_read_no_further(shared: Shared) -> None:
    ana = shared.desk()
    token = ana.csrf("/organize/letters/new")
    answer = ana.post("/organize/letters/new", csrf_token=token, body="x" * 8 * 1024 * 1024, title="x")

    assert answer.status_code == 413
    assert "The limit here is 8192 kB." in answer.text


def test_a_body_of_undeclared_length_is_read_no_further(shared: Shared, place: Place) -> None:
    """As with chunked transfer: the server hands over a stream that ends some time, without a length."""
    stream = BytesIO(b"x" * 500_000)
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = shared.app.test_client().post(
        f"{place.hidden}tokens", base_url=SITE, environ_overrides=environ, content_type="application/json"
    )

    assert answer.status_code in (400, 413)
    assert stream.tell() <= 64 * 1024 + 1
