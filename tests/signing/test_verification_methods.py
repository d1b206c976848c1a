"""For which round codes on paper are made."""

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.errors import Conflict, NotFound
from petition.letters.models import Letter
from petition.signing.verification_methods import round_for_paper
from tests.walks import Campaign


def number(campaign: Campaign, letter_id: str, roll: str | None = None) -> int:
    with Session(campaign.databases.reading) as session:
        return round_for_paper(session, session.get_one(Letter, letter_id), roll).number


def test_it_is_the_newest_round_that_counts(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    assert number(campaign, letter) == 1
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    with pytest.raises(Conflict, match="no working set of codes"):
        number(campaign, letter)

    campaign.further_round(letter)
    assert number(campaign, letter) == 2


def test_a_letter_without_that_roll_or_not_open_has_none(campaign: Campaign) -> None:
    with pytest.raises(NotFound, match="no group of signers nobody"):
        number(campaign, campaign.an_open_letter(), "nobody")
    with pytest.raises(Conflict, match="not open yet"):
        number(campaign, campaign.a_draft())
