"""The ``campaign`` of rooms whose tests only touch letters of their own: databases shared, clock and keys fresh."""

from collections.abc import Iterator
from typing import Any

import pytest

from petition.crypto.blind_rsa import PrivateKey
from tests.shared import Shared
from tests.walks import Campaign

__all__ = ["campaign"]


@pytest.fixture
def campaign(shared: Shared, clock: Any, keys: list[PrivateKey]) -> Iterator[Campaign]:
    """A site on the shared databases, with a clock of its own; Ana is there already."""
    left = iter(keys)
    made = Campaign(shared.campaign.settings, clock, lambda: next(left))
    yield made
    made.close()
