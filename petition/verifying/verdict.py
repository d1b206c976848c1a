"""What a verification finds: one sentence for each check, in a fixed order."""

from dataclasses import asdict, dataclass
from typing import Any

CHECKS = (
    "vkey",
    "checkpoint",
    "bundles",
    "tiles",
    "root",
    "since",
    "entries",
    "letter",
    "rounds",
    "issuer",
    "signatures",
    "commits",
    "codes",
    "issued",
    "annulled",
    "withdrawals",
    "closed",
    "counts",
    "history",
    "receipt",
)
"""Every check by its name, in the order of a verdict; ``since`` and ``receipt`` only where they were asked for."""

WITNESSES = "witnesses"
"""A check more, at the end, where witnesses' keys were given."""

LONGEST = 80


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it holds, and one plain sentence that says what was found."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """What the log says when everything is counted again.

    ``signatures`` and ``withdrawals`` leave out annulled rounds; ``count`` is their difference. ``size`` is
    the number of entries read, ``root`` the root (hex) over them. The numbers are worth something only
    where ``ok`` is true: then every check holds.
    """

    ok: bool
    count: int
    signatures: int
    withdrawals: int
    size: int
    root: str
    checks: list[Check]

    def as_json(self) -> dict[str, Any]:
        """The verdict as ``petition verify --json`` prints it."""
        return asdict(self)


class Findings:
    """Collects what is right and wrong; of what is wrong, each check keeps the first and counts the rest."""

    def __init__(self, asked: set[str]) -> None:
        self._asked = [check for check in (*CHECKS, WITNESSES) if check in asked]
        self._wrong: dict[str, tuple[str, int]] = {}
        self._fine: dict[str, str] = {}

    def wrong(self, check: str, sentence: str) -> None:
        """The check fails."""
        first, times = self._wrong.get(check, (sentence, 0))
        self._wrong[check] = (first, times + 1)

    def fine(self, check: str, sentence: str) -> None:
        """The check was carried through to its end; it holds unless something was wrong before or will be."""
        self._fine[check] = sentence

    def judge(self, check: str, ok: bool, sentence: str) -> None:
        """The check holds or fails, with this sentence."""
        if ok:
            self.fine(check, sentence)
        else:
            self.wrong(check, sentence)

    def checks(self, otherwise: str) -> list[Check]:
        """All checks in order. One that nobody carried through fails with the sentence ``otherwise``."""
        return [self._check(check, otherwise) for check in self._asked]

    def _check(self, check: str, otherwise: str) -> Check:
        if check in self._wrong:
            sentence, times = self._wrong[check]
            more = f" ({times - 1} more of this kind.)" if times > 1 else ""
            return Check(check, False, sentence + more)
        if check in self._fine:
            return Check(check, True, self._fine[check])
        return Check(check, False, otherwise)


def said(value: object) -> str:
    """A value out of a file as it may stand in a sentence: short, on one line, without control characters."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = f"“{value}”" if isinstance(value, str) else str(value) if _small(value) else type(value).__name__
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: LONGEST + 1])
    return shown if len(text) <= LONGEST else shown[:LONGEST] + "…"


def _small(value: object) -> bool:
    # Python refuses to write out integers of more than 4300 digits.
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**LONGEST)


def number_of(count: int, one: str, many: str) -> str:
    """``1 round``, ``2 rounds``."""
    return f"{count} {one if count == 1 else many}"
