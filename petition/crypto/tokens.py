"""Tokens as people hold them: the statement that is signed, the token file, the receipt in it (protocol 4)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from petition.crypto.encodings import b64url, from_b64url
from petition.errors import BadShape
from petition.randomness import Random

RECEIPT_SIZE = 16
PIN_SIZE = 32
MOST_CHARACTERS = 16_000
_ = str
NOT_A_TOKEN = _("This isn't a file from this site, or it was changed. Use the file exactly as you saved it.")  # noqa: S105


def statement_bytes(letter_id: str, number: int, text_sha256: str, commit: str) -> bytes:
    """The statement that stands for a signature: ASCII, five lines, each ending with a line feed."""
    return f"petition-signature-v1\n{letter_id}\n{number}\n{text_sha256}\n{commit}\n".encode()


def drawn_from(seed: bytes) -> Random:
    """Bytes that follow from a seed (SHAKE-256 with a counter): the same seed makes the same token again."""
    drawn = 0

    def random(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(b"petition-drawn-v1" + seed + drawn.to_bytes(8, "big")).digest(size)

    return random


@dataclass(frozen=True)
class Token:
    """A token file: it lets its holder sign once, and withdraw the signature."""

    letter: str
    letter_id: str
    round: int
    pin: str
    """Of the round's public record, base64url: other clients compare it."""
    message: bytes
    signature: bytes
    receipt: bytes

    def as_text(self) -> str:
        """The file: JSON in UTF-8, binary values in base64url."""
        members = {
            "petition": 1,
            "letter": self.letter,
            "letter_id": self.letter_id,
            "round": self.round,
            "pin": self.pin,
            "message": b64url(self.message),
            "signature": b64url(self.signature),
            "receipt": b64url(self.receipt),
        }
        return json.dumps(members, ensure_ascii=False, indent=1) + "\n"


def read_token(text: str) -> Token:
    """A token or receipt file; BadShape if it is not one, or only half of one."""
    members = _members(text)
    if "signature" not in members and "blinded_message" in members:
        raise BadShape("This is a backup file from before your code was used. Use your code first.")
    return Token(
        letter=_text(members, "letter"),
        letter_id=_text(members, "letter_id"),
        round=_number(members, "round"),
        pin=b64url(_bytes(members, "pin", PIN_SIZE)),
        message=_bytes(members, "message"),
        signature=_bytes(members, "signature"),
        receipt=_bytes(members, "receipt", RECEIPT_SIZE),
    )


def receipt_in(text: str) -> bytes:
    """The receipt in a token or receipt file, of this version or of 0.1.0; BadShape if there is none."""
    return _bytes(_members(text), "receipt", RECEIPT_SIZE)


def round_in(text: str, letter_id: str) -> int | None:
    """The round that a file of this letter names; None if it names none, or belongs to another letter."""
    members = _members(text)
    number = members.get("round") if members.get("letter_id") == letter_id else None
    return number if isinstance(number, int) else None


def _members(text: str) -> dict[str, Any]:
    try:
        members = json.loads(text) if len(text) <= MOST_CHARACTERS else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or members.get("petition") != 1 or isinstance(members.get("petition"), bool):
        raise BadShape(NOT_A_TOKEN)
    return members


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadShape(NOT_A_TOKEN)
    return value


def _bytes(members: dict[str, Any], name: str, size: int | None = None) -> bytes:
    try:
        return from_b64url(_text(members, name), size, name)
    except BadShape:
        raise BadShape(NOT_A_TOKEN) from None


def _number(members: dict[str, Any], name: str) -> int:
    """A whole number from 1 to 999,999,999, as a statement has it: no database takes numbers of any size."""
    value = members.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 10**9:
        raise BadShape(NOT_A_TOKEN)
    return value
