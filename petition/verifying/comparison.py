"""Compares what lies beside the log with what the log says."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from petition.crypto.encodings import sha256
from petition.crypto.notes import body_of, cosignature, read_witness_vkey
from petition.errors import NotFound, Refusal
from petition.verifying.anonymity import BY_ONE
from petition.verifying.counts_csv import read_counts_csv, wrong_rows
from petition.verifying.counts_json import differences, read_counts
from petition.verifying.history import Row
from petition.verifying.ledger import Ledger
from petition.verifying.pages import FIRST_PAGE, other_updates, pages_shown, shows_count
from petition.verifying.small_files import LogKey, Raw, require_bytes
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings, plural, shown

NO_PROOF = (
    "The pages and pictures beside the log are no part of this proof: they can show anything, so quote the count "
    "that stands here."
)


def compare_key(findings: Findings, key: LogKey | None, ledger: Ledger) -> None:
    """``log/vkey`` must hold the key that entry 0 names."""
    if key is None or ledger.letter is None:
        return
    if key.public == ledger.letter.log_key:
        findings.fine("vkey", f"The log is {shown(key.name)}, and entry 0 names the key that signs it.")
    else:
        findings.wrong("vkey", "log/vkey does not hold the log_key of entry 0.")


def compare_letter(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``letter.md`` must have the text hash of entry 0."""
    if ledger.letter is None and whole:
        findings.wrong("letter", "Entry 0 is not the letter.")
    try:
        digest = sha256(require_bytes(raw)).hex()
    except Refusal as flaw:
        findings.wrong("letter", str(flaw))
        return
    if ledger.letter and digest != ledger.letter.text_sha256:
        findings.wrong(
            "letter", f"letter.md has the SHA-256 {digest}; entry 0 has {ledger.letter.text_sha256}: another text."
        )
    elif ledger.letter and whole:
        findings.fine("letter", f"letter.md is the text that was signed, {shown(ledger.letter.title)}.")


def compare_issuer(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``log/issuer.pem`` must be the keys of all rounds in the order of the log (RFC 7468, LF line ends)."""
    try:
        found = require_bytes(raw)
    except Refusal as flaw:
        findings.wrong("issuer", str(flaw))
        return
    if whole:
        findings.judge("issuer", *_keys_in(found, ledger.keys))


def _keys_in(found: bytes, keys: list[tuple[int, bytes]]) -> tuple[bool, str]:
    start = 0
    for position, (number, key) in enumerate(keys, 1):
        pem = _pem(key)
        if found[start : start + len(pem)] != pem:
            return False, f"Key {position} in log/issuer.pem is not the key of round {number}, as the log has it."
        start += len(pem)
    if start != len(found):
        return False, f"log/issuer.pem goes on after {plural(len(keys), 'key', 'keys')}; the log has no more."
    return True, f"log/issuer.pem holds {plural(len(keys), 'key', 'keys')}: those of the log's rounds, in its order."


def _pem(der: bytes) -> bytes:
    text = b64encode(der)
    lines = [text[start : start + 64] + b"\n" for start in range(0, len(text), 64)]
    return b"-----BEGIN PUBLIC KEY-----\n" + b"".join(lines) + b"-----END PUBLIC KEY-----\n"


def compare_counts(findings: Findings, raw: Raw, ledger: Ledger, tree: Tree, whole: bool) -> None:
    """``counts.json`` may leave out numbers. Those that it has must be the log's."""
    try:
        counts = read_counts(require_bytes(raw))
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


def compare_counts_csv(findings: Findings, raw: Raw, ledger: Ledger, whole: bool) -> None:
    """``counts.csv``, where it exists, must have the log's total and rolls."""
    if isinstance(raw, NotFound):
        return
    try:
        rows = read_counts_csv(require_bytes(raw))
    except Refusal as flaw:
        findings.wrong("counts", str(flaw))
        return
    for sentence in wrong_rows(rows, ledger) if whole else ():
        findings.wrong("counts", sentence)


def compare_history(findings: Findings, raw: Raw, rows: list[Row] | None, ledger: Ledger, size: int) -> None:
    """``history.csv`` must exist once a number has changed, and end with the totals of the whole log."""
    if rows is None:
        return
    if isinstance(raw, NotFound) and ledger.totals.changes:
        findings.wrong("history", str(raw))
        return
    ledger.history.finish(size, ledger.totals)
    have = plural(len(rows), "row of history.csv has", "rows of history.csv have")
    fits = f"{have} the totals of the log at that size; the hours rest on the server's word."
    findings.fine("history", fits if rows else "No number has changed yet, so there is no history.")


def compare_pages(findings: Findings, files: Mapping[str, Raw], ledger: Ledger, rows: Sequence[Row]) -> None:
    """``index.html``, ``badge.svg`` and ``chart.svg``, where they exist, must show the log's count and updates."""
    count, agree = ledger.totals.count, []
    is_by_one = ledger.letter is not None and ledger.letter.k == BY_ONE
    pages = {} if is_by_one else pages_shown(files)
    for path, text in pages.items():
        shows = shows_count(path, text, count)
        if shows:
            agree.append(path)
        elif shows is not None:
            findings.wrong("pages", f"{path} does not show the log's count, which is {count}.")
    for hour in other_updates(pages.get(FIRST_PAGE, ""), rows):
        findings.wrong("pages", f"{FIRST_PAGE} shows another count at {hour} than history.csv.")
    compared = f"{_listed(agree)} the log's count, {count}." if agree else "No count on a page was compared."
    findings.fine("pages", f"{compared} {NO_PROOF}")


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(filter(None, [', '.join(names[:-1]), names[-1]]))} {'show' if names[1:] else 'shows'}"


def compare_witnesses(findings: Findings, raw: Raw, vkeys: Sequence[str]) -> None:
    """Each of these witnesses must have cosigned the checkpoint (C2SP tlog-cosignature)."""
    moments = []
    for vkey in vkeys:
        try:
            key = read_witness_vkey(vkey)
            note = require_bytes(raw).decode("utf-8", "replace")
            found = cosignature(body_of(note), note.rpartition("\n\n")[2], key)
        except Refusal as flaw:
            findings.wrong("witnesses", str(flaw))
        else:
            moments.append(f"{key.name} at {_moment(found.time)}")
    if moments:
        findings.fine("witnesses", f"The checkpoint is cosigned by {', '.join(moments)}.")


def _moment(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%MZ}"
    except (ValueError, OverflowError, OSError):
        return f"the impossible moment {time}"
