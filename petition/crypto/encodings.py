"""How values are written: base64url, canonical JSON, hours, SHA-256."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from petition.errors import BadShape

LARGEST_NUMBER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785 3.2.2.3)."""


def sha256(*parts: bytes) -> bytes:
    """The 32 bytes of SHA-256 over the parts, joined without anything between them."""
    return hashlib.sha256(b"".join(parts)).digest()


def b64url(data: bytes) -> str:
    """Write bytes in base64url without padding (RFC 4648 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: object, size: int | None = None, what: str = "value") -> bytes:
    """Read base64url without padding; with ``size``, exactly that many bytes.

    Only the one canonical text of some bytes is read: padding, spaces, the characters of plain
    base64, and leftover bits that are not zero are refused with ``BadShape``, and so is anything
    that is not a string. ``what`` names the value in the sentence of a refusal.
    """
    data = _decode(text) if isinstance(text, str) else None
    if data is None or b64url(data) != text:
        raise BadShape("The %(what)s must be written in base64url without padding.", what=what)
    if size is not None and len(data) != size:
        raise BadShape(
            "The %(what)s must have %(size)s bytes; this one has %(given)s.",
            what=what,
            size=size,
            given=len(data),
        )
    return data


def _decode(text: str) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


def canonical_json(value: Any) -> bytes:
    """Write a value as canonical JSON in UTF-8 (RFC 8785): no spaces, keys by UTF-16 code units.

    Takes dictionaries with string keys, lists, tuples, strings, integers from -(2^53 - 1) to 2^53 - 1,
    booleans and None. Refuses with ``ValueError`` all else: floats, larger integers, lone surrogates.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _ordered(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() if abs(value) <= LARGEST_NUMBER:
            return value
        case list() | tuple():
            return [_ordered(item) for item in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {key: _ordered(value[key]) for key in sorted(value, key=_code_units)}
    raise ValueError(f"Canonical JSON here has no place for {type(value).__name__}.")


def _code_units(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def hour(moment: datetime) -> str:
    """Write a moment in UTC as ``2026-11-22T14:00Z``; seconds are dropped, minutes stay.

    Refuses a datetime without a time zone with ``ValueError``.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment needs its time zone.")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="minutes") + "Z"
