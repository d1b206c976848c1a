"""A sentence for every check of a log that was read to its end. It is used where nothing is wrong."""

from petition.verifying.anonymity import BY_ONE
from petition.verifying.entries import LOG_VERSION
from petition.verifying.ledger import APART, Ledger
from petition.verifying.rounds import RoundState
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings, plural, shown

LISTED = 6
"""Rounds that are named one by one."""


def summarize(findings: Findings, ledger: Ledger, tree: Tree) -> None:
    """Enter what can be said of the entries if nothing is wrong with them."""
    states = list(ledger.rounds.values())
    entries = plural(tree.size, "entry is", "entries are")
    findings.fine("version", f"The log has version {LOG_VERSION} of the format, which this program checks.")
    findings.fine("bundles", f"The bundles hold exactly {plural(tree.size, 'entry', 'entries')}.")
    findings.fine(
        "tiles",
        f"{plural(tree.compared, 'hash tile is', 'hash tiles are')} what the entries give, at every level.",
    )
    findings.fine("entries", f"{entries} canonical JSON of a known type, with exactly the members of that type.")
    findings.fine(
        "rounds",
        f"{plural(len(states), 'round has a key', 'rounds have keys')} of 3072 bits with the exponent 65537; no "
        "number and no key occurs twice.",
    )
    findings.fine("signatures", _signatures(states))
    findings.fine("commits", "No commit occurs twice.")
    findings.fine("codes", _codes(states))
    findings.fine("issued", _issued(states, ledger.letter is not None and ledger.letter.timing == APART))
    findings.fine("annulled", _annulled(states))
    findings.fine("withdrawals", _withdrawals(states))
    findings.fine("closed", _closed(ledger))
    if ledger.letter is not None:
        findings.fine("k", _k(ledger.letter.k))


def _signatures(states: list[RoundState]) -> str:
    signed = [state for state in states if state.signatures]
    total = sum(state.signatures for state in signed)
    if not signed:
        return "The log has no signature yet."
    if len(signed) == 1:
        under = f"under the key of round {signed[0].number}"
    elif len(signed) <= LISTED:
        under = "under the keys of their rounds: " + ", ".join(f"{s.signatures} of round {s.number}" for s in signed)
    else:
        under = f"under the keys of their {len(signed)} rounds"
    return f"{plural(total, 'signature is valid', 'signatures are valid')} {under}."


def _codes(states: list[RoundState]) -> str:
    made, voided = sum(state.made for state in states), sum(state.voided for state in states)
    return (
        f"{plural(made, 'code was', 'codes were')} made, {voided} of them in batches that were recalled. These numbers "
        "never fell, and no round ever had more signatures than codes."
    )


def _issued(states: list[RoundState], apart: bool) -> str:
    ended = [state for state in states if state.has_ended]
    if not ended:
        return "Issuing has ended in no round yet."
    tokens = sum(state.issued or 0 for state in ended)
    return (
        f"Issuing has ended in {plural(len(ended), 'round', 'rounds')}, with {plural(tokens, 'token', 'tokens')}. No "
        "round has more signatures than tokens, or more tokens than codes"
        + (", and no signature came before." if apart else ".")
    )


def _annulled(states: list[RoundState]) -> str:
    annulled = [state for state in states if state.annulled is not None]
    if not annulled:
        return "No round was annulled."
    return " ".join(
        f"Round {state.number} was annulled in entry {state.annulled} ({shown(state.reason)}). Its "
        f"{plural(state.signatures, 'signature', 'signatures')} and "
        f"{plural(state.withdrawals, 'withdrawal', 'withdrawals')} do not count, and it got no signature after."
        for state in annulled[:LISTED]
    )


def _withdrawals(states: list[RoundState]) -> str:
    withdrawn = sum(state.withdrawals for state in states)
    if not withdrawn:
        return "No signature was withdrawn."
    return (
        f"{plural(withdrawn, 'withdrawal opens', 'withdrawals open')} the commit of an earlier signature, each only "
        "once."
    )


def _closed(ledger: Ledger) -> str:
    if ledger.closed is None:
        return "The letter has not closed."
    dropped = f" About {ledger.dropped} signatures of rounds under K were never published." if ledger.dropped else ""
    return (
        f"The letter closed in entry {ledger.closed} with the totals of the entries before it. Only withdrawals "
        f"follow.{dropped}"
    )


def _k(k: int) -> str:
    if k == BY_ONE:
        return "K is 1: a statement by one person, with at most one signature."
    return (
        f"K is {k}: no update added fewer than {k} signatures to a round, except for what was left when the letter "
        f"closed. Every round has none or at least {k}."
    )
