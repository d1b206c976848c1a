"""Addresses of the style and the scripts that change with their bytes, so that browsers may keep these for good."""

import hashlib
from functools import cache
from pathlib import Path

from petition.database import read_unnoticed

STATIC = Path(__file__).parent.parent / "static"
LENGTH = 12
"""Hexadecimal digits of the SHA-256 that an address names."""


@cache
def versioned(name: str) -> str:
    """A file of the folder ``static`` as pages link to it: its name, and a query that its bytes decide.

    Web servers that know nothing of it, and disks, give the file under its name.
    """
    return f"{name}?{query_of(hashlib.sha256(read_unnoticed(STATIC / name)).hexdigest())}"


def query_of(digest: str) -> str:
    """The query that names a file by its SHA-256, of which at least the first digits are given, in hex."""
    return f"v={digest[:LENGTH]}"
