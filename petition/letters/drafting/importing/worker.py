"""The process that reads one file: it limits itself, reads the file from its input, and answers in JSON."""

import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any

from petition.errors import Refusal
from petition.letters.drafting.importing.files import read_file

SECONDS = 3
"""Of processor time."""
NICE = 5
"""How far the process stands back behind those that answer visitors."""
MEMORY = 512 * 1024 * 1024
OPEN_FILES = 16


def limit_itself() -> None:
    """No more time and memory than a letter needs, and nothing written to any file."""
    os.nice(NICE)
    limits = {
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


def answer(name: str, body: bytes) -> dict[str, Any]:
    """What came of a file: the letter, or the refusal."""
    try:
        return {"imported": asdict(read_file(name, body))}
    except Refusal as refusal:
        return {"refused": type(refusal).__name__, "sentence": refusal.sentence, "values": refusal.values}


def main() -> None:
    """Read the file whose name is the first argument."""
    limit_itself()
    found = answer(sys.argv[1], sys.stdin.buffer.read())
    sys.stdout.buffer.write(json.dumps(found).encode())


if __name__ == "__main__":
    main()
