"""``counts.json``: whether the numbers that it tells are the log's."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from petition.errors import BadShape
from petition.verifying.entries import read_json
from petition.verifying.ledger import Ledger
from petition.verifying.verdict import said

_ABSENT = object()


def read_counts(data: bytes) -> Mapping[str, Any]:
    """Read ``counts.json``. Refuses with ``BadShape`` what is not an object in JSON, each member once."""
    try:
        counts = read_json(data)
    except BadShape as flaw:
        raise BadShape("counts.json %(flaw)s.", flaw=str(flaw)) from None
    if not isinstance(counts, dict):
        raise BadShape("counts.json is not an object.")
    return counts


def differences(counts: Mapping[str, Any], ledger: Ledger, size: int, root: str) -> tuple[list[str], list[str]]:
    """Compare what is there with the log: the paths that were compared, and a sentence for each that differs.

    Numbers are compared as integers; 271.0 and true are none. ``root`` is hex.
    """
    compared, wrong = [], []
    for path, expected in _expected(ledger, size, root).items():
        try:
            found = _member(counts, path)
        except BadShape as flaw:
            wrong.append(str(flaw))
            continue
        if found is _ABSENT:
            continue
        compared.append(path.rpartition(".")[2])
        if not any(type(found) is type(value) and found == value for value in expected):
            wrong.append(f"counts.json has {said(found)} as {path}; the log has {said(expected[0])}.")
    return [*compared, *_compare_rolls(counts, ledger, wrong)], wrong


def _expected(ledger: Ledger, size: int, root: str) -> dict[str, list[Any]]:
    """By path, what may stand there."""
    states = ledger.rounds.values()
    ended = [state.issued for state in states if state.issued is not None]
    # While issuing goes on in some rounds, the sum over the others may be told or held back.
    issued = [sum(ended)] if len(ended) == len(states) and ended else [sum(ended), None] if ended else [None]
    letter = (
        {
            "letter.title": [ledger.letter.title],
            "letter.text_sha256": [ledger.letter.text_sha256],
        }
        if ledger.letter
        else {}
    )
    return {
        "count": [ledger.signatures - ledger.withdrawals],
        "signatures": [ledger.signatures],
        "withdrawals": [ledger.withdrawals],
        **letter,
        "verification.codes_made": [sum(state.made for state in states)],
        "verification.issued": issued,
        "verification.log.size": [size],
        "verification.log.root": [root],
    }


def _member(counts: Mapping[str, Any], path: str) -> Any:
    value: Any = counts
    for name in path.split("."):
        if not isinstance(value, dict):
            raise BadShape("In counts.json, the parent of %(path)s is not an object.", path=path)
        value = value.get(name, _ABSENT)
        if value is _ABSENT:
            break
    return value


def _compare_rolls(counts: Mapping[str, Any], ledger: Ledger, wrong: list[str]) -> list[str]:
    if "rolls" not in counts or ledger.letter is None:
        return []
    rolls = counts["rolls"]
    if not isinstance(rolls, list) or not all(map(_is_roll, rolls)):
        wrong.append("counts.json must have as rolls a list of {roll, count}.")
        return ["rolls"]
    told = Counter((roll["roll"], roll["count"]) for roll in rolls)
    logged = Counter((name, ledger.per_roll[roll]) for roll, name in ledger.letter.rolls.items())
    wrong += [f"counts.json has {count} for the roll {said(name)}; the log has not." for name, count in told - logged]
    wrong += [f"counts.json lacks {count} for the roll {said(name)}." for name, count in logged - told]
    return ["rolls"]


def _is_roll(roll: object) -> bool:
    return isinstance(roll, dict) and isinstance(roll.get("roll"), str) and type(roll.get("count")) is int
