"""Keeps child processes running: watches all of them at all times, and ends within seconds when asked to.

On Linux a child is a fork of this process: what was imported here is in memory once, and nobody waits for it again.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

STEP_SECONDS = 0.2
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until a child that died is started again; twice as long after each further time."""
HEALTHY_SECONDS = 60.0
"""A child that ran this long is healthy: when it dies, waiting starts over."""
GRACE_SECONDS = 10.0
SET_PARENT_DEATH_SIGNAL, SET_NAME = 1, 15
"""Of prctl(2)."""
FORKS = sys.platform == "linux"
PROCESSES: Any = multiprocessing.get_context("fork" if FORKS else "spawn")
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Work:
    """What a child does until it is told to stop, and its name in lists of processes (Linux shows 15 bytes of it)."""

    name: str
    do: Callable[[], object]


class Child:
    """A process that should always run. ``seconds`` is the clock."""

    def __init__(self, work: Work, seconds: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._seconds = seconds
        self._wait = FIRST_WAIT
        self._due = seconds()
        self._started = 0.0
        self._process: BaseProcess | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.is_alive()

    def look(self) -> None:
        """Start it if it is due, and note if it died. Returns at once."""
        if self.is_alive:
            return
        now = self._seconds()
        if self._process is not None:
            self._process = None
            if now - self._started >= HEALTHY_SECONDS:
                self._wait = FIRST_WAIT
            self._due, self._wait = now + self._wait, min(LONGEST_WAIT, self._wait * 2)
        if now >= self._due:
            self._started = now
            self._process = PROCESSES.Process(target=_begin, args=[self._work])
            self._process.start()

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def end(self, until: float) -> None:
        """Wait for its end until a moment of ``time.monotonic``; then kill it."""
        if self._process is None:
            return
        self._process.join(max(0.0, until - time.monotonic()))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def watch_over(works: Sequence[Work], also: Callable[[], object] = lambda: None) -> None:
    """Keep the children running until a signal says stop; ``also`` is called five times a second, and is quick."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: stop.set())
    children = [Child(work) for work in works]
    try:
        while not stop.is_set():
            for child in children:
                child.look()
            also()
            stop.wait(STEP_SECONDS)
    finally:
        _end(children)


def _end(children: Sequence[Child]) -> None:
    for child in children:
        child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children:
        child.end(until)


def _begin(work: Work) -> None:
    """In the child: a group of its own, so that Ctrl-C reaches only the parent, which ends it in order."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)
    end_with_parent()
    _prctl(SET_NAME, work.name.encode())
    try:
        work.do()
    except Exception:
        sys.excepthook(*sys.exc_info())  # multiprocessing would print the values that an error was raised with
        sys.exit(1)


def end_with_parent() -> None:
    """On Linux: be killed when the process that started this one is gone, however it went, so that none outlives it.

    Nothing is lost by it: what was answered is on disk.
    """
    _prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _prctl(option: int, value: bytes | int) -> None:
    """Tell the system something about this process, where it is Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)
