"""How many emails may go out: to one address and one domain for each letter, for a letter, and in all.

Counted in memory only, under keyed hashes. A letter gets half of what the site may send at most, so a flood there keeps
no one here from a code.
"""

import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from petition.database import to_hour

ADDRESS_A_DAY = 3
DOMAIN_AN_HOUR = 1000
ALL_AN_HOUR = 3000
LETTER_AN_HOUR = ALL_AN_HOUR // 2


class Quotas:
    """Counts of this day and of this hour. Each day has a new key and remembers nothing of earlier ones."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._kept: dict[str, tuple[datetime, bytes, Counter[bytes]]] = {}

    def takes_address(self, letter_id: str, address: str, moment: datetime) -> bool:
        """Whether one more email for a letter may go to an address today; it counts if so."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return self._take(_Quota("day", day, f"{letter_id} {address}", ADDRESS_A_DAY))

    def has_room(self, letter_id: str, domain: str, moment: datetime) -> bool:
        """Whether one more email for a letter may go to a domain, and at all, within this hour; it counts if so."""
        hour = to_hour(moment)
        of_domain = _Quota("domain", hour, f"{letter_id} {domain}", DOMAIN_AN_HOUR)
        of_letter = _Quota("letter", hour, letter_id, LETTER_AN_HOUR)
        return self._take(of_domain, of_letter, _Quota("all", hour, "", ALL_AN_HOUR))

    def _take(self, *quotas: "_Quota") -> bool:
        """Count one more under each, unless one of them is used up."""
        found = [(*self._counts(quota), quota.most) for quota in quotas]
        if any(counts[name] >= most for counts, name, most in found):
            return False
        for counts, name, _ in found:
            counts[name] += 1
        return True

    def _counts(self, quota: "_Quota") -> tuple[Counter[bytes], bytes]:
        kept = self._kept.get(quota.kind)
        if kept is None or kept[0] != quota.period:
            kept = self._kept[quota.kind] = (quota.period, self._random(32), Counter())
        _, key, counts = kept
        return counts, hmac.digest(key, quota.what.encode(), "sha256")


@dataclass(frozen=True)
class _Quota:
    """At most ``most`` of a kind within a period."""

    kind: str
    period: datetime
    what: str
    most: int
