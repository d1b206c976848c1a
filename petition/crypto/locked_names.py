"""Names keys and locked names (protocol 9): RSA-3072, used only with OAEP (RFC 8017, 7.1; SHA-256, MGF1-SHA-256).

The label ties a locked name to one letter, one step and one signer: copied anywhere else it does not open.
"""

from typing import cast

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from petition.errors import BadShape, TooLong

BITS, EXPONENT = 3072, 65537
LOCKED_SIZE = BITS // 8
"""Bytes of a locked name, whatever is locked in it."""
LONGEST_LOCKED_NAME = 300
"""Of a name, or of a name, a line feed and a title, in UTF-8."""


class NamesPrivateKey:
    """The private half of one step's names key."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> "NamesPrivateKey":
        """A new key; takes some tenths of a second."""
        return cls(generate_private_key(EXPONENT, BITS))

    @classmethod
    def from_pkcs8(cls, data: bytes) -> "NamesPrivateKey":
        """From PKCS #8 DER, as ``as_pkcs8`` wrote it. Its numbers are not checked again, which would take 0.1 s."""
        return cls(cast(RSAPrivateKey, load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True)))

    def as_pkcs8(self) -> bytes:
        """PKCS #8 DER, not encrypted."""
        return self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def public_key(self) -> bytes:
        """The public half: SPKI DER."""
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def unlock(self, locked: bytes, letter_id: str, step: str, name_key: bytes) -> bytes:
        """What ``lock_name`` locked; ``ValueError`` if it was locked for another key, letter, step or signer."""
        return self._key.decrypt(locked, _oaep(letter_id, step, name_key))


def lock_name(public_key: bytes, letter_id: str, step: str, name_key: bytes, text: bytes) -> bytes:
    """Lock a name's bytes with a step's public key (SPKI DER): 384 bytes. At most 300 bytes go in.

    ``step`` is ``named`` or ``named_at:N``; ``name_key`` has 32 bytes. Refuses a key that is not of this kind.
    """
    if len(text) > LONGEST_LOCKED_NAME:
        raise TooLong(
            "Shorten your name or title. Together they have %(given)s bytes; the limit is %(most)s.",
            most=LONGEST_LOCKED_NAME,
            given=len(text),
        )
    return _public(public_key).encrypt(text, _oaep(letter_id, step, name_key))


def _public(public_key: bytes) -> RSAPublicKey:
    try:
        key = load_der_public_key(public_key)
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size != BITS or key.public_numbers().e != EXPONENT:
        raise BadShape("This is no names key: it must be RSA with 3072 bits and the exponent 65537.")
    return key


def label(letter_id: str, step: str, name_key: bytes) -> bytes:
    """The OAEP label of a name: ASCII, line feeds, the name key in hex."""
    return f"petition-name-v1\n{letter_id}\n{step}\n{name_key.hex()}".encode("ascii")


def _oaep(letter_id: str, step: str, name_key: bytes) -> OAEP:
    return OAEP(MGF1(SHA256()), SHA256(), label(letter_id, step, name_key))
