"""The whole verification of a published letter, from its public files alone (protocol 8)."""

from collections.abc import Sequence

from petition.crypto.notes import Checkpoint
from petition.errors import BadShape
from petition.verifying.comparison import (
    compare_counts,
    compare_history,
    compare_issuer,
    compare_key,
    compare_letter,
    compare_rows,
    compare_witnesses,
)
from petition.verifying.files import checkpoint, fetch_files, history, log_key
from petition.verifying.history import Matching
from petition.verifying.ledger import Ledger
from petition.verifying.pieces import fetch
from petition.verifying.pool import cores
from petition.verifying.reading import Progress, Reading
from petition.verifying.receipts import Receipt, look_up, read_own
from petition.verifying.sources import Source
from petition.verifying.summary import summarize
from petition.verifying.tree import Tree
from petition.verifying.verdict import CHECKS, WITNESSES, Findings, Verdict, number_of

ALONE = 2048
"""Entries up to which no further process is started: starting it would take longer."""


def _unheard(done: int, size: int) -> None:
    """Progress that nobody asked for."""


def verify(
    source: Source,
    *,
    since: bytes | None = None,
    receipt: str | None = None,
    processes: int | None = None,
    witnesses: Sequence[str] = (),
    progress: Progress = _unheard,
) -> Verdict:
    """Recompute a published letter and say of every check whether it holds.

    ``since`` is an older checkpoint (a signed note) of the same log, which must be extended; ``receipt`` the
    text of a receipt file, or a receipt as it is written by hand. ``witnesses`` are verifier keys of witnesses,
    each of which must have cosigned the checkpoint. ``processes`` is by default the number of cores. Whatever is
    wrong with any of these becomes a failed check; nothing is raised for it. Memory grows by about 60 bytes an
    entry.
    """
    asked = set(CHECKS) - ({"since"} if since is None else set()) - ({"receipt"} if receipt is None else set())
    asked |= {WITNESSES} if witnesses else set()
    findings = Findings(asked)
    files = fetch_files(source)
    key = log_key(findings, files["log/vkey"])
    newest = checkpoint(findings, "checkpoint", "The checkpoint", files["log/checkpoint"], key)
    older = None if since is None else checkpoint(findings, "since", "The older checkpoint", since, key)
    compare_witnesses(findings, files["log/checkpoint"], witnesses)
    own = None if receipt is None else _own(findings, receipt)
    rows = history(findings, files["history.csv"])

    matching = Matching(rows or [])
    ledger = Ledger(findings, matching)
    tree = Tree(findings, lambda piece: fetch(source, piece), older)
    reading = Reading(source, newest.size if newest else 0, own.file.leaf if own and own.file else None)
    if newest:
        alone = newest.size <= ALONE
        reading.run(tree, ledger, findings, 1 if alone else processes or cores(), progress)

    whole = newest is not None and reading.stopped is None
    compare_key(findings, key, ledger)
    compare_letter(findings, files["letter.md"], ledger, whole)
    compare_issuer(findings, files["log/issuer.pem"], ledger, whole)
    compare_counts(findings, files["counts.json"], ledger, tree, whole)
    compare_rows(findings, files["counts.csv"], ledger, whole)
    if newest and whole:
        _compare_tree(findings, newest, older, tree)
        compare_history(findings, rows, matching)
        summarize(findings, ledger, tree)
        if own:
            findings.judge("receipt", *look_up(own, ledger, reading.found))
    return _verdict(findings, ledger, tree, reading.stopped)


def _own(findings: Findings, text: str) -> Receipt | None:
    try:
        return read_own(text)
    except BadShape as flaw:
        findings.wrong("receipt", str(flaw))
        return None


def _compare_tree(findings: Findings, newest: Checkpoint, older: Checkpoint | None, tree: Tree) -> None:
    size = number_of(newest.size, "entry", "entries")
    findings.fine("checkpoint", f"The checkpoint is signed with the log's key, for {size}.")
    findings.judge(
        "root",
        tree.root == newest.root,
        f"The root over the entries is {tree.root.hex()}"
        + (", the checkpoint's." if tree.root == newest.root else f"; the checkpoint has {newest.root.hex()}."),
    )
    if older is None:
        return
    if older.size > newest.size:
        findings.wrong("since", f"The older checkpoint has {older.size} entries, the newest only {newest.size}.")
    elif tree.extends():
        findings.fine("since", f"The log extends the older checkpoint, which has {older.size} of its entries.")
    else:
        findings.wrong(
            "since",
            f"The first {older.size} entries do not have the older checkpoint's root {older.root.hex()}: the log "
            "has been rewritten.",
        )


def _verdict(findings: Findings, ledger: Ledger, tree: Tree, stopped: str | None) -> Verdict:
    reached = f"only {number_of(tree.size, 'entry', 'entries')} could be read" if stopped else "no entry could be read"
    checks = findings.checks(f"Not fully checked: {reached}.")
    return Verdict(
        ok=all(check.ok for check in checks),
        count=ledger.signatures - ledger.withdrawals,
        signatures=ledger.signatures,
        withdrawals=ledger.withdrawals,
        size=tree.size,
        root=tree.root.hex(),
        checks=checks,
    )
