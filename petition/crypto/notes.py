"""Checkpoints: notes signed with Ed25519 (C2SP signed-note, tlog-checkpoint); what witnesses add (tlog-cosignature).

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
COSIGNATURE = b"\x04"
"""Algorithm of a witness's key: a timestamped Ed25519 cosignature (C2SP tlog-cosignature, cosignature/v1)."""
LONGEST = 2**18
"""Characters of the longest note that is read: room for 16 witnesses with the longest signatures."""

_SMALL_ORDER = {
    bytes(32), b"\x01" + bytes(31), *(low + b"\xff" * 30 + b"\x7f" for low in (b"\xec", b"\xed", b"\xee")),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
}  # fmt: skip
"""y of the points of small order, in each of its encodings, without the sign (RFC 8032, 5.1.2). Under such a key, one
signature is valid for every message."""
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


@dataclass(frozen=True)
class WitnessKey:
    """A witness: the name of its key, and the key (32 bytes)."""

    name: str
    public: bytes


@dataclass(frozen=True)
class Cosignature:
    """A witness's statement that it saw a checkpoint, of a log that only grew: when (Unix time), and the line."""

    time: int
    line: str


def key_id(name: str, public: bytes, algorithm: bytes = ED25519) -> bytes:
    """The 4 bytes that name a key in a signature line."""
    return sha256(name.encode("utf-8"), b"\n", algorithm, public)[:4]


def vkey(name: str, public: bytes) -> str:
    """The verifier key, one line with its newline: ``NAME+KEYID+BASE64``.

    Refuses with ``ValueError`` a name or a key that cannot be one.
    """
    _require_name(name)
    if len(public) != 32:
        raise ValueError("An Ed25519 public key has 32 bytes.")
    return f"{name}+{key_id(name, public).hex()}+{_b64(ED25519 + public)}\n"


def read_vkey(text: str) -> tuple[str, bytes]:
    """Read a verifier key; return its name and public key. Refuses with ``BadShape`` anything else."""
    name, _, rest = text.removesuffix("\n").partition("+")
    data = _from_b64(rest.partition("+")[2])
    if data is None or len(data) != 33 or data[:1] != ED25519 or not _NAME.fullmatch(name):
        raise BadShape("This is not the verifier key of an Ed25519 log key.")
    _require_own_signatures(data[1:])
    if rest.partition("+")[0] != key_id(name, data[1:]).hex():
        raise BadShape("The key id of this verifier key does not fit its name and key.")
    return name, data[1:]


def read_witness_vkey(text: str) -> WitnessKey:
    """Read a witness's verifier key: ``NAME+KEYID+BASE64`` with algorithm 0x04. Refuses with ``BadShape`` all else."""
    name, _, rest = text.strip().partition("+")
    number, _, encoded = rest.partition("+")
    data = _from_b64(encoded)
    if data is None or len(data) != 33 or not _NAME.fullmatch(name):
        raise BadShape("This is no verifier key of a witness: NAME+KEYID+BASE64, as the witness publishes it.")
    if data[:1] != COSIGNATURE:
        raise BadShape(
            "This verifier key is not of the kind that cosigns (algorithm 4, timestamped Ed25519). Ask the witness for "
            "its cosignature/v1 key."
        )
    if number != key_id(name, data[1:], COSIGNATURE).hex():
        raise BadShape("The key id of this verifier key does not fit its name and key. Copy it again, whole.")
    _require_own_signatures(data[1:])
    return WitnessKey(name, data[1:])


def witness_vkey(key: WitnessKey) -> str:
    """The verifier key of a witness, one line without a newline."""
    number = key_id(key.name, key.public, COSIGNATURE).hex()
    return f"{key.name}+{number}+{_b64(COSIGNATURE + key.public)}"


def body_of(note: str) -> str:
    """What is signed of a note: its text, with the last newline."""
    return note.rpartition("\n\n")[0] + "\n"


def cosigned_message(body: str, time: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature): the moment in Unix time, and the checkpoint's text."""
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def cosignature(body: str, lines: str, key: WitnessKey) -> Cosignature:
    """A witness's cosignature of a checkpoint's text, found among signature lines.

    Refuses with ``BadShape`` lines of which none is of this key, or one that is, but wrong.
    """
    own = key_id(key.name, key.public, COSIGNATURE)
    for line in lines.removesuffix("\n").split("\n"):
        signer, signature = _read_line(line)
        if signer != key.name or signature[:4] != own:
            continue
        time = int.from_bytes(signature[4:12], "big")
        if len(signature) != 4 + 8 + 64 or not 0 < time < 2**63:
            raise BadShape("The cosignature of %(name)s has not the form of cosignature/v1.", name=key.name)
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[12:], cosigned_message(body, time))
        except InvalidSignature:
            raise BadShape("The cosignature of %(name)s is wrong.", name=key.name) from None
        return Cosignature(time, line)
    raise BadShape("There is no cosignature of %(name)s.", name=key.name)


def checkpoint(origin: str, size: int, root: bytes, seed: bytes) -> str:
    """Sign a log's state (root: 32 bytes) with a seed (32 bytes); the key's name is the origin."""
    _require_name(origin)
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
    head, signatures = _split(text)
    _require_signature(head + "\n", signatures, name, public)
    return _read_body(head.split("\n"), name)


def require_checkpoint_form(text: str) -> None:
    """Refuses with ``BadShape`` what no key could make a checkpoint of. Whose it is, and if it is true, stays open."""
    head, signatures = _split(text)
    for line in signatures:
        _read_line(line)
    lines = head.split("\n")
    _read_body(lines, lines[0])


def _split(text: str) -> tuple[str, list[str]]:
    """The text that is signed, without its last newline, and the signature lines."""
    head, gap, tail = text.rpartition("\n\n")
    if len(text) > LONGEST or not gap or not text.endswith("\n") or _CONTROL.search(text):
        raise BadShape("The checkpoint is no signed note: a text, an empty line, signature lines.")
    return head, tail.removesuffix("\n").split("\n")


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


def _require_signature(body: str, lines: list[str], name: str, public: bytes) -> None:
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


def _require_own_signatures(public: bytes) -> None:
    if public[:31] + bytes([public[31] & 0x7F]) in _SMALL_ORDER:
        raise BadShape("This verifier key is one for which anyone can sign. Such a key proves nothing.")


def _require_name(name: str) -> None:
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
