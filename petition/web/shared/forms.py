"""Shapes of what people and programs send: checked here, judged by the core."""

import re
from dataclasses import dataclass
from typing import Any

from flask import request
from wtforms import ValidationError

from petition.crypto.encodings import from_b64url
from petition.errors import A_NUMBER, BadShape, Refusal
from petition.web.shared.context import say


@dataclass(frozen=True)
class Problem:
    """Something wrong with a form: the id of its field, or nothing for the form as a whole, and a sentence."""

    place: str
    sentence: str
    label: str = ""


def problem(refusal: Refusal, place: str = "") -> list[Problem]:
    """A refusal as the page shows it, at its own field, else at ``place``."""
    return [Problem(refusal.place or place, say(refusal.sentence, **refusal.values))]


@dataclass(frozen=True)
class Between:
    """A form's number must be in a range."""

    least: int
    most: int

    def __call__(self, _form: Any, field: Any) -> None:
        """Refuse any other number, and what is none."""
        if field.data is None or not self.least <= field.data <= self.most:
            field.errors = []  # it says more than “not a number”
            raise ValidationError(say(A_NUMBER, least=f"{self.least:,}", most=f"{self.most:,}"))


def json_members(*wanted: str) -> dict[str, Any]:
    """The members of a JSON object that was sent, exactly those that are wanted."""
    try:
        body = request.get_json(force=True, silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise BadShape("The JSON object must have exactly these members: %(wanted)s.", wanted=", ".join(wanted))
    if set(body) != set(wanted):
        raise BadShape("The JSON object must have exactly these members: %(wanted)s.", wanted=", ".join(wanted))
    return body


def binary(members: dict[str, Any], name: str, size: int | None = None) -> bytes:
    """A member in base64url without padding, of a size in bytes."""
    if not isinstance(members[name], str):
        raise BadShape("The %(what)s must be written in base64url without padding.", what=name)
    return from_b64url(members[name], size, name)


def hashed(members: dict[str, Any], name: str) -> str:
    """A member that is a SHA-256, in lower-case hex."""
    if not isinstance(members[name], str) or not re.fullmatch("[0-9a-f]{64}", members[name]):
        raise BadShape("%(name)s must be a SHA-256 in lower-case hex.", name=name)
    return str(members[name])


def text(members: dict[str, Any], name: str) -> str:
    """A member that is text."""
    if not isinstance(members[name], str):
        raise BadShape("%(name)s must be text.", name=name)
    return str(members[name])


def number(members: dict[str, Any], name: str) -> int:
    """A member that is a whole number from 1 to 999,999,999."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 10**9:
        raise BadShape("%(name)s must be a whole number from 1 on.", name=name)
    return value


def posted_text(name: str) -> str:
    """A field of a plain form, or a file that was sent in its place."""
    file = request.files.get(name)
    if file is not None and file.filename:
        return file.stream.read(64_000).decode("utf-8", "replace")
    return request.form.get(name, "")


def small_number(typed: str | None) -> int | None:
    """A number from a query or a hidden field: one to nine digits; None for anything else."""
    return int(typed) if typed is not None and re.fullmatch("[0-9]{1,9}", typed) else None
