"""A further round of a roll: only together with 2K codes, and only once the round before hides its signers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, rounds
from petition.crypto.blind_rsa import PrivateKey
from petition.errors import BadShape, Conflict, NotFound, Over, TooEarly
from petition.issuing.codes import make_codes
from petition.issuing.email_codes import mailing_round
from petition.issuing.models import Batch, IssuingRound
from petition.issuing.rounds import begin_round
from petition.signing.models import Round
from petition.signing.verification_methods import routes_of
from tests.conftest import Clock
from tests.walks import Campaign

K, H = 3, 2


def a_letter_with_a_full_round(campaign: Campaign, **how: Any) -> str:
    letter = campaign.an_open_letter(k=K, **how)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    return letter


def test_it_opens_once_k_signatures_of_the_round_before_are_counted(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)
    codes = campaign.further_round(letter)

    assert len(codes) == 2 * K
    assert campaign.types(letter)[-2:] == ["round", "codes"]
    assert [row.number for row in campaign.rows(Round, letter)] == [1, 2]


@pytest.mark.parametrize("waiting", [0, 1, K + H])
def test_it_does_not_open_before_however_many_wait(campaign: Campaign, waiting: int) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, waiting)

    with pytest.raises(Conflict, match="fewer than 3 counted signatures"):
        campaign.further_round(letter)
    assert len(campaign.rows(IssuingRound, letter)) == 1


@pytest.mark.parametrize("count", [0, 1, 2 * K - 1])
def test_it_takes_at_least_2k_codes(campaign: Campaign, count: int) -> None:
    letter = a_letter_with_a_full_round(campaign)

    with pytest.raises(BadShape, match="at least 6 codes"):
        campaign.further_round(letter, count)
    assert len(campaign.rows(IssuingRound, letter)) == 1


def test_it_opens_after_the_round_before_was_annulled(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    codes = campaign.further_round(letter)
    for code in codes[: K + H]:
        campaign.sign(letter, campaign.token(letter, code, 2))

    assert campaign.seal(letter).signatures == K


def test_it_opens_after_the_round_before_lost_its_secret_which_ends_that_round(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.tokens(letter, K)
    campaign.services.secrets.destroy(letter, 1)
    campaign.further_round(letter)

    issued = [entry for entry in campaign.entries(letter) if entry["type"] == "issued"]
    assert issued == [{"type": "issued", "round": 1, "issued": K, "key_destroyed": True}]


def test_a_round_that_was_ended_in_order_has_not_lost_its_secret(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.tokens(letter, K + H)
    campaign.seal(letter)
    campaign.end_round(letter)

    with pytest.raises(Conflict, match="fewer than 3 counted signatures"):
        campaign.further_round(letter)


def test_other_rolls_do_not_matter(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign, rolls=("One", "Two"))

    with pytest.raises(Conflict):
        campaign.further_round(letter, roll="workers-2")
    with pytest.raises(NotFound):
        campaign.further_round(letter, roll="workers-9")
    assert len(campaign.further_round(letter, roll="workers")) == 2 * K


def test_none_opens_once_closing_is_announced_and_none_of_a_statement_by_one(campaign: Campaign) -> None:
    letter, alone = a_letter_with_a_full_round(campaign), campaign.an_open_letter(k=1)
    campaign.announce_close(letter)

    for one in (letter, alone):
        with pytest.raises(Conflict):
            campaign.further_round(one)


def test_it_works_and_is_in_the_log_from_the_next_set_time_on(campaign: Campaign, clock: Clock) -> None:
    letter = a_letter_with_a_full_round(campaign)
    opens = clock() + timedelta(hours=19)
    new = rounds.open_further_round(campaign.services, letter, None, 2 * K, opens=opens)
    campaign.seal(letter)
    assert campaign.types(letter).count("round") == 1
    for asked in (1, 2):  # a program without the strip's set asks the one that is public
        with pytest.raises(TooEarly, match="2026-11-03 04:00"):
            campaign.token(letter, new.codes[0], asked)
    clock.pass_time(hours=19)
    campaign.tick()

    assert campaign.entries(letter)[-2] | {"public_key": ""} == {
        "type": "round", "round": 2, "roll": "workers", "public_key": "", "opens": "2026-11-03T04:00Z", "closes": None,
    }  # fmt: skip
    assert campaign.token(letter, new.codes[0], 2).round == 2


def test_what_a_crash_left_at_the_issuer_is_done_again_and_its_lost_codes_are_recalled(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)
    with Session(campaign.databases.issuer) as issuer:  # the first half of opening, as a crash leaves it
        secrets, random = campaign.services.secrets, campaign.services.random
        begin_round(issuer, secrets, letter, 2, "workers", random, campaign.services.make_key)
        _, lost = make_codes(issuer, secrets, letter, 2, 2 * K, random)
        issuer.commit()
    codes = campaign.further_round(letter)

    batches = [(row.number, row.round, row.made, row.voided) for row in campaign.rows(Batch, letter)]
    assert sorted(batches) == [(1, 1, 5, 0), (2, 2, 6, 6), (3, 2, 6, 0)]
    assert campaign.token(letter, codes[0], 2).round == 2
    with pytest.raises(Over, match="can't be used"):
        campaign.token(letter, lost[0], 2)


def test_of_two_that_open_at_once_the_first_keeps_its_codes_and_the_other_is_told(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)
    first: list[str] = []

    def make_key() -> PrivateKey:
        if not first:
            first.extend(campaign.further_round(letter))
        return campaign.services.make_key()

    slow = replace(campaign.services, make_key=make_key)
    with pytest.raises(Conflict, match="just changed this letter"):
        rounds.open_further_round(slow, letter, None, 2 * K, opens=campaign.clock())

    assert [(row.round, row.made, row.voided) for row in campaign.rows(Batch, letter)] == [(1, 5, 0), (2, 6, 0)]
    assert [campaign.token(letter, code, 2).round for code in first] == [2] * 6


@pytest.mark.parametrize("does", ["taken down", "in an emergency"])
def test_none_opens_for_a_letter_that_ends_while_its_key_is_made(campaign: Campaign, does: str) -> None:
    letter = a_letter_with_a_full_round(campaign)

    def make_key() -> PrivateKey:
        if does == "taken down":
            closing.withdraw_letter(campaign.services, letter, "Over.")
        else:
            campaign.announce_close(letter)
            rounds.destroy_now(campaign.services, letter)
        return campaign.services.make_key()

    slow = replace(campaign.services, make_key=make_key)
    with pytest.raises((Conflict, Over)):
        rounds.open_further_round(slow, letter, None, 2 * K, opens=campaign.clock())

    assert len(campaign.rows(Round, letter)) == len(campaign.rows(IssuingRound, letter)) == 1
    assert not campaign.services.secrets.exists(letter, 2)


def test_one_that_opens_while_the_letter_is_taken_down_ends_with_it(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)
    ends = rounds.end_issuing

    def end_issuing(*given: Any) -> None:
        ends(*given)
        if len(campaign.rows(Round, letter)) == 1:
            campaign.further_round(letter)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(closing, "end_issuing", end_issuing)
        closing.withdraw_letter(campaign.services, letter, "Over.")

    assert not campaign.services.secrets.exists(letter, 2)


def test_what_a_crash_left_for_another_roll_goes_to_the_one_that_opens(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K, rolls=("Staff", "Contractors"))
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    with Session(campaign.databases.issuer) as issuer:
        secrets, random = campaign.services.secrets, campaign.services.random
        begin_round(issuer, secrets, letter, 3, "contractors", random, campaign.services.make_key)
        issuer.commit()
    staff = campaign.rows(Round, letter)[0].roll
    campaign.further_round(letter, roll=staff)

    assert [row.roll for row in campaign.rows(IssuingRound, letter)] == [
        row.roll for row in campaign.rows(Round, letter)
    ]


def test_a_sheet_that_cannot_be_printed_opens_nothing(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)

    def refuse(*_: object) -> None:
        raise BadShape("This can't be printed.")

    with pytest.raises(BadShape):
        rounds.open_further_round(campaign.services, letter, None, 2 * K, opens=campaign.clock(), check=refuse)
    assert len(campaign.rows(Round, letter)) == len(campaign.rows(IssuingRound, letter)) == 1


def test_an_obstacle_is_shown_and_enforced_alike(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    with Session(campaign.databases.reading) as session:
        row = campaign.letter(session, letter)
        obstacle = rounds.obstacle_to_further_round(session, row, "workers", campaign.services)

    with pytest.raises(Conflict) as refused:
        campaign.further_round(letter)
    assert str(obstacle) == str(refused.value)


# By email


def with_mail(campaign: Campaign) -> Campaign:
    campaign.services = replace(campaign.services, sends_mail=True)
    return campaign


def mailing(campaign: Campaign, letter: str) -> int:
    with Session(campaign.databases.issuer) as issuer:
        return mailing_round(issuer, letter, "workers").number


def test_codes_are_mailed_in_the_first_round_alone(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(with_mail(campaign), mail={"workers": ["example.com"]}, routes=("code", "mail"))
    campaign.further_round(letter)

    assert mailing(campaign, letter) == 1
    with Session(campaign.databases.reading) as session:
        row, rows = campaign.letter(session, letter), campaign.rows(Round, letter)
        assert [routes_of(row, one, rows) for one in rows] == [["code", "mail"], ["code"]]


def test_codes_are_mailed_again_when_every_earlier_round_was_annulled_and_none_on_paper_are_needed(
    campaign: Campaign,
) -> None:
    letter = with_mail(campaign).an_open_letter(k=K, mail={"workers": ["example.com"]}, routes=("mail",))
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")

    assert campaign.further_round(letter, 0) == []
    assert mailing(campaign, letter) == 2
    codes = campaign.mailed_codes(letter, "ana@example.com", number=2)
    assert campaign.token(letter, codes[0], 2).round == 2


def test_a_log_with_two_rounds_names_each_key_once(campaign: Campaign) -> None:
    letter = a_letter_with_a_full_round(campaign)
    campaign.further_round(letter)
    keys = [entry["public_key"] for entry in campaign.entries(letter) if entry["type"] == "round"]

    assert len(set(keys)) == len(keys) == 2
