"""The members of every type of entry and the shape of each (protocol 8), and how one entry is read."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from petition.crypto.appearance_steps import number_of
from petition.crypto.codes import ALPHABET
from petition.crypto.encodings import LARGEST_NUMBER, canonical_json, from_b64url
from petition.errors import BadShape
from petition.verifying.entries import (
    LOG_VERSION,
    Annulled,
    Closed,
    Codes,
    Entry,
    Issued,
    Letter,
    Round,
    Signature,
    Withdrawal,
)
from petition.verifying.verdict import Invalid, shown

LETTER_ID = f"[{ALPHABET}]{{26}}"
NEVER_IN_A_HOST = set(" /?#@\\")
CLIENTS = {"client.py", "sign.js"}
KS = {1, *range(3, 51)}
LONGEST_NUMBER = 16
"""Digits of 2^53 - 1."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]Z")

Predicate = Callable[[object], bool]
Shape = tuple[Predicate, str]
"""Whether a value has the shape, and the shape in words."""


def is_number(value: object) -> bool:
    """Whether it is an integer from 0 to 2^53 - 1. True and false are not."""
    return type(value) is int and 0 <= value <= LARGEST_NUMBER


def is_time(value: object) -> bool:
    """Whether it is a moment written as ``2026-11-22T14:00Z``."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _matches(pattern: str) -> Predicate:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_binary(size: int | None = None) -> Predicate:
    def check(value: object) -> bool:
        try:
            from_b64url(value, size)
        except BadShape:
            return False
        return True

    return check


def _is_rolls(value: object) -> bool:
    if not isinstance(value, list) or not value or not all(map(_is_roll, value)):
        return False
    return len({roll["id"] for roll in value}) == len(value)


def _is_roll(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"id", "name"} and is_id(value["id"]) and _is_text(value["name"])


def _is_hosts(value: object) -> bool:
    return isinstance(value, list) and value != [] and all(map(_is_host, value)) and value == sorted(set(value))


def _is_host(value: object) -> bool:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return False
    return value != "" and not NEVER_IN_A_HOST & set(value)


def _is_names_keys(value: object) -> bool:
    return isinstance(value, dict) and all(_is_step(step) and _is_hash(key) for step, key in value.items())


def _is_step(value: str) -> bool:
    try:
        number_of(value)
    except BadShape:
        return False
    return True


def _is_clients(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == CLIENTS and all(map(_is_hash, value.values()))


is_id = _matches("[a-z0-9-]{1,32}")
_is_hash = _matches("[0-9a-f]{64}")

_NUMBER: Shape = (is_number, "an integer from 0 to 2^53 - 1")
_TEXT: Shape = (_is_text, "a string")
_DIGEST: Shape = (_is_hash, "a SHA-256 hash in lower-case hex")
_MOMENT: Shape = (lambda value: value is None or is_time(value), "a time like 2026-11-22T14:00Z, or null")
_BYTES_32: Shape = (_is_binary(32), "32 bytes in base64url without padding")

MEMBERS: dict[str, dict[str, Shape]] = {
    "letter": {
        "version": (lambda value: is_number(value) and value == LOG_VERSION, f"the version {LOG_VERSION}"),
        "letter_id": (_matches(LETTER_ID), "26 characters of upper-case Crockford base32"),
        "text_sha256": _DIGEST,
        "title": _TEXT,
        "k": (lambda value: is_number(value) and value in KS, "1, or an integer from 3 to 50"),
        "timing": (lambda value: value in ("together", "apart"), "together or apart"),
        "rolls": (_is_rolls, "a list of {id, name}, not empty, every id [a-z0-9-]{1,32} and different"),
        "fields_sha256": _DIGEST,
        "hosts": (_is_hosts, "a sorted list of different host names, each with its port if it has one"),
        "log_key": _BYTES_32,
        "names_keys": (_is_names_keys, "an object that maps named or named_at:N to SHA-256 hashes in lower-case hex"),
        "client_sha256": (_is_clients, "an object with the SHA-256 hashes of client.py and sign.js in lower-case hex"),
    },
    "round": {
        "round": _NUMBER,
        "roll": _TEXT,
        "public_key": (_is_binary(), "bytes in base64url without padding"),
        "opens": _MOMENT,
        "closes": _MOMENT,
    },
    "codes": {"round": _NUMBER, "made": _NUMBER, "voided": _NUMBER},
    "issued": {
        "round": _NUMBER,
        "issued": (lambda value: value is None or is_number(value), "an integer from 0 to 2^53 - 1, or null"),
        "key_destroyed": (lambda value: isinstance(value, bool), "true or false"),
    },
    "annulled": {"round": _NUMBER, "reason": _TEXT},
    "signature": {"message": _TEXT, "round": _NUMBER, "signature": _TEXT},
    "withdrawal": {"commit": _DIGEST, "w": _BYTES_32, "a_hash": _DIGEST},
    "closed": {"signatures": _NUMBER, "withdrawals": _NUMBER, "dropped": _NUMBER},
}
"""For each type its members besides ``type``, each with its shape."""


def read_entry(data: bytes) -> Entry:
    """Read one entry. Refuses with ``Invalid`` everything but the canonical form (RFC 8785) of an object of a known
    type with exactly its members, each of its shape.

    What a signature's texts hold (base64url, a statement) is judged with the signature, not here.
    """
    return _entry(_members(read_json(data, canonical=True)))


def read_json(data: bytes, *, canonical: bool = False, is_short: bool = False) -> Any:
    """Read JSON in UTF-8. Refuses with ``Invalid`` what is not JSON, names a member twice, has a number that JSON
    does not know, or is nested too deeply; with ``canonical`` also what is not in canonical form (RFC 8785); with
    ``is_short`` also a whole number of more than 16 digits."""
    numbers: dict[str, Any] = {"parse_int": _short} if is_short else {}
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_constant, **numbers)
    except (ValueError, RecursionError):
        raise Invalid("is not JSON") from None
    if canonical and _canonical(value) != data:
        raise Invalid("is not in canonical form")
    return value


def _canonical(value: Any) -> bytes:
    try:
        return canonical_json(value)
    except (ValueError, RecursionError):
        return b""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Invalid("has a member twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _short(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_NUMBER:
        raise Invalid(f"has a number of more than {LONGEST_NUMBER} digits")
    return int(digits)


def _members(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise Invalid("is not an object")
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in MEMBERS:
        raise Invalid(f"has the unknown type {shown(kind)}")
    shapes = MEMBERS[kind]
    for name in sorted(entry.keys() - shapes.keys() - {"type"}):
        raise Invalid(f"has a member {shown(name)}, which {kind} entries do not have")
    for name, (fits, words) in shapes.items():
        if name not in entry:
            raise Invalid(f"lacks the member “{name}”")
        if not fits(entry[name]):
            raise Invalid(f"must have as “{name}” {words}, but has {shown(entry[name])}")
    return entry


def _entry(members: dict[str, Any]) -> Entry:
    match members["type"]:
        case "letter":
            return _letter(members)
        case "round":
            return Round(members["round"], members["roll"], from_b64url(members["public_key"]))
        case "codes":
            return Codes(members["round"], members["made"], members["voided"])
        case "issued":
            return Issued(members["round"], members["issued"])
        case "annulled":
            return Annulled(members["round"], members["reason"])
        case "signature":
            return Signature(members["message"], members["round"], members["signature"])
        case "withdrawal":
            commit, a_hash = bytes.fromhex(members["commit"]), bytes.fromhex(members["a_hash"])
            return Withdrawal(commit, from_b64url(members["w"]), a_hash)
        case _:
            return Closed(members["signatures"], members["withdrawals"], members["dropped"])


def _letter(members: dict[str, Any]) -> Letter:
    return Letter(
        letter_id=members["letter_id"],
        text_sha256=members["text_sha256"],
        title=members["title"],
        k=members["k"],
        timing=members["timing"],
        rolls={roll["id"]: roll["name"] for roll in members["rolls"]},
        fields_sha256=members["fields_sha256"],
        hosts=members["hosts"],
        log_key=from_b64url(members["log_key"]),
        names_keys=members["names_keys"],
    )
