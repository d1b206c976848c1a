"""The numbers that every implementation must reach, and one key for all tests that need one."""

import json
from pathlib import Path

import pytest

from petition.crypto.blind_rsa import PrivateKey
from tests.stored_keys import fresh_keys

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def vectors():
    return json.loads((DATA / "petition.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def sample_log():
    return DATA / "sample-log"


@pytest.fixture(scope="session")
def round_key():
    with fresh_keys():
        return PrivateKey.generate()
