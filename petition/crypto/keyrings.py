"""An organizer's own key pair (age, X25519): what is boxed for it opens with their passphrase alone.

The private half is kept only encrypted under the passphrase, as an age file (age-encryption.org/v1) with one scrypt
recipient, so that ``age -d`` opens it too. It is written here and not by pyrage, which takes as much memory as a fast
machine gives (512 MiB and more): a few people who choose passphrases would exhaust a server. Reading is pyrage's.
"""

import hmac
import os
from base64 import b64encode
from hashlib import sha256

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

WORK = 16
"""Base-2 logarithm of scrypt's N: 64 MiB, as much as the check of a passphrase takes, so no easier to guess."""
LARGEST = 60_000
"""Bytes; less than one chunk of age's payload, of which there is only one here."""
_SCRYPT_LABEL = b"age-encryption.org/v1/scrypt"


def new_pair() -> tuple[str, str]:
    """A new key pair: the private half (``AGE-SECRET-KEY-1…``) and the public one (``age1…``)."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def box_for(public: str, plain: bytes) -> bytes:
    """Encrypt bytes to a public half (``age1…``); refuses one that is none with ``ValueError``."""
    try:
        return bytes(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(public)]))
    except pyrage.RecipientError:
        raise ValueError("This is no public key of age.") from None


def open_box(private: str, box: bytes) -> bytes:
    """What was boxed for the public half; refuses another key and changed bytes with ``ValueError``."""
    try:
        return bytes(pyrage.decrypt(box, [pyrage.x25519.Identity.from_str(private)]))
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise ValueError("This box does not open: another key, or changed bytes.") from None


def lock_with_passphrase(plain: bytes, passphrase: str) -> bytes:
    """An age file that the passphrase opens; takes about a fifth of a second and 64 MiB."""
    if len(plain) > LARGEST:
        raise ValueError("Too long to be locked at once.")
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = Scrypt(_SCRYPT_LABEL + salt, length=32, n=2**WORK, r=8, p=1).derive(passphrase.encode("utf-8"))
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    head = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_base64(salt), WORK, _base64(wrapped))
    mac = hmac.digest(_derived(file_key, b"", b"header"), head, sha256)
    only_chunk = bytes(11) + b"\x01"
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(only_chunk, plain, None)
    return head + b" " + _base64(mac) + b"\n" + nonce + payload


def unlock_with_passphrase(box: bytes, passphrase: str) -> bytes:
    """What ``lock_with_passphrase`` locked; refuses another passphrase and changed bytes with ``ValueError``."""
    try:
        return bytes(pyrage.passphrase.decrypt(box, passphrase))
    except pyrage.DecryptError:
        raise ValueError("This does not open: another passphrase, or changed bytes.") from None


def _derived(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=info).derive(file_key)


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")
