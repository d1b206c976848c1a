"""What a verification finds: one sentence for each check, in a fixed order."""

from dataclasses import asdict, dataclass
from typing import Any

from petition.errors import Refusal

CHECKS = (
    "version",
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
    "k",
    "counts",
    "history",
    "pages",
    "receipt",
    "witnesses",
)
"""Every check, in the order of a verdict."""

ON_REQUEST = frozenset({"since", "receipt", "witnesses"})
"""The checks that are made only when the caller gives something to check against."""

MOST_SHOWN = 80
"""Characters of a value that a sentence quotes."""


class Invalid(Refusal):
    """A rule is broken; the sentence says which. The verifier speaks English only, so it is not translated."""


class NothingChecked(Refusal):
    """The verification could not begin: ``check`` is ``files`` or ``version``, and the sentence says why."""

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__("%(why)s", why=sentence)
        self.check = check


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it holds, and one plain sentence that says what was found."""

    check: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """What the log says when everything is counted again.

    ``k`` is entry 0's, None if entry 0 is no letter. ``signatures`` and ``withdrawals`` leave out annulled rounds,
    and ``count`` is their difference. ``size`` is the number of entries read, ``root`` the root (hex) over them.
    Rely on the numbers only when ``ok`` is true: then every check holds.
    """

    ok: bool
    k: int | None
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
    """Collects what is right and wrong. Each check keeps the first thing that is wrong, and counts the rest."""

    def __init__(self, requested: frozenset[str]) -> None:
        """``requested``: which of the checks ``ON_REQUEST`` are made."""
        self._checks = [check for check in CHECKS if check not in ON_REQUEST or check in requested]
        self._wrong: dict[str, tuple[str, int]] = {}
        self._fine: dict[str, str] = {}

    def wrong(self, check: str, sentence: str) -> None:
        """The check fails."""
        first, times = self._wrong.get(check, (sentence, 0))
        self._wrong[check] = (first, times + 1)

    def fine(self, check: str, sentence: str) -> None:
        """The check was made to its end. It holds unless something was wrong before, or will be."""
        self._fine[check] = sentence

    def judge(self, check: str, ok: bool, sentence: str) -> None:
        """The check holds or fails, with this sentence."""
        if ok:
            self.fine(check, sentence)
        else:
            self.wrong(check, sentence)

    def checks(self, otherwise: str) -> list[Check]:
        """All checks in order. One that was not made to its end fails with the sentence ``otherwise``."""
        return [self._check(check, otherwise) for check in self._checks]

    def _check(self, check: str, otherwise: str) -> Check:
        if check in self._wrong:
            sentence, times = self._wrong[check]
            more = f" ({times - 1} more of this kind.)" if times > 1 else ""
            return Check(check, False, sentence + more)
        if check in self._fine:
            return Check(check, True, self._fine[check])
        return Check(check, False, otherwise)


def shown(value: object) -> str:
    """A value from a file as a sentence may quote it: short, on one line, without control characters."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    text = f"“{value}”" if isinstance(value, str) else str(value) if _is_short(value) else type(value).__name__
    printable = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: MOST_SHOWN + 1])
    return printable if len(text) <= MOST_SHOWN else printable[:MOST_SHOWN] + "…"


def _is_short(value: object) -> bool:
    # Python refuses to write integers of more than 4300 digits.
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**MOST_SHOWN)


def plural(count: int, one: str, many: str) -> str:
    """``1 round``, ``2 rounds``."""
    return f"{count} {one if count == 1 else many}"
