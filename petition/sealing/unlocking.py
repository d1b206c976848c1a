"""Reading locked names, on all cores and in bounded memory: each takes a private operation of some milliseconds."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

from petition.crypto.locked_names import NamesPrivateKey
from petition.signing.typed_names import TypedName, opened_name

AT_ONCE = 250
"""Names a task: a key is read once for each."""
AHEAD = 3
"""Tasks that wait or run for each process."""
FEW = 500
"""How many are read in this process: other processes would only have started by then."""


@dataclass(frozen=True)
class Locked:
    """A locked name and what it is tied to besides its letter."""

    key: bytes
    step: str
    locked: bytes


Opened = tuple[Locked, TypedName | None]
"""A locked name and what was in it; None for what does not open, or may not be shown."""


def read_names(keys: dict[str, bytes], letter_id: str, names: Sequence[Locked]) -> Iterator[list[Opened]]:
    """Open names with the private halves of their steps (PKCS #8), in order, some at a time."""
    tasks = ((keys, letter_id, names[start : start + AT_ONCE]) for start in range(0, len(names), AT_ONCE))
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return map(_read, tasks) if len(names) <= FEW or processes == 1 else _in_processes(tasks, processes)


def _in_processes(tasks: Iterable["_Task"], processes: int) -> Iterator[list[Opened]]:
    with ProcessPoolExecutor(processes, _context(), initializer=_leave_interrupts_to_the_parent) as pool:
        window: deque[Future[list[Opened]]] = deque()
        for task in tasks:
            window.append(pool.submit(_read, task))
            if len(window) >= AHEAD * processes:
                yield window.popleft().result()
        while window:
            yield window.popleft().result()


_Task = tuple[dict[str, bytes], str, Sequence[Locked]]


def _read(task: _Task) -> list[Opened]:
    halves, letter_id, names = task
    keys = {step: NamesPrivateKey.from_pkcs8(halves[step]) for step in {name.step for name in names}}
    return [(name, _read_one(keys[name.step], letter_id, name)) for name in names]


def _read_one(key: NamesPrivateKey, letter_id: str, name: Locked) -> TypedName | None:
    try:
        return opened_name(key.unlock(name.locked, letter_id, name.step, name.key))
    except ValueError:
        return None


def _context() -> multiprocessing.context.BaseContext:
    # Forking starts at once and shares what is loaded; with threads about it may lock up.
    can_fork = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if can_fork and os.uname().sysname != "Darwin" else "spawn")


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
