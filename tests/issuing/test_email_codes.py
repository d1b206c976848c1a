"""Codes by email: the same address has one code, and what waits tells nothing."""

import json
import os
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from petition.addresses import read_address
from petition.coordination import rounds
from petition.crypto.codes import read_code
from petition.errors import CodeUsed, Over, SlowDown
from petition.issuing import email_codes
from petition.issuing.email_codes import Asked, admit, ask, mailed_code, opened, put_away
from petition.issuing.models import Code, IssuingRound, Outbox
from petition.issuing.rounds import numbers
from tests.crypto.conftest import DATA
from tests.walks import Campaign

ANA, BEN = read_address("ana@example.com"), read_address("ben@example.com")


@pytest.fixture
def letter(campaign: Campaign) -> str:
    """An open letter; whose codes are mailed is not the issuer's to know. The outbox is empty."""
    with Session(campaign.databases.issuer) as issuer:
        issuer.execute(delete(Outbox))
        issuer.commit()
    return campaign.an_open_letter()


def wish(campaign: Campaign, letter: str, asked: Asked) -> None:
    with Session(campaign.databases.issuer) as issuer:
        secrets = campaign.services.secrets
        ask(issuer, secrets, letter, "workers", asked, moment=campaign.clock(), random=os.urandom)
        issuer.commit()


def admitted(campaign: Campaign, letter: str, address: str, number: int = 1) -> str | None:
    with Session(campaign.databases.issuer) as issuer:
        code = admit(issuer, campaign.services.secrets, letter, number, read_address(address))
        issuer.commit()
        return code


def told(campaign: Campaign, letter: str) -> tuple[int, int, int]:
    with Session(campaign.databases.issuer) as issuer:
        (found,) = numbers(issuer, letter)
        return found.made, found.mailed, found.spent


def test_a_mailed_code_is_the_one_of_the_test_vectors() -> None:
    given = json.loads((DATA / "petition.json").read_text())["mail_code"]
    code = mailed_code(
        bytes.fromhex(given["mail_key"]), given["letter_id"], given["round"], read_address("Ana+x@Example.com")
    )

    assert code == read_code(given["code"])


def test_the_same_address_gets_the_same_code_and_has_one_row(campaign: Campaign, letter: str) -> None:
    codes = {admitted(campaign, letter, address) for address in ("ana@example.com", "Ana+again@EXAMPLE.com")}
    other = admitted(campaign, letter, "ben@example.com")

    assert len(codes) == 1 and codes != {other}
    assert len(campaign.rows(Code, letter)) == 2


def test_a_mailed_code_buys_one_token_and_counts_when_it_does(campaign: Campaign, letter: str) -> None:
    code = admitted(campaign, letter, "ana@example.com") or ""
    before = told(campaign, letter)
    campaign.token(letter, code)
    with pytest.raises(CodeUsed):
        campaign.token(letter, code)

    assert admitted(campaign, letter, "ana@example.com") == code
    assert (before, told(campaign, letter)) == ((0, 0, 0), (0, 1, 1))


def test_how_many_mailed_codes_were_used_outlives_their_rows(campaign: Campaign, letter: str) -> None:
    campaign.token(letter, admitted(campaign, letter, "ana@example.com") or "")
    campaign.token(letter, campaign.codes(letter, 2)[0])
    admitted(campaign, letter, "ben@example.com")
    rounds.destroy_now(campaign.services, letter)

    assert campaign.rows(Code, letter) == []
    assert told(campaign, letter) == (2, 1, 2)


def test_what_waits_opens_only_with_the_rounds_secret(campaign: Campaign, letter: str) -> None:
    wish(campaign, letter, Asked(ANA, "es"))
    (row,) = campaign.rows(Outbox, letter)
    assert opened(campaign.services.secrets, row) == Asked(ANA, "es")
    campaign.services.secrets.destroy(letter, 1)

    assert opened(campaign.services.secrets, row) is None


def test_all_boxes_look_alike(campaign: Campaign, letter: str) -> None:
    long = read_address(f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 50}.example")
    for address in (ANA, ANA, BEN, long, read_address("山田@例え.jp")):
        wish(campaign, letter, Asked(address, "en"))
    rows = campaign.rows(Outbox, letter)

    assert len({len(row.box) for row in rows}) == 1
    assert len({row.box for row in rows}) == len({row.key for row in rows}) == 5
    assert {row.hour for row in rows} == {campaign.clock()}


def test_an_ended_round_takes_its_outbox_along(campaign: Campaign, letter: str) -> None:
    wish(campaign, letter, Asked(ANA, "en"))
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")

    assert campaign.rows(Outbox, letter) == []
    assert admitted(campaign, letter, "ana@example.com") is None


def test_in_a_further_round_no_one_who_signed_by_email_gets_another_code(campaign: Campaign, letter: str) -> None:
    campaign.services.secrets.destroy(letter, 1)
    campaign.further_round(letter)

    with pytest.raises(Over, match="on paper"):
        wish(campaign, letter, Asked(ANA, "en"))


def test_after_an_annulled_round_codes_are_mailed_again(campaign: Campaign, letter: str) -> None:
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.further_round(letter)
    wish(campaign, letter, Asked(ANA, "en"))

    assert [row.round for row in campaign.rows(Outbox, letter)] == [2]


def test_a_full_outbox_accepts_no_more_requests(
    campaign: Campaign, letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email_codes, "MOST_WAITING", 2)
    for _ in range(2):
        wish(campaign, letter, Asked(ANA, "en"))

    with pytest.raises(SlowDown):
        wish(campaign, letter, Asked(BEN, "en"))

    other = campaign.an_open_letter(slug="another")
    wish(campaign, other, Asked(BEN, "en"))
    assert len(campaign.rows(Outbox, other)) == 1


def test_asking_puts_away_what_has_surely_waited_for_more_than_an_hour(campaign: Campaign, letter: str) -> None:
    wish(campaign, letter, Asked(ANA, "en"))
    moment = campaign.clock() + timedelta(hours=2)
    with Session(campaign.databases.issuer) as issuer:
        secrets = campaign.services.secrets
        ask(issuer, secrets, letter, "workers", Asked(BEN, "en"), moment=moment, random=os.urandom)
        issuer.commit()

    assert [row.hour for row in campaign.rows(Outbox, letter)] == [moment]


def test_what_could_not_be_delivered_is_counted_once(campaign: Campaign, letter: str) -> None:
    wish(campaign, letter, Asked(ANA, "en"))
    (row,) = campaign.rows(Outbox, letter)
    for _ in range(2):
        with Session(campaign.databases.issuer) as issuer:
            put_away(issuer, row, undelivered=True)
            issuer.commit()

    assert [known.undelivered for known in campaign.rows(IssuingRound, letter)] == [1]
