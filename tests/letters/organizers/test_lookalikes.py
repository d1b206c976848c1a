"""Names that look alike: no one can pass for another organizer."""

import os

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict
from petition.letters.organizers.accounts import add_organizer, all_organizers, short_id
from petition.letters.organizers.lookalikes import are_twins
from tests import sharing
from tests.walks import Campaign

campaign = sharing.campaign

TWINS = [
    ("Ana", "ana"),
    ("Ana", "\u0410na"),
    ("toma", "\u03a4\u039f\u039c\u0391"),
    ("Maria Lopez", "MARIA LOPEZ"),
    ("Iris", "lris"),
    ("Jo 1", "Jo l"),
    ("Arno", "Amo"),
    ("Jo", "\uff2a\uff4f"),
    ("Jos\u00e9", "Jose\u0301"),
    ("O'Neil", "O\u2019Neil"),
    ("Ana-Lu", "Ana\u2010Lu"),
]
OTHERS = [("Ana", "Anna"), ("Jose", "Jos\u00e9"), ("Neil", "Nell"), ("\u0410\u043d\u043d\u0430", "Anna"), ("Jo", "Joe")]


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_a_name_that_looks_like_another_is_refused(campaign: Campaign, one: str, other: str) -> None:
    campaign.organizer(one)

    with Session(campaign.databases.petition) as session, pytest.raises(Conflict, match="is taken|looks too much like"):
        add_organizer(session, other, moment=campaign.clock(), random=os.urandom)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_names_that_differ_to_the_eye_are_different(one: str, other: str) -> None:
    assert not are_twins(one, other)
    assert are_twins(one, one)


@pytest.mark.parametrize(
    "ignored", "\u00ad\u034f\u115f\u180e\u200b\u200d\u200e\u2060\u2066\u3164\ufe0f\ufeff\U000e0041"
)
def test_an_invisible_character_is_refused_in_a_name(campaign: Campaign, ignored: str) -> None:
    with Session(campaign.databases.petition) as session, pytest.raises(BadShape, match="an invisible character"):
        add_organizer(session, f"A{ignored}na", moment=campaign.clock(), random=os.urandom)


def test_a_short_id_tells_people_apart_whose_names_were_alike_before(campaign: Campaign) -> None:
    for name in ("Ana", "Ben"):
        campaign.organizer(name)
    with Session(campaign.databases.reading) as session:
        ids = [short_id(one) for one in all_organizers(session)]

    assert len(set(ids)) == len(ids) >= 2
    assert {len(one) for one in ids} == {9}
