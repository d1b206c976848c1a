"""The whole verification of a published letter, from its public files alone (protocol 8)."""

from collections.abc import Mapping, Sequence

from petition.crypto.notes import Checkpoint
from petition.verifying.comparison import (
    compare_counts,
    compare_counts_csv,
    compare_history,
    compare_issuer,
    compare_key,
    compare_letter,
    compare_pages,
    compare_witnesses,
)
from petition.verifying.history import HistoryChecker, Row
from petition.verifying.ledger import Ledger
from petition.verifying.log_reader import LogReader, Progress
from petition.verifying.receipts import Receipt, look_up, read_receipt_text
from petition.verifying.small_files import LogKey, fetch_files, read_log_key, read_rows, read_signed
from petition.verifying.source import Source
from petition.verifying.summary import summarize
from petition.verifying.tiles import fetch_tile
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings, Invalid, Verdict, plural
from petition.verifying.version import require_known_version
from petition.verifying.workers import cores

SMALL_LOG = 2048
"""Entries up to which one process is enough: starting more would take longer."""


def _ignore(done: int, size: int) -> None:
    """Reports no progress."""


def verify(
    source: Source,
    *,
    since: Sequence[bytes] | Mapping[str, bytes] = (),
    receipt: str | None = None,
    witnesses: Sequence[str] = (),
    processes: int | None = None,
    progress: Progress = _ignore,
) -> Verdict:
    """Recompute a published letter, and say of every check whether it holds.

    ``since`` are older checkpoints (signed notes) of the same log, which the log must extend; if they have names, a
    sentence about one that can't be read says which. ``receipt`` is the
    text of a receipt file, or a receipt as it is written by hand. ``witnesses`` are verifier keys of witnesses, each
    of which must have cosigned the checkpoint. What is wrong with any of these becomes a failed check. ``processes``
    is by default the number of cores, or 1 for a small log. Memory grows by about 200 bytes an entry.

    Raises ``NothingChecked`` if no public file can be fetched, or the log has a version that is not known here.
    """
    asked = {"since": since, "receipt": receipt is not None, "witnesses": witnesses}
    findings = Findings(frozenset(check for check, given in asked.items() if given))
    files = fetch_files(source)
    require_known_version(source, files["log/checkpoint"])
    key = read_log_key(findings, files["log/vkey"])
    newest = read_signed(findings, "checkpoint", files["log/checkpoint"], key)
    older = _read_older(findings, since, key)
    compare_witnesses(findings, files["log/checkpoint"], witnesses)
    own = None if receipt is None else _read_receipt(findings, receipt)
    rows = read_rows(findings, files["history.csv"])
    if rows is None:
        findings.wrong("k", "When the log was updated is unknown, because history.csv cannot be read.")

    tree = Tree(findings, lambda tile: fetch_tile(source, tile), [checkpoint.size for checkpoint in older])
    ledger = Ledger(findings, HistoryChecker(findings, rows or []), _cuts(newest, older, rows))
    reader = LogReader(source, newest.size if newest else 0, own.file.leaf if own and own.file else None)
    if newest:
        reader.run(tree, ledger, findings, processes or (1 if newest.size <= SMALL_LOG else cores()), progress)

    whole = newest is not None and reader.stopped is None
    compare_key(findings, key, ledger)
    compare_letter(findings, files["letter.md"], ledger, whole)
    compare_issuer(findings, files["log/issuer.pem"], ledger, whole)
    compare_counts(findings, files["counts.json"], ledger, tree, whole)
    compare_counts_csv(findings, files["counts.csv"], ledger, whole)
    if newest and whole:
        _compare_tree(findings, newest, older, tree)
        compare_history(findings, files["history.csv"], rows, ledger, tree.size)
        compare_pages(findings, files, ledger, rows or [])
        summarize(findings, ledger, tree)
        if own:
            findings.judge("receipt", *look_up(own, ledger, reader.found))
    return _verdict(findings, ledger, tree, whole)


def _read_older(
    findings: Findings, since: Sequence[bytes] | Mapping[str, bytes], key: LogKey | None
) -> list[Checkpoint]:
    named = since.items() if isinstance(since, Mapping) else [("an older checkpoint", note) for note in since]
    read = [read_signed(findings, "since", note, key, given=name) for name, note in named]
    return [checkpoint for checkpoint in read if checkpoint]


def _read_receipt(findings: Findings, text: str) -> Receipt | None:
    try:
        return read_receipt_text(text)
    except Invalid as flaw:
        findings.wrong("receipt", str(flaw))
        return None


def _cuts(newest: Checkpoint | None, older: Sequence[Checkpoint], rows: Sequence[Row] | None) -> set[int]:
    """The sizes at which the log is known to have been published."""
    return {checkpoint.size for checkpoint in (*older, *filter(None, [newest]))} | {row.size for row in rows or []}


def _compare_tree(findings: Findings, newest: Checkpoint, older: Sequence[Checkpoint], tree: Tree) -> None:
    size = plural(newest.size, "entry", "entries")
    findings.fine("checkpoint", f"The checkpoint is signed with the log's key, for {size}.")
    is_root = tree.root == newest.root
    findings.judge(
        "root",
        is_root,
        f"The root over the entries is {tree.root.hex()}"
        + (", the checkpoint's." if is_root else f"; the checkpoint has {newest.root.hex()}."),
    )
    for checkpoint in older:
        _compare_older(findings, checkpoint, newest.size, tree)
    sizes = ", ".join(str(checkpoint.size) for checkpoint in older)
    findings.fine("since", f"The log extends every older checkpoint that was given (entries: {sizes}).")


def _compare_older(findings: Findings, older: Checkpoint, size: int, tree: Tree) -> None:
    if older.size > size:
        findings.wrong("since", f"An older checkpoint has {older.size} entries, the newest only {size}.")
    elif tree.roots[older.size] != older.root:
        findings.wrong(
            "since",
            f"The first {older.size} entries do not have the older checkpoint's root {older.root.hex()}: the log was "
            "rewritten.",
        )


def _verdict(findings: Findings, ledger: Ledger, tree: Tree, whole: bool) -> Verdict:
    reached = f"only {plural(tree.size, 'entry', 'entries')} could be read" if tree.size else "no entry could be read"
    checks = findings.checks(f"Not checked: {'entry 0 is not a valid letter' if whole else reached}.")
    return Verdict(
        ok=all(check.ok for check in checks),
        k=ledger.letter.k if ledger.letter else None,
        count=ledger.totals.count,
        signatures=ledger.totals.signatures,
        withdrawals=ledger.totals.withdrawals,
        size=tree.size,
        root=tree.root.hex(),
        checks=checks,
    )
