"""A round as the log describes it, and the limits that it must keep after every entry (protocol 8)."""

from collections.abc import Iterator
from dataclasses import dataclass

from petition.verifying.verdict import plural


@dataclass
class RoundState:
    """A round as of the entries read so far. It counts all its signatures, also after it is annulled."""

    number: int
    roll: str
    public_key: bytes
    """SPKI in DER."""
    made: int = 0
    voided: int = 0
    has_ended: bool = False
    """Whether an ``issued`` entry was read."""
    issued: int | None = None
    """None too if fewer than K tokens were issued."""
    annulled: int | None = None
    """The number of the entry that annulled it."""
    reason: str = ""
    signatures: int = 0
    withdrawals: int = 0

    @property
    def most_signatures(self) -> int:
        """How many signatures it may have."""
        return min(self.made, self.issued or 0) if self.has_ended else self.made

    def excesses(self) -> Iterator[tuple[str, str]]:
        """For each limit that is exceeded, the check and a clause that says by what."""
        if self.signatures > self.made:
            yield "codes", f"{self._has_signatures()}, but {self.made} codes made"
        if self.voided > self.made:
            yield "codes", f"round {self.number} has {self.voided} codes voided, but {self.made} made"
        if self.has_ended and self.issued is None and self.signatures:
            yield "issued", f"{self._has_signatures()}, but too few tokens to have any (issued is null)"
        if self.issued is not None and self.signatures > self.issued:
            yield "issued", f"{self._has_signatures()}, but {self.issued} tokens issued"
        if self.issued is not None and self.issued > self.made:
            yield "issued", f"round {self.number} has {self.issued} tokens issued, but {self.made} codes made"

    def _has_signatures(self) -> str:
        return f"round {self.number} has {plural(self.signatures, 'signature', 'signatures')}"
