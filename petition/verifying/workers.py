"""Examines bundles in several processes at once; the results come in order."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from petition.verifying.bundles import Examined, Task, examine
from petition.verifying.verdict import Invalid

AHEAD = 3
"""Tasks that wait or run per process: enough to keep it busy, few enough to bound memory."""


def cores() -> int:
    """How many processes can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def examine_all(tasks: Iterable[Task], processes: int) -> Generator[Examined | Invalid]:
    """Examine every bundle, in order. A bundle that cannot be split gives its ``Invalid``.

    If a process is killed, the results stay the same: this process does its work.
    """
    if processes == 1:
        yield from map(_examine, tasks)
        return
    with ProcessPoolExecutor(processes, _context(), initializer=_ignore_interrupts) as pool:
        window: deque[tuple[Task, Future[Examined | Invalid] | None]] = deque()
        try:
            _submit_start(pool)
            for task in tasks:
                window.append((task, _submit(pool, task)))
                if len(window) >= AHEAD * processes:
                    yield _result(*window.popleft())
            while window:
                yield _result(*window.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _examine(task: Task) -> Examined | Invalid:
    try:
        return examine(task)
    except Invalid as flaw:
        return flaw


def _submit_start(pool: ProcessPoolExecutor) -> None:
    # All processes start here, while no thread that fetches has begun.
    try:
        pool.submit(int).result()
    except BrokenProcessPool:
        return


def _submit(pool: ProcessPoolExecutor, task: Task) -> Future[Examined | Invalid] | None:
    try:
        return pool.submit(_examine, task)
    except BrokenProcessPool:
        return None


def _result(task: Task, future: Future[Examined | Invalid] | None) -> Examined | Invalid:
    try:
        return future.result() if future else _examine(task)
    except BrokenProcessPool:
        return _examine(task)


def _context() -> multiprocessing.context.BaseContext:
    # Forking starts at once and shares what is loaded; with threads about it may lock up.
    can_fork = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if can_fork and os.uname().sysname != "Darwin" else "spawn")


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
