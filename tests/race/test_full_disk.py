"""When the disk is full people get a sentence, nothing is half written, and all goes on once there is room."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import b64url
from petition.crypto.tokens import Token
from petition.operations.migration import migrate_both
from tests.commands import petition
from tests.conftest import Clock
from tests.ports import free_port
from tests.race import children
from tests.race.crowd import recount, standing
from tests.race.load import ask, until_answered
from tests.walks import Campaign

pytestmark = pytest.mark.race
SMALL = "3m"


def is_mounted(folder: Path) -> bool:
    folder.mkdir()
    given = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(given, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    folder = tmp_path / "small"
    if not is_mounted(folder):
        pytest.skip("only root can make a small disk; the other test limits the size of files")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def site(data: Path, clock: Clock, make_key: Callable[[], PrivateKey]) -> Iterator[tuple[Campaign, dict[str, str]]]:
    environ = {"PETITION_DATA": str(data), "PETITION_URL": "https://letters.example.org"}
    found = settings(environ)
    prepare_folders(found)
    campaign = Campaign(found, clock, make_key)
    migrate_both(campaign.databases, found.data)
    yield campaign, environ
    campaign.close()


def give(port: int, path: str, token: Token) -> tuple[int, Any]:
    message, signature = b64url(token.message), b64url(token.signature)
    return ask(
        port,
        "POST",
        f"{path}signatures",
        {"message": message, "signature": signature, "appearance": {"step": "counted"}},
    )


def integrity(campaign: Campaign) -> list[str]:
    found = []
    for engine in (campaign.databases.petition, campaign.databases.issuer):
        with engine.connect() as connection:
            found += connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return found


def expect_all_well(campaign: Campaign, letter: str, tokens: list[Token], folder: Path) -> None:
    assert integrity(campaign) == ["ok", "ok"]
    assert standing(campaign, letter, tokens) == ["waits"] * len(tokens)
    sealed = campaign.seal(letter).signatures
    assert recount(campaign, letter, folder) == sealed == len(tokens) - 2


def test_a_full_disk_is_reported_and_refused_requests_can_be_sent_again(
    small_disk: Path, tmp_path: Path, clock: Clock, make_key: Callable[[], PrivateKey]
) -> None:
    with site(small_disk / "data", clock, make_key) as (campaign, environ):
        letter, port = campaign.a_published_letter(), free_port()
        tokens, path = campaign.tokens(letter, 8), campaign.address(letter)
        server = children.started(children.serve, environ, port)
        until_answered(port, "GET", "/healthz")  # never ready: of three megabytes too little is free
        filler = small_disk / "filler"
        fill(filler)
        answers = [give(port, path, token) for token in tokens]
        sealings = [petition(environ, "seal"), petition(environ, "seal", "we-refuse-to-build-it")]
        filler.unlink()
        again = [give(port, path, token) for token in tokens]
        server.kill()
        server.join()

        assert [(status, "may not have been saved" in said["detail"]) for status, said in answers] == [
            (503, True)
        ] * len(tokens)
        assert [sealing.returncode for sealing in sealings] == [1, 1]
        assert [sealing.stderr.count("Traceback") for sealing in sealings] == [0, 0]
        assert "is there room on its disk?" in sealings[1].stderr
        assert sealings[1].stderr.count("\n") == 1
        assert [status for status, _ in again] == [201] * len(tokens)
        expect_all_well(campaign, letter, tokens, tmp_path / "face")


def fill(path: Path) -> None:
    """Write until there is no room for another byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def test_files_that_cannot_grow_are_reported_and_refused_requests_can_be_sent_again(
    tmp_path: Path, clock: Clock, make_key: Callable[[], PrivateKey]
) -> None:
    with site(tmp_path / "data", clock, make_key) as (campaign, environ):
        letter, port = campaign.a_published_letter(), free_port()
        tokens, path = campaign.tokens(letter, 8), campaign.address(letter)
        [code] = campaign.codes(letter, 1)
        hampered = children.started(children.serve_on_a_full_disk, environ, port)
        until_answered(port, "GET", "/healthz")
        answers = [give(port, path, token) for token in tokens]
        request = {"code": code, "round": 1, "blinded_message": b64url(b"\x00" + os.urandom(383))}
        exchanges = [ask(port, "POST", f"{path}tokens", request) for _ in range(2)]
        hampered.kill()
        hampered.join()
        server = children.started(children.serve, environ, port)
        until_answered(port, "GET", "/healthz")
        again = [give(port, path, token) for token in tokens]
        exchanged = ask(port, "POST", f"{path}tokens", request)
        server.kill()
        server.join()

        refused = [(status, "may not have been saved" in said["detail"]) for status, said in answers]
        assert refused == [(503, True)] * len(tokens)
        assert [status for status, _ in exchanges] == [503, 503]
        assert [status for status, _ in again] == [201] * len(tokens)
        assert exchanged[0] == 201
        expect_all_well(campaign, letter, tokens, tmp_path / "face")
