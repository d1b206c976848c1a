"""Threads that run side by side while a block is at work."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Self


class Together:
    """What runs looks at ``_end`` after each act, to see whether the block has ended."""

    def __init__(self, runs: Iterable[Callable[[], Any]]) -> None:
        self._end = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in runs]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
