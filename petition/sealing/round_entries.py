"""What the log says about rounds: that they open, how many codes they have, that they end, that they are annulled.

The issuer's numbers come in as values. Some of them would show that someone came, so they wait: numbers of mailed
codes for signatures of their round, and everything that organizers see for the next set time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from petition.crypto.encodings import b64url, hour
from petition.database import to_hour
from petition.letters.lifecycle import full_hour_after
from petition.letters.models import Letter
from petition.letters.states import enough
from petition.signing.models import Round

Entry = Mapping[str, Any]
FIVES = 5


class Numbers(Protocol):
    """The issuer's numbers of a round, handed over as values."""

    @property
    def number(self) -> int: ...
    @property
    def made(self) -> int: ...
    @property
    def mailed(self) -> int: ...
    @property
    def undelivered(self) -> int: ...
    @property
    def voided(self) -> int: ...
    @property
    def spent(self) -> int: ...
    @property
    def issued(self) -> int | None: ...
    @property
    def key_destroyed(self) -> bool: ...
    @property
    def annulled(self) -> str | None: ...


NumbersByRound = Mapping[int, Numbers | None]
"""The issuer's numbers by round; None for a round that the issuer does not know (yet)."""


def rounded(number: int, k: int) -> int:
    """A number that only organizers see: rounded down to fives, and nothing under K."""
    return 0 if number < k else number - number % FIVES


def numbers_by_round(letter: Letter, rounds: Mapping[int, Round], numbers: Iterable[Numbers]) -> NumbersByRound:
    """The issuer's numbers of each round; what is kept of them beside the log is rounded, as organizers see it."""
    known = {number.number: number for number in numbers}
    for row in rounds.values():
        number = known.get(row.number)
        if number is not None:
            row.annulled = row.annulled or number.annulled
            if row.annulled is not None:
                continue  # what came between the last update and the minute in which it was annulled is never told
            row.spent = max(row.spent, rounded(number.spent, letter.k))
            row.undelivered = max(row.undelivered, rounded(number.undelivered, letter.k))
            row.has_issued_enough = number.spent >= enough(letter.k)
    return {number: known.get(number) for number in rounds}


def room(row: Round, number: Numbers | None, moment: datetime) -> int:
    """How many more signatures of a round the log may take: none before the log names the round, and never more than
    its codes, or its tokens once it ended."""
    if not _is_named(row, moment):
        return 0
    if row.is_ended or (number is not None and number.issued is not None):
        return max(0, _issued(row, number) - row.signatures)
    return max(0, _on_paper(row, number) + _mailed(row, number) - row.signatures)


def _is_named(row: Round, moment: datetime) -> bool:
    """Whether the log names the round already, or will with this update."""
    return row.is_logged or row.opens is None or row.opens <= moment


def _issued(row: Round, number: Numbers | None) -> int:
    """How many codes were exchanged, as far as is known: after a restore the log may know of more than the issuer."""
    known = number.issued if number is not None and number.issued is not None else 0
    return max(row.issued or 0, known, row.signatures)


def _issued_at_last_update(row: Round) -> int:
    """The same of an annulled round: as organizers saw it at the last update. They chose the minute in which it ended,
    so the exact number would tell someone who holds all codes but one whether that one had been exchanged by then."""
    return max(row.signatures, min(row.spent, row.made))


def _on_paper(row: Round, number: Numbers | None) -> int:
    """Codes on paper. Numbers that were read before another update's may be older than its own."""
    return max(row.made - row.mailed, number.made if number is not None else 0)


def _mailed(row: Round, number: Numbers | None) -> int:
    return max(row.mailed, number.mailed if number is not None else 0)


def entries_of_rounds(
    letter: Letter, moment: datetime, rounds: Mapping[int, Round], told: NumbersByRound, growing: Mapping[int, int]
) -> Iterable[Entry]:
    """Entries of new rounds, of codes, of ended and of annulled rounds, in this order, each by round.

    ``growing`` is how many signatures of each round are appended with them.
    """
    known = [(row, told.get(number)) for number, row in sorted(rounds.items()) if number in told]
    for row, _ in known:
        if not row.is_logged and _is_named(row, moment):
            row.is_logged = True
            yield round_entry(row)
    known = [(row, number) for row, number in known if row.is_logged]
    for row, number in known:
        yield from _codes(letter, row, number, growing.get(row.number, 0))
    for row, number in known:
        if number is not None and number.issued is not None and not row.is_ended:
            yield _end(letter, moment, row, number)
    for row, _ in known:
        if row.annulled is not None and not row.is_annulment_logged:
            row.is_annulment_logged = True
            yield {"type": "annulled", "round": row.number, "reason": row.annulled}


def _codes(letter: Letter, row: Round, number: Numbers | None, more: int) -> Iterable[Entry]:
    paper, voided = _on_paper(row, number), max(row.voided, number.voided if number is not None else 0)
    mailed = _mailed_to_log(letter, row, number, more)
    if (row.made, row.voided) != (paper + mailed, voided):
        row.made, row.mailed, row.voided = paper + mailed, mailed, voided
        yield {"type": "codes", "round": row.number, "made": row.made, "voided": row.voided}


def _mailed_to_log(letter: Letter, row: Round, number: Numbers | None, more: int) -> int:
    """How many mailed codes the log may name: with signatures of the round, by K more or as far as these need; and
    all just before the round ends, if at least K were issued. A number that rose by one would show that someone came.
    """
    mailed = _mailed(row, number)
    if row.annulled is not None:
        return row.mailed
    if number is not None and number.issued is not None and not row.is_ended:
        return mailed if _issued(row, number) >= letter.k else row.mailed
    if not more:
        return row.mailed
    if mailed - row.mailed >= letter.k:
        return mailed
    return max(row.mailed, row.signatures + more - _on_paper(row, number))


def _end(letter: Letter, moment: datetime, row: Round, number: Numbers) -> Entry:
    issued = _issued(row, number) if row.annulled is None else _issued_at_last_update(row)
    row.is_ended, row.issued = True, issued if issued >= letter.k else None
    row.signing_starts = full_hour_after(moment + timedelta(hours=letter.pause_hours))
    return {"type": "issued", "round": row.number, "issued": row.issued, "key_destroyed": number.key_destroyed}


def round_entry(row: Round) -> Entry:
    """The entry with which a round begins."""
    return {
        "type": "round",
        "round": row.number,
        "roll": row.roll,
        "public_key": b64url(row.public_key),
        "opens": hour(to_hour(row.opens)) if row.opens else None,
        "closes": hour(to_hour(row.closes)) if row.closes else None,
    }
