"""Problem details (RFC 9457): what a program gets when something is refused."""

import json

from flask import Response

PROBLEM = "application/problem+json"


def problem_details(status: int, kind: str, title: str, detail: str) -> bytes:
    """The JSON of a refusal, in UTF-8; ``kind`` is the last part of its type's address."""
    return json.dumps({"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}).encode()


def problem(status: int, kind: str, title: str, detail: str) -> Response:
    """A refusal as the answer to a request."""
    return Response(problem_details(status, kind, title, detail), status, content_type=PROBLEM)
