"""Builds published letters without any of the program's sealing or publishing, for tests of verifiers.

A ``LogBuilder`` is like a server that holds every key: it writes any entries that a test gives it, and publishes all of
it consistently. As long as a test breaks no rule with it, the letter is valid.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "example.org/letters/test/log"
LETTER_ID = "0123456789ABCDEFGHJKMNPQRS"
TEXT = b"# To the board\n\nWe ask you to publish what the cameras record.\n"
TITLE = "To the board — „öffentlich“"
SEED = bytes(range(32))
HOURS = [f"2026-11-{day:02}T{hour:02}:00Z" for day in range(1, 30) for hour in range(24)]
NO_FIELDS = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value: Any) -> bytes:
    # Enough for keys in ASCII, which is all that these tests need.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def spki(key: Any) -> bytes:
    public = key.public_key() if hasattr(key, "public_key") else key
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


class Opened:
    """What a receipt, here just a number, opens."""

    def __init__(self, receipt: int) -> None:
        self.receipt = receipt.to_bytes(16, "big")
        self.w = sha(b"petition-withdraw-v1", self.receipt)
        self.a_hash = sha(sha(b"petition-appear-v1", self.receipt))
        self.commit = sha(b"petition-commit-v1", sha(self.w), self.a_hash)


def statement(commit: bytes, number: str = "1", letter_id: str = LETTER_ID, text_sha256: str | None = None) -> bytes:
    digest = text_sha256 or sha(TEXT).hex()
    return f"petition-signature-v1\n{letter_id}\n{number}\n{digest}\n{commit.hex()}\n".encode()


@cache
def pss(key: rsa.RSAPrivateKey, message: bytes, salt: int = 48, algorithm: Any = hashes.SHA384) -> bytes:
    return key.sign(message, padding.PSS(padding.MGF1(algorithm()), salt), algorithm())


class LogBuilder:
    """Collects entries; ``files`` publishes them. ``seal`` ends an update: a row of the history."""

    def __init__(
        self,
        keys: Sequence[rsa.RSAPrivateKey],
        *,
        timing: str = "together",
        rolls: Sequence[str] = ("workers",),
        k: int = 3,
        text: bytes = TEXT,
        origin: str = ORIGIN,
    ) -> None:
        self.keys = keys
        self.text = text
        self.origin = origin
        self.seed = SEED
        self.entries: list[bytes] = []
        self.rounds: dict[int, dict[str, Any]] = {}
        self.round_keys: list[bytes] = []
        self.commits: dict[int, int] = {}
        self.history: list[tuple[str, int, int, int]] = []
        self.cosignatures = ""
        self.roll_names = {roll: f"Names of {roll}" for roll in rolls}
        self.replaced: dict[str, bytes | None] = {}
        """Files that are published in another form, or not at all."""
        self.since: list[bytes] = []
        """Older checkpoints that a verifier is given."""
        self.letter: dict[str, Any] = {
            "type": "letter",
            "version": 2,
            "letter_id": LETTER_ID,
            "text_sha256": sha(text).hex(),
            "title": TITLE,
            "k": k,
            "timing": timing,
            "rolls": [{"id": roll, "name": name} for roll, name in self.roll_names.items()],
            "fields_sha256": NO_FIELDS,
            "hosts": ["abcdef.onion", "example.org:8443"],
            "log_key": b64(self.public),
            "names_keys": {"named": "ab" * 32, "named_at:50": "cd" * 32},
            "client_sha256": {"client.py": "00" * 32, "sign.js": "11" * 32},
        }

    # Entries

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def size(self) -> int:
        return len(self.entries)

    def add(self, **members: Any) -> int:
        return self.raw(canonical(members))

    def raw(self, entry: bytes) -> int:
        self.entries.append(entry)
        return self.size - 1

    def begin(self, made: int = 20, **changes: Any) -> "LogBuilder":
        """The letter, and round 1 with codes."""
        self.letter |= changes
        self.add(**self.letter)
        self.open(1)
        if made:
            self.codes(1, made)
        return self

    def open(self, number: int, roll: str | None = None, key: Any = None, made: int = 0, **changes: Any) -> int:
        """A round, with as many codes as are asked for."""
        der = key if isinstance(key, bytes) else spki(self.keys[(number - 1) % len(self.keys)] if key is None else key)
        roll = roll or next(iter(self.roll_names))
        fresh = {"roll": roll, "key": der, "made": 0, "ended": False, "issued": None, "annulled": False}
        self.rounds.setdefault(number, fresh | {"signed": 0, "withdrawn": 0})
        self.round_keys.append(der)
        entry = {"type": "round", "round": number, "roll": roll, "public_key": b64(der), "opens": None, "closes": None}
        opened = self.add(**entry | changes)
        if made:
            self.codes(number, made)
        return opened

    def codes(self, number: int, made: int, voided: int = 0) -> int:
        self.rounds[number]["made"] = made
        return self.add(type="codes", round=number, made=made, voided=voided)

    def issued(self, number: int, issued: int | None) -> int:
        self.rounds[number].update(ended=True, issued=issued)
        return self.add(type="issued", round=number, issued=issued, key_destroyed=True)

    def annul(self, number: int, reason: str = "Flooded by a bot.") -> int:
        self.rounds[number]["annulled"] = True
        return self.add(type="annulled", round=number, reason=reason)

    def signature(
        self,
        receipt: int,
        number: int = 1,
        *,
        key: rsa.RSAPrivateKey | None = None,
        message: bytes | None = None,
        signature: bytes | None = None,
    ) -> dict[str, Any]:
        """The entry of a valid signature, or what was given instead of its parts."""
        key = key or self.keys[(number - 1) % len(self.keys)]
        if message is None:
            message = sha(b"random", receipt.to_bytes(16, "big")) + statement(
                Opened(receipt).commit, str(number), text_sha256=sha(self.text).hex()
            )
        signature = pss(key, message) if signature is None else signature
        return {"type": "signature", "round": number, "message": b64(message), "signature": b64(signature)}

    def in_order(self, *receipts: int, number: int = 1, key: rsa.RSAPrivateKey | None = None) -> list[bytes]:
        """The entries of these receipts' signatures, by leaf hash, counted but not added."""
        for receipt in receipts:
            self.commits[receipt] = number
            self.rounds[number]["signed"] += 1
        entries = [canonical(self.signature(receipt, number, key=key)) for receipt in receipts]
        return sorted(entries, key=leaf)

    def sign(self, *receipts: int, number: int = 1, key: rsa.RSAPrivateKey | None = None) -> int:
        """Sign with these receipts, as one sealing does; the number of the first entry."""
        return self.batch(self.in_order(*receipts, number=number, key=key))

    def batch(self, *parts: Sequence[bytes]) -> int:
        """Add entries by leaf hash, as one sealing does; the number of the first."""
        first = self.size
        self.entries += sorted((entry for part in parts for entry in part), key=leaf)
        return first

    def withdraw(self, receipt: int, **changes: Any) -> int:
        opened = Opened(receipt)
        if number := self.commits.get(receipt):
            self.rounds[number]["withdrawn"] += 1
        entry = {"commit": opened.commit.hex(), "w": b64(opened.w), "a_hash": opened.a_hash.hex()}
        return self.add(type="withdrawal", **entry | changes)

    def close(self, **changes: Any) -> int:
        signatures, withdrawals = self.totals()
        totals = {"signatures": signatures, "withdrawals": withdrawals, "dropped": 0}
        return self.add(type="closed", **totals | changes)

    def totals(self, roll: str | None = None) -> tuple[int, int]:
        counted = [r for r in self.rounds.values() if not r["annulled"] and roll in (None, r["roll"])]
        return sum(r["signed"] for r in counted), sum(r["withdrawn"] for r in counted)

    def seal(self) -> "LogBuilder":
        """A row of the history, if a number has changed."""
        if self.totals() != (self.history[-1][1:3] if self.history else (0, 0)):
            self.history.append((HOURS[len(self.history)], *self.totals(), self.size))
        return self

    def place_of(self, receipt: int, number: int = 1) -> int:
        """The number of the entry of a signature."""
        return self.entries.index(canonical(self.signature(receipt, number)))

    # Files

    def counts(self) -> dict[str, Any]:
        signatures, withdrawals = self.totals()
        have_ended = bool(self.rounds) and all(r["ended"] for r in self.rounds.values())
        rolls = [(roll, name, self.totals(roll)) for roll, name in self.roll_names.items()]
        return {
            "letter": {"title": TITLE, "text_sha256": sha(self.text).hex(), "employer": "Example"},
            "count": signatures - withdrawals,
            "as_of": "2026-11-22T14:00Z",
            "signatures": signatures,
            "withdrawals": withdrawals,
            "rolls": [{"id": roll, "roll": name, "count": signed - gone} for roll, name, (signed, gone) in rolls],
            "groups": [],
            "verification": {
                "routes": ["code"],
                "codes_made": sum(r["made"] for r in self.rounds.values()),
                "issued": sum(r["issued"] or 0 for r in self.rounds.values()) if have_ended else None,
                "log": {"size": self.size, "root": root(self.leaves()).hex(), "checkpoint": "…"},
            },
        }

    def leaves(self) -> list[bytes]:
        return [leaf(entry) for entry in self.entries]

    def checkpoint(self, size: int | None = None) -> str:
        """A signed note over the first ``size`` entries, by default all."""
        size = self.size if size is None else size
        return self.checkpoint_of(size, root(self.leaves()[:size]))

    def checkpoint_of(self, size: int, root_hash: bytes, seed: bytes | None = None, origin: str | None = None) -> str:
        """A signed note that says anything."""
        key = Ed25519PrivateKey.from_private_bytes(seed or self.seed)
        name, public = origin or self.origin, key.public_key().public_bytes_raw()
        body = f"{name}\n{size}\n{base64.b64encode(root_hash).decode()}\n"
        line = base64.b64encode(key_id(name, public) + key.sign(body.encode())).decode()
        return f"{body}\n— {name} {line}\n{self.cosignatures}"

    def vkey(self) -> str:
        key = base64.b64encode(b"\x01" + self.public).decode()
        return f"{self.origin}+{key_id(self.origin, self.public).hex()}+{key}\n"

    def history_csv(self) -> bytes:
        rows = [f"{at},{signed},{gone},{signed - gone},{size}" for at, signed, gone, size in self.history]
        lines = ["sealed_at,signatures,withdrawals,count,size", *rows]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def issuer_pem(self) -> bytes:
        return b"".join(map(pem, self.round_keys))

    def files(self) -> dict[str, bytes]:
        """The whole public face of the letter, by path."""
        made: dict[str, bytes | None] = {
            "letter.md": self.text,
            "counts.json": json.dumps(self.counts(), ensure_ascii=False, indent=1).encode(),
            "history.csv": self.history_csv(),
            "log/vkey": self.vkey().encode(),
            "log/issuer.pem": self.issuer_pem(),
            "log/checkpoint": self.checkpoint().encode(),
            **tiles(self.entries, self.leaves()),
        }
        return {path: data for path, data in (made | self.replaced).items() if data is not None}

    def write(self, folder: Path) -> Path:
        """Publish to a folder."""
        return write(folder, self.files())

    def receipt_file(self, signed: int, number: int = 1, /, **changes: Any) -> str:
        """The receipt file of a signature; a member that is changed to None is left out."""
        entry = self.signature(signed, number)
        members = {
            "petition": 1,
            "letter": "https://example.org",
            "letter_id": LETTER_ID,
            "round": number,
            "pin": self.pin(number),
            "message": entry["message"],
            "signature": entry["signature"],
            "receipt": b64(Opened(signed).receipt),
        }
        return json.dumps({name: value for name, value in (members | changes).items() if value is not None})

    def pin(self, number: int, **changes: Any) -> str:
        """The pin of a round's record (protocol 4), or of one that differs from it."""
        from_letter = ("fields_sha256", "hosts", "k", "letter_id", "log_key", "names_keys", "text_sha256", "timing")
        record = {name: self.letter[name] for name in from_letter}
        own = {"round": number, "roll": self.rounds[number]["roll"], "public_key": b64(self.rounds[number]["key"])}
        return b64(sha(b"petition-pin-v1", canonical(record | own | changes)))


def key_id(name: str, public: bytes) -> bytes:
    return sha(name.encode(), b"\n\x01", public)[:4]


def pem(der: bytes) -> bytes:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n".encode()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def leaf(entry: bytes) -> bytes:
    return sha(b"\x00", entry)


def root(hashes_: Sequence[bytes]) -> bytes:
    """RFC 9162 2.1.1, as it is written there."""
    if len(hashes_) < 2:
        return hashes_[0] if hashes_ else sha()
    split = 1
    while split * 2 < len(hashes_):
        split *= 2
    return sha(b"\x01", root(hashes_[:split]), root(hashes_[split:]))


def tiles(entries: Sequence[bytes], leaves: Sequence[bytes]) -> dict[str, bytes]:
    """Bundles, and tiles of every level, full and partial."""
    found = {}
    framed = [len(entry).to_bytes(2, "big") + entry for entry in entries]
    for start in range(0, len(entries), 256):
        found[tile("entries", start // 256, len(framed[start : start + 256]))] = b"".join(framed[start : start + 256])
    level = 0
    while leaves:
        for start in range(0, len(leaves), 256):
            found[tile(level, start // 256, len(leaves[start : start + 256]))] = b"".join(leaves[start : start + 256])
        full = range(0, len(leaves) - 255, 256)
        leaves, level = [root(leaves[start : start + 256]) for start in full], level + 1
    return found


def tile(level: int | str, index: int, width: int) -> str:
    path = "/".join([*(f"x{part:03}" for part in thousands(index)[:-1]), f"{index % 1000:03}"])
    return f"log/tile/{level}/{path}" + ("" if width == 256 else f".p/{width}")


def thousands(index: int) -> list[int]:
    return [*(thousands(index // 1000) if index >= 1000 else []), index % 1000]


def of_everything(keys: Sequence[rsa.RSAPrivateKey]) -> LogBuilder:
    """A closed log with something of everything."""
    f = LogBuilder(keys).begin()
    f.open(2, made=4)
    f.batch(f.in_order(1, 2, 3), f.in_order(4, 5, 6, number=2))
    f.seal().withdraw(2)
    f.seal().annul(2)
    f.issued(1, 6)
    f.close()
    return f.seal()
