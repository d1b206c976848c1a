"""Children that are kept running: each is watched whatever the others do, and waiting ends with health."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from petition.jobs.supervisor import FIRST_WAIT, HEALTHY_SECONDS, LONGEST_WAIT, Child, Work

pytestmark = pytest.mark.thorough

SUPERVISE = """
import time
from petition.jobs.supervisor import Work, watch_over
dies, sleeps = Work("dies", int), Work("sleeps", lambda: time.sleep(600))
watch_over([dies, sleeps], lambda: print("x", flush=True))
"""
FAILS = """
import time
from petition import logs
from petition.jobs.supervisor import Work, watch_over
logs.configure()
watch_over([Work("fails", lambda: int("a-very-rare-word"))])
"""


class Seconds:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def counting(folder: Path, seconds: Seconds) -> tuple[Child, Path]:
    """A child that dies at once, and the file in which it counts how often it was started."""
    file = folder / "starts"

    def count() -> None:
        with file.open("a") as counted:
            counted.write("x")

    return Child(Work("counts", count), seconds), file


def run_to_its_end(child: Child) -> None:
    child.look()
    while child.is_alive:
        time.sleep(0.01)
    child.look()  # which notes that it died


def starts(file: Path) -> int:
    return len(file.read_text()) if file.exists() else 0


def test_a_child_that_dies_is_started_ever_more_slowly(tmp_path: Path) -> None:
    seconds = Seconds()
    child, file = counting(tmp_path, seconds)
    run_to_its_end(child)
    waits = []
    for expected in range(2, 10):
        waited = 0.0
        while starts(file) < expected:
            seconds.now += 0.5
            waited += 0.5
            run_to_its_end(child)
        waits.append(waited)

    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_WAIT, LONGEST_WAIT]


def test_after_it_was_healthy_waiting_starts_over(tmp_path: Path) -> None:
    seconds = Seconds()
    child, file = counting(tmp_path, seconds)
    for _ in range(4):
        run_to_its_end(child)
        seconds.now += LONGEST_WAIT
    before = starts(file)
    child.look()
    while child.is_alive:
        time.sleep(0.01)
    seconds.now += HEALTHY_SECONDS
    child.look()
    seconds.now += FIRST_WAIT
    run_to_its_end(child)

    assert starts(file) == before + 2


def test_looking_after_a_child_that_must_wait_takes_no_time(tmp_path: Path) -> None:
    child, file = counting(tmp_path, Seconds())
    for _ in range(100):
        run_to_its_end(child)

    assert starts(file) == 1


@contextmanager
def supervising() -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A supervisor at work, and the process of its child that sleeps; the other one is down."""
    with subprocess.Popen([sys.executable, "-c", SUPERVISE], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        for _ in range(3):
            assert supervisor.stdout.readline() == b"x\n"
        [sleeper] = children_of(supervisor.pid)
        yield supervisor, sleeper


def test_a_signal_ends_all_children_at_once_also_while_one_of_them_is_down() -> None:
    with supervising() as (supervisor, sleeper):
        supervisor.send_signal(signal.SIGTERM)

        assert supervisor.wait(8) == 0  # the child that is down waits for longer
    assert not Path(f"/proc/{sleeper}").exists()


def test_no_child_outlives_a_supervisor_that_is_killed() -> None:
    with supervising() as (supervisor, sleeper):
        supervisor.kill()
    while Path(f"/proc/{sleeper}").exists() and state_of(sleeper) != "Z":
        time.sleep(0.01)


def test_what_ends_a_child_is_a_line_of_the_log_without_the_values_in_it() -> None:
    with subprocess.Popen([sys.executable, "-c", FAILS], stderr=subprocess.PIPE) as supervisor:
        assert supervisor.stderr is not None
        line = supervisor.stderr.readline()
        supervisor.terminate()

    assert b"ValueError" in line
    assert b"a-very-rare-word" not in line


def test_a_child_is_found_by_its_name() -> None:
    with supervising() as (supervisor, sleeper):
        name = Path(f"/proc/{sleeper}/comm").read_text()
        supervisor.terminate()

    assert name == "sleeps\n"


def children_of(pid: int) -> list[int]:
    """Its children that have not ended."""
    found = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in found if state_of(child) != "Z"]


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"
