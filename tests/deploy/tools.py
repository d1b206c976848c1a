"""What the tests of deploy/ share: its files, programs of the system, free ports, waiting."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.install_servers import PACKAGES, find_program

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
NAME = "letters.example.org"
"""The host name in deploy/'s files until they are installed."""


def program(command: str) -> str:
    """The path of a program; a test that needs one is skipped without it, and fails where CI runs."""
    found = find_program(command)
    if found is None:
        sentence = f"No {command} found. On Debian: apt install {PACKAGES.get(command, command)}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    return found


def eventually(what: Callable[[], Any], seconds: float = 60) -> Any:
    """The first answer that is true; fails with the last error, or says that it stayed false."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := what():
                return found
            problem: Exception = AssertionError("it stayed false")
        except (OSError, AssertionError) as error:
            problem = error
        if time.monotonic() > end:
            raise problem
        time.sleep(0.1)


def say(*command: str | Path, **more: object) -> str:
    """What a command prints; fails with all that it said if it fails."""
    ran = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)  # type: ignore[call-overload]
    assert ran.returncode == 0, f"{' '.join(map(str, command))}\n{ran.stdout}"
    return str(ran.stdout)
