"""Headers that every answer carries, over all addresses, methods and errors; cookies only where they are promised."""

from collections.abc import Iterator
from typing import Any

import pytest

from petition.publishing.pictures.svg import style_digest
from tests.routes import routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH")
POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
PICTURE = {"default-src": "'none'", "style-src": f"'{style_digest()}'", "frame-ancestors": "'none'"}
pytestmark = [ONCE, pytest.mark.thorough]


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    """A published letter with a log."""
    found = shared.an_open_letter()
    shared.campaign.sign_all(found.id, 5)
    shared.campaign.seal(found.id)
    shared.campaign.publish(found.id)
    return found


@pytest.fixture(scope="module")
def answers(shared: Shared, place: Place) -> list[tuple[str, str, Any]]:
    """Every address by every method: as a stranger, and the organizers' ones also signed in."""
    return list(all_answers(shared, place))


def all_answers(shared: Shared, place: Place) -> Iterator[tuple[str, str, Any]]:
    ana = shared.desk().client
    found = routes(shared.app, slug=place.slug, address=f"letters/{place.slug}", secret="never-was")
    for path in dict.fromkeys(route.path for route in found):
        for method in METHODS:
            signed_in = path.startswith("/organize/") and method == "GET"
            for client in (shared.app.test_client(), *((ana,) if signed_in else ())):
                yield method, path, client.open(path, method=method, base_url=SITE)


def test_every_answer_carries_the_headers(answers: list[tuple[str, str, Any]]) -> None:
    for method, path, answer in answers:
        where, found = f"{method} {path} {answer.status_code}", answer.headers
        policy = dict(part.strip().split(" ", 1) for part in found["Content-Security-Policy"].split(";"))

        assert policy == (PICTURE if answer.mimetype == "image/svg+xml" else POLICY), where
        assert found["X-Content-Type-Options"] == "nosniff", where
        assert found["Referrer-Policy"] == "same-origin", where
        assert found["X-Frame-Options"] == "DENY", where
        assert found["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert found["Strict-Transport-Security"].startswith("max-age="), where
        assert answer.status_code != 500, where
    assert len(answers) > 300


def test_no_answer_names_the_software_or_counts_requests(answers: list[tuple[str, str, Any]]) -> None:
    telling = {"server", "x-powered-by", "x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id", "via"}
    for method, path, answer in answers:
        assert not telling & {name.lower() for name, _ in answer.headers}, f"{method} {path}"


def test_a_cookie_is_set_by_the_organizers_pages_alone(answers: list[tuple[str, str, Any]]) -> None:
    with_cookie = {path.split("/")[1] for _, path, answer in answers if "Set-Cookie" in answer.headers}

    assert with_cookie == {"organize"}


def test_no_public_or_signing_page_reads_a_cookie(shared: Shared, place: Place) -> None:
    """An organizer who reads the letter gets the same bytes as everyone."""
    ana = shared.desk().client
    for route in routes(shared.app, slug=place.slug, address=f"letters/{place.slug}", secret="never-was"):
        if "GET" in route.methods and not route.path.startswith("/organize/") and not route.path.endswith("join"):
            theirs, anybody = (client.get(route.path, base_url=SITE) for client in (ana, shared.app.test_client()))

            assert theirs.data == anybody.data, route.path
            assert "Cookie" not in anybody.headers.get("Vary", ""), route.path


def test_signing_pages_are_kept_by_no_cache_and_public_ones_may_be(shared: Shared, place: Place) -> None:
    private = ["sign", "receipt", "round.json"]
    public = ["", "counts.json", "letter.md", "log/checkpoint", "log/tile/0/000.p/1"]

    assert {shared.get(place.public + name).headers["Cache-Control"] for name in private} == {"no-store"}
    assert {shared.get(place.public + name).headers["Cache-Control"].split(",")[0] for name in public} == {"public"}
    assert shared.get("/organize/sign-in").headers["Cache-Control"] == "no-store"


def test_the_empty_form_for_a_code_is_kept_by_the_phone_alone_and_its_answers_by_nobody(
    shared: Shared, place: Place
) -> None:
    form = shared.get(f"{place.public}join")
    answer = shared.app.test_client().post(f"{place.public}join", base_url=SITE, data={"code": "ABCD"})

    assert form.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.headers["Cache-Control"] == "no-store"


def test_hidden_letters_are_kept_by_no_cache_and_no_search_engine(shared: Shared) -> None:
    answer = shared.get(shared.an_open_letter().hidden)

    assert answer.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in answer.text


def test_the_organizers_cookie_has_all_its_locks(shared: Shared) -> None:
    cookie = shared.get("/organize/sign-in").headers["Set-Cookie"]

    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"secure", "httponly", "path=/organize", "samesite=strict"}
    assert shared.app.session_interface.get_cookie_domain(shared.app) is None


def test_an_error_carries_them_too(shared: Shared) -> None:
    for path in ("/nowhere", "/letters/never-was/", "/letters/never-was/counts.json", "/organize/welcome/never-was"):
        assert "Content-Security-Policy" in shared.get(path).headers
