"""What openapi.json says, asked of the program with good requests, odd ones and nonsense."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

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
REJECTED = negative_data_rejection
CHECKS = [
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
HOW: dict[str, Any] = {"suppress_health_check": list(HealthCheck), "phases": [Phase.generate]}
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
FORMS = ("/join", "/join/mail", "/sign", "/receipt", "/report")
"""Shown again, with the refusal and all that was typed, to everyone who asks."""


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
def api(campaign: Campaign) -> dict[GenerationMode, Any]:
    """The description, with addresses that mean something; for good requests with codes, tokens and receipts too."""
    open_, published = campaign.an_open_letter(slug="waiting"), campaign.a_published_letter(slug="shown")
    campaign.sign_all(published, 6)
    campaign.seal(published)
    places = {"/letters/": ["shown"], "/s/": [letter[:16] for letter in (open_, published)]}
    plain, filled, app = addressed(places), addressed(places), campaign.app()
    for body in bodies_of(filled, "tokens"):
        body["schema"]["properties"]["code"] = {"enum": campaign.codes(published, 40)}
    add(filled, "signatures", [signature(token) for token in campaign.tokens(published, 3)])
    add(filled, "withdrawals", [opened(token) for token in campaign.sign_all(published, 3)])
    found = {
        GenerationMode.POSITIVE: schemathesis.openapi.from_dict(filled),
        GenerationMode.NEGATIVE: schemathesis.openapi.from_dict(plain),
    }
    for description in found.values():
        description.app = app
    return found


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


def ask(api: Any, method: str, path: str, mode: GenerationMode, most: int) -> None:
    """Send generated requests; each answer is one that is described, and a refusal to a program problem details."""

    operation = api[mode][path][method]

    @settings(max_examples=most, **HOW)
    @given(operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        assume("?" not in case.formatted_path)  # the test's own client takes what follows for a query
        answer = case.call(headers=HEADERS)
        is_elsewhere = answer.status_code == HTTPStatus.PERMANENT_REDIRECT  # the right address says what is wrong
        case.validate_response(answer, checks=[one for one in CHECKS if not (is_elsewhere and one is REJECTED)])
        if answer.status_code >= 400 and not operation.path.endswith(FORMS):
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert answer.json()["status"] == answer.status_code

    send()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_good_requests_get_answers_that_are_described(api: Any, method: str, path: str) -> None:
    ask(api, method, path, GenerationMode.POSITIVE, FEW)


@pytest.mark.parametrize(("method", "path"), [pair for pair in OPERATIONS if "{" in pair[1]])
def test_bad_requests_are_refused_as_described(api: Any, method: str, path: str) -> None:
    ask(api, method, path, GenerationMode.NEGATIVE, FEW)


@pytest.mark.long
@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), [pair for pair in OPERATIONS if "{" in pair[1]])
def test_no_request_at_all_gets_another_answer(api: Any, method: str, path: str, mode: Any) -> None:
    ask(api, method, path, mode, MANY)
