"""What stands beside the log, compared with what the log says."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from petition.crypto.encodings import sha256
from petition.crypto.notes import body_of, cosignature, read_witness_vkey
from petition.errors import NotFound, Refusal
from petition.verifying.counts import differences, read_counts
from petition.verifying.files import LogKey, Raw, demand
from petition.verifying.history import Matching, Row
from petition.verifying.ledger import Ledger
from petition.verifying.rows import read_rows, wrong_rows
from petition.verifying.tree import Tree
from petition.verifying.verdict import WITNESSES, Findings, number_of, said


def compare_key(findings: Findings, key: LogKey | None, ledger: Ledger) -> None:
    """``log/vkey`` must hold the key that entry 0 names."""
    if key is None or ledger.letter is None:
        return
    if key.public == ledger.letter.log_key:
        findings.fine("vkey", f"The log is {said(key.name)}, and entry 0 names the key that signs it.")
    else:
        findings.wrong("vkey", "log/vkey does not hold the log_key of entry 0.")


def compare_letter(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``letter.md`` must have the text hash of entry 0, the only letter."""
    if ledger.letter is None and whole:
        findings.wrong("letter", "Entry 0 is not the letter.")
    try:
        digest = sha256(demand(raw)).hex()
    except Refusal as flaw:
        findings.wrong("letter", str(flaw))
        return
    if ledger.letter and digest != ledger.letter.text_sha256:
        findings.wrong(
            "letter", f"letter.md has the SHA-256 {digest}; entry 0 has {ledger.letter.text_sha256}: another text."
        )
    elif ledger.letter and whole:
        findings.fine("letter", f"letter.md is the text that was signed, {said(ledger.letter.title)}.")


def compare_issuer(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``log/issuer.pem`` must be the keys of all rounds in the order of the log (RFC 7468, LF line ends)."""
    try:
        found = demand(raw)
    except Refusal as flaw:
        findings.wrong("issuer", str(flaw))
        return
    if whole:
        findings.judge("issuer", *_keys_in(found, ledger.keys))


def _keys_in(found: bytes, keys: list[tuple[int, bytes]]) -> tuple[bool, str]:
    place = 0
    for position, (number, key) in enumerate(keys, 1):
        pem = _pem(key)
        if found[place : place + len(pem)] != pem:
            return False, f"Key {position} in log/issuer.pem is not the key of round {number}, as the log has it."
        place += len(pem)
    if place != len(found):
        return False, f"log/issuer.pem goes on after {number_of(len(keys), 'key', 'keys')}; the log has no more."
    return True, f"log/issuer.pem holds {number_of(len(keys), 'key', 'keys')}, those of the log's rounds in its order."


def _pem(der: bytes) -> bytes:
    text = b64encode(der)
    lines = [text[start : start + 64] + b"\n" for start in range(0, len(text), 64)]
    return b"-----BEGIN PUBLIC KEY-----\n" + b"".join(lines) + b"-----END PUBLIC KEY-----\n"


def compare_counts(findings: Findings, raw: Raw, ledger: Ledger, tree: Tree, whole: bool) -> None:
    """``counts.json`` may leave out numbers; those that it has must be the log's."""
    try:
        counts = read_counts(demand(raw))
    except Refusal as flaw:
        findings.wrong("counts", str(flaw))
        return
    if not whole:
        return
    compared, wrong = differences(counts, ledger, tree.size, tree.root.hex())
    for sentence in wrong:
        findings.wrong("counts", sentence)
    agrees = f"agrees with the log in {', '.join(compared)}" if compared else "has no number that the log has"
    findings.fine(
        "counts", f"counts.json {agrees}. What it says of groups, names and times rests on the server's word."
    )


def compare_rows(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``counts.csv``, where there is one, must have the log's total and rolls."""
    if isinstance(raw, NotFound):
        return
    try:
        rows = read_rows(demand(raw))
    except Refusal as flaw:
        findings.wrong("counts", str(flaw))
        return
    for sentence in wrong_rows(rows, ledger) if whole else ():
        findings.wrong("counts", sentence)


def compare_history(findings: Findings, rows: list[Row] | None, matching: Matching) -> None:
    """The rows of ``history.csv`` must be totals at growing prefixes, the last one the whole log's."""
    if rows is None:
        return
    problem = matching.problem()
    had = number_of(len(rows), "row of history.csv has", "rows of history.csv have")
    fits = f"{had} the totals that the log had one after the other; the hours rest on the server's word."
    findings.judge("history", problem is None, problem or (fits if rows else "history.csv has no row yet."))


def compare_witnesses(findings: Findings, raw: Raw, vkeys: Sequence[str]) -> None:
    """Each of these witnesses must have cosigned the checkpoint (C2SP tlog-cosignature)."""
    moments = []
    for vkey in vkeys:
        try:
            key = read_witness_vkey(vkey)
            note = demand(raw).decode("utf-8", "replace")
            found = cosignature(body_of(note), note.rpartition("\n\n")[2], key)
        except Refusal as flaw:
            findings.wrong(WITNESSES, str(flaw))
        else:
            moments.append(f"{key.name} at {_moment(found.time)}")
    if moments:
        findings.fine(WITNESSES, f"The checkpoint is cosigned by {', '.join(moments)}.")


def _moment(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%MZ}"
    except (ValueError, OverflowError, OSError):
        return f"the impossible moment {time}"
