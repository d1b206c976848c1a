"""Timing ``apart``, several rolls, later rounds, recall: what keeps codes and signatures away from each other."""

import json

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.errors import Conflict, Over, TooEarly
from petition.issuing.codes import void_batch
from petition.issuing.models import Code
from petition.letters.update_times import next_update
from petition.publishing.figures.counts import figures
from petition.sealing.models import Entry
from petition.signing.models import Round
from tests.conftest import Clock
from tests.walks import Campaign

pytestmark = pytest.mark.thorough


def log_entries(campaign: Campaign, letter_id: str) -> list[dict[str, object]]:
    """All entries of a letter's log."""
    with Session(campaign.databases.reading) as session:
        rows = session.query(Entry).filter(Entry.letter_id == letter_id).order_by(Entry.number)
        return [json.loads(row.data) for row in rows]


def kinds(campaign: Campaign, letter_id: str) -> list[str]:
    return [str(entry["type"]) for entry in log_entries(campaign, letter_id)]


def an_apart_letter(campaign: Campaign, **rules: object) -> str:
    return campaign.an_open_letter(timing="apart", issuing_days=2, pause_hours=24, **rules)


def a_letter_whose_issuing_ended(campaign: Campaign, clock: Clock) -> tuple[str, list]:  # type: ignore[type-arg]
    letter = an_apart_letter(campaign)
    tokens = campaign.tokens(letter, 5)
    clock.pass_time(days=2, hours=1)
    campaign.tick()
    return letter, tokens


def test_apart_takes_no_signature_while_codes_are_exchanged(campaign: Campaign) -> None:
    letter = an_apart_letter(campaign)
    token = campaign.tokens(letter, 1)[0]

    with pytest.raises(TooEarly):
        campaign.sign(letter, token)


@pytest.mark.parametrize(("issued", "ended"), [(4, []), (5, [1])])
def test_issuing_goes_on_until_k_and_h_tokens_are_issued(
    campaign: Campaign, clock: Clock, issued: int, ended: list[int]
) -> None:
    letter = an_apart_letter(campaign)
    campaign.tokens(letter, issued)
    clock.pass_time(days=3)

    assert rounds.end_due_rounds(campaign.services, letter, moment=clock()) == ended


def test_whether_enough_is_issued_to_end_a_round_is_shown_as_of_the_last_update(campaign: Campaign) -> None:
    letter = an_apart_letter(campaign)
    campaign.tokens(letter, 4)
    campaign.seal(letter)
    campaign.tokens(letter, 1)

    with pytest.raises(Conflict, match="until a count update finds"):
        campaign.end_round(letter)
    campaign.seal(letter)
    campaign.end_round(letter)
    assert not campaign.services.secrets.exists(letter, 1)


@pytest.mark.parametrize("timing", ["together", "apart"])
def test_a_round_that_organizers_end_goes_on_until_the_next_set_time(
    campaign: Campaign, clock: Clock, timing: str
) -> None:
    letter = campaign.an_open_letter(timing=timing)
    campaign.tokens(letter, 5)
    campaign.seal(letter)
    ends = next_update(campaign.letter_row(letter), campaign.settings.seal_at, clock())
    rounds.end_round(campaign.services, letter, 1, ends=ends)
    campaign.tokens(letter, 1)
    clock.moment = ends
    campaign.tick()

    assert [entry["issued"] for entry in log_entries(campaign, letter) if entry["type"] == "issued"] == [6]
    assert not campaign.services.secrets.exists(letter, 1)


@pytest.mark.parametrize("came", [False, True])
def test_annulling_a_round_tells_nothing_of_who_came_since_the_last_update(
    campaign: Campaign, clock: Clock, came: bool
) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 9)
    campaign.seal(letter)
    if came:
        campaign.tokens(letter, 1)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.seal(letter)

    [issued] = [entry["issued"] for entry in log_entries(campaign, letter) if entry["type"] == "issued"]
    assert (issued, campaign.rows(Round, letter)[0].spent) == (7, 5)


def test_an_announced_closing_ends_no_round_early(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 4)
    campaign.seal(letter)
    campaign.announce_close(letter)

    with pytest.raises(Conflict, match="until a count update finds"):
        campaign.end_round(letter)
    clock.pass_time(hours=23)
    campaign.tick()
    assert campaign.tokens(letter, 1)
    assert "issued" not in kinds(campaign, letter)


def test_when_issuing_ends_its_secrets_are_destroyed_and_the_number_is_logged(campaign: Campaign, clock: Clock) -> None:
    letter, _ = a_letter_whose_issuing_ended(campaign, clock)
    issued = [entry for entry in log_entries(campaign, letter) if entry["type"] == "issued"]

    assert issued == [{"type": "issued", "round": 1, "issued": 5, "key_destroyed": True}]
    assert not campaign.services.secrets.exists(letter, 1)
    with Session(campaign.databases.issuer) as issuer:
        assert issuer.query(Code).count() == 0


def test_signing_opens_after_the_pause_and_codes_are_over(campaign: Campaign, clock: Clock) -> None:
    letter, tokens = a_letter_whose_issuing_ended(campaign, clock)
    with pytest.raises(TooEarly):
        campaign.sign(letter, tokens[0])
    clock.pass_time(hours=25)

    assert not campaign.sign(letter, tokens[0]).sealed
    with pytest.raises(Over):
        campaign.token(letter, "0000-0000-0000-0000")


def test_apart_seals_and_verifies_in_order(campaign: Campaign, clock: Clock) -> None:
    letter, tokens = a_letter_whose_issuing_ended(campaign, clock)
    clock.pass_time(hours=25)
    for token in tokens:
        campaign.sign(letter, token)
    campaign.seal(letter)

    found = kinds(campaign, letter)
    assert found == ["letter", "round", "codes", "issued", "signature", "signature", "signature"]


def test_an_apart_round_that_never_seals_blocks_its_roll(campaign: Campaign, clock: Clock) -> None:
    letter, tokens = a_letter_whose_issuing_ended(campaign, clock)
    clock.pass_time(hours=25)
    campaign.sign(letter, tokens[0])
    campaign.seal(letter)

    with pytest.raises(Conflict, match="fewer than 3 counted signatures"):
        campaign.further_round(letter)


def test_rolls_are_verified_and_counted_apart(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(rolls=("Current workers", "Former workers"))
    campaign.sign_all(letter, 5, number=1)
    campaign.sign_all(letter, 4, number=2)
    campaign.seal(letter)

    with Session(campaign.databases.reading) as session:
        found = figures(session, campaign.letter(session, letter), None)
    assert [(roll.name, roll.count) for roll in found.rolls] == [("Current workers", 3), ("Former workers", 0)]


def test_a_recalled_batch_can_no_longer_be_exchanged_and_the_log_counts_all_of_it(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    codes = campaign.codes(letter, 4)
    campaign.token(letter, codes[0])
    with Session(campaign.databases.issuer) as issuer:
        void_batch(issuer, letter, 1)
        issuer.commit()
    campaign.seal(letter)

    with pytest.raises(Over):
        campaign.token(letter, codes[1])
    assert log_entries(campaign, letter)[-1] == {"type": "codes", "round": 1, "made": 4, "voided": 4}


def test_destroying_at_once_leaves_no_secret_and_what_waits_is_still_counted(campaign: Campaign, clock: Clock) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 3)
    campaign.announce_close(letter)
    rounds.destroy_now(campaign.services, letter)
    assert not campaign.services.secrets.exists(letter, 1)
    clock.pass_time(days=1, hours=1)

    assert "3 signatures" in campaign.tick()["we-refuse-to-build-it"]


def test_the_record_of_an_apart_round_says_when_to_come_back(campaign: Campaign, clock: Clock) -> None:
    letter = an_apart_letter(campaign)
    record = campaign.app().test_client().get(campaign.address(letter) + "round.json").json

    assert (record["timing"], record["issuing"], record["signing"]) == ("apart", True, False)
    assert (record["issuing_ends"], record["signing_starts"]) == ("2026-11-04T09:00Z", "2026-11-05T09:00Z")


def test_both_rounds_rows_agree_after_everything(campaign: Campaign, clock: Clock) -> None:
    letter, _ = a_letter_whose_issuing_ended(campaign, clock)

    with Session(campaign.databases.reading) as session:
        row = session.get_one(Round, (letter, 1))
        assert (row.issued, row.made, row.is_logged) == (5, 5, True)
