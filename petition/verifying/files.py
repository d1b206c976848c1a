"""The small files beside the entries: fetched together, read, and judged by themselves."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass

from petition.crypto.notes import Checkpoint, read_checkpoint, read_vkey, vkey
from petition.errors import BadShape, Refusal
from petition.verifying.history import Row, read_history
from petition.verifying.sources import Source
from petition.verifying.verdict import Findings

LONGEST = {
    "letter.md": 2**24,
    "counts.json": 2**22,
    "history.csv": 2**24,
    "log/vkey": 2**12,
    "log/issuer.pem": 2**26,
    "log/checkpoint": 2**20,
}
"""The small files and the most bytes that each may have."""

OPTIONAL = {"counts.csv": 2**22}
"""Files that are checked where they are."""

TRIES = 4
"""How often they are fetched again when a sealing comes in between."""

PAUSE = 1.1
"""Seconds after which every process of a server has heard of a sealing."""

Raw = bytes | Refusal
"""A file's bytes, or why there are none."""


@dataclass(frozen=True)
class LogKey:
    """The key that signs checkpoints: its name, which is the log's origin, and its 32 bytes."""

    name: str
    public: bytes


def fetch_files(source: Source) -> dict[str, Raw]:
    """All small files, by path, of one moment: the checkpoint did not change while they were read."""
    checkpoint = _fetch(source, "log/checkpoint")
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        files = {path: _fetch(source, path) for path in (*OPTIONAL, *LONGEST)}
        newest = files["log/checkpoint"]
        if not source.grows or isinstance(checkpoint, Refusal) or (newest == checkpoint and _of_one_sealing(files)):
            break
        checkpoint = newest
    return files


def _of_one_sealing(files: dict[str, Raw]) -> bool:
    """Whether ``counts.json`` was made at the checkpoint's size; judging what is in them comes later."""
    note, counts = files["log/checkpoint"], files["counts.json"]
    if isinstance(note, Refusal) or isinstance(counts, Refusal):
        return True
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        return str(json.loads(counts)["verification"]["log"]["size"]).encode() == note.split(b"\n")[1]
    return True


def _fetch(source: Source, path: str) -> Raw:
    try:
        return source.read(path, {**LONGEST, **OPTIONAL}[path])
    except Refusal as refusal:
        return refusal


def log_key(findings: Findings, raw: Raw) -> LogKey | None:
    """The key in ``log/vkey``."""
    try:
        text = _text("log/vkey", raw)
        name, public = read_vkey(text)
    except Refusal as flaw:
        findings.wrong("vkey", str(flaw))
        return None
    if text != vkey(name, public):
        findings.wrong("vkey", "log/vkey is not exactly one line with a newline at its end.")
    return LogKey(name, public)


def checkpoint(findings: Findings, check: str, what: str, raw: Raw, key: LogKey | None) -> Checkpoint | None:
    """A signed checkpoint, the newest or an older one; ``what`` names it in sentences."""
    try:
        text = _text(what, raw)
        if key is None:
            raise Refusal("%(what)s cannot be checked without the key in log/vkey.", what=what)
        read = read_checkpoint(text, key.name, key.public)
    except Refusal as flaw:
        findings.wrong(check, str(flaw))
        return None
    return read


def history(findings: Findings, raw: Raw) -> list[Row] | None:
    """The rows of ``history.csv``."""
    try:
        return read_history(demand(raw))
    except Refusal as flaw:
        findings.wrong("history", str(flaw))
        return None


def demand(raw: Raw) -> bytes:
    """The bytes, or the refusal raised."""
    if isinstance(raw, Refusal):
        raise raw
    return raw


def _text(what: str, raw: Raw) -> str:
    try:
        return demand(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise BadShape("%(what)s is not UTF-8.", what=what) from None
