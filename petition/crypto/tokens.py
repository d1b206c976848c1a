"""Tokens as people hold them: the statement that is signed, the token file, the receipt in it (protocol 4)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from petition.crypto.encodings import b64url, from_b64url
from petition.errors import BadShape
from petition.randomness import Random

RECEIPT_SIZE = 16
MOST_CHARACTERS = 16_000
_ = str
NOT_A_TOKEN = _("This is no token file of this site. Use the file as it was saved, whole and unchanged.")  # noqa: S105


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
    """A token file: what lets its holder sign once, and take the signature back."""

    letter: str
    letter_id: str
    round: int
    fingerprint: str
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
            "fingerprint": self.fingerprint,
            "message": b64url(self.message),
            "signature": b64url(self.signature),
            "receipt": b64url(self.receipt),
        }
        return json.dumps(members, ensure_ascii=False, indent=1) + "\n"


def read_token(text: str) -> Token:
    """A token or receipt file; BadShape if it is not one, or only half of one."""
    try:
        members = json.loads(text) if len(text) <= MOST_CHARACTERS else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or members.get("petition") != 1 or isinstance(members.get("petition"), bool):
        raise BadShape(NOT_A_TOKEN)
    if "signature" not in members and "blinded_message" in members:
        raise BadShape("This is a retry file, made before the code was exchanged. Exchange the code first.")
    return Token(
        letter=_text(members, "letter"),
        letter_id=_text(members, "letter_id"),
        round=_number(members, "round"),
        fingerprint=_text(members, "fingerprint"),
        message=from_b64url(_text(members, "message")),
        signature=from_b64url(_text(members, "signature")),
        receipt=from_b64url(_text(members, "receipt"), RECEIPT_SIZE),
    )


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadShape(NOT_A_TOKEN)
    return value


def _number(members: dict[str, Any], name: str) -> int:
    if not isinstance(members.get(name), int) or isinstance(members[name], bool):
        raise BadShape(NOT_A_TOKEN)
    return int(members[name])
