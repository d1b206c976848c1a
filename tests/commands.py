"""Commands as people type them: each in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.patience import SECONDS


def petition(environ: Mapping[str, str], *words: str, **how: Any) -> "subprocess.CompletedProcess[str]":
    """What a command said, and how it ended. ``how`` goes to ``subprocess.run``."""
    command = [sys.executable, "-m", "petition", *words]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.run(command, env={**os.environ, **environ}, text=True, timeout=SECONDS, **how)
