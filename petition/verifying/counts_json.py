"""``counts.json``: whether the numbers in it are the log's (protocol 8)."""

from collections.abc import Iterator, Mapping
from typing import Any

from petition.verifying.ledger import Ledger
from petition.verifying.shapes import read_json
from petition.verifying.verdict import Invalid, shown

_ABSENT = object()


def read_counts(data: bytes) -> Mapping[str, Any]:
    """Read ``counts.json``. Refuses with ``Invalid`` what is not a JSON object that names each member once."""
    try:
        counts = read_json(data, is_short=True)
    except Invalid as flaw:
        raise Invalid(f"counts.json {flaw}.") from None
    if not isinstance(counts, dict):
        raise Invalid("counts.json is not an object.")
    return counts


def differences(counts: Mapping[str, Any], ledger: Ledger, size: int, root: str) -> tuple[list[str], list[str]]:
    """Compare what is in it with the log: what was compared, and a sentence for each difference.

    Numbers are compared as integers: 271.0 and true are not numbers. ``root`` is hex.
    """
    compared, wrong = [], []
    for path, expected in _expected(ledger, size, root).items():
        try:
            found = _member(counts, path)
        except Invalid as flaw:
            wrong.append(str(flaw))
            continue
        if found is _ABSENT:
            continue
        compared.append(path.rpartition(".")[2])
        if type(found) is not type(expected) or found != expected:
            wrong.append(f"counts.json has {shown(found)} as {path}; the log has {shown(expected)}.")
    if "rolls" in counts:
        compared.append("rolls")
        wrong += _different_rolls(counts["rolls"], ledger)
    return compared, wrong


def _expected(ledger: Ledger, size: int, root: str) -> dict[str, Any]:
    """What must be in it, by path."""
    states = ledger.rounds.values()
    have_ended = bool(states) and all(state.has_ended for state in states)
    letter = (
        {"letter.title": ledger.letter.title, "letter.text_sha256": ledger.letter.text_sha256} if ledger.letter else {}
    )
    return {
        "count": ledger.totals.count,
        "signatures": ledger.totals.signatures,
        "withdrawals": ledger.totals.withdrawals,
        **letter,
        "verification.codes_made": sum(state.made for state in states),
        "verification.issued": sum(state.issued or 0 for state in states) if have_ended else None,
        "verification.log.size": size,
        "verification.log.root": root,
    }


def _member(counts: Mapping[str, Any], path: str) -> Any:
    value: Any = counts
    for name in path.split("."):
        if not isinstance(value, dict):
            raise Invalid(f"In counts.json, the parent of {path} is not an object.")
        value = value.get(name, _ABSENT)
        if value is _ABSENT:
            break
    return value


def _different_rolls(rolls: object, ledger: Ledger) -> Iterator[str]:
    names = ledger.letter.rolls if ledger.letter else {}
    if not isinstance(rolls, list) or not all(map(_is_roll, rolls)):
        yield "counts.json must have as rolls a list of {id, roll, count}."
        return
    if sorted(roll["id"] for roll in rolls) != sorted(names):
        yield "counts.json does not have exactly the rolls of the log."
        return
    for roll in rolls:
        count = ledger.count_of(roll["id"])
        if roll["roll"] != names[roll["id"]]:
            yield f"counts.json calls the roll {roll['id']} {shown(roll['roll'])}; the log, {shown(names[roll['id']])}."
        if roll["count"] != count:
            yield f"counts.json has {roll['count']} for the roll {shown(roll['roll'])}; the log has {count}."


def _is_roll(roll: object) -> bool:
    if not isinstance(roll, dict):
        return False
    return isinstance(roll.get("id"), str) and isinstance(roll.get("roll"), str) and type(roll.get("count")) is int
