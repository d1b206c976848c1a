"""Closing: what is published, what is deleted, and that a letter which is only open is published with it or not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds
from petition.errors import Conflict, Obstructed, Over
from petition.issuing.models import Code, IssuingRound
from petition.letters.fields import FieldOfLetter, read_field
from petition.letters.models import Letter
from petition.signing.models import Answer, ArrivedAnswer, ArrivedName, LockedName, Pending, Round
from tests.conftest import Clock
from tests.walks import Campaign

K, H = 3, 2
ROLE: FieldOfLetter = read_field("Role", [("Software", None), ("Other", None)])


def state(campaign: Campaign, letter: str) -> str:
    return campaign.letter_row(letter).state


def pass_a_day(campaign: Campaign, clock: Clock, letter: str) -> str:
    clock.pass_time(days=1, hours=1)
    return campaign.tick()[campaign.letter_row(letter).slug]


def counted(campaign: Campaign, letter: str) -> dict[int, int]:
    return {row.number: row.signatures for row in campaign.rows(Round, letter)}


# Publishing


@pytest.mark.parametrize("waiting", [0, K, K + H - 1])
def test_a_letter_is_published_only_once_k_signatures_of_a_round_are_counted(campaign: Campaign, waiting: int) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, waiting)
    campaign.seal(letter)

    with pytest.raises(Obstructed, match="one set of codes needs at least 3 counted signatures"):
        opening.publish_letter(campaign.services, letter, moment=campaign.clock())


def test_it_is_not_published_before_the_update_that_counts_them(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)

    with pytest.raises(Obstructed):
        opening.publish_letter(campaign.services, letter, moment=campaign.clock())
    campaign.seal(letter)
    opening.publish_letter(campaign.services, letter, moment=campaign.clock())
    assert state(campaign, letter) == "published"


def test_k_signatures_of_two_rounds_together_are_not_enough(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=10, rolls=("One", "Two"))
    for number in (1, 2):
        campaign.sign_all(letter, 8, number=number)
    campaign.seal(letter)

    with pytest.raises(Obstructed):
        opening.publish_letter(campaign.services, letter, moment=campaign.clock())
    assert "signature" not in campaign.types(letter)


# Rounds that stay small


def test_a_small_round_is_never_published_and_nothing_is_left_of_it(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K, rolls=("One", "Two"), fields=(ROLE,), names=("named",))
    campaign.sign_all(letter, K, role="software")
    campaign.sign_all(letter, K - 1, number=2, role="other")
    campaign.sign_by_name(letter, ["Ada"], number=1)
    campaign.announce_close(letter)
    pass_a_day(campaign, clock, letter)

    assert counted(campaign, letter) == {1: K + 1, 2: 0}
    assert campaign.entries(letter)[-1] == {"type": "closed", "signatures": K + 1, "withdrawals": 0, "dropped": 0}
    for table in (Pending, Answer, ArrivedAnswer, LockedName, ArrivedName):
        assert [row for row in campaign.rows(table, letter) if row.round == 2] == []
    assert len(campaign.rows(Answer, letter)) == K


@pytest.mark.parametrize(("sizes", "told"), [((9, 9), 15), ((9, 0), 0), ((5, 5), 10), ((9, 8), 15), ((4, 5), 0)])
def test_how_many_were_dropped_is_told_over_all_rounds_in_fives_and_nothing_under_k(
    campaign: Campaign, clock: Clock, sizes: tuple[int, int], told: int
) -> None:
    letter = campaign.a_published_letter(k=10, rolls=("One", "Two", "Three"))
    campaign.sign_all(letter, 10)
    for number, size in enumerate(sizes, 2):
        campaign.sign_all(letter, size, number=number)
    campaign.announce_close(letter)
    pass_a_day(campaign, clock, letter)

    assert campaign.entries(letter)[-1]["dropped"] == told


def test_a_round_that_is_in_the_log_gets_its_last_signatures_however_few(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.announce_close(letter)
    pass_a_day(campaign, clock, letter)

    assert counted(campaign, letter) == {1: K + H}


def test_a_dropped_token_is_spent(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    token = campaign.sign_all(letter, 1)[0]
    campaign.announce_close(letter)
    pass_a_day(campaign, clock, letter)

    with pytest.raises(Over):
        campaign.sign(letter, token)


# Letters that are only open


def test_an_open_letter_in_which_k_waited_at_the_last_update_is_counted_published_and_closed_in_one_hour(
    campaign: Campaign, clock: Clock
) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K)
    campaign.seal(letter)
    campaign.announce_close(letter)
    assert pass_a_day(campaign, clock, letter) == f"closed, {K} signatures, {K + 2} entries"

    row = campaign.letter_row(letter)
    assert (row.state, row.was_public, row.published) == ("closed", True, row.closed)
    assert campaign.types(letter)[-K - 2 :] == ["issued", *["signature"] * K, "closed"]


def test_whether_k_wait_is_shown_as_of_the_last_update(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K - 1)
    campaign.seal(letter)
    campaign.sign_all(letter, 1)

    with pytest.raises(Obstructed, match="At the last update, no set of codes had 3"):
        campaign.announce_close(letter)
    campaign.seal(letter)
    campaign.announce_close(letter)


def test_k_in_two_rounds_together_do_not_close_it(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K, rolls=("One", "Two"))
    for number in (1, 2):
        campaign.sign_all(letter, K - 1, number=number)
    campaign.seal(letter)

    with pytest.raises(Obstructed, match="only take it down"):
        campaign.announce_close(letter)


def test_closing_lapses_if_no_round_has_k_any_more_and_the_letter_goes_on(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.an_open_letter(k=K)
    tokens = campaign.sign_all(letter, K)
    campaign.seal(letter)
    campaign.announce_close(letter)
    campaign.withdraw(letter, tokens[0])
    assert pass_a_day(campaign, clock, letter).startswith("not closed")

    assert (state(campaign, letter), campaign.letter_row(letter).closes) == ("open", None)
    assert "closed" not in campaign.types(letter)
    campaign.sign_all(letter, 3)
    assert campaign.seal(letter).signatures == K


@pytest.mark.parametrize(
    ("now_needed", "sentence"),
    [({"threshold": 100}, "You set a minimum of 100 signatures. So far: 3."), ({"approve": "publish"}, "host must")],
)
def test_what_keeps_an_open_letter_from_being_published_keeps_it_from_closing(
    campaign: Campaign, clock: Clock, now_needed: dict[str, Any], sentence: str
) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.announce_close(letter)
    if "threshold" in now_needed:
        with Session(campaign.databases.petition) as session:
            session.get_one(Letter, letter).threshold = now_needed["threshold"]
            session.commit()
    else:
        campaign.services = replace(campaign.services, **now_needed)
    assert pass_a_day(campaign, clock, letter).startswith("not closed")

    row = campaign.letter_row(letter)
    assert (row.state, row.was_public, row.closes) == ("open", False, None)
    with pytest.raises(Obstructed, match=sentence):
        campaign.announce_close(letter)


def test_nothing_is_counted_between_the_announcement_and_the_end(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.announce_close(letter)
    campaign.sign_all(letter, K + H)
    clock.pass_time(hours=23)
    campaign.seal(letter)

    assert counted(campaign, letter) == {1: 0}


def test_an_announced_hour_stands_when_closing_is_announced_again(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.announce_close(letter)
    hour = campaign.letter_row(letter).closes
    clock.pass_time(hours=5)
    with pytest.raises(Conflict, match="can't change"):
        campaign.announce_close(letter)

    assert campaign.letter_row(letter).closes == hour == clock() + timedelta(hours=19)


# Letters of version 0.1.0


def of_version_1(campaign: Campaign, letter: str) -> str:
    """As version 0.1.0 left it: a log of version 1, and no record to pin."""
    with Session(campaign.databases.petition) as session:
        row = session.get_one(Letter, letter)
        row.log_version, row.pinned = 1, None
        session.commit()
    return letter


def test_a_letter_of_version_1_takes_no_signature_and_says_why(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    token = campaign.tokens(letter, 1)[0]
    of_version_1(campaign, letter)

    with pytest.raises(Over, match=r"began with version 0\.1\.0"):
        campaign.sign(letter, token)


def test_a_letter_of_version_1_is_not_published_and_gets_no_further_round(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    of_version_1(campaign, letter)

    with pytest.raises(Obstructed, match=r"version 0\.1\.0"):
        opening.publish_letter(campaign.services, letter, moment=campaign.clock())
    with pytest.raises(Over):
        campaign.further_round(letter)
    with pytest.raises(Over):
        rounds.annul_round(campaign.services, letter, 1, "Flooded.")


def test_withdrawals_from_a_log_of_version_1_go_on_and_nothing_else_does(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.codes(letter, 9)
    of_version_1(campaign, letter)
    size = len(campaign.entries(letter))
    campaign.withdraw(letter, next(one for one in tokens if campaign.look_up(letter, one).state == "sealed"))
    campaign.seal(letter)

    assert campaign.types(letter)[size:] == ["withdrawal"]


def test_the_secrets_of_a_letter_of_version_1_go_with_all_that_waits(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.codes(letter, 5)
    campaign.sign_all(letter, 2)
    of_version_1(campaign, letter)
    pass_a_day(campaign, clock, letter)

    assert campaign.rows(Pending, letter) == campaign.rows(Code, letter) == []
    assert [row.private_key for row in campaign.rows(IssuingRound, letter)] == [None]
    assert not campaign.services.secrets.exists(letter, 1)


def test_a_letter_of_version_1_closes_as_its_log_says_it(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    of_version_1(campaign, letter)
    size = len(campaign.entries(letter))
    campaign.announce_close(letter)
    pass_a_day(campaign, clock, letter)

    assert campaign.entries(letter)[size:] == [{"type": "closed", "signatures": K, "withdrawals": 0}]
    assert (campaign.rows(Pending, letter), state(campaign, letter)) == ([], "closed")


def test_a_closed_letter_closes_no_second_time(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.close_letter(letter)

    with pytest.raises((Conflict, Obstructed)):
        closing.close_letter(campaign.services, letter, moment=campaign.clock() + timedelta(days=9))
