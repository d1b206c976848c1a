"""Bundles of entries, examined one by one and without each other, so that many processes can do it."""

import re
from functools import lru_cache
from typing import NamedTuple

from petition.crypto.blind_rsa import PREFIX, SIZE, PublicKey, require_round_key
from petition.crypto.encodings import from_b64url, sha256
from petition.crypto.merkle import WIDTH, leaf_hash
from petition.crypto.receipts import commit_of
from petition.errors import BadShape
from petition.verifying.entries import (
    LETTER_ID,
    Annulled,
    Closed,
    Codes,
    Entry,
    Issued,
    Letter,
    Round,
    Signature,
    Withdrawal,
    read_entry,
)

LONGEST_ENTRY = 2**16 - 1
LONGEST = WIDTH * (2 + LONGEST_ENTRY)
"""Bytes that the largest bundle can have: every entry stands after its length, a big-endian uint16."""

_STATEMENT = re.compile(
    rb"petition-signature-v1\n(%b)\n(0|[1-9][0-9]{0,15})\n([0-9a-f]{64})\n([0-9a-f]{64})\n" % LETTER_ID.encode()
)
_ROUND = b'"type":"round"}'
_NAMED_ROUND = re.compile(rb'"round":(0|[1-9][0-9]{0,15}),"signature":')


class RoundKey(NamedTuple):
    """The number of the entry that opened a round, and the round's key (SPKI in DER, not looked at yet)."""

    opened: int
    spki: bytes


class Task(NamedTuple):
    """A bundle, and what the entries before it say of the letter and of the rounds that it names."""

    first: int
    """The number of its first entry."""
    width: int
    data: bytes
    letter_id: str
    text_sha256: str
    keys: dict[int, RoundKey]


class Valid(NamedTuple):
    """A signature that is valid under the key of its round, and whose statement is of this letter."""

    round: int
    commit: bytes


class Withdrawn(NamedTuple):
    """A withdrawal that opens its commit (32 bytes)."""

    commit: bytes


class Flaw(NamedTuple):
    """An entry that breaks a rule by itself: the check that fails, and what is wrong, as a predicate."""

    check: str
    predicate: str


Fact = Flaw | Letter | Round | Codes | Issued | Annulled | Valid | Withdrawn | Closed


class Examined(NamedTuple):
    """What a bundle holds: the hashes of its entries, 32 bytes each, one after the other, and a fact for each."""

    leaves: bytes
    facts: list[Fact]


def entries_of(data: bytes, width: int) -> list[bytes]:
    """Take a bundle apart. Refuses with ``BadShape`` what is not exactly ``width`` entries with their lengths."""
    entries, place = [], 0
    for number in range(width):
        start = place + 2
        place = start + int.from_bytes(data[place:start], "big")
        if len(data) < max(start, place):
            raise BadShape("ends within entry %(number)s of its %(width)s", number=number + 1, width=width)
        entries.append(data[start:place])
    if place != len(data):
        raise BadShape("goes on after its %(width)s entries", width=width)
    return entries


def rounds_named(data: bytes) -> set[int]:
    """The rounds whose keys the signatures in a bundle need; cheap, and may hold too many."""
    return {int(number) for number in _NAMED_ROUND.findall(data)}


def rounds_opened(data: bytes, width: int) -> list[tuple[int, Round]]:
    """The ``round`` entries in a bundle, with their places in it; cheap where there are none."""
    if _ROUND not in data:
        return []
    candidates = [(place, entry) for place, entry in enumerate(entries_of(data, width)) if entry.endswith(_ROUND)]
    return [(place, opened) for place, entry in candidates if isinstance(opened := _read(entry), Round)]


def letter_of(data: bytes, width: int) -> Letter | None:
    """The letter in entry 0, from the first bundle; None where there is none."""
    first = _read(entries_of(data, width)[0])
    return first if isinstance(first, Letter) else None


def _read(entry: bytes) -> Entry | None:
    try:
        return read_entry(entry)
    except BadShape:
        return None


def examine(task: Task) -> Examined:
    """Hash, read and verify all entries of a bundle, as far as that needs no other entry but the given ones.

    Refuses with ``BadShape`` a bundle that cannot be taken apart.
    """
    entries = entries_of(task.data, task.width)
    leaves = b"".join(map(leaf_hash, entries))
    return Examined(leaves, [_fact(task, number, entry) for number, entry in enumerate(entries, task.first)])


def _fact(task: Task, number: int, data: bytes) -> Fact:
    check = "entries"
    try:
        entry = read_entry(data)
        match entry:
            case Signature():
                check = "signatures"
                return Valid(entry.round, _verified(task, number, entry))
            case Withdrawal(commit, w, a_hash):
                check = "withdrawals"
                _demand_opening(commit, w, a_hash)
                return Withdrawn(commit)
    except BadShape as flaw:
        return Flaw(check, str(flaw))
    return entry


def _demand_opening(commit: bytes, w: bytes, a_hash: bytes) -> None:
    if commit_of(sha256(w), a_hash) != commit.hex():
        raise BadShape("does not open its commit")


def _verified(task: Task, number: int, entry: Signature) -> bytes:
    """The commit of a signature for which everything is right that can be seen without other signatures."""
    key = task.keys.get(entry.round)
    if key is None or key.opened >= number:
        raise BadShape("names round %(round)s, which no earlier entry opens", round=entry.round)
    message = _decoded(entry.message, "message")
    signature = _decoded(entry.signature, "signature")
    commit = _commit(task, entry.round, message)
    if len(signature) != SIZE:
        raise BadShape("has a signature of %(length)s bytes, not %(size)s", length=len(signature), size=SIZE)
    try:
        public = _round_key(key.spki)
    except BadShape:
        raise BadShape("names round %(round)s, whose key cannot be used", round=entry.round) from None
    if int.from_bytes(signature, "big") >= public.n:
        raise BadShape("has a signature that is not below the key's n")
    if not public.verify(message, signature):
        raise BadShape("has a signature that is not valid under the key of round %(round)s", round=entry.round)
    return commit


def _commit(task: Task, round_number: int, message: bytes) -> bytes:
    statement = _STATEMENT.fullmatch(message, PREFIX)
    if statement is None:
        raise BadShape("has a message that is not 32 bytes and an exact statement")
    letter_id, named, text_sha256, commit = (part.decode() for part in statement.groups())
    if named != str(round_number):
        raise BadShape(
            "is logged under round %(round)s, but its statement names round %(named)s",
            round=round_number,
            named=named,
        )
    if letter_id != task.letter_id:
        raise BadShape("has a statement of another letter, %(letter_id)s", letter_id=letter_id)
    if text_sha256 != task.text_sha256:
        raise BadShape("has a statement of another text, %(text_sha256)s", text_sha256=text_sha256)
    return bytes.fromhex(commit)


def _decoded(text: str, what: str) -> bytes:
    try:
        return from_b64url(text)
    except BadShape:
        raise BadShape("has a %(what)s that is not canonical base64url without padding", what=what) from None


@lru_cache(maxsize=16)
def _round_key(spki: bytes) -> PublicKey:
    return require_round_key(spki)
