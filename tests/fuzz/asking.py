"""Generated requests, and what must be true of each answer."""

from http import HTTPStatus
from typing import Any

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


def described(description: dict[str, Any], app: Any) -> Any:
    """An openapi.json, to be asked of an application."""
    made = schemathesis.openapi.from_dict(description)
    made.app = app
    return made


def ask(operation: Any, mode: str, most: int) -> None:
    """Send generated requests; each answer is one that is described, and a refusal to a program problem details."""

    @settings(max_examples=most, **HOW)
    @given(operation.as_strategy(generation_mode=GenerationMode(mode)))
    def send(case: schemathesis.Case) -> None:
        assume("?" not in case.formatted_path)  # the test's own client takes what follows for a query
        answer = case.call(headers=HEADERS)
        is_elsewhere = answer.status_code == HTTPStatus.PERMANENT_REDIRECT  # the right address says what is wrong
        case.validate_response(answer, checks=[one for one in CHECKS if not (is_elsewhere and one is REJECTED)])
        if answer.status_code >= 400 and not operation.path.endswith(FORMS):
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert answer.json()["status"] == answer.status_code

    send()
