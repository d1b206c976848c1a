"""Pins: a digest of everything in a round's public record that a server could choose for one visitor alone.

Links, printed sheets and token files carry one, so that a client notices a record made for it alone (protocol 4).
"""

import re
from collections.abc import Mapping

from petition.crypto.codes import ALPHABET, as_meant, read_number, show, write_number
from petition.crypto.encodings import b64url, canonical_json, from_b64url, sha256
from petition.errors import BadShape

MEMBERS = frozenset(
    {
        "fields_sha256",
        "hosts",
        "k",
        "letter_id",
        "log_key",
        "names_keys",
        "public_key",
        "roll",
        "round",
        "text_sha256",
        "timing",
    }
)
"""What a pin covers, each as in the log: hashes in hex, keys in base64url, ``hosts`` sorted, ``roll`` by its id."""

SPOKEN_BYTES = 20
SPOKEN_LENGTH = 32
_WRITTEN = re.compile("[A-Za-z0-9_-]{43}")
_ = str
_NOT_A_PIN = _("This is not a whole pin. A pin has 43 characters, or 32 when it is read aloud.")


def pin_of(record: Mapping[str, object]) -> bytes:
    """The pin (32 bytes) of a record that has exactly ``MEMBERS``; any other set is refused with ``BadShape``."""
    if record.keys() != MEMBERS:
        raise BadShape(
            "A pin covers %(members)s, and nothing else.",
            members=", ".join(sorted(MEMBERS)),
        )
    return sha256(b"petition-pin-v1", canonical_json(dict(record)))


def write_pin(pin: bytes) -> str:
    """A pin (32 bytes) for links and files: 43 characters of base64url."""
    return b64url(_whole(pin))


def show_pin(pin: bytes) -> str:
    """A pin (32 bytes) for reading aloud: its first 160 bits as 32 Crockford digits, in groups of four."""
    number = int.from_bytes(_whole(pin)[:SPOKEN_BYTES], "big")
    return show(write_number(number, SPOKEN_LENGTH))


def parse_pin(text: str) -> bytes:
    """The 32 bytes of a written pin, or the 20 bytes of a spoken one. Refuses all else with ``BadShape``.

    A written pin is exactly 43 base64url characters. A spoken pin is read as a code is: without regard to
    case, spaces, hyphens, and look-alikes.
    """
    stripped = text.strip()
    if _WRITTEN.fullmatch(stripped):
        return from_b64url(stripped, 32, "pin")
    digits = as_meant(text)
    if len(digits) != SPOKEN_LENGTH or not set(digits) <= set(ALPHABET):
        raise BadShape(_NOT_A_PIN)
    return read_number(digits).to_bytes(SPOKEN_BYTES, "big")


def matches(pin: bytes, written: bytes) -> bool:
    """Whether a record's pin (32 bytes) is the one that ``parse_pin`` read, whole or its first 160 bits."""
    return len(written) in (SPOKEN_BYTES, 32) and _whole(pin)[: len(written)] == written


def _whole(pin: bytes) -> bytes:
    if len(pin) != 32:
        raise ValueError(f"A pin has 32 bytes, not {len(pin)}.")
    return pin
