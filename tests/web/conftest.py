"""Ways through the JSON interface for tests."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.shared import Place, Shared
from tests.web.outside import Envelope, envelope


@pytest.fixture
def record(shared: Shared) -> Callable[..., dict[str, Any]]:
    """A letter's round.json."""

    def read(address: str, query: str = "") -> dict[str, Any]:
        found: dict[str, Any] = shared.get(f"{address}round.json{query}").get_json()
        return found

    return read


@pytest.fixture
def signed(shared: Shared, record: Callable[..., dict[str, Any]]) -> Callable[..., Envelope]:
    """A signer who has exchanged a code and signed, at a letter's hidden address."""

    def sign(place: Place) -> Envelope:
        held = envelope(record(place.hidden))
        answer = shared.send(f"{place.hidden}tokens", held.request(shared.code(place)))
        signature = held.opened(answer.get_json()["blind_signature"])
        assert shared.send(f"{place.hidden}signatures", held.signing(signature)).status_code == 201
        return held

    return sign
