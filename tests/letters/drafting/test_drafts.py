"""Writing: versions, conflicts that lose nothing, addresses, rules."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import opening
from petition.errors import BadShape, Conflict, TextChanged, TooLong
from petition.letters.access import own_letters
from petition.letters.drafting.drafts import delete_draft, save
from petition.letters.drafting.settings import Rules, rolls_of, set_rules
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Authorship, Letter, Organizer, Roll, Version
from petition.letters.text.letter_text import LetterText, canonical
from tests.walks import WORDS, Campaign

OURS, THEIRS = replace(WORDS, body="Ours."), replace(WORDS, body="Theirs.")


@contextmanager
def at_desk(campaign: Campaign, name: str = "Ana") -> Iterator[tuple[Session, Organizer]]:
    who = campaign.organizer(name)
    with Session(campaign.databases.petition) as session:
        yield session, session.get_one(Organizer, who)
        session.commit()


def keep(campaign: Campaign, letter: str, words: LetterText, based_on: int, name: str = "Ana", note: str = "") -> int:
    with at_desk(campaign, name) as (session, organizer):
        found = session.get_one(Letter, letter)
        moment = campaign.clock()
        return save(session, found, organizer, words, based_on=based_on, moment=moment, note=note).number


def newest(campaign: Campaign, letter: str) -> LetterText:
    with Session(campaign.databases.reading) as session:
        return text_of(newest_version(session, session.get_one(Letter, letter)))


# Versions


def test_every_save_is_a_version_and_earlier_ones_stay(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, OURS, based_on=1, note="Shorter")

    first, second = sorted(campaign.rows(Version, letter), key=lambda row: row.number)
    assert (text_of(first), text_of(second)) == (WORDS, OURS)
    assert (second.author, second.note, second.saved) == ("Ana", "Shorter", campaign.clock())


def test_saving_the_same_words_again_makes_no_version(campaign: Campaign) -> None:
    letter = campaign.a_draft()

    assert keep(campaign, letter, WORDS, based_on=1) == keep(campaign, letter, WORDS, based_on=0) == 1


def test_a_draft_over_a_newer_version_is_refused_and_overwrites_nothing(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, THEIRS, based_on=1, name="Ben")

    with pytest.raises(TextChanged, match="Ben just saved a newer version"):
        keep(campaign, letter, OURS, based_on=1)
    assert newest(campaign, letter) == THEIRS


def test_who_was_refused_can_save_on_top_of_the_newer_version(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, THEIRS, based_on=1, name="Ben")

    assert keep(campaign, letter, OURS, based_on=2) == 3
    assert len(campaign.rows(Version, letter)) == 3
    assert newest(campaign, letter) == OURS


@pytest.mark.parametrize("based_on", [0, 2, 99])
def test_a_save_on_top_of_a_version_that_is_not_the_newest_is_refused(campaign: Campaign, based_on: int) -> None:
    letter = campaign.a_draft()

    with pytest.raises(TextChanged):
        keep(campaign, letter, OURS, based_on=based_on)


def test_the_letters_title_is_that_of_the_newest_version(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, replace(WORDS, title="Stop it"), based_on=1)

    with Session(campaign.databases.reading) as session:
        assert session.get_one(Letter, letter).title == "Stop it"


def test_an_open_letters_text_can_change_no_more(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(Conflict, match="start a new letter"):
        keep(campaign, letter, OURS, based_on=1)
    assert newest(campaign, letter) == WORDS


@pytest.mark.parametrize("shared", ["postgresql"], indirect=True)
def test_what_is_saved_while_the_letter_opens_comes_too_late(campaign: Campaign) -> None:
    """On PostgreSQL a session may still believe in a draft; SQLite lets no one in between."""
    letter = campaign.a_draft()
    with at_desk(campaign) as (session, organizer):
        found = session.get_one(Letter, letter)
        opening.open_letter(campaign.services, letter, moment=campaign.clock())

        with pytest.raises(Conflict, match="start a new letter"):
            save(session, found, organizer, OURS, based_on=1, moment=campaign.clock())
        with pytest.raises(Conflict, match="start a new letter"):
            set_rules(session, found, Rules(k=5))
    assert newest(campaign, letter) == WORDS


def test_a_letter_that_opens_during_a_save_opens_with_the_saved_text(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    with ThreadPoolExecutor() as people, at_desk(campaign) as (session, organizer):
        found, moment = session.get_one(Letter, letter), campaign.clock()
        save(session, found, organizer, OURS, based_on=1, moment=moment)
        asked = people.submit(opening.open_letter, campaign.services, letter, moment=moment)
        wait([asked], timeout=0.3)
        session.commit()
        asked.result()

    assert campaign.figures(letter).text == canonical(OURS)
    assert campaign.figures(letter).words == OURS


def test_no_two_letters_share_an_id_or_an_unlisted_address(campaign: Campaign) -> None:
    made = [campaign.a_draft() for _ in range(3)]

    assert len(set(made)) == len({letter[:16] for letter in made}) == 3
    assert {len(letter) for letter in made} == {26}


# Rules


@pytest.mark.parametrize("k", [-1, 0, 2, 51])
def test_k_is_from_3_to_50(campaign: Campaign, k: int) -> None:
    with pytest.raises(BadShape, match="must be from 3 to 50"):
        campaign.a_draft(k=k)


@pytest.mark.parametrize(
    "wrong", [{"timing": "later"}, {"issuing_days": 0}, {"issuing_days": 366}, {"pause_hours": 0}, {"pause_hours": 721}]
)
def test_timing_is_one_of_two_and_its_lengths_are_bounded(campaign: Campaign, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadShape):
        campaign.a_draft(**wrong)


@pytest.mark.parametrize(
    "change", [{"k": 4}, {"timing": "apart"}, {"rolls": ("A", "B")}, {"pause_hours": 1}, {"issuing_days": 9}]
)
def test_what_freezes_at_opening_can_change_no_more(campaign: Campaign, change: dict[str, Any]) -> None:
    letter = campaign.an_open_letter(k=3)

    with pytest.raises(Conflict, match="start a new letter"), at_desk(campaign) as (session, _):
        set_rules(session, session.get_one(Letter, letter), Rules(**{"k": 3, **change}))
    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        assert (found.k, found.timing, len(rolls_of(session, found))) == (3, "together", 1)


def test_goal_and_threshold_can_change_at_any_time(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=3)
    with at_desk(campaign) as (session, _):
        set_rules(session, session.get_one(Letter, letter), Rules(k=3, goal=500, threshold=20))

    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        assert (found.goal, found.threshold) == (500, 20)


def test_one_roll_is_named_after_the_employer_and_follows_its_name(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, replace(WORDS, employer="Initech"), based_on=1)

    assert [roll.name for roll in campaign.rows(Roll, letter)] == ["Workers of Initech"]


def test_one_roll_is_named_in_the_language_of_the_letter(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, replace(WORDS, language="es"), based_on=1)

    assert [roll.name for roll in campaign.rows(Roll, letter)] == [f"Personal de {WORDS.employer}"]


def test_one_roll_is_named_after_an_employer_added_once_the_rules_are_saved(campaign: Campaign) -> None:
    letter = campaign.a_draft(words=replace(WORDS, employer=""))
    names = tuple(roll.name for roll in campaign.rows(Roll, letter))
    with at_desk(campaign) as (session, _):
        set_rules(session, session.get_one(Letter, letter), Rules(k=3, rolls=names))
    keep(campaign, letter, WORDS, based_on=1)

    assert [roll.name for roll in campaign.rows(Roll, letter)] == [f"Workers of {WORDS.employer}"]


def test_rolls_keep_the_names_and_the_order_that_they_were_given(campaign: Campaign) -> None:
    letter = campaign.a_draft(rolls=("Workers", " Contractors ", "", "\u2060", "Former\tworkers"))
    keep(campaign, letter, replace(WORDS, employer="Initech"), based_on=1)

    with Session(campaign.databases.reading) as session:
        rolls = rolls_of(session, session.get_one(Letter, letter))
    assert [roll.name for roll in rolls] == ["Workers", "Contractors", "Former workers"]
    assert len({roll.id for roll in rolls}) == 3


def test_rolls_have_names_of_their_own_and_there_are_not_too_many(campaign: Campaign) -> None:
    with pytest.raises(BadShape, match="each with its own name"):
        campaign.a_draft(rolls=("Workers", "Workers "))
    with pytest.raises(BadShape, match="at most 20"):
        campaign.a_draft(rolls=tuple(f"Roll {number}" for number in range(21)))
    with pytest.raises(TooLong):
        campaign.a_draft(rolls=("x" * 201,))


# Deleting


def test_a_deleted_draft_leaves_nothing(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    keep(campaign, letter, OURS, based_on=1)
    with at_desk(campaign) as (session, _):
        delete_draft(session, session.get_one(Letter, letter))

    for table in (Version, Authorship, Roll):
        assert campaign.rows(table, letter) == []
    with at_desk(campaign) as (session, organizer):
        assert session.get(Letter, letter) is None
        assert letter not in {own.id for own in own_letters(session, organizer)}


def test_an_open_letter_cannot_be_deleted(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(Conflict), at_desk(campaign) as (session, _):
        delete_draft(session, session.get_one(Letter, letter))
    assert newest(campaign, letter) == WORDS
