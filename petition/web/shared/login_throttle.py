"""Guessing passphrases: each wrong one makes the next wait longer, and no one is kept out forever.

Tries are counted in this process's memory, by name, under a key that lives a day: for each visitor after a few wrong
ones, and for all visitors together after many. So a person who only knows a name can't keep its owner out from
elsewhere. A browser that its owner asked to be remembered is counted separately: it may try, no matter what others do.
What the browser keeps for that names no one, and is good until the passphrase changes. Each worker counts by itself,
unless several hosts count together (``shared_counts``).
"""

import hashlib
import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from petition.crypto.encodings import b64url, from_b64url
from petition.errors import BadShape, SlowDown
from petition.web.shared.shared_counts import Store, forget, note_wrong, wrong_tries

T = TypeVar("T")
LONGEST_WAIT = 15 * 60
FORGOTTEN = 24 * 3600
MOST_KEPT = 20_000
FREE_FOR_ONE, FREE_FOR_ALL = 5, 50
"""How many wrong ones cost no wait."""


@dataclass
class _Tried:
    wrong: int = 0
    last: float = 0.0


class Backoff:
    """How often tries under a key were wrong, and how long the next one must wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._tried: OrderedDict[str, _Tried] = OrderedDict()
        self._store: Store | None = None
        self._digest: Callable[[str], str] = str

    def share(self, store: Store, digest: Callable[[str], str]) -> None:
        """Count together with other hosts, under digests of the keys; None: alone."""
        self._store, self._digest = store, digest

    def left(self, key: str, free: int) -> float:
        """Seconds until the next try."""
        wrong, ago = self._shared(lambda server, name: wrong_tries(server, name), key, lambda: self._known(key))
        if not wrong or wrong < free:
            return 0.0
        return max(0.0, float(min(LONGEST_WAIT, 2 ** min(wrong - free, 20))) - ago)

    def wrong(self, key: str) -> None:
        """One more that was wrong. What is a day old is forgotten, and the oldest where there are too many."""
        self._shared(lambda server, name: note_wrong(server, name), key, lambda: self._note(key))

    def right(self, key: str) -> None:
        """Forget what was wrong."""
        self._tried.pop(key, None)
        self._shared(lambda server, name: forget(server, name), key, lambda: None)

    def _shared(self, act: Callable[[Any, str], T], key: str, alone: Callable[[], T]) -> T:
        if self._store is None:
            return alone()
        return self._store.do(lambda server: act(server, self._digest(f"wrong {key}")), alone)

    def _known(self, key: str) -> tuple[int, float]:
        tried = self._tried.get(key, _Tried())
        return tried.wrong, self.clock() - tried.last

    def _note(self, key: str) -> None:
        now = self.clock()
        while self._tried and (len(self._tried) > MOST_KEPT or next(iter(self._tried.values())).last < now - FORGOTTEN):
            self._tried.popitem(last=False)
        tried = self._tried.pop(key, _Tried())
        self._tried[key] = _Tried(tried.wrong + 1, now)

    def forget(self) -> None:
        """Forget everything."""
        self._tried.clear()


waits = Backoff()


def require_not_throttled(keys: dict[str, int]) -> None:
    """Refuse while one of the keys has to wait. ``keys`` says for each how many wrong ones are free."""
    left = max(waits.left(key, free) for key, free in keys.items())
    if left > 0:
        raise SlowDown(
            "Too many wrong passwords for this name. Wait %(minutes)s min, then try again.",
            minutes=math.ceil(left / 60),
        ).lasting(left)


def remember(secret: bytes, known: tuple[str, str], nonce: bytes) -> str:
    """What a remembered browser keeps: random bytes, and what only this site makes of them for one passphrase.

    ``known`` is the organizer's id and their hashed passphrase.
    """
    message = b"petition-remembered-v1" + nonce + "\n".join(known).encode()
    return f"{b64url(nonce)}.{b64url(hmac.new(secret, message, hashlib.sha256).digest())}"


def is_remembered(secret: bytes, known: tuple[str, str], kept: object) -> bool:
    """Whether the organizer with this name had the browser remembered, under their present passphrase."""
    try:
        nonce = from_b64url(str(kept).partition(".")[0])
    except BadShape:
        return False
    return bool(known[1]) and hmac.compare_digest(str(kept).encode(), remember(secret, known, nonce).encode())
