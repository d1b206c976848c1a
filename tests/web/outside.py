"""A client written by outsiders: from RFC 9474 and a letter's round.json alone, with nothing of the program."""

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_public_key

SALT = 48
SIZE = 384


def text_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Envelope:
    """What is kept between blinding and unblinding."""

    record: dict[str, Any]
    receipt: bytes
    message: bytes
    blinded: bytes
    inverse: int
    modulus: int

    @property
    def w(self) -> bytes:
        return hashlib.sha256(b"petition-withdraw-v1" + self.receipt).digest()

    @property
    def a(self) -> bytes:
        return hashlib.sha256(b"petition-appear-v1" + self.receipt).digest()

    @property
    def w_hash(self) -> str:
        """A hash, and so in lower-case hex."""
        return hashlib.sha256(self.w).hexdigest()

    def opened(self, blind_signature: str) -> bytes:
        """The RSA-PSS signature (RFC 9474, 4.4)."""
        return (int.from_bytes(bytes_of(blind_signature), "big") * self.inverse % self.modulus).to_bytes(SIZE, "big")

    def request(self, code: str) -> dict[str, Any]:
        return {"code": code, "round": self.record["round"], "blinded_message": text_of(self.blinded)}

    def signing(self, signature: bytes, step: Any = None) -> dict[str, Any]:
        appearance = step or {"step": "counted"}
        return {"message": text_of(self.message), "signature": text_of(signature), "appearance": appearance}

    def opening(self) -> dict[str, str]:
        return {"w": text_of(self.w), "a": text_of(self.a)}


def envelope(record: dict[str, Any], receipt: bytes | None = None, **other: Any) -> Envelope:
    """A statement, blinded; ``other`` puts something else into the statement than the record says."""
    receipt = receipt or os.urandom(16)
    sealed = Envelope(record, receipt, b"", b"", 0, 0)
    halves = hashlib.sha256(sealed.w).digest() + hashlib.sha256(sealed.a).digest()
    says = {**record, "commit": hashlib.sha256(b"petition-commit-v1" + halves).hexdigest(), **other}
    members = ("letter_id", "round", "text_sha256", "commit")
    statement = "petition-signature-v1\n" + "".join(f"{says[name]}\n" for name in members) + says.get("more", "")
    message = os.urandom(32) + statement.encode()
    key: Any = load_der_public_key(bytes_of(record["public_key"]))
    numbers = key.public_numbers()
    encoded = int.from_bytes(_emsa_pss(message, numbers.n.bit_length() - 1), "big")
    chance = int.from_bytes(os.urandom(SIZE + 16), "big") % numbers.n
    blinded = encoded * pow(chance, numbers.e, numbers.n) % numbers.n
    return Envelope(record, receipt, message, blinded.to_bytes(SIZE, "big"), pow(chance, -1, numbers.n), numbers.n)


def _emsa_pss(message: bytes, bits: int) -> bytes:
    """RFC 8017, 9.1.1, with SHA-384 and MGF1-SHA-384."""
    size, salt = (bits + 7) // 8, os.urandom(SALT)
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    block = bytes(size - SALT - len(digest) - 2) + b"\x01" + salt
    mask = b"".join(hashlib.sha384(digest + place.to_bytes(4, "big")).digest() for place in range(len(block) // 48 + 1))
    masked = bytearray(one ^ other for one, other in zip(block, mask, strict=False))
    masked[0] &= 0xFF >> (8 * size - bits)
    return bytes(masked) + digest + b"\xbc"
