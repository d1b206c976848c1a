"""The ``campaign`` for tests that only touch their own letters: databases shared, clock and keys fresh."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination.services import make_services
from petition.crypto.blind_rsa import PrivateKey
from petition.issuing.models import IssuingRound
from petition.issuing.rounds import end_issuing
from tests.shared import Shared
from tests.walks import Campaign

__all__ = ["campaign"]


@pytest.fixture
def campaign(shared: Shared, clock: Any, keys: list[PrivateKey]) -> Iterator[Campaign]:
    """A site on the shared databases, through the shared engines, which remember statements; Ana is there already."""
    left = iter(keys)
    made = Campaign(shared.campaign.settings, clock, lambda: next(left))
    made.databases.dispose()
    made.databases = shared.campaign.databases
    made.services = make_services(made.settings, made.databases, made.master, make_key=made.make_key)
    yield made
    made.close_apps()
    _end_rounds_without_secret(made)


def _end_rounds_without_secret(made: Campaign) -> None:
    """What a host does about lost secrets: a site that lacks some does not start, for the next test neither."""
    kept = {path.name for path in made.settings.rounds_folder.iterdir()}
    with Session(made.databases.issuer) as issuer:
        found = select(IssuingRound.letter_id, IssuingRound.number).where(IssuingRound.issued.is_(None))
        for letter, number in issuer.execute(found).all():
            if f"{letter}-{number}" not in kept:
                end_issuing(issuer, letter, number)
        issuer.commit()
