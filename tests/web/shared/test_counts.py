"""What is counted begins with the minute, and under a key of this process."""

import subprocess
import sys

import pytest

from petition.web.shared.limits import Counts


def test_a_count_is_over_at_the_end_of_its_minute_whenever_it_began() -> None:
    """From a count that began with the first request, the end of a refusal told when another of the network came."""
    now = 601.0
    counts = Counts(lambda: now)
    early = counts.add("early", 60)
    now = 655.0
    late = counts.add("late", 60)
    now = 660.0

    assert (early, late) == (1, 1)
    assert [counts.add(name, 60) for name in ("early", "late")] == [1, 1]


FORKS = """
import os
from petition.web.shared.limits import digest
for _ in range(2):
    if os.fork() == 0:
        print(digest("one visitor"), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.thorough
def test_processes_that_are_forks_have_keys_of_their_own() -> None:
    said = subprocess.run([sys.executable, "-c", FORKS], check=True, capture_output=True, text=True).stdout.split()

    assert len(said) == 2
    assert said[0] != said[1]
