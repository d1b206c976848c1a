"""A hostile server: it owns every key, writes whatever entries it likes, and publishes all of it consistently.

Made for the verifier's tests without any of the program's sealing or publishing. Whoever does not break a rule
with it gets a valid letter.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "example.org/letters/test/log"
LETTER_ID = "0123456789ABCDEFGHJKMNPQRS"
TEXT = b"# To the board\n\nWe ask you to publish what the cameras record.\n"
TITLE = "To the board — „öffentlich“"
SEED = bytes(range(32))
DAYS = [f"2026-11-{day:02}T{hour:02}:00Z" for day in range(1, 30) for hour in range(24)]


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonical(value) -> bytes:
    # Enough for keys in ASCII, which is all that these tests need.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def spki(key) -> bytes:
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Opened:
    """What a receipt, here just a number, opens."""

    def __init__(self, receipt: int) -> None:
        self.receipt = receipt.to_bytes(16, "big")
        self.w = sha(b"petition-withdraw-v1", self.receipt)
        self.a_hash = sha(sha(b"petition-appear-v1", self.receipt))
        self.commit = sha(b"petition-commit-v1", sha(self.w), self.a_hash)


def statement(commit: bytes, number="1", letter_id=LETTER_ID, text_sha256=None) -> bytes:
    digest = text_sha256 or sha(TEXT).hex()
    return f"petition-signature-v1\n{letter_id}\n{number}\n{digest}\n{commit.hex()}\n".encode()


@cache
def pss(key: rsa.RSAPrivateKey, message: bytes, salt: int = 48, algorithm=hashes.SHA384) -> bytes:
    return key.sign(message, padding.PSS(padding.MGF1(algorithm()), salt), algorithm())


class Forger:
    """Collects entries; ``write`` publishes them. ``seal`` ends a sealing: a row of the history."""

    def __init__(self, keys, *, timing="together", rolls=("workers",), k=3, text=TEXT, origin=ORIGIN) -> None:
        self.keys = keys
        self.text = text
        self.origin = origin
        self.seed = SEED
        self.entries: list[bytes] = []
        self.rounds: dict[int, dict] = {}
        self.round_keys: list[bytes] = []
        self.commits: dict[int, int] = {}
        self.history: list[tuple[str, int, int]] = []
        self.cosignatures = ""
        self.roll_names = {roll: f"Names of {roll}" for roll in rolls}
        self.letter = {
            "type": "letter",
            "letter_id": LETTER_ID,
            "text_sha256": sha(text).hex(),
            "title": TITLE,
            "k": k,
            "timing": timing,
            "rolls": [{"id": roll, "name": name} for roll, name in self.roll_names.items()],
            "log_key": b64(self.public),
            "names_keys": {"named": "ab" * 32, "named_at:50": "cd" * 32},
            "client_sha256": {"client.py": "00" * 32, "sign.js": "11" * 32},
        }

    # Entries

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def add(self, **members) -> int:
        return self.raw(canonical(members))

    def raw(self, entry: bytes) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def begin(self, made=10, **changes) -> "Forger":
        """The letter, and round 1 with codes."""
        self.add(**self.letter | changes)
        self.open(1)
        if made:
            self.codes(1, made)
        return self

    def open(self, number: int, roll=None, key=None, **changes) -> int:
        der = key if isinstance(key, bytes) else spki(self.keys[(number - 1) % len(self.keys)] if key is None else key)
        roll = roll or next(iter(self.roll_names))
        fresh = {"roll": roll, "made": 0, "issued": None, "annulled": False, "signed": 0, "withdrawn": 0}
        self.rounds.setdefault(number, fresh)
        self.round_keys.append(der)
        entry = {"type": "round", "round": number, "roll": roll, "public_key": b64(der), "opens": None, "closes": None}
        return self.add(**entry | changes)

    def codes(self, number: int, made: int, voided=0) -> int:
        self.rounds[number]["made"] = made
        return self.add(type="codes", round=number, made=made, voided=voided)

    def issued(self, number: int, issued: int) -> int:
        self.rounds[number]["issued"] = issued
        return self.add(type="issued", round=number, issued=issued, key_destroyed=True)

    def annul(self, number: int, reason="Flooded by a bot.") -> int:
        self.rounds[number]["annulled"] = True
        return self.add(type="annulled", round=number, reason=reason)

    def signature(self, receipt: int, number=1, *, key=None, message=None, signature=None) -> dict:
        """The entry of a valid signature, or as much of it as was not given."""
        key = key or self.keys[(number - 1) % len(self.keys)]
        if message is None:
            message = sha(b"random", receipt.to_bytes(16, "big")) + statement(
                Opened(receipt).commit, str(number), text_sha256=sha(self.text).hex()
            )
        signature = pss(key, message) if signature is None else signature
        return {"type": "signature", "round": number, "message": b64(message), "signature": b64(signature)}

    def sign(self, *receipts: int, number=1, **changes) -> int:
        """Sign with these receipts, sorted by leaf hash, as one sealing does; the number of the first entry."""
        first = len(self.entries)
        entries = [canonical(self.signature(receipt, number, **changes)) for receipt in receipts]
        for entry in sorted(entries, key=lambda entry: sha(b"\x00", entry)):
            self.raw(entry)
        for receipt in receipts:
            self.commits[receipt] = number
            self.rounds[number]["signed"] += 1
        return first

    def withdraw(self, receipt: int, **changes) -> int:
        opened = Opened(receipt)
        if number := self.commits.get(receipt):
            self.rounds[number]["withdrawn"] += 1
        entry = {"commit": opened.commit.hex(), "w": b64(opened.w), "a_hash": opened.a_hash.hex()}
        return self.add(type="withdrawal", **entry | changes)

    def close(self, **changes) -> int:
        signatures, withdrawals = self.totals()
        return self.add(**{"type": "closed", "signatures": signatures, "withdrawals": withdrawals} | changes)

    def totals(self, roll=None) -> tuple[int, int]:
        counted = [r for r in self.rounds.values() if not r["annulled"] and roll in (None, r["roll"])]
        return sum(r["signed"] for r in counted), sum(r["withdrawn"] for r in counted)

    def seal(self) -> "Forger":
        """A row of the history, if a number has changed."""
        if self.totals() != (self.history[-1][1:] if self.history else (0, 0)):
            self.history.append((DAYS[len(self.history)], *self.totals()))
        return self

    # Files

    def counts(self) -> dict:
        signatures, withdrawals = self.totals()
        ended = [r["issued"] for r in self.rounds.values()]
        rolls = [(name, self.totals(roll)) for roll, name in self.roll_names.items()]
        return {
            "letter": {"title": TITLE, "text_sha256": sha(self.text).hex(), "employer": "Example"},
            "count": signatures - withdrawals,
            "as_of": "2026-11-22T14:00Z",
            "signatures": signatures,
            "withdrawals": withdrawals,
            "rolls": [{"roll": name, "count": signed - withdrawn} for name, (signed, withdrawn) in rolls],
            "groups": [],
            "verification": {
                "routes": ["code"],
                "codes_made": sum(r["made"] for r in self.rounds.values()),
                "issued": sum(ended) if ended and None not in ended else None,
                "log": {"size": len(self.entries), "root": root(self.leaves()).hex(), "checkpoint": "…"},
            },
        }

    def leaves(self) -> list[bytes]:
        return [sha(b"\x00", entry) for entry in self.entries]

    def checkpoint(self, size=None) -> str:
        """A signed note over the first ``size`` entries, by default all."""
        size = len(self.entries) if size is None else size
        body = f"{self.origin}\n{size}\n{base64.b64encode(root(self.leaves()[:size])).decode()}\n"
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        line = base64.b64encode(self.key_id() + signature).decode()
        return f"{body}\n— {self.origin} {line}\n{self.cosignatures}"

    def key_id(self) -> bytes:
        return sha(self.origin.encode(), b"\n\x01", self.public)[:4]

    def history_csv(self) -> bytes:
        rows = [f"{at},{signed},{withdrawn},{signed - withdrawn}" for at, signed, withdrawn in self.history]
        return "".join(f"{line}\r\n" for line in ["sealed_at,signatures,withdrawals,count", *rows]).encode()

    def issuer_pem(self) -> bytes:
        blocks = []
        for der in self.round_keys:
            text = base64.b64encode(der).decode()
            lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
            blocks.append(f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
        return "".join(blocks).encode()

    def files(self) -> dict[str, bytes]:
        """The whole public face of the letter, by path."""
        key = base64.b64encode(b"\x01" + self.public).decode()
        vkey = f"{self.origin}+{self.key_id().hex()}+{key}\n"
        return {
            "letter.md": self.text,
            "counts.json": json.dumps(self.counts(), ensure_ascii=False, indent=1).encode(),
            "history.csv": self.history_csv(),
            "log/vkey": vkey.encode(),
            "log/issuer.pem": self.issuer_pem(),
            "log/checkpoint": self.checkpoint().encode(),
            **tiles(self.entries, self.leaves()),
        }

    def write(self, folder: Path) -> Path:
        """Publish to a folder."""
        return write(folder, self.files())


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def root(hashes_: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, as it is written there."""
    if len(hashes_) < 2:
        return hashes_[0] if hashes_ else sha()
    split = 1
    while split * 2 < len(hashes_):
        split *= 2
    return sha(b"\x01", root(hashes_[:split]), root(hashes_[split:]))


def tiles(entries: list[bytes], leaves: list[bytes]) -> dict[str, bytes]:
    """Bundles, and tiles of every level, full and partial."""
    found = {}
    framed = [len(entry).to_bytes(2, "big") + entry for entry in entries]
    for start in range(0, len(entries), 256):
        found[tile("entries", start // 256, len(framed[start : start + 256]))] = b"".join(framed[start : start + 256])
    level = 0
    while leaves:
        for start in range(0, len(leaves), 256):
            found[tile(level, start // 256, len(leaves[start : start + 256]))] = b"".join(leaves[start : start + 256])
        whole = range(0, len(leaves) - 255, 256)
        leaves, level = [root(leaves[start : start + 256]) for start in whole], level + 1
    return found


def tile(level, index: int, width: int) -> str:
    path = "/".join([*(f"x{part:03}" for part in thousands(index)[:-1]), f"{index % 1000:03}"])
    return f"log/tile/{level}/{path}" + ("" if width == 256 else f".p/{width}")


def thousands(index: int) -> list[int]:
    return [*(thousands(index // 1000) if index >= 1000 else []), index % 1000]
