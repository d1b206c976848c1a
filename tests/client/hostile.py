"""A server that stands before an honest one and shows one visitor something of their own, in every way we know.

Each lie is as consistent as a liar can make it: hashes fit what they are hashes of, and keys have their owners. It
has no private key of the letter's. ``Hostile`` is an answer for ``serving``; ``upstream`` puts it before a server that
runs already.
"""

import hashlib
import http.client
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.client.issuing import (
    LETTER_ID,
    SHORT,
    Issuer,
    b64,
    canonical,
    from_b64,
    key_pair,
    raw_sign,
    spki_of,
    spki_without_pair,
)
from tests.client.logs import first_entry, publish, round_entry
from tests.client.serving import Answering, Reply, Seen
from tests.patience import SECONDS

Members = dict[str, Any]
OTHER_ID = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"
SAME_START = LETTER_ID[:16] + "ZZZZZZZZZZ"
OTHER_TEXT = b"# Cameras\n\nKeep them.\n"
OWN_LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
FIELDS = [{"id": "role", "label": "Role", "options": [{"id": "only-you", "label": "Software"}]}]


def with_fields(fields: list[Any]) -> Members:
    """Fields, and their hash."""
    return {"fields": fields, "fields_sha256": hashlib.sha256(canonical(fields)).hexdigest()}


RECORDS: dict[str, Members] = {
    "key": {"public_key": b64(spki_of(key_pair(12)))},
    "round": {"round": 7},
    "text": {"text_sha256": hashlib.sha256(OTHER_TEXT).hexdigest()},
    "letter id": {"letter_id": OTHER_ID},
    "letter id with the same start": {"letter_id": SAME_START},
    "names key": {"names_keys": {"named": b64(spki_of(key_pair(12)))}, "names_offered": ["named"]},
    "roll": {"roll_id": "only-you"},
    "log key": {"log_key": b64(OWN_LOG_KEY.public_key().public_bytes_raw())},
    "K": {"k": 4},
    "timing": {"timing": "apart"},
    "options": with_fields(FIELDS),
    "options under the honest hash": {"fields": FIELDS},
    "no options": with_fields([]),
    "hosts": {"hosts": ["evil.example"]},
    "one more host": {"hosts": ["127.0.0.1:1", "evil.example", "letters.example.org"]},
}
"""Members that a liar changes in round.json."""

MISSING = (
    "fields", "fields_sha256", "hosts", "issuing", "k", "letter_id", "log_key", "names_keys", "names_offered",
    "public_key", "roll_id", "round", "rounds", "signing", "text_sha256", "timing", "variant",
)  # fmt: skip
"""Members without which no one may go on."""

MALFORMED: dict[str, Members] = {
    "fields that do not fit their hash": {"fields_sha256": "0" * 64},
    "a key of 2048 bits": {"public_key": b64(spki_without_pair(2048))},
    "a key with e = 3": {"public_key": b64(spki_without_pair(3072, 3))},
    "another kind of signature": {"variant": "RSABSSA-SHA384-PSSZERO-Deterministic"},
    "a round that is true": {"round": True},
    "a round with a fraction": {"round": 1.5},
    "K of two": {"k": 2},
    "K as a text": {"k": "3"},
    "hosts out of order": {"hosts": ["z.example", "a.example"]},
    "a host with an escape": {"hosts": ["a\x1b[2J.example"]},
    "an option with an escape": with_fields([{**FIELDS[0], "id": "role\x1b[2J"}]),
    "a step with an escape": {"names_keys": {"named\x1b": b64(spki_of(key_pair(12)))}},
    "a step that no client knows": {"names_keys": {"named_at:0": b64(spki_of(key_pair(12)))}},
    "names keys in a list": {"names_keys": []},
    "a record in a list": {"rounds": [[]]},
    "null for a text": {"text_sha256": None},
}


@dataclass
class Hostile:
    """Answers as the honest server does, but for the lie."""

    honest: Answering
    lie: Callable[[Seen, Reply], Reply] = lambda _, reply: reply

    def __call__(self, seen: Seen) -> Reply:
        return self.lie(seen, self.honest(seen))

    def alter(self, members: Members) -> "Hostile":
        """Change members of round.json for this visitor, and what follows from them."""
        self.lie = lambda seen, reply: self.serve(seen, reply, members)
        return self

    def serve(self, seen: Seen, reply: Reply, members: Members) -> Reply:
        if is_get(seen, "round.json") and reply.status == 200:
            return changed(reply, members)
        if is_get(seen, "letter.md") and "text_sha256" in members:
            return Reply(200, OTHER_TEXT)
        if seen.path.endswith("/tokens") and "public_key" in members:
            return Reply.of({"blind_signature": b64(raw_sign(key_pair(12), from_b64(seen.members["blinded_message"])))})
        return reply


def is_get(seen: Seen, name: str) -> bool:
    """Whether this asks for a file of the letter."""
    return seen.method == "GET" and seen.path.partition("?")[0].endswith("/" + name)


def changed(reply: Reply, members: Members) -> Reply:
    """The same object with other members."""
    return Reply.of({**reply.value(), **members})


def without(name: str) -> Callable[[Seen, Reply], Reply]:
    """Leaves a member out of round.json."""

    def answer(seen: Seen, reply: Reply) -> Reply:
        if not is_get(seen, "round.json") or reply.status != 200:
            return reply
        return Reply.of({other: value for other, value in reply.value().items() if other != name})

    return answer


def own_log(issuer: Issuer, members: Members, log_key: Ed25519PrivateKey) -> dict[str, bytes]:
    """Files of a log that tells the lie, too, signed by the liar's key or, where it has leaked, by the letter's."""
    record = {**issuer.round_json(), **members}
    entries = [first_entry(record), round_entry(record)]
    return publish([canonical(entry) for entry in entries], log_key).files


def on_request(number: int, name: str, lie: Callable[[Reply], Reply]) -> Callable[[Seen, Reply], Reply]:
    """Lies on the request of that number for a file, and is honest before and after."""
    asked = 0

    def answer(seen: Seen, reply: Reply) -> Reply:
        nonlocal asked
        asked += is_get(seen, name)
        return lie(reply) if is_get(seen, name) and asked == number else reply

    return answer


def instead(name: str, reply: Reply) -> Callable[[Seen, Reply], Reply]:
    """Answers a request for one file in this way."""
    return lambda seen, honest: reply if is_get(seen, name) else honest


MOVES = {
    "another host": "https://evil.example/s/0123456789ABCDEF/round.json",
    "the same host": SHORT + "round.json?you=17",
    "the public page": "/letters/cameras/round.json",
    "a circle": SHORT + "round.json",
    "nowhere": "",
}
"""Where a redirect leads."""


def moved(location: str) -> Reply:
    return Reply(308, b"", {"Location": location})


SLOW_HEAD = Reply(200, b"{}", at_once=5)
HUGE = Reply(200, b" " * 2**20, is_endless=True)


def slow_body(reply: Reply) -> Reply:
    """The honest answer, whose end no one should wait for."""
    return replace(reply, body=reply.body + b" " * 10_000, at_once=300)


def upstream(port: int) -> Answering:
    """Passes requests on to a server on this machine."""

    def answer(seen: Seen) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            connection.request(seen.method, seen.path, seen.body or None, seen.headers)
            got = connection.getresponse()
            kept = ("content-type", "location", "cache-control")
            return Reply(got.status, got.read(), {k: v for k, v in got.getheaders() if k.lower() in kept})
        finally:
            connection.close()

    return answer
