"""One-time links, passphrases, signing in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict, Forbidden, NotFound, Over
from petition.letters.models import Organizer
from petition.letters.organizers import accounts
from petition.letters.organizers.accounts import (
    INVITATION_LASTS,
    add_organizer,
    all_organizers,
    change_passphrase,
    choose_passphrase,
    invited,
    private_key,
    reset_organizer,
    sign_in,
)
from petition.letters.organizers.sessions import begin_sign_in, key_of, signed_in
from tests.walks import PASSPHRASE, Campaign

pytestmark = pytest.mark.thorough

ANOTHER = "another long passphrase"
numbers = count()


@pytest.fixture
def name() -> str:
    """A name that no one has yet."""
    return f"Zoë {next(numbers)}"


@contextmanager
def working(campaign: Campaign) -> Iterator[Session]:
    with Session(campaign.databases.petition) as session:
        yield session
        session.commit()


def invite(campaign: Campaign, name: str) -> str:
    with working(campaign) as session:
        return add_organizer(session, name, moment=campaign.clock(), random=os.urandom)


def choose(campaign: Campaign, secret: str, passphrase: str = PASSPHRASE) -> str:
    with working(campaign) as session:
        return choose_passphrase(session, secret, passphrase, moment=campaign.clock()).id


def at(campaign: Campaign) -> dict[str, Any]:
    return {"moment": campaign.clock(), "master": campaign.master}


def test_a_link_lets_a_newcomer_choose_a_passphrase_and_sign_in(campaign: Campaign, name: str) -> None:
    organizer = choose(campaign, invite(campaign, name))

    with working(campaign) as session:
        assert sign_in(session, name, PASSPHRASE, **at(campaign)).id == organizer


def test_a_link_works_once(campaign: Campaign, name: str) -> None:
    secret = invite(campaign, name)
    choose(campaign, secret)

    with pytest.raises(Over, match="was used or is too old"):
        choose(campaign, secret, ANOTHER)


def test_a_link_that_is_only_looked_at_stays_good(campaign: Campaign, name: str) -> None:
    secret = invite(campaign, name)

    with working(campaign) as session:
        found = {invited(session, secret, moment=campaign.clock()).name for _ in range(3)}
    assert found == {name}


def test_a_link_lasts_a_week(campaign: Campaign, name: str) -> None:
    secret, made = invite(campaign, name), campaign.clock()

    with working(campaign) as session:
        assert invited(session, secret, moment=made + INVITATION_LASTS - timedelta(hours=1)).name == name
        with pytest.raises(Over, match="too old"):
            invited(session, secret, moment=made + INVITATION_LASTS + timedelta(minutes=1))


def test_a_passphrase_that_is_refused_leaves_the_link_good(campaign: Campaign, name: str) -> None:
    secret = invite(campaign, name)

    for passphrase in ("", "elevenchars", "x" * 1001):
        with pytest.raises(BadShape, match="Choose a password of 12 to"):
            choose(campaign, secret, passphrase)
    assert choose(campaign, secret)


@pytest.mark.usefixtures("slow_passphrases")
def test_neither_link_nor_passphrase_is_stored(campaign: Campaign, name: str) -> None:
    secret = invite(campaign, name)
    with working(campaign) as session:
        stored = invited(session, secret, moment=campaign.clock()).invitation
    organizer = choose(campaign, secret)

    assert stored is not None
    assert secret.encode() not in stored
    with working(campaign) as session:
        row = session.get_one(Organizer, organizer)
        assert (row.invitation, row.invited_until) == (None, None)
        assert row.passphrase is not None
        assert row.passphrase.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
        assert PASSPHRASE not in row.passphrase


def test_a_wrong_passphrase_a_wrong_name_and_a_link_not_used_yet_are_refused_alike(
    campaign: Campaign, name: str
) -> None:
    choose(campaign, invite(campaign, name))
    waiting = f"{name} waits"
    invite(campaign, waiting)

    refusals = set()
    with working(campaign) as session:
        for who, phrase in ((name, PASSPHRASE + "."), ("Nobody", PASSPHRASE), (waiting, PASSPHRASE)):
            with pytest.raises(Forbidden) as refused:
                sign_in(session, who, phrase, **at(campaign))
            refusals.add(str(refused.value))
    assert len(refusals) == 1


def test_a_name_may_be_typed_as_other_machines_write_it(campaign: Campaign, name: str) -> None:
    organizer = choose(campaign, invite(campaign, name))

    with working(campaign) as session:
        assert (
            sign_in(session, " " + name.replace("ë", "e\u0308").replace(" ", "  "), PASSPHRASE, **at(campaign)).id
            == organizer
        )


@pytest.mark.parametrize("typed", ["Ana\0", "A" * 10_000])
def test_an_impossible_name_belongs_to_no_one(campaign: Campaign, typed: str) -> None:
    with working(campaign) as session, pytest.raises(Forbidden):
        sign_in(session, typed, PASSPHRASE, **at(campaign))


@pytest.mark.parametrize("typed", ["", "  ", "x" * 101, "A\0na"])
def test_a_name_has_1_to_100_visible_characters(campaign: Campaign, typed: str) -> None:
    with pytest.raises(BadShape):
        invite(campaign, typed)


def test_a_name_belongs_to_one(campaign: Campaign, name: str) -> None:
    invite(campaign, name)

    with pytest.raises(Conflict, match=f"The name {name} is taken"):
        invite(campaign, name.replace("ë", "e\u0308"))


def test_a_reset_ends_every_sign_in_at_once_and_the_old_passphrase(campaign: Campaign, name: str) -> None:
    organizer = choose(campaign, invite(campaign, name))
    with working(campaign) as session:
        proof = begin_sign_in(
            session, session.get_one(Organizer, organizer), moment=campaign.clock(), random=os.urandom
        )
        assert signed_in(session, proof, moment=campaign.clock()) is not None
        reset_organizer(session, name, moment=campaign.clock(), random=os.urandom)

    with working(campaign) as session:
        assert signed_in(session, proof, moment=campaign.clock()) is None
        with pytest.raises(Forbidden):
            sign_in(session, name, PASSPHRASE, **at(campaign))


def test_a_reset_makes_a_new_link_and_spoils_the_old_one(campaign: Campaign, name: str) -> None:
    old = invite(campaign, name)
    with working(campaign) as session:
        new = reset_organizer(session, name, moment=campaign.clock(), random=os.urandom)

    with pytest.raises(Over):
        choose(campaign, old)
    with working(campaign) as session:
        assert invited(session, new, moment=campaign.clock()).name == name


def test_only_who_is_there_can_be_reset(campaign: Campaign) -> None:
    with working(campaign) as session, pytest.raises(NotFound, match="no organizer named Nobody"):
        reset_organizer(session, "Nobody", moment=campaign.clock(), random=os.urandom)


def test_all_organizers_come_by_name(campaign: Campaign, name: str) -> None:
    invite(campaign, name)

    with working(campaign) as session:
        found = [organizer.name for organizer in all_organizers(session)]
    assert {"Ana", name} <= set(found)
    assert found.index("Ana") < found.index(name)


def test_changing_the_passphrase_takes_the_present_one_and_keeps_the_key_pair(campaign: Campaign, name: str) -> None:
    organizer_id = choose(campaign, invite(campaign, name))
    with working(campaign) as session:
        organizer = session.get_one(Organizer, organizer_id)
        before, private = organizer.public_key, private_key(organizer, PASSPHRASE)
        proofs = [begin_sign_in(session, organizer, moment=campaign.clock(), random=os.urandom) for _ in range(2)]
        session.commit()
        with pytest.raises(Forbidden):
            change_passphrase(session, session.get_one(Organizer, organizer_id), "wrong " * 5, ANOTHER)
        mine = session.get_one(Organizer, organizer_id)
        change_passphrase(session, mine, PASSPHRASE, ANOTHER, but=key_of(proofs[0]))

    with working(campaign) as session:
        organizer = session.get_one(Organizer, organizer_id)
        assert (organizer.public_key, private_key(organizer, ANOTHER)) == (before, private)
        assert [signed_in(session, proof, moment=campaign.clock()) for proof in proofs] == [organizer, None]
        with pytest.raises(Forbidden):
            sign_in(session, name, PASSPHRASE, **at(campaign))


@pytest.mark.parametrize("typed", ["ana maria", "ANA MARIA", " Ana  Maria ", "Ａna Maria"])
def test_a_name_is_known_with_any_capitals(campaign: Campaign, session: Session, typed: str) -> None:
    campaign.organizer("Ana Maria")

    found = accounts.sign_in(session, typed, PASSPHRASE, moment=campaign.clock(), master=campaign.master)
    assert found.name == "Ana Maria"


def test_two_names_that_differ_in_capitals_alone_cannot_be_made(campaign: Campaign, session: Session) -> None:
    campaign.organizer("Ana Maria")
    with pytest.raises(Conflict):
        accounts.add_organizer(session, "ana maria", moment=campaign.clock(), random=os.urandom)


def test_two_that_an_older_version_let_be_made_are_told_apart_by_their_capitals(
    campaign: Campaign, session: Session
) -> None:
    first = campaign.organizer("Ana Maria")
    session.add(Organizer(id="0" * 26, name="ana maria"))
    session.commit()

    assert accounts.known_as(session, "Ana Maria")[0] == first
    assert accounts.known_as(session, "ana maria")[0] == "0" * 26
    assert accounts.known_as(session, "ANA MARIA") == ("", "")
