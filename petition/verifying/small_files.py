"""The small files beside the entries: fetched together, and those that say what the log is, read."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass

from petition.crypto.notes import Checkpoint, read_checkpoint, read_vkey, vkey
from petition.errors import NotFound, Refusal
from petition.verifying.history import Row, read_history
from petition.verifying.pages import PAGES_WITH_COUNT
from petition.verifying.source import Source, Unreachable
from petition.verifying.verdict import Findings, Invalid, NothingChecked

LONGEST_OF = {
    "letter.md": 2**24,
    "counts.json": 2**22,
    "history.csv": 2**24,
    "log/vkey": 2**12,
    "log/issuer.pem": 2**26,
    "log/checkpoint": 2**20,
}
"""The small files, and the most bytes that each may have."""

OPTIONAL = {"counts.csv": 2**22, **dict.fromkeys(PAGES_WITH_COUNT, 2**22)}
"""Files that are compared where they exist."""

OWN_ADDRESS = " Give the letter's own address, like https://letters.example.org/letters/NAME/."
"""Advice where a server answers, but has no log."""

TRIES = 4
"""How often they are fetched when a sealing comes in between."""

Raw = bytes | Refusal
"""A file's bytes, or why there are none."""


@dataclass(frozen=True)
class LogKey:
    """The key that signs checkpoints: its name, which is the log's origin, and its 32 bytes."""

    name: str
    public: bytes


def fetch_files(source: Source) -> dict[str, Raw]:
    """All small files, by path, as of one moment: the checkpoint did not change while they were fetched.

    Raises ``NothingChecked`` if the source cannot be reached, or has none of the files of ``LONGEST_OF``.
    """
    checkpoint = _fetch(source, "log/checkpoint")
    if isinstance(checkpoint, Unreachable):
        raise _nothing_fetched(checkpoint)
    for attempt in range(TRIES):
        if attempt:
            time.sleep(source.settles_after)
        files = {path: _fetch(source, path) for path in (*OPTIONAL, *LONGEST_OF)}
        newest = files["log/checkpoint"]
        if not source.grows or isinstance(checkpoint, Refusal) or (newest == checkpoint and _of_one_sealing(files)):
            break
        checkpoint = newest
    if isinstance(checkpoint, Refusal) and all(isinstance(files[path], Refusal) for path in LONGEST_OF):
        is_elsewhere = source.grows and isinstance(checkpoint, NotFound)
        raise _nothing_fetched(checkpoint, OWN_ADDRESS if is_elsewhere else "")
    return files


def _nothing_fetched(reason: Refusal, advice: str = "") -> NothingChecked:
    return NothingChecked("files", f"The public files could not be fetched, nothing was checked: {reason}{advice}")


def _of_one_sealing(files: dict[str, Raw]) -> bool:
    """Whether ``counts.json`` has the checkpoint's size. What else is in them is judged later."""
    note, counts = files["log/checkpoint"], files["counts.json"]
    if isinstance(note, Refusal) or isinstance(counts, Refusal):
        return True
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        return str(json.loads(counts)["verification"]["log"]["size"]).encode() == note.split(b"\n")[1]
    return True


def _fetch(source: Source, path: str) -> Raw:
    try:
        return source.read(path, {**LONGEST_OF, **OPTIONAL}[path])
    except Refusal as refusal:
        return refusal


def read_log_key(findings: Findings, raw: Raw) -> LogKey | None:
    """The key in ``log/vkey``."""
    try:
        text = _text("log/vkey", raw)
        name, public = read_vkey(text)
    except Refusal as flaw:
        findings.wrong("vkey", str(flaw))
        return None
    if text != vkey(name, public):
        findings.wrong("vkey", "log/vkey is not exactly one line that ends with a newline.")
    return LogKey(name, public)


def read_signed(findings: Findings, check: str, raw: Raw, key: LogKey | None, given: str = "") -> Checkpoint | None:
    """A signed checkpoint: the newest, or an older one that a person gave. ``given`` is the name of theirs."""
    try:
        text = _text("The checkpoint", raw)
        if key is None:
            raise Invalid("The checkpoint cannot be checked without the key in log/vkey.")
        return read_checkpoint(text, key.name, key.public)
    except Refusal as flaw:
        findings.wrong(check, f"In {given}, which you gave: {flaw}" if given else str(flaw))
        return None


def read_rows(findings: Findings, raw: Raw) -> list[Row] | None:
    """The rows of ``history.csv``, none if there is no such file; None if it cannot be read."""
    try:
        return [] if isinstance(raw, NotFound) else read_history(require_bytes(raw))
    except Refusal as flaw:
        findings.wrong("history", str(flaw))
        return None


def require_bytes(raw: Raw) -> bytes:
    """The bytes, or the refusal raised."""
    if isinstance(raw, Refusal):
        raise raw
    return raw


def _text(what: str, raw: Raw) -> str:
    try:
        return require_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid(f"{what} is not UTF-8.") from None
