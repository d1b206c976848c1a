"""One program for each part of a site, and the lock goes with it."""

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from petition.errors import Conflict
from petition.operations.locks import SCHEDULER, SERVER, only_one


def test_a_second_program_for_the_same_part_is_refused_and_another_part_is_not(tmp_path: Path) -> None:
    with only_one(tmp_path, [SERVER]), only_one(tmp_path, [SCHEDULER]):  # noqa: SIM117
        with pytest.raises(Conflict, match=str(tmp_path)), only_one(tmp_path):
            pass
    with only_one(tmp_path):
        pass


def begin_and_stay(begun: Event) -> None:
    begun.set()
    time.sleep(600)


def test_a_fork_does_not_hold_on_to_the_lock(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("fork")
    begun = processes.Event()
    fork = processes.Process(target=begin_and_stay, args=[begun], daemon=True)
    with only_one(tmp_path):
        fork.start()
        begun.wait()
    with only_one(tmp_path):
        assert fork.is_alive()
    fork.kill()
    fork.join()
