"""The entries of a log: their types, their members and the shape of each (protocol 8)."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from petition.crypto.codes import ALPHABET
from petition.crypto.encodings import LARGEST, canonical_json, from_b64url
from petition.errors import BadShape
from petition.verifying.verdict import said


class Letter(NamedTuple):
    """Entry 0: what the letter is, who may sign it, and the log's key (32 bytes)."""

    letter_id: str
    text_sha256: str
    title: str
    timing: str
    rolls: dict[str, str]
    """Names by id, in the entry's order."""
    log_key: bytes


class Round(NamedTuple):
    """A round opens in a roll, with its public key (SPKI in DER, not looked at yet)."""

    round: int
    roll: str
    public_key: bytes


class Codes(NamedTuple):
    """How many codes a round has so far."""

    round: int
    made: int
    voided: int


class Issued(NamedTuple):
    """Issuing has ended in a round."""

    round: int
    issued: int


class Annulled(NamedTuple):
    """A round counts no more."""

    round: int
    reason: str


class Signature(NamedTuple):
    """A signature as it is written; the texts are not decoded yet."""

    message: str
    round: int
    signature: str


class Withdrawal(NamedTuple):
    """A signature is taken back; all three have 32 bytes."""

    commit: bytes
    w: bytes
    a_hash: bytes


class Closed(NamedTuple):
    """The letter has closed with these totals."""

    signatures: int
    withdrawals: int


Entry = Letter | Round | Codes | Issued | Annulled | Signature | Withdrawal | Closed

LETTER_ID = f"[{ALPHABET}]{{26}}"
STEP = r"named|named_at:[1-9][0-9]{0,15}"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]Z")


def is_number(value: object) -> bool:
    """Whether it is an integer from 0 to 2^53 - 1; true and false are none."""
    return type(value) is int and 0 <= value <= LARGEST


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


def _matches(pattern: str) -> Callable[[object], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_binary(size: int | None = None) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        try:
            from_b64url(value, size)
        except BadShape:
            return False
        return True

    return check


def _is_rolls(value: object) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if not all(isinstance(roll, dict) and roll.keys() == {"id", "name"} for roll in value):
        return False
    return all(map(_is_text, (text for roll in value for text in roll.values()))) and len(
        {roll["id"] for roll in value}
    ) == len(value)


def _is_names_keys(value: object) -> bool:
    return isinstance(value, dict) and all(_STEP(step) and _HASH(key) for step, key in value.items())


def _is_client(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"client.py", "sign.js"} and all(map(_HASH, value.values()))


_HASH = _matches("[0-9a-f]{64}")
_STEP = _matches(STEP)
_Shape = tuple[Callable[[object], bool], str]
_NUMBER: _Shape = (is_number, "an integer from 0 to 2^53 - 1")
_TEXT: _Shape = (_is_text, "a string")
_DIGEST: _Shape = (_HASH, "a SHA-256 hash in lower-case hex")
_MOMENT: _Shape = (lambda value: value is None or is_time(value), "a time like 2026-11-22T14:00Z, or null")
_BYTES_32: _Shape = (_is_binary(32), "32 bytes in base64url without padding")

MEMBERS: dict[str, dict[str, _Shape]] = {
    "letter": {
        "letter_id": (_matches(LETTER_ID), "26 characters of upper-case Crockford base32"),
        "text_sha256": _DIGEST,
        "title": _TEXT,
        "k": (lambda value: is_number(value) and value in range(1, 51), "an integer from 1 to 50"),
        "timing": (lambda value: value in ("together", "apart"), "together or apart"),
        "rolls": (_is_rolls, "a list of at least one {id, name}, each id once"),
        "log_key": _BYTES_32,
        "names_keys": (_is_names_keys, "an object of named or named_at:N with a SHA-256 hash in hex each"),
        "client_sha256": (_is_client, "an object of SHA-256 hashes in hex for client.py and sign.js"),
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
        "issued": _NUMBER,
        "key_destroyed": (lambda value: isinstance(value, bool), "true or false"),
    },
    "annulled": {"round": _NUMBER, "reason": _TEXT},
    "signature": {"message": _TEXT, "round": _NUMBER, "signature": _TEXT},
    "withdrawal": {"commit": _DIGEST, "w": _BYTES_32, "a_hash": _DIGEST},
    "closed": {"signatures": _NUMBER, "withdrawals": _NUMBER},
}
"""For each type its members besides ``type``, each with its shape and the shape in words."""

_SIGNATURE = re.compile(
    rb'\{"message":"([A-Za-z0-9_-]*)","round":(0|[1-9][0-9]{0,14}),"signature":"([A-Za-z0-9_-]*)","type":"signature"\}'
)


def read_entry(data: bytes) -> Entry:
    """Read one entry. Refuses with ``BadShape`` all but the canonical form (RFC 8785) of an object of a known
    type with exactly its members, each of its shape.

    What lies in the texts of a signature (base64url, statement) is judged with the signature, not here.
    """
    if matched := _SIGNATURE.fullmatch(data):
        # Nearly all entries look exactly like this: what matches is canonical and needs no JSON reader.
        return Signature(matched[1].decode(), int(matched[2]), matched[3].decode())
    return _entry(_members(read_json(data, canonical=True)))


def read_json(data: bytes, *, canonical: bool = False) -> Any:
    """Read JSON in UTF-8. Refuses with ``BadShape`` what is none, has a key twice, a number that JSON does not
    know or nesting beyond all need; with ``canonical`` also what is not its own canonical form (RFC 8785)."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadShape("is not JSON") from None
    if canonical and _canonical(value) != data:
        raise BadShape("is not in canonical form")
    return value


def _canonical(value: Any) -> bytes:
    try:
        return canonical_json(value)
    except (ValueError, RecursionError):
        return b""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadShape("has a member twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _members(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise BadShape("is not an object")
    kind = entry.get("type")
    if not isinstance(kind, str) or kind not in MEMBERS:
        raise BadShape("has the unknown type %(kind)s", kind=said(kind))
    shapes = MEMBERS[kind]
    for name in sorted(entry.keys() - shapes.keys() - {"type"}):
        raise BadShape("has a member %(name)s, which %(kind)s entries do not have", name=said(name), kind=kind)
    for name, (fits, words) in shapes.items():
        if name not in entry:
            raise BadShape("lacks the member “%(name)s”", name=name)
        if not fits(entry[name]):
            raise BadShape(
                "must have as “%(name)s” %(words)s, and has %(value)s",
                name=name,
                words=words,
                value=said(entry[name]),
            )
    return entry


def _entry(members: dict[str, Any]) -> Entry:
    match members["type"]:
        case "letter":
            return Letter(
                members["letter_id"],
                members["text_sha256"],
                members["title"],
                members["timing"],
                {roll["id"]: roll["name"] for roll in members["rolls"]},
                from_b64url(members["log_key"]),
            )
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
            return Closed(members["signatures"], members["withdrawals"])
