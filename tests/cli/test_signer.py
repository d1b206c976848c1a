"""The stand-alone client against the real site, over real HTTP: sign, check, withdraw, and the count that follows."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.codes import receipt_words
from petition.crypto.encodings import from_b64url
from petition.demo.drive import served
from petition.letters.models import Organizer
from tests.cli.conftest import Shell
from tests.conftest import Clock
from tests.ports import free_port
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


@dataclass
class Town:
    """A letter on a site that is being served, and a terminal somewhere else."""

    campaign: Campaign
    shell: Shell
    letter: str
    site: str

    @property
    def address(self) -> str:
        return self.site + self.campaign.address(self.letter)

    def sign(self, name: str, *words: str) -> Any:
        code = self.campaign.codes(self.letter, 1)[0]
        return self.shell("sign", self.address, "--code", code, "--receipt", str(self.shell.folder / name), *words)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def at_work(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, keys: list[PrivateKey]
) -> Iterator[tuple[Campaign, dict[str, str]]]:
    """A site that is being served on loopback, with Ana; and its environment."""
    port = free_port()
    environ = {"PETITION_DATA": str(tmp_path_factory.mktemp("served")), "PETITION_URL": f"http://127.0.0.1:{port}"}
    if request.param == "postgresql":
        urls = request.getfixturevalue("postgres_templates")("served")
        environ |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
    found, clock, left = settings(environ), Clock(), cycle(keys)
    prepare_folders(found)
    with served(found, clock, port):
        campaign = Campaign(found, clock, lambda: next(left))
        campaign.organizer("Ana")
        yield campaign, environ
        campaign.close()


@pytest.fixture
def town(at_work: tuple[Campaign, dict[str, str]], tmp_path: Path) -> Town:
    campaign, environ = at_work
    with Session(campaign.databases.reading) as session:
        ana = session.scalars(select(Organizer.id)).one()
    return Town(campaign, Shell(environ, tmp_path), campaign.an_open_letter(organizer=ana), environ["PETITION_URL"])


def test_people_sign_check_and_withdraw_and_the_public_count_can_be_recomputed(town: Town, tmp_path: Path) -> None:
    signed = [town.sign(f"receipt-{number}.json") for number in range(3)]
    town.campaign.publish(town.letter)
    town.campaign.close_letter(town.letter)
    checked = town.shell("check", town.address, "--receipt", str(tmp_path / "receipt-0.json"))
    withdrawn = town.shell("withdraw", town.address, "--receipt", str(tmp_path / "receipt-1.json"), "--json")
    town.campaign.seal(town.letter)
    time.sleep(1.1)  # public bytes are a second old at most
    verified = town.shell("verify", town.address, "--json", "--receipt", str(tmp_path / "receipt-0.json"))

    assert [result.exit_code for result in (*signed, checked, withdrawn, verified)] == [0] * 6
    assert "withdrawn" in json.loads(withdrawn.stdout)
    verdict = json.loads(verified.stdout)
    assert (verdict["ok"], verdict["count"], verdict["signatures"], verdict["withdrawals"]) == (True, 2, 3, 1)
    assert set(verdict) >= {"ok", "count", "signatures", "withdrawals", "size", "root", "checks"}


def test_a_token_is_saved_first_and_signs_later(town: Town, tmp_path: Path) -> None:
    code, token = town.campaign.codes(town.letter, 1)[0], str(tmp_path / "token.json")
    saved = town.shell("sign", town.address, "--code", code, "--token-only", token)
    waiting = town.campaign.seal(town.letter).waiting
    later = town.shell("sign", town.address, "--token", token, "--receipt", str(tmp_path / "receipt.json"))

    assert (saved.exit_code, waiting, later.exit_code) == (0, 0, 0)
    assert town.campaign.seal(town.letter).waiting == 1


def test_a_receipt_written_down_withdraws_and_again_is_the_same(town: Town, tmp_path: Path) -> None:
    town.sign("receipt.json")
    receipt = json.loads((tmp_path / "receipt.json").read_text())["receipt"]
    words = receipt_words(from_b64url(receipt)).lower()
    results = [town.shell("withdraw", town.address, "--receipt", words, "--json") for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0]
    assert results[0].stdout == results[1].stdout
    assert town.campaign.seal(town.letter).waiting == 0


def test_the_receipt_file_is_closed_to_others_and_does_not_name_a_hidden_letter(town: Town, tmp_path: Path) -> None:
    town.sign("receipt.json")
    file = tmp_path / "receipt.json"

    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())["letter"] == f"{town.site}/"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--code", "0000-0000-0000-0000"), "n't a code for this letter"),
        (("--code", "short"), "16"),
        (("--pin", "A" * 43, "--code", "0000-0000-0000-0000"), "STOP"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_1(town: Town, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    result = town.shell("sign", town.address, *words, "--receipt", str(tmp_path / "receipt.json"))

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not (tmp_path / "receipt.json").exists()


def test_a_used_code_is_refused(town: Town, tmp_path: Path) -> None:
    code = town.campaign.codes(town.letter, 1)[0]
    results = [
        town.shell("sign", town.address, "--code", code, "--receipt", str(tmp_path / name)) for name in ("one", "two")
    ]

    assert [result.exit_code for result in results] == [0, 1]
    assert "This code has been used." in " ".join(results[1].stderr.split())
