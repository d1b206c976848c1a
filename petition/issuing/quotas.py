"""How many emails may go out: to one address, to one domain, in all. Counted in memory only, under keyed hashes."""

import hmac
from collections import Counter
from collections.abc import Callable
from datetime import datetime

ADDRESS_A_DAY = 3
DOMAIN_AN_HOUR = 1000
ALL_AN_HOUR = 3000


class Quotas:
    """Counts of this day and of this hour. Each day has a new key and remembers nothing of earlier ones."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._kept: dict[str, tuple[datetime, bytes, Counter[bytes]]] = {}

    def takes_address(self, address: str, moment: datetime) -> bool:
        """Whether one more email may go to an address today; it counts if so."""
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        return self._take("day", day, address, ADDRESS_A_DAY)

    def has_room(self, domain: str, moment: datetime) -> bool:
        """Whether one more email may go to a domain, and at all, within this hour; it counts if so."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        return self._take("domain", hour, domain, DOMAIN_AN_HOUR) and self._take("all", hour, "", ALL_AN_HOUR)

    def _take(self, kind: str, period: datetime, what: str, most: int) -> bool:
        kept = self._kept.get(kind)
        if kept is None or kept[0] != period:
            kept = self._kept[kind] = (period, self._random(32), Counter())
        _, key, counts = kept
        name = hmac.digest(key, what.encode(), "sha256")
        if counts[name] >= most:
            return False
        counts[name] += 1
        return True
