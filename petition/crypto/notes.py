"""Checkpoints: notes signed with Ed25519 (C2SP signed-note, tlog-checkpoint).

Public keys and seeds are 32 raw bytes. A key's name has no spaces and no plus sign.
"""

import base64
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from petition.crypto.encodings import sha256
from petition.errors import BadShape

ED25519 = b"\x01"
LONGEST = 2**18
"""Characters of the longest note that is read: room for 16 witnesses with the longest signatures."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class Checkpoint:
    """A log's state: its origin, its number of entries and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes


def public_of(seed: bytes) -> bytes:
    """The public key (32 bytes) of a private seed (32 bytes)."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(name: str, public: bytes) -> bytes:
    """The 4 bytes that name a key in a signature line."""
    return sha256(name.encode("utf-8"), b"\n", ED25519, public)[:4]


def vkey(name: str, public: bytes) -> str:
    """The verifier key, one line with its newline: ``NAME+KEYID+BASE64``.

    Refuses with ``ValueError`` a name or a key that cannot be one.
    """
    _demand_name(name)
    if len(public) != 32:
        raise ValueError("An Ed25519 public key has 32 bytes.")
    return f"{name}+{key_id(name, public).hex()}+{_b64(ED25519 + public)}\n"


def read_vkey(text: str) -> tuple[str, bytes]:
    """Read a verifier key; return its name and public key. Refuses with ``BadShape`` anything else."""
    name, _, rest = text.removesuffix("\n").partition("+")
    data = _from_b64(rest.partition("+")[2])
    if data is None or len(data) != 33 or data[:1] != ED25519 or not _NAME.fullmatch(name):
        raise BadShape("This is not the verifier key of an Ed25519 log key.")
    if rest.partition("+")[0] != key_id(name, data[1:]).hex():
        raise BadShape("The key id of this verifier key does not fit its name and key.")
    return name, data[1:]


def checkpoint(origin: str, size: int, root: bytes, seed: bytes) -> str:
    """Sign a log's state (root: 32 bytes) with a seed (32 bytes); the key's name is the origin."""
    _demand_name(origin)
    if size < 0 or len(root) != 32:
        raise ValueError("A checkpoint has a size of 0 or more and a root of 32 bytes.")
    body = f"{origin}\n{size}\n{_b64(root)}\n"
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = key_id(origin, key.public_key().public_bytes_raw()) + key.sign(body.encode("utf-8"))
    return f"{body}\n\N{EM DASH} {origin} {_b64(signature)}\n"


def read_checkpoint(text: str, name: str, public: bytes) -> Checkpoint:
    """Read a checkpoint that must be signed by this key under this name.

    Further signature lines, as witnesses add them, and extension lines below the root are passed
    over. Refuses with ``BadShape`` what is malformed, of another origin, or not signed by the key.
    """
    head, gap, tail = text.rpartition("\n\n")
    if len(text) > LONGEST or not gap or not text.endswith("\n") or _CONTROL.search(text):
        raise BadShape("The checkpoint is no signed note: a text, an empty line, signature lines.")
    body = head + "\n"
    _demand_signature(body, tail.removesuffix("\n").split("\n"), name, public)
    return _read_body(head.split("\n"), name)


def _read_body(lines: list[str], name: str) -> Checkpoint:
    if len(lines) < 3 or not all(lines):
        raise BadShape("The checkpoint must have an origin, a size and a root, each on a line of its own.")
    if lines[0] != name:
        raise BadShape("The checkpoint is of another log: its origin is not %(name)s.", name=name)
    if not _SIZE.fullmatch(lines[1]):
        raise BadShape("The size in the checkpoint is not a plain number.")
    root = _from_b64(lines[2])
    if root is None or len(root) != 32:
        raise BadShape("The root in the checkpoint is not base64 of 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), root)


def _demand_signature(body: str, lines: list[str], name: str, public: bytes) -> None:
    key, own, signed = Ed25519PublicKey.from_public_bytes(public), key_id(name, public), False
    for line in lines:
        signer, signature = _read_line(line)
        if signer != name or signature[:4] != own:
            continue
        try:
            key.verify(signature[4:], body.encode("utf-8"))
        except InvalidSignature:
            raise BadShape("The signature of %(name)s under the checkpoint is wrong.", name=name) from None
        signed = True
    if not signed:
        raise BadShape("The checkpoint is not signed by %(name)s.", name=name)


def _read_line(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    signer, _, text = rest.partition(" ")
    signature = _from_b64(text)
    if dash != "\N{EM DASH}" or not _NAME.fullmatch(signer) or signature is None or len(signature) < 5:
        raise BadShape("A signature line under the checkpoint is malformed.")
    return signer, signature


def _demand_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"A key's name has no spaces and no plus sign: {name!r}.")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_b64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if _b64(data) == text else None
