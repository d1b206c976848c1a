"""Witnesses at the scheduler's tick, on a site of its own: a tick goes through all letters that are there."""

import socket
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from petition.crypto.notes import WitnessKey, witness_vkey
from petition.sealing import witnesses
from petition.sealing.witnesses import add_witness, remove_witness
from tests.sealing.test_witnesses import Witness, a_known_letter, note_of, witness
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
        begun = time.monotonic()
        done = campaign.tick()
        took = time.monotonic() - begun
        with Session(campaign.databases.petition) as session:
            for place in (0, 1):
                remove_witness(session, f"W{place}")
            session.commit()

    assert "3 signatures" in " ".join(done.values())
    assert took < 10
    assert "witness.example.org" in note_of(campaign, letter)
