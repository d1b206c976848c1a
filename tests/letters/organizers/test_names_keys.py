"""Names keys: who holds them, what unlocks them, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.crypto.encodings import sha256
from petition.crypto.locked_names import NamesPrivateKey
from petition.errors import BadShape, Conflict, Forbidden, NotFound, Obstructed
from petition.letters.models import Authorship, Letter, NamesKey, NamesKeyCopy, Organizer
from petition.letters.organizers.accounts import forget_keys, keep_keys, private_key
from petition.letters.organizers.names_keys import (
    announce_unlocking,
    carry_out_announcements,
    choose_name_steps,
    destroy_names_keys,
    forget_names_key,
    grant,
    names_keys,
    unlock_named,
    unlocked,
    void_announcement,
    who_can_unlock,
)
from tests.walks import PASSPHRASE, Campaign

STEPS = ("named", "named_at:20", "named_at:50")
ANOTHER = "another long passphrase"


@contextmanager
def working(campaign: Campaign, letter_id: str) -> Iterator[tuple[Session, Letter, Organizer]]:
    """A session, a letter, and Ana, who wrote it."""
    with Session(campaign.databases.petition) as session:
        ana = session.scalars(select(Organizer).where(Organizer.name == "Ana")).one()
        yield session, session.get_one(Letter, letter_id), ana
        session.commit()


def join(campaign: Campaign, letter_id: str, name: str) -> str:
    """Another organizer of a letter, with a passphrase; their id."""
    organizer = campaign.organizer(name)
    with Session(campaign.databases.petition) as session:
        session.merge(Authorship(letter_id=letter_id, organizer_id=organizer))
        session.commit()
    return organizer


def announce(campaign: Campaign, letter_id: str, number: int, **how: Any) -> None:
    with working(campaign, letter_id) as (session, letter, ana):
        given = {"count": 100, "moment": campaign.clock(), "master": campaign.master, **how}
        announce_unlocking(session, letter, ana, PASSPHRASE, number, **given)


def rows(campaign: Campaign, letter_id: str) -> dict[str, NamesKey]:
    return {row.step: row for row in campaign.rows(NamesKey, letter_id)}


# Choosing the steps


def test_steps_come_in_the_order_of_what_they_show(campaign: Campaign) -> None:
    letter_id = campaign.a_draft(names=("named_at:200", "named_at:50", "named_at:200", "named"))

    with working(campaign, letter_id) as (_, letter, _ana):
        assert letter.name_steps == ["named", "named_at:50", "named_at:200"]


@pytest.mark.parametrize("numbers", [[1], [0], [-5], [1_000_001], [2, 3, 4, 5, 6, 7]])
def test_numbers_that_promise_nothing_are_refused(campaign: Campaign, numbers: list[int]) -> None:
    letter_id = campaign.a_draft()

    with working(campaign, letter_id) as (session, letter, _), pytest.raises(BadShape, match="at most 5 numbers"):
        choose_name_steps(session, letter, named=True, numbers=numbers, months=12)


@pytest.mark.parametrize("months", [0, 61])
def test_names_stay_for_a_bounded_time(campaign: Campaign, months: int) -> None:
    letter_id = campaign.a_draft()

    with working(campaign, letter_id) as (session, letter, _), pytest.raises(BadShape, match="from 1 to 60"):
        choose_name_steps(session, letter, named=True, numbers=[], months=months)


def test_steps_are_frozen_at_opening(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))

    with working(campaign, letter_id) as (session, letter, _), pytest.raises(Conflict):
        choose_name_steps(session, letter, named=False, numbers=[], months=12)


# Keys


def test_opening_makes_a_key_for_each_step_and_logs_its_hash(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)

    first = campaign.entries(letter_id)[0]
    made = {step: sha256(row.public_key or b"").hex() for step, row in rows(campaign, letter_id).items()}
    assert first["names_keys"] == made
    assert set(made) == set(STEPS)


def test_no_private_half_lies_open_or_under_the_master_secret(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)

    assert all(row.private_key is None and not row.is_open for row in rows(campaign, letter_id).values())
    assert len(campaign.rows(NamesKeyCopy, letter_id)) == len(STEPS)
    assert all(copy.box.startswith(b"age-encryption.org/v1") for copy in campaign.rows(NamesKeyCopy, letter_id))


def test_a_letter_that_shows_names_does_not_open_while_nobody_could_unlock_them(campaign: Campaign) -> None:
    letter_id = campaign.a_draft(names=("named",), organizer=campaign.organizer("Uma"))
    with Session(campaign.databases.petition) as session:
        forget_keys(session, session.get_one(Organizer, campaign.organizer("Uma")))
        session.commit()

    with pytest.raises(Obstructed, match="no one could ever reveal"):
        campaign.open(letter_id)


def test_a_passphrase_unlocks_named_for_the_clock(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)
    with working(campaign, letter_id) as (session, letter, ana):
        unlock_named(session, letter, ana, PASSPHRASE, master=campaign.master)

    found = rows(campaign, letter_id)
    key = unlocked(found["named"], campaign.master)
    assert key is not None
    assert NamesPrivateKey.from_pkcs8(key).public_key() == found["named"].public_key
    assert unlocked(found["named_at:20"], campaign.master) is None


def test_another_passphrase_unlocks_nothing(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)

    with working(campaign, letter_id) as (session, letter, ana):
        with pytest.raises(Forbidden, match="n't your password"):
            unlock_named(session, letter, ana, ANOTHER, master=campaign.master)
        assert names_keys(session, letter_id)[0].private_key is None


# Organizers come and go


def test_an_organizer_who_comes_later_unlocks_only_after_a_grant(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)
    ben = join(campaign, letter_id, "Ben")

    with working(campaign, letter_id) as (session, letter, ana):
        with pytest.raises(Forbidden, match="Ask another editor to give"):
            unlock_named(session, letter, session.get_one(Organizer, ben), PASSPHRASE, master=campaign.master)
        grant(session, letter, ana, PASSPHRASE, ben)
        unlock_named(session, letter, session.get_one(Organizer, ben), PASSPHRASE, master=campaign.master)
        assert who_can_unlock(session, letter_id) == {ana.id, ben}


def test_all_organizers_at_opening_hold_the_keys(campaign: Campaign) -> None:
    letter_id = campaign.a_draft(names=("named",))
    ben = join(campaign, letter_id, "Ben")
    campaign.open(letter_id)

    with working(campaign, letter_id) as (session, _, ana):
        assert who_can_unlock(session, letter_id) == {ana.id, ben}


def test_keys_are_granted_to_organizers_of_the_letter_alone(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    stranger = campaign.organizer("Zoe")

    with (
        working(campaign, letter_id) as (session, letter, ana),
        pytest.raises(NotFound, match="doesn't work on the letter"),
    ):
        grant(session, letter, ana, PASSPHRASE, stranger)


def test_nothing_is_granted_with_another_passphrase(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    ben = join(campaign, letter_id, "Ben")

    with working(campaign, letter_id) as (session, letter, ana):
        with pytest.raises(Forbidden, match="n't your password"):
            grant(session, letter, ana, ANOTHER, ben)
        assert who_can_unlock(session, letter_id) == {ana.id}


def test_an_organizer_who_leaves_loses_the_keys(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))

    with working(campaign, letter_id) as (session, letter, ana):
        forget_names_key(session, letter_id, ana.id)
        with pytest.raises(Forbidden, match="don't have the key"):
            unlock_named(session, letter, ana, PASSPHRASE, master=campaign.master)


def test_a_reset_organizer_has_lost_the_keys_until_another_grants_them(campaign: Campaign) -> None:
    letter_id = campaign.a_draft(names=("named",))
    ben = join(campaign, letter_id, "Rhea, who is reset")
    campaign.open(letter_id)

    with working(campaign, letter_id) as (session, letter, ana):
        forget_keys(session, session.get_one(Organizer, ben))
        assert who_can_unlock(session, letter_id) == {ana.id}
        with pytest.raises(Conflict, match="no password"):
            grant(session, letter, ana, PASSPHRASE, ben)


def test_a_changed_passphrase_opens_the_same_key_pair(campaign: Campaign) -> None:
    ana = campaign.organizer("Ida")

    with Session(campaign.databases.petition) as session:
        organizer = session.get_one(Organizer, ana)
        before = private_key(organizer, PASSPHRASE)
        keep_keys(organizer, PASSPHRASE, ANOTHER)
        assert private_key(organizer, ANOTHER) == before
        with pytest.raises(Forbidden):
            private_key(organizer, PASSPHRASE)


# Unlocking an N


def test_an_n_is_opened_a_day_after_it_was_announced(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)

    day = campaign.clock() + timedelta(days=1)
    with working(campaign, letter_id) as (session, letter, _):
        assert carry_out_announcements(session, letter, count=20, moment=day - timedelta(hours=1)) == []
        assert unlocked(rows(campaign, letter_id)["named_at:20"], campaign.master) is None
        assert carry_out_announcements(session, letter, count=20, moment=day) == ["named_at:20"]
    assert unlocked(rows(campaign, letter_id)["named_at:20"], campaign.master) is not None


def test_it_opens_that_step_alone(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)
    with working(campaign, letter_id) as (session, letter, _):
        carry_out_announcements(session, letter, count=60, moment=campaign.clock() + timedelta(days=1))

    assert [step for step, row in rows(campaign, letter_id).items() if row.is_open] == ["named_at:20"]
    assert rows(campaign, letter_id)["named_at:50"].private_key is None


def test_an_n_that_was_not_reached_is_not_announced(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)

    with pytest.raises(Conflict, match="So far, 19 are counted"):
        announce(campaign, letter_id, 20, count=19)


def test_one_step_is_announced_at_a_time(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)

    with pytest.raises(Conflict, match="Other names are already announced"):
        announce(campaign, letter_id, 50)


def test_a_count_that_falls_below_n_voids_the_announcement_and_deletes_the_key(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)
    with working(campaign, letter_id) as (session, letter, _):
        assert carry_out_announcements(session, letter, count=19, moment=campaign.clock()) == []

    row = rows(campaign, letter_id)["named_at:20"]
    assert (row.private_key, row.opens, row.is_open) == (None, None, False)


def test_an_organizer_takes_an_announcement_back(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)
    with working(campaign, letter_id) as (session, letter, _):
        void_announcement(session, letter, "named_at:20")

    assert rows(campaign, letter_id)["named_at:20"].private_key is None
    announce(campaign, letter_id, 50)


@pytest.mark.parametrize("number", [30, 21])
def test_an_n_that_the_letter_does_not_offer_is_refused(campaign: Campaign, number: int) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)

    with pytest.raises(NotFound, match="no such names"):
        announce(campaign, letter_id, number)


def test_names_are_not_announced_before_the_letter_is_public(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=STEPS)

    with pytest.raises(Conflict, match="while the letter is public"):
        announce(campaign, letter_id, 20)


def test_destroying_leaves_no_half_and_no_box(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(names=STEPS)
    announce(campaign, letter_id, 20)
    with working(campaign, letter_id) as (session, _, _ana):
        destroy_names_keys(session, letter_id)

    assert campaign.rows(NamesKeyCopy, letter_id) == []
    assert all((row.is_over, row.private_key) == (True, None) for row in rows(campaign, letter_id).values())
