"""What several hosts count together: limits and wrong passwords, in Valkey or Redis (PETITION_LIMITS_URL).

Visitors, codes and names go there only as keyed digests, each for a day at most. The key of a day derives from the
master secret and from random bytes that the first host puts there for this day; so each host comes to the same key, it
rests on no disk, and when the day is over no one can make it again, not even with the master secret.

While the server is away each process counts by itself, as on a site with one host, and the log says so once.
"""

import contextlib
import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from petition.crypto.boxes import derive
from petition.logs import log, log_error
from petition.outages import LIMITS_MARK

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")
DAY = 24 * 3600
AWAY_SECONDS = 10.0
"""After a failure it is not asked again for so long."""
KEY_SECONDS = 60.0
"""How long a process trusts what it knows of the day's key: a server that was restarted has forgotten it."""
PREFIX = "petition:"


class Store:
    """The server where hosts count together. ``folder`` is this host's data folder; a mark in it says that the server
    is away, so that of several processes one logs it."""

    def __init__(self, client: "Redis", folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        from redis import RedisError

        self._client, self._clock = client, clock
        self._failures = RedisError
        self._mark = folder / LIMITS_MARK
        self._away_until = 0.0

    def do(self, act: Callable[["Redis"], T], otherwise: Callable[[], T]) -> T:
        """What the server answers; ``otherwise`` while it is away."""
        if self._clock() < self._away_until:
            return otherwise()
        try:
            found = act(self._client)
        except self._failures as error:
            self._away_until = self._clock() + AWAY_SECONDS
            self._note(error)
            return otherwise()
        if self._away_until:
            self._away_until = 0.0
            with contextlib.suppress(OSError):
                self._mark.unlink()
                log.warning("limits are counted together again")
        return found

    def _note(self, error: Exception) -> None:
        with contextlib.suppress(OSError):
            os.close(os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            log_error("limits are counted by each process for itself", error)


class SharedDayKey:
    """The key of the day, which all hosts have. ``own`` is this process's, for when the server is away."""

    def __init__(
        self,
        store: Store,
        master: bytes,
        own: Callable[[str], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._master, self._own, self._now = store, master, own, now
        self._lock = threading.Lock()
        self._day, self._trusted_until = -1, 0.0
        self._part = self._key = b""

    def digest(self, what: str) -> str:
        """A visitor, code or name, as a digest that no one can reverse without the day's key."""
        key = self._key_of_today()
        if not key:
            return self._own(what)
        return hmac.new(key, what.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _key_of_today(self) -> bytes:
        """The key; empty while no part of it is known."""
        moment = self._now()
        day = int(moment // DAY)
        with self._lock:
            if day != self._day:
                self._day, self._part, self._key, self._trusted_until = day, b"", b"", 0.0
            if moment >= self._trusted_until:
                name, mine = f"{PREFIX}day {day}", self._part or os.urandom(32)
                self._part = self._store.do(lambda server: _agreed(server, name, mine), lambda: self._part)
                self._key = derive(self._master, "petition-limits-v1", self._part) if self._part else b""
                self._trusted_until = moment + KEY_SECONDS
            return self._key


def _agreed(server: "Redis", name: str, mine: bytes) -> bytes:
    """The random bytes of a day: the first host's."""
    server.set(name, mine, nx=True, ex=2 * DAY)
    found: Any = server.get(name)
    return bytes(found or b"")


def count(server: "Redis", key: str, left: float, beginning: int = 0) -> int:
    """Count one more under a key; how many there are. A new count begins at ``beginning``, and is forgotten after the
    seconds that are left."""
    pipe = server.pipeline()
    pipe.set(PREFIX + key, beginning, nx=True, px=max(1, int(left * 1000)))
    pipe.incr(PREFIX + key)
    return int(pipe.execute()[1])


def note_wrong(server: "Redis", key: str) -> None:
    """One more wrong try under a key. What is a day old is forgotten."""
    pipe = server.pipeline()
    pipe.incr(PREFIX + key)
    pipe.expire(PREFIX + key, DAY)
    pipe.execute()


def wrong_tries(server: "Redis", key: str) -> tuple[int, float]:
    """How many tries under a key were wrong, and how many seconds ago the last one was."""
    pipe = server.pipeline()
    pipe.get(PREFIX + key)
    pipe.pttl(PREFIX + key)
    wrong, left = pipe.execute()
    return int(wrong or 0), DAY - max(0, int(left)) / 1000


def forget(server: "Redis", key: str) -> None:
    """Forget what was counted under a key."""
    server.delete(PREFIX + key)
