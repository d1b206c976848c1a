"""One program for each part of a site: a second one, started by mistake, says so and ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from petition.errors import Conflict

SERVER, SCHEDULER = "server", "scheduler"
PARTS = (SERVER, SCHEDULER)
_held: set[int] = set()


@contextlib.contextmanager
def only_one(data: Path, parts: Iterable[str] = PARTS) -> Iterator[None]:
    """Hold these parts of the site in this data folder; refuses while another program holds one of them.

    The system releases a lock when its process is gone, however it ended.
    """
    with contextlib.ExitStack() as held:
        for part in parts:
            held.enter_context(_lock(data / f"{part}.lock", part, data))
        yield


@contextlib.contextmanager
def no_one_else(data: Path) -> Iterator[None]:
    """Hold all parts of a site, each server at its port too; refuse while a program is at work as any of them."""
    servers = sorted(path.stem for path in data.glob(f"{SERVER}-*.lock"))
    with only_one(data, [*PARTS, *servers]):
        yield


@contextlib.contextmanager
def _lock(path: Path, part: str, data: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(
            "Another petition program is at work in %(data)s already, as its %(part)s. Stop that one first.",
            data=str(data),
            part=part,
        ) from None
    _held.add(descriptor)
    try:
        yield
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def _let_go() -> None:
    """A fork does not hold what the process holds that it came from: it would go on holding it alone."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
