"""A site as its host runs it."""

import os
import subprocess
import sys

from tests.race.load import until_answered


def started(folder: str, port: int) -> "subprocess.Popen[bytes]":
    """The site in a folder, with two workers, once it answers."""
    environ = os.environ | {"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org"}
    command = [sys.executable, "-m", "petition", "run", "--port", str(port), "--workers", "2"]
    site = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    until_answered(port, "GET", "/healthz")
    return site
