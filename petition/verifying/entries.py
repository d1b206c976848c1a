"""The entries of a log as values, one type for each (protocol 8)."""

from typing import NamedTuple

LOG_VERSION = 2
"""The version of the log that these entries are of."""


class Letter(NamedTuple):
    """Entry 0: what the letter is, who may sign it, and what the pin of a round covers.

    Hashes are in hex. ``rolls`` has names by id, in the entry's order; ``log_key`` has 32 bytes; ``names_keys`` maps
    steps to hashes.
    """

    letter_id: str
    text_sha256: str
    title: str
    k: int
    timing: str
    rolls: dict[str, str]
    fields_sha256: str
    hosts: list[str]
    log_key: bytes
    names_keys: dict[str, str]


class Round(NamedTuple):
    """A round opens in a roll. ``public_key`` is SPKI in DER, not validated yet."""

    round: int
    roll: str
    public_key: bytes


class Codes(NamedTuple):
    """How many codes of a round were made and voided so far."""

    round: int
    made: int
    voided: int


class Issued(NamedTuple):
    """Issuing ends in a round. ``issued`` is None if fewer than K tokens were issued."""

    round: int
    issued: int | None


class Annulled(NamedTuple):
    """A round no longer counts."""

    round: int
    reason: str


class Signature(NamedTuple):
    """A signature as it is written: the texts are not decoded yet."""

    message: str
    round: int
    signature: str


class Withdrawal(NamedTuple):
    """A signature is withdrawn. Each value has 32 bytes."""

    commit: bytes
    w: bytes
    a_hash: bytes


class Closed(NamedTuple):
    """The letter closes with these totals. ``dropped`` signatures were never published."""

    signatures: int
    withdrawals: int
    dropped: int


Entry = Letter | Round | Codes | Issued | Annulled | Signature | Withdrawal | Closed
