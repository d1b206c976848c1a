"""Bundles of entries, examined one at a time and without each other, so that several processes can do it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from petition.crypto.encodings import sha256
from petition.crypto.merkle import TILE_WIDTH, leaf_hash
from petition.crypto.receipts import commit_of
from petition.verifying.entries import (
    Annulled,
    Closed,
    Codes,
    Entry,
    Issued,
    Letter,
    Round,
    Signature,
    Withdrawal,
)
from petition.verifying.shapes import read_entry
from petition.verifying.signatures import RoundKey, SignatureChecker, Valid
from petition.verifying.verdict import Invalid

LONGEST_ENTRY = 2**16 - 1
LONGEST_BUNDLE = TILE_WIDTH * (2 + LONGEST_ENTRY)
"""Bytes of the largest possible bundle: each entry comes after its length, a big-endian uint16."""

_ROUND = b'"type":"round"}'
_NAMED_ROUND = re.compile(rb'"round":(0|[1-9][0-9]{0,15}),"signature":')


class Task(NamedTuple):
    """A bundle, with what the entries before it say about the letter and about the rounds that it names."""

    first: int
    """The number of its first entry."""
    width: int
    data: bytes
    letter_id: str
    text_sha256: str
    keys: dict[int, RoundKey]


class SignedRun(NamedTuple):
    """Valid signatures that follow one another without another entry between them: their rounds and their commits
    (32 bytes each)."""

    rounds: list[int]
    commits: list[bytes]


class Withdrawn(NamedTuple):
    """A withdrawal that opens its commit (32 bytes)."""

    commit: bytes


class Flaw(NamedTuple):
    """An entry that breaks a rule by itself: the check that fails, and what is wrong, as a predicate."""

    check: str
    predicate: str


Fact = Flaw | Letter | Round | Codes | Issued | Annulled | SignedRun | Withdrawn | Closed


class Examined(NamedTuple):
    """What a bundle holds: the leaf hashes of its entries (32 bytes each, joined), and what they say in order."""

    leaves: bytes
    facts: list[Fact]


def entries_of(data: bytes, width: int) -> list[bytes]:
    """Split a bundle. Refuses with ``Invalid`` what is not exactly ``width`` entries with their lengths."""
    entries, end = [], 0
    for number in range(width):
        start = end + 2
        end = start + int.from_bytes(data[end:start], "big")
        if len(data) < max(start, end):
            raise Invalid(f"ends within entry {number + 1} of its {width}")
        entries.append(data[start:end])
    if end != len(data):
        raise Invalid(f"goes on after its {width} entries")
    return entries


def rounds_named(data: bytes) -> set[int]:
    """The rounds whose keys the signatures of a bundle need. A quick search that may find too many."""
    return {int(number) for number in _NAMED_ROUND.findall(data)}


def rounds_opened(data: bytes, width: int) -> list[tuple[int, Round]]:
    """The ``round`` entries of a bundle with their places in it. Quick where there are none."""
    if _ROUND not in data:
        return []
    candidates = [(place, entry) for place, entry in enumerate(entries_of(data, width)) if entry.endswith(_ROUND)]
    return [(place, opened) for place, entry in candidates if isinstance(opened := _read(entry), Round)]


def letter_of(data: bytes, width: int) -> Letter | None:
    """The letter in entry 0, from the first bundle; None if entry 0 is something else."""
    first = _read(entries_of(data, width)[0])
    return first if isinstance(first, Letter) else None


def _read(entry: bytes) -> Entry | None:
    try:
        return read_entry(entry)
    except Invalid:
        return None


def examine(task: Task) -> Examined:
    """Hash, read and verify every entry of a bundle, as far as that takes no other entries than the task names.

    Refuses with ``Invalid`` a bundle that cannot be split.
    """
    entries = entries_of(task.data, task.width)
    checker = SignatureChecker(task.letter_id, task.text_sha256, task.keys)
    numbered = [*enumerate(entries, task.first)]
    # One thing at a time for all entries: a processor that comes back from RSA has forgotten the rest.
    candidates = [checker.candidate(number, entry) for number, entry in numbered]
    signed = [found is not None and found.is_signed() for found in candidates]
    facts = (
        found.valid if found and is_signed else _fact(checker, number, entry)
        for (number, entry), found, is_signed in zip(numbered, candidates, signed, strict=True)
    )
    return Examined(b"".join(map(leaf_hash, entries)), _with_runs(facts))


def _fact(checker: SignatureChecker, number: int, data: bytes) -> Fact | Valid:
    check = "entries"
    try:
        entry = read_entry(data)
        match entry:
            case Signature():
                check = "signatures"
                return checker.require_valid(number, entry)
            case Withdrawal(commit, w, a_hash):
                check = "withdrawals"
                _require_opening(commit, w, a_hash)
                return Withdrawn(commit)
    except Invalid as flaw:
        return Flaw(check, str(flaw))
    return entry


def _require_opening(commit: bytes, w: bytes, a_hash: bytes) -> None:
    if commit_of(sha256(w), a_hash) != commit.hex():
        raise Invalid("does not open its commit")


def _with_runs(facts: Iterable[Fact | Valid]) -> list[Fact]:
    """The same facts, with signatures that follow one another joined."""
    joined: list[Fact] = []
    run: SignedRun | None = None
    for fact in facts:
        if isinstance(fact, Valid):
            if run is None:
                run = SignedRun([], [])
                joined.append(run)
            run.rounds.append(fact.round)
            run.commits.append(fact.commit)
        else:
            joined.append(fact)
            run = None
    return joined
