"""Onion-Location: where the site says that it has an onion service, each page tells its own address there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from petition import create_app
from petition.web.ahead import prepare
from petition.web.app import CachedPages
from tests.walks import Campaign

ONION = "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"


@pytest.fixture
def client(campaign: Campaign) -> Iterator[Any]:
    """A visitor of a site with an onion service."""
    app = create_app(replace(campaign.settings, onion=ONION), campaign.clock)
    yield app.test_client()
    app.extensions["petition"].databases.dispose()


def location(client: Any, path: str, **how: Any) -> str | None:
    found: str | None = client.get(path, **how).headers.get("Onion-Location")
    return found


def test_kept_and_other_pages_tell_their_own_address(campaign: Campaign, client: Any) -> None:
    slug = campaign.letter_row(campaign.a_published_letter()).slug

    assert location(client, f"/letters/{slug}/") == f"{ONION}/letters/{slug}/"
    assert location(client, f"/es/letters/{slug}/") == f"{ONION}/es/letters/{slug}/"
    assert location(client, f"/letters/{slug}/join?round=1") == f"{ONION}/letters/{slug}/join?round=1"


def test_files_tell_nothing(campaign: Campaign, client: Any) -> None:
    slug = campaign.letter_row(campaign.a_published_letter()).slug

    assert location(client, f"/letters/{slug}/counts.json") is None


@pytest.mark.parametrize("host", [ONION.removeprefix("http://"), "abc.onion:80"])
def test_a_visitor_of_the_onion_service_gets_no_header(client: Any, host: str) -> None:
    assert location(client, "/", headers={"Host": host}) is None
    assert location(client, "/", headers={"Host": "letters.example.org"}) == f"{ONION}/"


def test_what_a_visitor_sends_cannot_end_the_header(client: Any) -> None:
    found = location(client, "/letters/%0D%0ASet-Cookie:%20a=b?x=%0D%0Ay")

    assert found == f"{ONION}/letters/%0D%0ASet-Cookie%3A%20a%3Db?x=%0D%0Ay"


def test_a_site_without_one_tells_nothing(campaign: Campaign) -> None:
    assert location(campaign.app().test_client(), "/") is None


def test_pages_that_the_servers_front_answers_from_memory_tell_it_too(campaign: Campaign) -> None:
    slug = campaign.letter_row(campaign.a_published_letter()).slug
    app = create_app(replace(campaign.settings, onion=ONION), campaign.clock)
    app.test_client().get(f"/es/letters/{slug}/")
    prepare(app)
    answers = app.extensions["petition.kept_answers"]
    cached = CachedPages(app.extensions["petition.cache_middleware"], answers, ONION)
    for path in (f"/es/letters/{slug}/", f"/es/letters/{slug}/join"):
        asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "letters.example.org"}
        answer = cached.ready(asked)

        assert answer is not None
        assert [found for found in answer[1] if found[0] == "Onion-Location"] == [("Onion-Location", ONION + path)]
    app.extensions["petition"].databases.dispose()
