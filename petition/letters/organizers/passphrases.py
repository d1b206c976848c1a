"""Hashing and checking passphrases, a few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from petition.errors import SlowDown


class PassphraseChecker:
    """Hashes and checks passphrases. Each check takes 64 MiB, so more than ``AT_ONCE`` could exhaust the machine.

    ``strangers`` limits visitors of whom only a name is known: one is checked, the others wait. So there is always
    room for everyone else.
    """

    AT_ONCE = 2
    STRANGERS = 2
    PATIENCE = 10
    """Seconds to wait for a place."""

    def __init__(self, hasher: PasswordHasher, strangers: threading.Semaphore | None = None) -> None:
        self._hasher = hasher
        self._places = threading.BoundedSemaphore(self.AT_ONCE)
        self._strangers = strangers or threading.BoundedSemaphore(self.STRANGERS)
        self._stranger_checked = threading.Lock()

    @cached_property
    def _no_one(self) -> str:
        return self._hasher.hash("no one has this passphrase")

    def hash(self, passphrase: str) -> str:
        """What is stored of a passphrase."""
        with self.place():
            return self._hasher.hash(passphrase)

    def matches(self, stored: str | None, passphrase: str) -> bool:
        """Whether this is the passphrase. With nothing stored it takes as long, and the answer is no."""
        with self.place():
            no_one = self._no_one  # made with the first check, whatever is stored
            try:
                return self._hasher.verify(stored or no_one, passphrase)
            except (VerificationError, InvalidHashError):
                return False

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place among the few that may hash at once; refuses with SlowDown after a while."""
        if not self._places.acquire(timeout=self.PATIENCE):
            raise SlowDown("Many people are signing in. Try again in a minute.")
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def strangers_turn(self) -> Iterator[None]:
        """A place in the line of strangers; refuses with SlowDown if the line is full."""
        if not self._strangers.acquire(blocking=False):
            raise SlowDown("Many people are signing in. Try again in a minute.")
        try:
            with self._stranger_checked:
                yield
        finally:
            self._strangers.release()


checker = PassphraseChecker(PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1))
"""The one of this process."""
