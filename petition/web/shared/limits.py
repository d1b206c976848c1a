"""How often one visitor, one code and one name may try. Counted in memory; no address is ever stored.

A visitor is the HMAC of their address (of its /64, for IPv6) under a random key that lives a day, only in this
process's memory. Over an onion service, or behind a proxy that isn't configured, all visitors come from this machine.
There the limit is wide and counts by letter. Codes, names, and browsers in which an organizer signed in have limits of
their own, so no one can use up an organizer's. Each worker counts by itself, unless several hosts count together
(``shared_counts``).

People of one network share a count. So that no one can fill it up to the last request and see from a refusal that
someone else came, the limit of each minute is random. For emails the limit of each hour is, too.
"""

import hashlib
import hmac
import ipaddress
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from flask import request
from flask import session as cookie
from limits import RateLimitItem, parse_many

from petition.errors import SlowDown
from petition.letters.organizers.accounts import as_compared
from petition.web.shared.login_throttle import waits
from petition.web.shared.shared_counts import SharedDayKey, Store, count

DAY = 24 * 3600
BY_ADDRESS, BY_LETTER = 300, 20_000
"""Requests a minute, at least."""
SPREAD = 100
"""How many more there may be, at random: a visitor's handful does not show."""
BY_BROWSER = "60 per minute"
MAIL_A_MINUTE, MORE_A_MINUTE = 5, 10
MAIL_AN_HOUR, MORE_AN_HOUR = 20, 20
MAIL_BY_LETTER = 200
"""Emails that a visitor may ask for at least, and how many more there may be, at random."""
MINUTE, HOUR = 60, 3600
SWEPT_EVERY = 60.0
"""Seconds after which counts that are over are looked for and deleted."""
P = ParamSpec("P")
R = TypeVar("R")
parsed = lru_cache(maxsize=1024)(parse_many)


class _DayKey:
    """A random key that is forgotten after a day."""

    def __init__(self) -> None:
        self._key, self._made = os.urandom(32), time.monotonic()

    def digest(self, what: str) -> str:
        """A visitor, code or name, as a digest that no one can reverse."""
        if time.monotonic() - self._made > DAY:
            self._key, self._made = os.urandom(32), time.monotonic()
        return hmac.new(self._key, what.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def period(self, seconds: int) -> float:
        """Which minute or hour it is for this process."""
        return time.monotonic() // seconds


_today: _DayKey | SharedDayKey = _DayKey()


def digest(what: str) -> str:
    """Anything by which is counted, as a digest that lasts a day."""
    return _today.digest(what)


def is_from_here() -> bool:
    """Whether the address says nothing about the visitor, because it is this machine's own."""
    try:
        return ipaddress.ip_address(request.remote_addr or "127.0.0.1").is_loopback
    except ValueError:
        return True


def signing() -> str:
    """How often a visitor may request a signing page."""
    return _a_minute(BY_LETTER if is_from_here() else BY_ADDRESS)


def _a_minute(least: int, spread: int = SPREAD) -> str:
    return f"{least + _drawn(spread, MINUTE)} per minute"


def _drawn(spread: int, seconds: int) -> int:
    """A number that is another in each minute or hour, for each visitor; no one can work it out."""
    return int(_today.digest(f"limit {visitor()} {seconds} {_today.period(seconds)}"), 16) % spread


def asking_for_mail() -> str:
    """How often a visitor may ask for a code by email."""
    if is_from_here():
        return _a_minute(MAIL_BY_LETTER)
    return f"{_a_minute(MAIL_A_MINUTE, MORE_A_MINUTE)}; {MAIL_AN_HOUR + _drawn(MORE_AN_HOUR, HOUR)} per hour"


def reporting() -> str:
    """How often a visitor may report a letter, or all together where all come from this machine."""
    return "100 per hour" if is_from_here() else "5 per hour"


def signing_in() -> str:
    """How often a visitor may come with a passphrase or a link, and how often a browser that did so before."""
    return _a_minute(BY_LETTER) if is_from_here() and known_browser() is None else BY_BROWSER


def starting() -> str:
    """How often a visitor may make an account on a site that is open to anyone."""
    return "100 per day" if is_from_here() else "5 per day"


def visitor() -> str:
    """The visitor, recognized for a day at most; for visitors from this machine, the letter."""
    if is_from_here():
        return _today.digest(f"letter {(request.view_args or {}).get('address', '')}")
    address = ipaddress.ip_address(request.remote_addr or "")
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return _today.digest(f"network {int(address) >> 64}")
        address = address.ipv4_mapped
    return _today.digest(f"address {address}")


def known_browser() -> str | None:
    """A browser in which an organizer is signed in, or was and is remembered. This site sealed its cookie."""
    return _today.digest(f"browser {_kept(cookie)}") if is_known(cookie) else None


def is_known(found: Mapping[str, Any]) -> bool:
    """Whether a cookie is one of a known browser."""
    return bool(_kept(found))


def _kept(found: Mapping[str, Any]) -> Any:
    return found.get("remembered") or found.get("proof")


def organizer_key() -> str:
    """The client at the organizers' pages: a known browser, else a visitor."""
    return known_browser() or visitor()


def posted_member(name: str) -> object:
    """A member of the JSON object that was posted; None where there is no such thing, or nonsense."""
    try:
        members = request.get_json(silent=True)
    except RecursionError:
        return None
    return members.get(name) if isinstance(members, dict) else None


def posted_name() -> str:
    """The name with which a visitor signs in, however it is typed."""
    return _today.digest(f"name {as_compared(request.form.get('name', ''))}")


class Counts:
    """Counts in this process's memory, each of which starts over when its time has passed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._counted: dict[str, tuple[float, int]] = {}
        self._swept = self._clock()

    def add(self, key: str, seconds: float) -> int:
        """Count one more under a key; how many there are within these seconds."""
        now = self._clock()
        with self._lock:
            if now - self._swept > SWEPT_EVERY:
                self._counted = {key: found for key, found in self._counted.items() if found[0] > now}
                self._swept = now
            ends, count = self._counted.get(key, (0.0, 0))
            ends, count = (ends, count + 1) if ends > now else (now + seconds, 1)
            self._counted[key] = ends, count
        return count


class SharedCounts(Counts):
    """Counts of all hosts; while their server is away, of this process."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._store = store

    def add(self, key: str, seconds: float) -> int:
        """Count one more under a key; how many there are within these seconds."""
        alone = super().add
        return self._store.do(lambda server: count(server, digest(key), seconds), lambda: alone(key, seconds))


class Limiter:
    """Refuses requests to a view above a limit, by visitor or another key."""

    def __init__(self) -> None:
        self.counts = Counts()

    def limit(
        self, allowed: Callable[[], str], key: Callable[[], str] = visitor
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """A decorator for views. ``allowed`` says how many a time, such as ``5 per minute; 20 per hour``."""

        def limited(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def counted(*given: P.args, **named: P.kwargs) -> R:
                self._count(allowed(), f"{request.endpoint} {key()}")
                return view(*given, **named)

            return counted

        return limited

    def _count(self, allowed: str, key: str) -> None:
        for item in parsed(allowed):
            if self.counts.add(f"{item} {key}", item.get_expiry()) > item.amount:
                raise _too_often(item)


def _too_often(item: RateLimitItem) -> SlowDown:
    """It says the whole time: what is left of it tells when another visitor of the same address began to knock."""
    seconds = item.get_expiry()
    sentence = "This was tried too often. Please wait %(minutes)s min, then try again."
    return SlowDown(sentence, minutes=math.ceil(seconds / 60)).lasting(seconds)


limiter = Limiter()


def count_together(store: Store, master: bytes) -> None:
    """Count limits and wrong passwords together with the other hosts from now on."""
    global _today
    _today = SharedDayKey(store, master, _DayKey().digest)
    limiter.counts = SharedCounts(store)
    waits.share(store, digest)


def count_alone() -> None:
    """Count in this process from now on."""
    global _today
    _today, limiter.counts = _DayKey(), Counts()
    waits.share(None, digest)
