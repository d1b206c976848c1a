"""When a letter is published and closed by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from petition.coordination import opening
from petition.errors import Refusal
from petition.jobs.scheduler import keep_dates, tick
from petition.letters.dates import set_dates
from petition.letters.states import CLOSED, OPEN, PUBLISHED
from tests.conftest import START

pytestmark = pytest.mark.thorough

A_DAY = timedelta(days=1)
LAST_HOUR = datetime(9999, 12, 31, 23, tzinfo=UTC)


def plan(campaign, letter_id, publishes=None, ends=None):
    with Session(campaign.databases.petition) as session:
        letter = campaign.letter(session, letter_id)
        set_dates(session, letter, publishes=publishes, ends=ends, moment=START)
        session.commit()


def after_tick(campaign, letter_id, moment):
    with Session(campaign.databases.reading) as session:
        slug = campaign.letter(session, letter_id).slug
    tick(campaign.services, (4,), moment, only=slug)  # others' letters are on this site too
    with Session(campaign.databases.reading) as session:
        return campaign.letter(session, letter_id)


def test_the_clock_publishes_at_its_hour_and_not_before(campaign):
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    plan(campaign, letter, publishes=START + A_DAY)

    assert after_tick(campaign, letter, START + A_DAY - timedelta(hours=1)).state == OPEN
    assert after_tick(campaign, letter, START + A_DAY).state == PUBLISHED


def test_obstacles_delay_publication(campaign):
    letter = campaign.an_open_letter(threshold=5)
    plan(campaign, letter, publishes=START + A_DAY)
    assert after_tick(campaign, letter, START + A_DAY).state == OPEN

    campaign.sign_all(letter, 7)
    campaign.seal(letter)

    assert after_tick(campaign, letter, START + 2 * A_DAY).state == PUBLISHED


def test_a_publication_that_was_called_off_while_another_letter_was_published_does_not_happen(campaign, monkeypatch):
    letters = [campaign.an_open_letter(k=3) for _ in range(2)]
    for letter in letters:
        campaign.sign_all(letter, 5)
        campaign.seal(letter)
        plan(campaign, letter, publishes=START + A_DAY)
    publish_letter = opening.publish_letter

    def publish(services, letter_id, **how):
        other = letters[1 - letters.index(letter_id)]
        if campaign.letter_row(other).state == OPEN:
            plan(campaign, other)
        publish_letter(services, letter_id, **how)

    monkeypatch.setattr(opening, "publish_letter", publish)
    keep_dates(campaign.services, START + A_DAY)

    assert sorted(campaign.letter_row(letter).state for letter in letters) == [OPEN, PUBLISHED]


def planned(campaign, count):
    letters = [campaign.an_open_letter(k=3) for _ in range(count)]
    for letter in letters:
        campaign.sign_all(letter, 5)
        campaign.seal(letter)
        plan(campaign, letter, publishes=START + A_DAY)
    return letters


def test_who_asks_for_one_letter_keeps_no_dates_of_others(campaign):
    asked, other = planned(campaign, 2)

    assert after_tick(campaign, asked, START + A_DAY).state == PUBLISHED
    assert campaign.letter_row(other).state == OPEN
    plan(campaign, other)


@pytest.mark.parametrize("broken", [0, 1])
def test_a_letter_that_can_not_be_published_keeps_no_other_from_it(campaign, monkeypatch, broken):
    letters = planned(campaign, 2)
    publish_letter = opening.publish_letter

    def publish(services, letter_id, **how):
        if letter_id == letters[broken]:
            raise ValueError
        publish_letter(services, letter_id, **how)

    monkeypatch.setattr(opening, "publish_letter", publish)
    with pytest.raises(ValueError):
        keep_dates(campaign.services, START + A_DAY)

    assert campaign.letter_row(letters[1 - broken]).state == PUBLISHED
    plan(campaign, letters[broken])


def test_a_date_of_publication_that_was_overtaken_is_in_no_one_s_way(campaign):
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    plan(campaign, letter, publishes=START + 30 * A_DAY)
    campaign.publish(letter)
    plan(campaign, letter, ends=START + 10 * A_DAY)

    assert campaign.letter_row(letter).ends == START + 10 * A_DAY


def test_the_clock_announces_a_closing_a_day_ahead_and_closes(campaign):
    letter = campaign.a_published_letter()
    end = START + 3 * A_DAY
    plan(campaign, letter, ends=end)

    assert after_tick(campaign, letter, end - A_DAY - timedelta(hours=1)).closes is None
    assert after_tick(campaign, letter, end - A_DAY).closes == end
    assert after_tick(campaign, letter, end - timedelta(hours=1)).state == PUBLISHED
    assert after_tick(campaign, letter, end).state == CLOSED


def test_a_clock_that_stood_still_gives_a_whole_days_notice(campaign):
    letter = campaign.a_published_letter()
    plan(campaign, letter, ends=START + 2 * A_DAY)
    late = START + 5 * A_DAY

    assert after_tick(campaign, letter, late).closes == late + A_DAY


@pytest.mark.parametrize(
    "dates",
    [
        {"publishes": START - A_DAY},
        {"ends": START + timedelta(hours=23)},
        {"publishes": START + A_DAY, "ends": START + A_DAY + timedelta(hours=23)},
        {"publishes": START + 2000 * A_DAY},
        {"publishes": LAST_HOUR, "ends": LAST_HOUR},
    ],
)
def test_hours_that_cannot_be_kept_are_refused(campaign, dates):
    letter = campaign.an_open_letter()

    with pytest.raises(Refusal):
        plan(campaign, letter, **dates)


def test_an_announced_closing_stands(campaign):
    letter = campaign.a_published_letter()
    campaign.announce_close(letter)

    with pytest.raises(Refusal):
        plan(campaign, letter, ends=START + 9 * A_DAY)
