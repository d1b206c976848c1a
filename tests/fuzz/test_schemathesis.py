"""What openapi.json says, asked of the program with good requests, odd ones and nonsense."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from petition import config
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import b64url
from petition.crypto.tokens import Token
from petition.publishing.openapi import document
from tests.conftest import Clock
from tests.walks import DATABASES, Campaign

pytestmark = pytest.mark.thorough

FEW, MANY = 2, 400
"""Generated requests for each operation."""
GOOD, BAD = "positive", "negative"
"""Requests as they are described, and others."""


@pytest.fixture(scope="module")
def campaign(
    tmp_path_factory: pytest.TempPathFactory, sqlite_templates: Path, keys: list[PrivateKey]
) -> Iterator[Campaign]:
    """A site that lasts for all requests."""
    data = tmp_path_factory.mktemp("fuzz")
    for name in DATABASES:
        (data / name).write_bytes((sqlite_templates / name).read_bytes())
    found = config.settings({"PETITION_DATA": str(data), "PETITION_URL": "https://letters.example.org"})
    config.prepare_folders(found)
    left = iter(keys)
    made = Campaign(found, Clock(), lambda: next(left))
    yield made
    made.close()


@pytest.fixture(scope="module")
def ask(campaign: Campaign) -> Callable[..., None]:
    """Sends requests to addresses that mean something; good ones come with codes, tokens and receipts too."""
    from tests.fuzz import asking  # schemathesis takes half a second to load, which the processes of other tests save

    open_, published = campaign.an_open_letter(slug="waiting"), campaign.a_published_letter(slug="shown")
    campaign.sign_all(published, 6)
    campaign.seal(published)
    places = {"/letters/": ["shown"], "/s/": [letter[:16] for letter in (open_, published)]}
    plain, filled, app = addressed(places), addressed(places), campaign.app()
    for body in bodies_of(filled, "tokens"):
        body["schema"]["properties"]["code"] = {"enum": campaign.codes(published, 40)}
    add(filled, "signatures", [signature(token) for token in campaign.tokens(published, 3)])
    add(filled, "withdrawals", [opened(token) for token in campaign.sign_all(published, 3)])
    apis = {GOOD: asking.described(filled, app), BAD: asking.described(plain, app)}
    return lambda method, path, mode, most: asking.ask(apis[mode][path][method], mode, most)


def addressed(places: dict[str, list[str]]) -> dict[str, Any]:
    """The description with the letters that are there; ``places`` has what a path may go on with."""
    described: dict[str, Any] = json.loads(document())
    for path, operations in described["paths"].items():
        for place, known in places.items():
            if path.startswith(place):
                operations["parameters"][0]["schema"] = {"enum": known}
    return described


def bodies_of(described: dict[str, Any], name: str) -> list[Any]:
    """What may be posted to a name below a letter, at either of its addresses."""
    paths = [described["paths"][f"/{place}/{name}"] for place in ("letters/{slug}", "s/{code}")]
    return [path["post"]["requestBody"]["content"]["application/json"] for path in paths]


def add(described: dict[str, Any], name: str, bodies: list[Any]) -> None:
    for body in bodies_of(described, name):
        body["schema"] = {"anyOf": [{"enum": bodies}, body["schema"]]}


def signature(token: Token) -> dict[str, Any]:
    return {
        "message": b64url(token.message),
        "signature": b64url(token.signature),
        "appearance": {"step": "counted"},
    }


def opened(token: Token) -> dict[str, str]:
    opening = Campaign.opening(token)
    return {"w": b64url(opening.w), "a": b64url(opening.a)}


OPERATIONS = [
    (method, path)
    for path, operations in json.loads(document())["paths"].items()
    for method in operations
    if method != "parameters"
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_good_requests_get_answers_that_are_described(ask: Any, method: str, path: str) -> None:
    ask(method, path, GOOD, FEW)


@pytest.mark.parametrize(("method", "path"), [pair for pair in OPERATIONS if "{" in pair[1]])
def test_bad_requests_are_refused_as_described(ask: Any, method: str, path: str) -> None:
    ask(method, path, BAD, FEW)


@pytest.mark.long
@pytest.mark.parametrize("mode", [GOOD, BAD])
@pytest.mark.parametrize(("method", "path"), [pair for pair in OPERATIONS if "{" in pair[1]])
def test_no_request_at_all_gets_another_answer(ask: Any, method: str, path: str, mode: str) -> None:
    ask(method, path, mode, MANY)
