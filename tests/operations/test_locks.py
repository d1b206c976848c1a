"""One program for each part of a site, and the lock goes with it."""

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from click.testing import CliRunner

from petition.cli import main
from petition.errors import Conflict
from petition.operations.backup import back_up, encrypt
from petition.operations.copies import make_copies
from petition.operations.locks import SCHEDULER, SERVER, only_one
from petition.operations.migration import CHAIN_NAMES, head_of
from tests.conftest import START
from tests.walks import Campaign


def test_a_second_program_for_the_same_part_is_refused_and_another_part_is_not(tmp_path: Path) -> None:
    with only_one(tmp_path, [SERVER]), only_one(tmp_path, [SCHEDULER]):  # noqa: SIM117
        with pytest.raises(Conflict, match=str(tmp_path)), only_one(tmp_path):
            pass
    with only_one(tmp_path):
        pass


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("part", "command"),
    [
        pytest.param(SERVER, ["upgrade"], marks=pytest.mark.long),
        pytest.param(f"{SERVER}-8001", ["rollback", "--yes"], marks=pytest.mark.long),
        (SCHEDULER, ["restore", "FILE", "--passphrase-file", "WORDS"]),
    ],
)
def test_while_a_program_is_at_work_nothing_is_put_in_the_place_of_its_databases(
    campaign: Campaign, environ: dict[str, str], tmp_path: Path, part: str, command: list[str]
) -> None:
    made = encrypt(back_up(campaign.databases, campaign.master, moment=START), "a few words")
    (tmp_path / "FILE").write_bytes(made)
    (tmp_path / "WORDS").write_text("a few words\n")
    revisions = {chain: head_of(chain) for chain in CHAIN_NAMES}
    make_copies(campaign.settings, campaign.databases, revisions, revisions)
    words = [str(tmp_path / word) if word.isupper() else word for word in command]
    with only_one(campaign.settings.data, [part]):
        found = CliRunner().invoke(main, words, env=environ)

    assert found.exit_code == 1
    assert "at work" in found.stderr and f"as its {part}." in found.stderr


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
