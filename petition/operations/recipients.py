"""Backups that no one on this machine can open: encrypted to public keys of age (X25519, age-encryption.org/v1).

The private halves, which age calls identities, stay with the people who may restore. ``age -d -i FILE`` opens such a
backup too.
"""

from typing import Any, TypeAlias

import pyrage

from petition.errors import BadShape

Recipient: TypeAlias = Any
"""A public key: pyrage.x25519.Recipient, which has no types of its own."""
Identity: TypeAlias = Any
"""A private key: pyrage.x25519.Identity."""
ARE_RECIPIENTS = b"age-encryption.org/v1\n-> X25519 "
"""How a file begins that is encrypted to public keys, not with a passphrase."""


def read_recipients(text: str) -> list[Recipient]:
    """Public keys, one a line, as ``age-keygen`` prints them; lines that begin with # are comments."""
    found = [_recipient(line) for line in _lines(text)]
    if not found:
        raise BadShape("There is no public key. Make one on another machine: age-keygen -o key.txt")
    return found


def read_identities(text: str) -> list[Identity]:
    """Private keys, one a line, as ``age-keygen`` writes them into its file."""
    found = [_identity(line) for line in _lines(text)]
    if not found:
        raise BadShape("There is no private key in this file. It begins with AGE-SECRET-KEY-1.")
    return found


def new_identity() -> Identity:
    """A private key that no one else has."""
    return pyrage.x25519.Identity.generate()


def encrypt_to(plain: bytes, recipients: list[Recipient]) -> bytes:
    """The file: age, for people who have one of the private keys."""
    return bytes(pyrage.encrypt(plain, recipients))


def is_to_recipients(data: bytes) -> bool:
    """Whether private keys open this file, and no passphrase does."""
    return data.startswith(ARE_RECIPIENTS)


def decrypt_with(data: bytes, identities: list[Identity]) -> bytes:
    """What was encrypted to one of these keys; refuses a file for others, a damaged file, and one with a passphrase."""
    if not is_to_recipients(data):
        raise BadShape("This file is not encrypted to public keys. If it is a backup, its passphrase opens it.")
    try:
        return bytes(pyrage.decrypt(data, identities))
    except pyrage.DecryptError:
        raise BadShape(
            "The backup does not open: it is for other keys, or the file is damaged. Nothing was changed."
        ) from None


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _recipient(line: str) -> Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(line)
    except pyrage.RecipientError:
        if line.upper().startswith("AGE-SECRET-KEY-"):
            raise BadShape(
                "This is a private key, and it must not lie on this machine. Give its public key, which begins with "
                "age1 (age-keygen -y key.txt prints it), and make a new pair if others may have seen this one."
            ) from None
        raise BadShape("%(line)s is no public key of age. One begins with age1.", line=line) from None


def _identity(line: str) -> Identity:
    try:
        return pyrage.x25519.Identity.from_str(line)
    except pyrage.IdentityError:
        raise BadShape(
            "This file holds a line that is no private key of age. One begins with AGE-SECRET-KEY-1."
        ) from None
