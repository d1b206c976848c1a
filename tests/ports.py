"""Ports of this machine for servers that tests start."""

import os
import socket
from contextlib import suppress
from itertools import count

FIRST, MANY = 10_000, 20_000
"""Below those that systems give to connections: one of these could take a port before its server listens."""
_numbers = count(os.getpid() * 97)


def free_port() -> int:
    """A port on loopback that nothing listens on, and that this process hasn't given out before."""
    for number in _numbers:
        port = FIRST + number % MANY
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there are numbers without end")
