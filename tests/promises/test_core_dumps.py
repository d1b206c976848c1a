"""What is in memory is never written to the disk by a crash, also outside the services that forbid it."""

import resource
import subprocess
import sys

from tests.patience import SECONDS

COMMAND = """
import resource, sys
from petition.__main__ import start

sys.argv = ["petition", "--version"]
try:
    start()
finally:
    print(*resource.getrlimit(resource.RLIMIT_CORE))
"""


def allow_core_dumps() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def test_a_command_may_leave_no_core_dump() -> None:
    said = subprocess.run(
        [sys.executable, "-c", COMMAND], preexec_fn=allow_core_dumps, timeout=SECONDS, check=True, capture_output=True
    ).stdout

    assert said.split()[-2:] == [b"0", b"0"]
