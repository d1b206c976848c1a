"""Processes are killed without warning under load: what was acknowledged is there once, and the log verifies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest

from tests.patience import SECONDS
from tests.ports import free_port
from tests.race import children
from tests.race.crowd import recount, standing
from tests.race.load import Crowd, until_answered
from tests.walks import Campaign

pytestmark = pytest.mark.race
MANY = 2000
ENOUGH = 20
"""Signatures of which none may be lost; on a busy machine they take a few kills more."""


def expect_nothing_lost(campaign: Campaign, letter: str, crowd: Crowd, folder: Path) -> None:
    """Each acknowledged signature is in one place, each acknowledged withdrawal too, and outsiders agree."""
    assert crowd.refused == []
    assert len(crowd.signed) > ENOUGH
    stand = dict(zip(map(id, crowd.signed), standing(campaign, letter, crowd.signed), strict=True))
    gone = {id(token) for token in crowd.withdrawn}
    assert {stand[token] for token in stand.keys() - gone} <= {"waits", "sealed"}
    assert {stand[token] for token in gone} <= {"taken back", "sealed"}
    assert recount(campaign, letter, folder) == list(stand.values()).count("sealed")


class Pair:
    """A server and one that seals without rest, each killed at a random moment and started again."""

    def __init__(self, environ: dict[str, str], port: int, seed: int) -> None:
        self._doings: list[tuple[Any, ...]] = [(children.serve, environ, port), (children.seal_on_and_on, environ)]
        self._running = [children.started(*doing) for doing in self._doings]
        self._port, self._random = port, Random(seed)
        self.kills = 0

    def kill_one(self) -> None:
        place = self._random.randrange(2)
        if place == 0:
            until_answered(self._port, "GET", "/healthz")
        time.sleep(self._random.uniform(0.02, 0.5))
        self._kill(place)
        self._running[place] = children.started(*self._doings[place])

    def _kill(self, place: int) -> None:
        self._running[place].kill()
        self._running[place].join()
        self.kills += 1

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        for place in range(2):
            self._kill(place)


def site(environ: dict[str, str], campaign: Campaign) -> tuple[str, int, list[str]]:
    """A published letter, a port to serve it on, and codes for many."""
    letter = campaign.a_published_letter(k=3)
    return letter, free_port(), campaign.codes(letter, MANY)


def kill_pairs(campaign: Campaign, environ: dict[str, str], folder: Path, kills: int, seed: int) -> None:
    letter, port, codes = site(environ, campaign)
    with Pair(environ, port, seed) as pair, Crowd(port, campaign.address(letter), codes) as crowd:
        while pair.kills < kills or (len(crowd.signed) <= ENOUGH and pair.kills < 10 * kills):
            pair.kill_one()

    expect_nothing_lost(campaign, letter, crowd, folder)


def test_servers_and_sealers_killed_under_load_lose_nothing(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path
) -> None:
    kill_pairs(campaign, environ, tmp_path / "face", kills=8, seed=1)


@pytest.mark.long
def test_a_hundred_kills_lose_nothing(campaign: Campaign, environ: dict[str, str], tmp_path: Path) -> None:
    kill_pairs(campaign, environ, tmp_path / "face", kills=100, seed=2)


# The commands themselves: ``petition run`` with its children, and granian with its workers.


class Running:
    """``petition run``, and all processes below it. None of them outlives the one above."""

    def __init__(self, environ: dict[str, str], port: int) -> None:
        self._environ, self._port = os.environ | environ, port
        self.known: set[psutil.Process] = set()

    def start(self) -> None:
        command = [sys.executable, "-m", "petition", "run", "--port", str(self._port), "--workers", "2"]
        self.top = psutil.Popen(command, env=self._environ, stdout=subprocess.DEVNULL)
        until_answered(self._port, "GET", "/readyz")

    def doing(self, what: str) -> psutil.Process:
        """The child that serves, or the scheduler; when it is there."""
        while True:
            for child in self.top.children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if child.name() == f"petition-{what}"[:15]:
                        return child
            time.sleep(0.05)

    def kill(self, process: psutil.Process) -> None:
        self.known |= {self.top, *self.top.children(recursive=True)}
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
        if process == self.top:
            self.top.wait()

    def __enter__(self) -> "Running":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(self.top)
        psutil.wait_procs(self.known, SECONDS)


def updated_now(environ: dict[str, str]) -> None:
    """The letter was made at a time long ago: without an update of today the scheduler would doubt its clock."""
    command = [sys.executable, "-m", "petition", "seal"]
    subprocess.run(command, env=os.environ | environ, check=True, stdout=subprocess.DEVNULL)


def kill_commands(campaign: Campaign, environ: dict[str, str], folder: Path, starts: int, seed: int) -> None:
    """Each start ends in one of four ways: a worker, the server, the scheduler, or all of it is killed."""
    letter, port, codes = site(environ, campaign)
    updated_now(environ)
    random = Random(seed)
    with Running(environ, port) as running, Crowd(port, campaign.address(letter), codes) as crowd:
        for _ in range(starts):
            running.kill(random.choice(running.doing("serve").children()))
            time.sleep(random.uniform(0.2, 1.5))
            running.kill(running.doing("scheduler"))
            time.sleep(random.uniform(0.2, 1.5))
            running.kill(running.doing("serve"))
            time.sleep(random.uniform(0.2, 1.5))
            running.kill(running.top)
            running.start()

    assert not any(process.is_running() for process in running.known)
    expect_nothing_lost(campaign, letter, crowd, folder)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_running_site_killed_part_by_part_loses_nothing(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path
) -> None:
    kill_commands(campaign, environ, tmp_path / "face", starts=1, seed=1)


@pytest.mark.long
def test_the_running_site_killed_sixty_times_loses_nothing(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path
) -> None:
    kill_commands(campaign, environ, tmp_path / "face", starts=15, seed=2)
