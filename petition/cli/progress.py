"""A progress bar for work that takes longer than a second; on a terminal only."""

import sys
from typing import Any

import click


class Progress:
    """Begins a bar with the first word, and ends it with the last one."""

    def __init__(self, label: str = "Reading names") -> None:
        self._label = label
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, whole: int) -> None:
        """How many are done, and out of how many."""
        if self._bar is None:
            bar: Any = click.progressbar(length=whole, label=self._label, file=sys.stderr)
            self._bar = bar.__enter__()
        self._bar.update(done - self._done)
        self._done = done
        if done >= whole:
            self._bar.__exit__(None, None, None)
            self._bar = None
