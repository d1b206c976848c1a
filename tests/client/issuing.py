"""A small honest server of one letter, written from protocol.md alone: it knows codes, signs blindly, collects."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.client.serving import NOT_FOUND, Reply, Seen

LETTER_ID = "0123456789ABCDEFGHJKMNPQRS"
TEXT = hashlib.sha256(b"the letter").hexdigest()
CODE = "008J4CT4ANK7F24S"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def key_pair(number: int, bits: int = 3072, e: int = 65537) -> rsa.RSAPrivateKey:
    """The key of a round; the same all through one run of the tests."""
    return rsa.generate_private_key(public_exponent=e, key_size=bits)


def spki_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint_of(key: rsa.RSAPrivateKey) -> str:
    return hashlib.sha256(spki_of(key)).hexdigest()


def raw_sign(key: rsa.RSAPrivateKey, number: bytes) -> bytes:
    """The private operation. Fine in a test; a real issuer never uses Python's pow."""
    its, m = key.private_numbers(), int.from_bytes(number, "big")
    rest = pow(m, its.dmq1, its.q)
    result = rest + its.q * ((pow(m, its.dmp1, its.p) - rest) * its.iqmp % its.p)
    return result.to_bytes(key.key_size // 8, "big")


def is_valid(key: rsa.RSAPrivateKey, message: bytes, signature: bytes) -> bool:
    """RSA-PSS as somebody else's library sees it."""
    try:
        key.public_key().verify(signature, message, padding.PSS(padding.MGF1(SHA384()), 48), SHA384())
    except InvalidSignature:
        return False
    return True


@dataclass
class Issuer:
    """The server's memory. ``fault`` may answer a request in its place; ``late_fault`` spoils a good reply."""

    codes: dict[str, bytes | None] = field(default_factory=lambda: {CODE: None})
    key: rsa.RSAPrivateKey = field(default_factory=lambda: key_pair(1))
    letter: str = "https://example.org/letters/cameras/"
    record: dict[str, Any] = field(default_factory=dict)
    signatures: dict[bytes, bytes] = field(default_factory=dict)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    appearances: list[dict[str, Any]] = field(default_factory=list)
    """What came with signatures, and with changes."""
    was_sealed: bool = False
    fault: Callable[[Seen], Reply | None] = lambda _: None
    late_fault: Callable[[Seen, Reply], Reply] = lambda _, reply: reply

    def round_json(self) -> dict[str, Any]:
        return {
            "letter_id": LETTER_ID,
            "letter": self.letter,
            "round": 1,
            "text_sha256": TEXT,
            "public_key": b64(spki_of(self.key)),
            "fingerprint": fingerprint_of(self.key),
            "variant": "RSABSSA-SHA384-PSS-Randomized",
            "timing": "together",
            "issuing": True,
            "signing": True,
            **self.record,
        }

    def __call__(self, seen: Seen) -> Reply:
        reply = self.fault(seen)
        return reply or self.late_fault(seen, self.answer(seen))

    def answer(self, seen: Seen) -> Reply:
        name = seen.path.rpartition("/")[2].partition("?")[0]
        verbs = {
            "tokens": self.issue,
            "signatures": self.collect,
            "withdrawals": self.take_back,
            "appearances": self.change,
        }
        if seen.method == "GET" and name == "round.json":
            return Reply.of(self.round_json())
        if seen.method == "POST" and name in verbs:
            return verbs[name](seen.members)
        return NOT_FOUND

    def issue(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"code", "round", "blinded_message"}
        blinded = from_b64(members["blinded_message"])
        assert len(blinded) == 384
        if members["code"] not in self.codes:
            return Reply.refusal(403, "This code is not known.")
        if self.codes[members["code"]] not in (None, blinded):
            return Reply.refusal(409, "This code has been used.")
        self.codes[members["code"]] = blinded
        return Reply.of({"blind_signature": b64(raw_sign(self.key, blinded))}, 201)

    def collect(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"message", "signature", "appearance"}
        self.appearances.append(members["appearance"])
        message, signature = from_b64(members["message"]), from_b64(members["signature"])
        if not is_valid(self.key, message, signature):
            return Reply.refusal(403, "This signature is not valid.")
        self.signatures[message] = signature
        return Reply.of({"sealed": False}, 201)

    def change(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"w_hash", "a", "appearance"}
        self.appearances.append({**members["appearance"], "a": members["a"], "w_hash": members["w_hash"]})
        return Reply.of({"appearance": {"step": members["appearance"]["step"]}})

    def take_back(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"w", "a"}
        self.withdrawn.append(members)
        return Reply.of({"withdrawn": True, "was_sealed": self.was_sealed})

    def commits(self) -> list[str]:
        """The commitments of all signatures that arrived, each with its statement read exactly."""
        found = []
        for message in self.signatures:
            first, letter_id, number, text, commit, last = message[32:].decode().split("\n")
            assert (first, letter_id, number, text, last) == ("petition-signature-v1", LETTER_ID, "1", TEXT, "")
            found.append(commit)
        return found


def cut_on(name: str) -> Callable[[Seen, Reply], Reply]:
    """The server does its work, and the answer is lost."""
    return lambda seen, reply: Reply(cut=True) if seen.path.endswith("/" + name) else reply
