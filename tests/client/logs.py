"""Published logs to check against: the sample that others made, and small ones made here, honest or not."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA384

from tests.client.issuing import (
    LETTER_ID,
    LOG_KEY,
    PUBLIC,
    TEXT_SHA256,
    Issuer,
    b64,
    canonical,
    key_pair,
    names_hashes,
    pin_of,
)
from tests.client.serving import NOT_FOUND, Reply, Seen

SAMPLE = Path(__file__).parents[1] / "data" / "sample-log"
ORIGIN = "example.org/letters/cameras/log"
BASE = PUBLIC


@dataclass
class Folder:
    """A published letter: files by name, served as they are."""

    files: dict[str, bytes]

    def __call__(self, seen: Seen) -> Reply:
        body = self.files.get(seen.path.removeprefix(BASE))
        return NOT_FOUND if body is None or seen.method != "GET" else Reply(200, body)


def sample() -> Folder:
    paths = [path for path in SAMPLE.rglob("*") if path.is_file() and path.name != "receipt.txt"]
    return Folder({path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in paths})


def entries_of(folder: Folder) -> list[dict[str, Any]]:
    """All entries of a folder's log."""
    data = b"".join(folder.files[name] for name in sorted(folder.files) if name.startswith("log/tile/entries/"))
    found = []
    while data:
        size = int.from_bytes(data[:2], "big")
        found.append(json.loads(data[2 : 2 + size]))
        data = data[2 + size :]
    return found


def tree(hashes: list[bytes]) -> bytes:
    """The root as RFC 9162, section 2.1.1 defines it."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree(hashes[:split]) + tree(hashes[split:])).digest()


def publish(entries: list[bytes], log_key: Ed25519PrivateKey) -> Folder:
    """A log of these entries, rightly hashed and signed, whatever they say."""
    files = {}
    hashes = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    for first in range(0, len(entries), 256):
        part = entries[first : first + 256]
        name = f"{first // 256:03}" + (f".p/{len(part)}" if len(part) < 256 else "")
        files[f"log/tile/entries/{name}"] = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        files[f"log/tile/0/{name}"] = b"".join(hashes[first : first + 256])
    roots = [tree(hashes[first : first + 256]) for first in range(0, len(hashes) - 255, 256)]
    if roots:
        files[f"log/tile/1/000.p/{len(roots)}"] = b"".join(roots)
    public = log_key.public_key().public_bytes_raw()
    identity = hashlib.sha256(f"{ORIGIN}\n\x01".encode() + public).digest()[:4]
    text = f"{ORIGIN}\n{len(entries)}\n{base64.b64encode(tree(hashes)).decode()}\n"
    signed = base64.b64encode(identity + log_key.sign(text.encode())).decode()
    files["log/checkpoint"] = f"{text}\n— {ORIGIN} {signed}\n".encode()
    encoded = base64.b64encode(b"\x01" + public).decode()
    files["log/vkey"] = f"{ORIGIN}+{identity.hex()}+{encoded}\n".encode()
    return Folder(files)


def first_entry(record: dict[str, Any]) -> dict[str, Any]:
    """Entry 0 of the letter with this round.json."""
    same = ("letter_id", "text_sha256", "k", "timing", "fields_sha256", "hosts", "log_key")
    rolls = {one["roll_id"]: one["roll"] for one in record["rounds"]}
    return {
        "type": "letter",
        "version": 2,
        "title": "Ein Brief – “so”",
        "rolls": [{"id": roll, "name": name} for roll, name in rolls.items()],
        "names_keys": names_hashes(record["names_keys"]),
        "client_sha256": {"client.py": "0" * 64, "sign.js": "0" * 64},
        **{name: record[name] for name in same},
    }


def round_entry(record: dict[str, Any]) -> dict[str, Any]:
    """The entry with which this round.json's round opened."""
    both = {name: record[name] for name in ("round", "public_key")}
    return {"type": "round", "roll": record["roll_id"], "opens": "2026-11-22T14:00Z", "closes": None, **both}


def log_of(issuer: Issuer, size: int = 0) -> Folder:
    """The log of an honest server's letter, with all its rounds and signatures, and at least that many entries."""
    records = [issuer.round_json(number) for number in issuer.rounds]
    entries = [first_entry(records[0]), *(round_entry(record) for record in records)]
    for message, signature in issuer.signatures.items():
        number = int(message[32:].split(b"\n")[2])
        entries.append({"type": "signature", "round": number, "message": b64(message), "signature": b64(signature)})
    made = range(size - len(entries))
    entries += [{"type": "codes", "round": 1, "made": number, "voided": 0} for number in made]
    return publish([canonical(entry) for entry in entries], LOG_KEY)


@dataclass
class Campaign:
    """A letter with one signature that is ours; every member may be changed before it is published."""

    receipt: bytes = bytes(range(16))
    key: rsa.RSAPrivateKey = field(default_factory=lambda: key_pair(1))
    log_key: Ed25519PrivateKey = LOG_KEY

    def __post_init__(self) -> None:
        self.message = secrets.token_bytes(32) + self.statement
        self.signature = self.signed_by(self.key)
        self.record = Issuer().round_json()
        self.letter = first_entry(self.record)
        self.round = round_entry(self.record)
        self.entry: dict[str, Any] = {
            "type": "signature",
            "round": 1,
            "message": b64(self.message),
            "signature": b64(self.signature),
        }
        self.more: list[dict[str, Any]] = []

    @property
    def opened(self) -> tuple[bytes, bytes]:
        w = hashlib.sha256(b"petition-withdraw-v1" + self.receipt).digest()
        return w, hashlib.sha256(b"petition-appear-v1" + self.receipt).digest()

    @property
    def commit(self) -> str:
        both = b"".join(hashlib.sha256(half).digest() for half in self.opened)
        return hashlib.sha256(b"petition-commit-v1" + both).hexdigest()

    @property
    def statement(self) -> bytes:
        return f"petition-signature-v1\n{LETTER_ID}\n1\n{TEXT_SHA256}\n{self.commit}\n".encode()

    def signed_by(self, key: rsa.RSAPrivateKey) -> bytes:
        return key.sign(self.message, padding.PSS(padding.MGF1(SHA384()), 48), SHA384())

    def withdrawal(self) -> dict[str, Any]:
        w, a = self.opened
        a_hash = hashlib.sha256(a).hexdigest()
        return {"type": "withdrawal", "commit": self.commit, "w": b64(w), "a_hash": a_hash}

    def entries(self) -> list[dict[str, Any]]:
        return [self.letter, self.round, self.entry, *self.more]

    def published(self) -> Folder:
        return publish([canonical(entry) for entry in self.entries()], self.log_key)

    def receipt_file(self, path: str = "mine.json") -> str:
        """Writes the receipt file of the signature as it was at first."""
        members = {
            "petition": 1,
            "letter": "https://example.org/",
            "letter_id": LETTER_ID,
            "round": 1,
            "pin": pin_of(self.record),
            "message": b64(self.message),
            "signature": b64(self.signature),
            "receipt": b64(self.receipt),
        }
        Path(path).write_text(json.dumps(members))
        return path
