"""A small honest server of one letter, written from protocol.md alone: it knows codes, signs blindly, collects."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.client.serving import NOT_FOUND, Reply, Seen
from tests.stored_keys import stored_key

LETTER_ID = "0123456789ABCDEFGHJKMNPQRS"
SHORT = "/s/0123456789ABCDEF/"
PUBLIC = "/letters/cameras/"
TEXT = "# Cameras\n\nTake them down – «já».\n".encode()
TEXT_SHA256 = hashlib.sha256(TEXT).hexdigest()
CODE = "008J4CT4ANK7F24S"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OF_PIN = ("fields_sha256", "hosts", "k", "letter_id", "log_key", "public_key", "round", "text_sha256", "timing")


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@cache
def key_pair(number: int, bits: int = 3072) -> rsa.RSAPrivateKey:
    """The key of a round; the same all through one run of the tests."""
    return stored_key(number) if bits == 3072 else rsa.generate_private_key(65537, bits)


def spki_of(key: rsa.RSAPrivateKey) -> bytes:
    return written(key.public_key())


def spki_without_pair(bits: int, e: int = 65537) -> bytes:
    """A public key of a size and an exponent; no one has its private half."""
    return written(rsa.RSAPublicNumbers(e, 2**bits - 1).public_key())


def written(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def names_hashes(keys: dict[str, str]) -> dict[str, str]:
    """Names keys as the log has them."""
    return {step: hashlib.sha256(from_b64(spki)).hexdigest() for step, spki in keys.items()}


def pin_of(record: dict[str, Any]) -> str:
    """The pin of a round.json."""
    covered = {name: record[name] for name in OF_PIN}
    covered |= {"roll": record["roll_id"], "names_keys": names_hashes(record["names_keys"])}
    return b64(hashlib.sha256(b"petition-pin-v1" + canonical(covered)).digest())


def spoken(pin: str) -> str:
    """A pin as it stands on a sheet for reading aloud."""
    number = int.from_bytes(from_b64(pin)[:20], "big")
    digits = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(155, -1, -5))
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))


def raw_sign(key: rsa.RSAPrivateKey, number: bytes) -> bytes:
    """The private operation. Fine in a test; a real issuer never uses Python's pow."""
    its, m = key.private_numbers(), int.from_bytes(number, "big")
    rest = pow(m, its.dmq1, its.q)
    result = rest + its.q * ((pow(m, its.dmp1, its.p) - rest) * its.iqmp % its.p)
    return result.to_bytes(key.key_size // 8, "big")


def is_valid(key: rsa.RSAPrivateKey, message: bytes, signature: bytes) -> bool:
    """RSA-PSS as another library sees it."""
    try:
        key.public_key().verify(signature, message, padding.PSS(padding.MGF1(SHA384()), 48), SHA384())
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Round:
    """A round: its roll, its key, and whether it takes codes."""

    roll_id: str = "workers"
    roll: str = "Workers of ACME"
    key: rsa.RSAPrivateKey = field(default_factory=lambda: key_pair(1))
    issuing: bool = True


@dataclass
class Issuer:
    """The server's memory. ``fault`` may answer a request in its place; ``late_fault`` spoils a good reply."""

    host: str = "letters.example.org"
    codes: dict[str, bytes | None] = field(default_factory=lambda: {CODE: None})
    of_round: dict[str, int] = field(default_factory=dict)
    """The one round that takes a code. Without an entry, any round does."""
    rounds: dict[int, Round] = field(default_factory=lambda: {1: Round()})
    record: dict[str, Any] = field(default_factory=dict)
    """Members that this letter has beyond the plain ones, or in place of them."""
    text: bytes = TEXT
    files: dict[str, bytes] = field(default_factory=dict)
    """The public face: what is served beside the record, such as ``log/checkpoint``. Empty before publication."""
    signatures: dict[bytes, bytes] = field(default_factory=dict)
    withdrawn: list[dict[str, Any]] = field(default_factory=list)
    appearances: list[dict[str, Any]] = field(default_factory=list)
    """What came with signatures, and with changes."""
    was_sealed: bool = False
    fault: Callable[[Seen], Reply | None] = lambda _: None
    late_fault: Callable[[Seen, Reply], Reply] = lambda _, reply: reply

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The first round's key."""
        return self.rounds[1].key

    def round_json(self, number: int = 1) -> dict[str, Any]:
        fields = self.record.get("fields", [])
        one = self.rounds[number]
        return {
            "letter_id": LETTER_ID,
            "letter": f"http://{self.host}{PUBLIC}",
            "round": number,
            "text_sha256": hashlib.sha256(self.text).hexdigest(),
            "public_key": b64(spki_of(one.key)),
            "variant": "RSABSSA-SHA384-PSS-Randomized",
            "timing": "together",
            "issuing": one.issuing,
            "signing": True,
            "issuing_ends": None,
            "signing_starts": None,
            "routes": ["code"],
            "fields": fields,
            "fields_sha256": hashlib.sha256(canonical(fields)).hexdigest(),
            "names_keys": {},
            "names_offered": list(self.record.get("names_keys", {})),
            "roll": one.roll,
            "roll_id": one.roll_id,
            "k": 3,
            "log_key": b64(LOG_KEY.public_key().public_bytes_raw()),
            "hosts": [self.host],
            "rounds": [
                {"round": other, "roll_id": its.roll_id, "roll": its.roll} for other, its in self.rounds.items()
            ],
            **self.record,
        }

    def pin(self, number: int = 1) -> str:
        """The pin of a round, as a sheet has it."""
        return pin_of(self.round_json(number))

    def with_newer_rounds(self) -> "Issuer":
        """Two more rounds; the code is of the first."""
        self.rounds |= {number: Round(key=key_pair(number + 1)) for number in (2, 3)}
        self.of_round = {CODE: 1}
        return self

    def link(self, root: str, number: int = 1, code: str = CODE) -> str:
        """The link on a sheet."""
        return f"{root}{SHORT}join#r={number}&p={self.pin(number)}&c={code}"

    def __call__(self, seen: Seen) -> Reply:
        reply = self.fault(seen)
        return reply or self.late_fault(seen, self.answer(seen))

    def answer(self, seen: Seen) -> Reply:
        path, _, query = seen.path.partition("?")
        base = next((base for base in (SHORT, PUBLIC) if path.startswith(base)), None)
        if base is None or (base == PUBLIC and not self.files):
            return NOT_FOUND
        name = path.removeprefix(base)
        return self.get(name, query) if seen.method == "GET" else self.post(name, seen)

    def get(self, name: str, query: str) -> Reply:
        if name == "round.json":
            number = int(query.removeprefix("round=")) if query else max(self.first_roll())
            return Reply.of(self.round_json(number)) if number in self.rounds else NOT_FOUND
        if name == "letter.md":
            return Reply(200, self.text)
        return Reply(200, self.files[name]) if name in self.files else NOT_FOUND

    def first_roll(self) -> list[int]:
        return [number for number, one in self.rounds.items() if one.roll_id == self.rounds[1].roll_id]

    def post(self, name: str, seen: Seen) -> Reply:
        verbs = {
            "tokens": self.issue,
            "signatures": self.collect,
            "withdrawals": self.withdraw,
            "appearances": self.change,
        }
        return verbs[name](seen.members) if name in verbs else NOT_FOUND

    def issue(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"code", "round", "blinded_message"}
        blinded = from_b64(members["blinded_message"])
        assert len(blinded) == 384
        is_of_round = self.of_round.get(members["code"], members["round"]) == members["round"]
        if members["code"] not in self.codes or not is_of_round:
            return Reply.refusal(403, "This code is not known.")
        if self.codes[members["code"]] not in (None, blinded):
            return Reply.refusal(409, "This code has been used.")
        self.codes[members["code"]] = blinded
        return Reply.of({"blind_signature": b64(raw_sign(self.rounds[members["round"]].key, blinded))}, 201)

    def collect(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"message", "signature", "appearance"}
        self.appearances.append(members["appearance"])
        message, signature = from_b64(members["message"]), from_b64(members["signature"])
        number = int(message[32:].split(b"\n")[2])
        if not is_valid(self.rounds[number].key, message, signature):
            return Reply.refusal(403, "This signature is not valid.")
        self.signatures[message] = signature
        return Reply.of({"sealed": False}, 201)

    def change(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"w_hash", "a", "appearance"}
        self.appearances.append({**members["appearance"], "a": members["a"], "w_hash": members["w_hash"]})
        return Reply.of({"appearance": {"step": members["appearance"]["step"]}})

    def withdraw(self, members: dict[str, Any]) -> Reply:
        assert set(members) == {"w", "a"}
        self.withdrawn.append(members)
        return Reply.of({"withdrawn": True, "was_sealed": self.was_sealed})

    def statements(self) -> list[list[str]]:
        """The statements of all signatures that arrived, in their lines."""
        return [message[32:].decode().split("\n") for message in self.signatures]

    def commits(self) -> list[str]:
        """The commitments of all signatures that arrived, each with its statement read exactly."""
        found = []
        for first, letter_id, number, text, commit, last in self.statements():
            expected = ("petition-signature-v1", LETTER_ID, "1", hashlib.sha256(self.text).hexdigest(), "")
            assert (first, letter_id, number, text, last) == expected
            found.append(commit)
        return found


def cut_on(name: str) -> Callable[[Seen, Reply], Reply]:
    """The server does its work, and the answer is lost."""
    return lambda seen, reply: Reply(cut=True) if seen.path.endswith("/" + name) else reply
