"""How often one visitor, one code and one name may try. Counted in memory; no address is ever stored.

A visitor is the HMAC of their address (of its /64, for IPv6) under a random key that lives a day, only in this
process's memory. Over an onion service, or behind a proxy that isn't configured, all visitors come from this machine.
There the limit is wide and counts by letter. Codes, names, and browsers in which an organizer signed in have limits of
their own, so no one can use up an organizer's. Each worker counts by itself, unless several hosts count together
(``shared_counts``).

People of one network share a count. So that no one can fill it up to the last request and see from a refusal that
someone else came, each count has a limit of its own, drawn when it begins: what one page says tells nothing of another
page, of another limit or of the next minute. Counts begin with the minute, hour or day, not with the first request, or
the end of a refusal would tell when someone else came.
"""

import hmac
import ipaddress
import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import request
from flask import session as cookie

from petition.errors import SlowDown
from petition.letters.access import meant_by
from petition.letters.organizers.accounts import as_compared
from petition.web.shared.login_throttle import waits
from petition.web.shared.shared_counts import SharedDayKey, Store, count

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
SWEPT_EVERY = 60.0
"""Seconds after which counts that are over are looked for and deleted."""
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Limit:
    """``least`` requests in ``seconds``, and fewer than ``spread`` more; each count draws its own number."""

    least: int
    seconds: int
    spread: int

    @property
    def most(self) -> int:
        """The highest that can be drawn."""
        return self.least + self.spread - 1


A_VISITOR = Limit(300, MINUTE, 100)
"""Requests to a page for signing. A visitor's handful does not show in a limit that is one of a hundred."""
A_LETTER = Limit(20_000, MINUTE, 100)
"""The same where all visitors look alike."""
A_BROWSER = Limit(60, MINUTE, 60)
EMAILS_ASKED_FOR = (Limit(5, MINUTE, 10), Limit(20, HOUR, 20))
MAIL_BY_LETTER = Limit(200, MINUTE, 100)
RARELY_BY_HOUR, RARELY_BY_DAY = Limit(5, HOUR, 10), Limit(5, DAY, 10)
TOGETHER_BY_HOUR, TOGETHER_BY_DAY = Limit(100, HOUR, 100), Limit(100, DAY, 100)
Limits = Sequence[Limit]


class _DayKey:
    """A random key that is forgotten after a day. It is made when it is needed, by each process for itself."""

    def __init__(self) -> None:
        self._key, self._made = b"", -math.inf

    def digest(self, what: str) -> str:
        """A visitor, code or name, as a digest that no one can reverse."""
        if time.monotonic() - self._made > DAY:
            self._key, self._made = os.urandom(32), time.monotonic()
        return hmac.digest(self._key, what.encode("utf-8", "replace"), "sha256").hex()


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


def signing() -> Limits:
    """How often a visitor may request a signing page."""
    return [A_LETTER if is_from_here() else A_VISITOR]


def asking_for_mail() -> Limits:
    """How often a visitor may ask for a code by email."""
    return [MAIL_BY_LETTER] if is_from_here() else EMAILS_ASKED_FOR


def reporting() -> Limits:
    """How often a visitor may report a letter, or all together where all come from this machine."""
    return [TOGETHER_BY_HOUR if is_from_here() else RARELY_BY_HOUR]


def signing_in() -> Limits:
    """How often a visitor may come with a passphrase or a link, and how often a browser that did so before."""
    return [A_LETTER if is_from_here() and known_browser() is None else A_BROWSER]


def starting() -> Limits:
    """How often a visitor may make an account on a site that is open to anyone."""
    return [TOGETHER_BY_DAY if is_from_here() else RARELY_BY_DAY]


def visitor() -> str:
    """The visitor, recognized for a day at most; for visitors from this machine, the letter."""
    if is_from_here():
        typed = str((request.view_args or {}).get("address", ""))
        return _today.digest(f"letter {meant_by(typed) or typed}")  # an unlisted address has many spellings
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


def posted_name() -> str:
    """The name with which a visitor signs in, however it is typed."""
    return _today.digest(f"name {as_compared(request.form.get('name', ''))}")


class Counts:
    """Counts in this process's memory, each of which is over when its minute, hour or day is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._counted: dict[str, tuple[float, int]] = {}
        self._swept = self._clock()

    def add(self, key: str, seconds: int, beginning: int = 0) -> int:
        """Count one more under a key; how many there are within these seconds. A new count begins at ``beginning``."""
        now = self._clock()
        with self._lock:
            if now - self._swept > SWEPT_EVERY:
                self._counted = {key: found for key, found in self._counted.items() if found[0] > now}
                self._swept = now
            ends, count = self._counted.get(key, (0.0, 0))
            if ends <= now:
                ends, count = (now // seconds + 1) * seconds, beginning
            self._counted[key] = ends, count + 1
        return count + 1


class SharedCounts(Counts):
    """Counts of all hosts; while their server is away, of this process."""

    def __init__(
        self, store: Store, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(clock)
        self._store, self._now = store, now

    def add(self, key: str, seconds: int, beginning: int = 0) -> int:
        """Count one more under a key."""
        alone = super().add
        period, passed = divmod(self._now(), seconds)
        return self._store.do(
            lambda server: count(server, digest(f"{key} {period:.0f}"), seconds - passed, beginning),
            lambda: alone(key, seconds, beginning),
        )


class Limiter:
    """Refuses requests to a view above a limit, by visitor or another key."""

    def __init__(self) -> None:
        self.counts = Counts()

    def limit(
        self, allowed: Callable[[], Limits], key: Callable[[], str] = visitor
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """A decorator for views. ``allowed`` says how many."""

        def limited(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def counted(*given: P.args, **named: P.kwargs) -> R:
                for each in allowed():
                    self._count(each, f"{request.endpoint} {key()}")
                return view(*given, **named)

            return counted

        return limited

    def _count(self, limit: Limit, key: str) -> None:
        beginning = secrets.randbelow(limit.spread)
        if self.counts.add(f"{limit.seconds} {key}", limit.seconds, beginning) > limit.most:
            raise _too_often(limit)


def _too_often(limit: Limit) -> SlowDown:
    """It says the whole time: what is left of it would be no help to those who share a count."""
    sentence = "This was tried too often. Please wait %(minutes)s min, then try again."
    return SlowDown(sentence, minutes=math.ceil(limit.seconds / 60)).lasting(limit.seconds)


limiter = Limiter()


def count_together(store: Store, master: bytes) -> None:
    """Count limits and wrong passwords together with the other hosts from now on."""
    global _today
    _today = SharedDayKey(store, master, _DayKey().digest)
    limiter.counts = SharedCounts(store)
    waits.share(store, digest)
