"""Witnesses at the scheduler's tick, on a site of its own: a tick goes through all letters that are there."""

import socket

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from petition.crypto.notes import WitnessKey, witness_vkey
from petition.operations.doctor.checks import check
from petition.sealing import witnesses
from petition.sealing.witnesses import add_witness, remove_witness
from tests.conftest import Clock
from tests.jobs.machine import Machine, run_scheduler
from tests.sealing.test_witnesses import Witness, a_known_letter, introduce, note_of, witness
from tests.walks import Campaign

__all__ = ["witness"]

pytestmark = pytest.mark.thorough


def test_one_that_is_down_and_one_that_never_answers_do_not_hold_up_the_clock(
    campaign: Campaign, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "SILENCE", 0.5)
    monkeypatch.setattr(witnesses, "PATIENCE", 1.5)
    letter = a_known_letter(campaign, witness)
    with socket.create_server(("127.0.0.1", 0)) as deaf, socket.create_server(("127.0.0.1", 0)) as gone:
        addresses = [f"http://127.0.0.1:{listening.getsockname()[1]}" for listening in (deaf, gone)]
        gone.close()
        with Session(campaign.databases.petition) as session:
            for place, address in enumerate(addresses):
                key = Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32).public_key().public_bytes_raw()
                add_witness(session, f"W{place}", witness_vkey(WitnessKey(f"w{place}.example", key)), address)
            session.commit()
        campaign.sign_all(letter, 5)
        campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]
        done = campaign.tick()
        with Session(campaign.databases.petition) as session:
            for place in (0, 1):
                remove_witness(session, f"W{place}")
            session.commit()

    assert "3 signatures" in " ".join(done.values())
    assert "witness.example.org" in note_of(campaign, letter)


def test_what_a_witness_saw_more_is_logged_and_found_by_the_doctor(
    campaign: Campaign, witness: Witness, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    letter = a_known_letter(campaign, witness)
    witness.seen[introduce(campaign, witness, letter)] = (500, bytes(32))
    clock.pass_time(hours=20)
    run_scheduler(campaign, Machine(clock), hours=0.1)

    assert [line.getMessage() for line in caplog.records] == [
        "a witness saw more entries of a log than it has here: it is held; see petition doctor"
    ]
    assert [finding.area for finding in check(campaign.settings, clock()) if finding.level == "wrong"] == ["log"]
    assert set(campaign.tick().values()) == set()
    clock.pass_time(days=1)
    assert ["held" in done for done in campaign.tick().values()] == [True]
