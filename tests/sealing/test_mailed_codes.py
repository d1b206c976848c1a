"""Mailed codes in the log: never a number that rises because one person came, and never fewer than signatures."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from petition.coordination import rounds
from petition.signing.models import Round
from petition.verifying import open_source, verify
from tests.publishing.test_folder import publish
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

DOMAINS = {"workers": ["example.com"]}


@pytest.fixture
def campaign(campaign: Campaign) -> Campaign:
    campaign.services = replace(campaign.services, sends_mail=True)
    return campaign


@pytest.fixture
def letter(campaign: Campaign) -> str:
    """Codes on paper and by email; K is 3, so that 5 must wait."""
    return campaign.an_open_letter(mail=DOMAINS, routes=("code", "mail"))


def exchange(campaign: Campaign, letter: str, *numbers: int, of: int = 1) -> list[Any]:
    """Workers of these numbers have a code mailed and exchange it; their tokens."""
    addresses = (f"worker-{number}@example.com" for number in numbers)
    codes = campaign.mailed_codes(letter, *addresses, number=of)
    return [campaign.token(letter, code, of) for code in codes]


def sign_by_mail(campaign: Campaign, letter: str, *numbers: int, of: int = 1) -> None:
    for token in exchange(campaign, letter, *numbers, of=of):
        campaign.sign(letter, token)


def told(campaign: Campaign, letter: str) -> list[tuple[int, int]]:
    """Timeline from the public record of codes: round and number, in turn."""
    return [(entry["round"], entry["made"]) for entry in campaign.entries(letter) if entry["type"] == "codes"]


def test_an_exchanged_code_from_an_email_shows_only_with_signatures(campaign: Campaign, letter: str) -> None:
    exchange(campaign, letter, 1, 2, 3)
    sign_by_mail(campaign, letter, 4, 5)
    campaign.seal(letter)
    assert campaign.types(letter) == ["letter", "round"]
    sign_by_mail(campaign, letter, 6, 7, 8)
    campaign.seal(letter)

    assert campaign.types(letter)[2:] == ["codes", "signature", "signature", "signature"]
    assert told(campaign, letter) == [(1, 8)]


def test_codes_that_were_mailed_and_not_exchanged_never_show(campaign: Campaign, letter: str) -> None:
    campaign.mailed_codes(letter, "silent@example.com", "asleep@example.com")
    sign_by_mail(campaign, letter, *range(5))
    campaign.seal(letter)

    assert told(campaign, letter) == [(1, 5)]


def test_codes_on_paper_go_out_at_once_and_tell_nothing_of_mailed_ones(campaign: Campaign, letter: str) -> None:
    exchange(campaign, letter, 1, 2, 3)
    campaign.codes(letter, 10)
    campaign.seal(letter)
    campaign.codes(letter, 5)
    exchange(campaign, letter, 4)
    campaign.seal(letter)
    sign_by_mail(campaign, letter, *range(5, 10))
    campaign.seal(letter)

    assert told(campaign, letter) == [(1, 10), (1, 15), (1, 24)]


def test_the_shown_number_never_falls_when_paper_codes_follow_emailed_ones(campaign: Campaign, letter: str) -> None:
    sign_by_mail(campaign, letter, *range(5))
    campaign.seal(letter)
    exchange(campaign, letter, 90)
    campaign.codes(letter, 2)
    campaign.seal(letter)

    assert told(campaign, letter) == [(1, 5), (1, 7)]
    assert [(row.made, row.mailed) for row in campaign.rows(Round, letter)] == [(7, 5)]


def test_a_few_mailed_codes_are_not_told_with_signatures_that_do_not_need_them(campaign: Campaign, letter: str) -> None:
    sign_by_mail(campaign, letter, *range(5))
    campaign.seal(letter)
    exchange(campaign, letter, 90)
    campaign.sign_all(letter, 3)
    campaign.seal(letter)

    assert told(campaign, letter) == [(1, 5), (1, 8)]


def test_another_group_of_signers_that_grows_tells_nothing_of_this_one(campaign: Campaign) -> None:
    domains = {"workers": ["example.com"], "workers-2": ["example.org"]}
    letter = campaign.an_open_letter(rolls=("One", "Two"), mail=domains)
    sign_by_mail(campaign, letter, 1, of=1)
    sign_by_mail(campaign, letter, *range(2, 7), of=2)
    campaign.seal(letter)

    assert told(campaign, letter) == [(2, 5)]


def test_the_end_of_issuing_tells_how_many_were_mailed(campaign: Campaign, letter: str) -> None:
    exchange(campaign, letter, 1, 2, 3)
    campaign.codes(letter, 4)
    rounds.destroy_now(campaign.services, letter)
    campaign.seal(letter)

    assert campaign.types(letter)[2:] == ["codes", "issued"]
    assert (campaign.entries(letter)[2]["made"], campaign.entries(letter)[3]["issued"]) == (7, 3)


def test_a_round_that_ends_under_k_tells_neither_its_tokens_nor_its_mailed_codes(
    campaign: Campaign, letter: str
) -> None:
    exchange(campaign, letter, 1, 2)
    campaign.codes(letter, 4)
    rounds.destroy_now(campaign.services, letter)
    campaign.seal(letter)

    assert campaign.entries(letter)[2:] == [
        {"type": "codes", "round": 1, "made": 4, "voided": 0},
        {"type": "issued", "round": 1, "issued": None, "key_destroyed": True},
    ]


def test_an_annulled_round_tells_what_was_told_before(campaign: Campaign, letter: str) -> None:
    sign_by_mail(campaign, letter, *range(6))
    campaign.seal(letter)
    exchange(campaign, letter, 10, 11, 12, 13)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.seal(letter)

    assert campaign.types(letter)[-2:] == ["issued", "annulled"]
    assert (told(campaign, letter), campaign.entries(letter)[-2]["issued"]) == ([(1, 6)], 5)


def test_an_announced_closing_tells_nothing_before_its_hour(campaign: Campaign, letter: str) -> None:
    campaign.publish(letter)
    sign_by_mail(campaign, letter, 1, 2, 3)
    campaign.announce_close(letter)
    campaign.seal(letter)
    assert told(campaign, letter) == []
    campaign.close_letter(letter)

    assert campaign.types(letter)[2:] == ["codes", "issued", *["signature"] * 3, "closed"]
    assert told(campaign, letter) == [(1, 3)]


def test_sealed_again_with_nothing_new_nothing_is_logged_again(campaign: Campaign, letter: str) -> None:
    sign_by_mail(campaign, letter, *range(5))
    for _ in range(3):
        campaign.seal(letter)

    assert told(campaign, letter) == [(1, 5)]


def test_such_a_log_verifies(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    campaign.publish(letter)
    sign_by_mail(campaign, letter, *range(6))
    campaign.seal(letter)
    campaign.sign_all(letter, 4)
    exchange(campaign, letter, 20, 21)
    campaign.seal(letter)
    sign_by_mail(campaign, letter, *range(30, 34))
    campaign.seal(letter)
    campaign.close_letter(letter)
    publish(campaign, letter, tmp_path / "face")
    verdict = verify(open_source(str(tmp_path / "face")))

    assert verdict.ok, [check.detail for check in verdict.checks if not check.ok]
    assert campaign.entries(letter)[-1]["signatures"] == 14


def test_apart_the_log_verifies_too(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.an_open_letter(mail=DOMAINS, timing="apart")
    campaign.publish(letter)
    tokens = exchange(campaign, letter, *range(6))
    campaign.seal(letter)
    assert told(campaign, letter) == []
    campaign.end_round(letter)
    campaign.seal(letter)
    campaign.clock.pass_time(hours=26)  # type: ignore[attr-defined]
    for token in tokens:
        campaign.sign(letter, token)
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "face")
    verdict = verify(open_source(str(tmp_path / "face")))

    assert verdict.ok, [check.detail for check in verdict.checks if not check.ok]
    assert told(campaign, letter) == [(1, 6)]
