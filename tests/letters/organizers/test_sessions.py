"""Sign-ins: what a browser shows, how long it is good for, and who may end it."""

import os
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.letters.models import Organizer, SignIn
from petition.letters.organizers.sessions import (
    SIGN_IN_LASTS,
    begin_sign_in,
    end_sign_in,
    end_sign_ins,
    key_of,
    sign_ins_of,
    signed_in,
)
from tests.conftest import campaign
from tests.walks import Campaign

__all__ = ["campaign"]
"""A site of its own: no one else signs in there as Ana."""


def begin(session: Session, campaign: Campaign, name: str) -> tuple[Organizer, bytes]:
    organizer = session.scalars(select(Organizer).where(Organizer.name == name)).one()
    return organizer, begin_sign_in(session, organizer, moment=campaign.clock(), random=os.urandom)


def test_what_a_browser_shows_lets_its_owner_in_and_nothing_else_does(session: Session, campaign: Campaign) -> None:
    campaign.organizer("Ana")
    ana, proof = begin(session, campaign, "Ana")

    assert signed_in(session, proof, moment=campaign.clock()) is ana
    assert signed_in(session, key_of(proof), moment=campaign.clock()) is None
    assert signed_in(session, os.urandom(32), moment=campaign.clock()) is None


def test_a_sign_in_lasts_a_month_and_is_then_forgotten(session: Session, campaign: Campaign) -> None:
    campaign.organizer("Ana")
    ana, proof = begin(session, campaign, "Ana")
    later = campaign.clock() + SIGN_IN_LASTS

    assert signed_in(session, proof, moment=later - timedelta(hours=1)) is ana
    assert signed_in(session, proof, moment=later) is None
    begin_sign_in(session, ana, moment=later, random=os.urandom)
    assert session.get(SignIn, key_of(proof)) is None


def test_a_sign_in_tells_its_owner_and_the_hour_and_nothing_more(session: Session, campaign: Campaign) -> None:
    campaign.organizer("Ana")
    ana, proof = begin(session, campaign, "Ana")
    session.expire_all()

    assert [column.key for column in SignIn.__table__.columns] == ["key", "organizer_id", "begun"]
    assert [row.begun.minute for row in sign_ins_of(session, ana)] == [0]
    assert proof not in [row.key for row in sign_ins_of(session, ana)]


def test_organizers_end_one_or_all_other_sign_ins_of_theirs_alone(session: Session, campaign: Campaign) -> None:
    campaign.organizer("Ana")
    campaign.organizer("Ben")
    ana, first = begin(session, campaign, "Ana")
    ben, his = begin(session, campaign, "Ben")
    others = [begin(session, campaign, "Ana")[1] for _ in range(3)]
    end_sign_in(session, ana, key_of(his))
    end_sign_in(session, ana, key_of(others[0]))
    assert len(sign_ins_of(session, ana)) == 3

    end_sign_ins(session, ana, but=key_of(first))
    assert [row.key for row in sign_ins_of(session, ana)] == [key_of(first)]
    assert signed_in(session, his, moment=campaign.clock()) is ben
