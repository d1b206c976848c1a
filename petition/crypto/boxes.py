"""Keys derived from secrets (HKDF, RFC 5869) and boxes locked with them (ChaCha20-Poly1305, RFC 8439)."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12


def derive(secret: bytes, label: str, *more: bytes, size: int = 32) -> bytes:
    """Derive a key of ``size`` bytes for the one use that ``label`` names.

    HKDF-SHA256 without salt; info is the label. The input is the secret followed by all of ``more``
    (other secrets, of which none may be missing to derive the key), each after its length in 8
    big-endian bytes. Refuses an empty secret with ``ValueError``.
    """
    if not secret:
        raise ValueError("No key can be derived from an empty secret.")
    material = b"".join(len(part).to_bytes(8, "big") + part for part in (secret, *more))
    return HKDF(SHA256(), length=size, salt=None, info=label.encode("utf-8")).derive(material)


def lock(key: bytes, plain: bytes, label: str) -> bytes:
    """Lock bytes with a key (32 bytes); only the same key and label unlock them.

    The box is a random nonce (12 bytes), the bytes encrypted, and a tag (16 bytes).
    """
    nonce = os.urandom(NONCE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, label.encode("utf-8"))


def unlock(key: bytes, box: bytes, label: str) -> bytes:
    """What ``lock`` locked. Refuses with ``ValueError`` a wrong key or label and a box that was changed."""
    try:
        return ChaCha20Poly1305(key).decrypt(box[:NONCE], box[NONCE:], label.encode("utf-8"))
    except (InvalidTag, ValueError):
        raise ValueError("This box does not open: wrong key, wrong label, or changed bytes.") from None
