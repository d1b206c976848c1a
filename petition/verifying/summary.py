"""What can be said of a log that was read to its end: a sentence for each check that nothing spoke against."""

from petition.verifying.ledger import Ledger, RoundState
from petition.verifying.tree import Tree
from petition.verifying.verdict import Findings, number_of, said

LISTED = 6
"""Rounds that are named one by one."""


def summarize(findings: Findings, ledger: Ledger, tree: Tree) -> None:
    """Carry every check of the entries through to its end."""
    states = list(ledger.rounds.values())
    entries = number_of(tree.size, "entry is", "entries are")
    findings.fine("bundles", f"The bundles hold exactly {number_of(tree.size, 'entry', 'entries')}.")
    findings.fine(
        "tiles", f"{number_of(tree.tiles, 'hash tile is', 'hash tiles are')} what the entries give, at every level."
    )
    findings.fine("entries", f"{entries} canonical JSON of a known type, with exactly the members that it has.")
    findings.fine(
        "rounds",
        f"{number_of(len(states), 'round has a key', 'rounds have keys')} of 3072 bits with the exponent 65537; "
        "no number and no key stands twice.",
    )
    findings.fine("signatures", _signatures(states, ledger.sealings))
    findings.fine("commits", "No commit stands twice.")
    findings.fine("codes", _codes(states))
    findings.fine("issued", _issued(states, ledger.letter is not None and ledger.letter.timing == "apart"))
    findings.fine("annulled", _annulled(states))
    withdrawn = sum(state.withdrawals for state in states)
    findings.fine(
        "withdrawals",
        f"{number_of(withdrawn, 'withdrawal opens', 'withdrawals open')} the commit of an earlier signature, each once."
        if withdrawn
        else "No signature was withdrawn.",
    )
    findings.fine(
        "closed",
        "The letter has not closed."
        if ledger.closed is None
        else f"The letter closed in entry {ledger.closed} with the totals of the entries before it; only "
        "withdrawals may follow.",
    )


def _signatures(states: list[RoundState], sealings: int) -> str:
    signed = [state for state in states if state.signatures]
    total = sum(state.signatures for state in signed)
    if not signed:
        return "The log holds no signature yet."
    if len(signed) == 1:
        under = f"under the key of round {signed[0].number}"
    elif len(signed) <= LISTED:
        under = "each under the key of its round: " + ", ".join(f"{s.signatures} of round {s.number}" for s in signed)
    else:
        under = f"each under the key of its round, one of {len(signed)}"
    valid = number_of(total, "signature is valid", "signatures are valid")
    order = number_of(sealings, "sealing", "sealings")
    return f"{valid} {under}, each counted once. The order of the entries is that of {order} or more."


def _codes(states: list[RoundState]) -> str:
    made, voided = sum(state.made for state in states), sum(state.voided for state in states)
    return (
        f"{number_of(made, 'code was', 'codes were')} made and {voided} voided, numbers that never fell; in no round "
        "were there ever more signatures than codes made less codes voided."
    )


def _issued(states: list[RoundState], apart: bool) -> str:
    ended = [state for state in states if state.issued is not None]
    if not ended:
        return "Issuing has ended in no round yet."
    tokens = sum(state.issued or 0 for state in ended)
    return (
        f"Issuing has ended in {number_of(len(ended), 'round', 'rounds')}, with "
        f"{number_of(tokens, 'token', 'tokens')}; no round has more signatures than tokens, or more tokens than codes"
        + (", and no signature came before." if apart else ".")
    )


def _annulled(states: list[RoundState]) -> str:
    annulled = [state for state in states if state.annulled is not None]
    if not annulled:
        return "No round was annulled."
    return " ".join(
        f"Round {state.number} was annulled in entry {state.annulled} ({said(state.reason)}): its "
        f"{number_of(state.signatures, 'signature', 'signatures')} and "
        f"{number_of(state.withdrawals, 'withdrawal', 'withdrawals')} are left out, and it got no signature after."
        for state in annulled[:LISTED]
    )
