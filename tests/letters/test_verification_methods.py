"""Ways to a signing code: chosen while drafting, fixed when the letter opens."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, email_domains, opening
from petition.errors import BadShape, Conflict, Obstructed
from petition.letters.drafting.settings import Rules, set_rules
from petition.letters.drafting.versions import newest_version
from petition.letters.lifecycle import Facts, obstacles
from petition.letters.models import Letter
from petition.letters.states import OPEN
from petition.letters.verification_methods import allowed_domains, set_routes
from tests.walks import Campaign

MAIL = {"workers": ["example.com"]}


@pytest.fixture
def sending(campaign: Campaign) -> Campaign:
    """A site that sends mail."""
    campaign.services = replace(campaign.services, sends_mail=True)
    return campaign


def choose(campaign: Campaign, letter: str, *routes: str, **domains: list[str]) -> Letter:
    with Session(campaign.databases.petition) as session:
        row = session.get_one(Letter, letter)
        set_routes(session, row, routes, {roll.replace("_", "-"): found for roll, found in domains.items()})
        session.commit()
        session.refresh(row)
        return row


def in_the_way(campaign: Campaign, letter: str, **facts: Any) -> list[str]:
    with Session(campaign.databases.reading) as session:
        row = session.get_one(Letter, letter)
        known = Facts(site_url="https://letters.example.org", **facts)
        return [str(found) for found in obstacles(row, newest_version(session, row), OPEN, known)]


def test_codes_are_on_paper_unless_something_else_is_chosen(campaign: Campaign) -> None:
    row = campaign.letter_row(campaign.a_draft())

    assert (row.routes, allowed_domains(row)) == (["code"], {})


def test_domains_are_kept_once_each_and_in_one_form(campaign: Campaign) -> None:
    row = choose(campaign, campaign.a_draft(), "mail", workers=["Example.com", " example.COM ", "*.bücher.example", ""])

    assert (row.routes, row.mail_domains) == (["mail"], {"workers": ["*.xn--bcher-kva.example", "example.com"]})


def test_domains_wait_while_codes_are_on_paper(campaign: Campaign) -> None:
    row = choose(campaign, campaign.a_draft(), "code", workers=["example.com"])

    assert (row.mail_domains, allowed_domains(row)) == (MAIL, {})


def test_some_way_must_be_chosen(campaign: Campaign) -> None:
    with pytest.raises(BadShape, match="at least one"):
        choose(campaign, campaign.a_draft(), workers=["example.com"])


@pytest.mark.parametrize("other", ["example.com", "*.example.com", "eu.example.com"])
def test_nobody_may_sign_in_two_groups_with_one_address(campaign: Campaign, other: str) -> None:
    letter = campaign.a_draft(rolls=("One", "Two"))

    with pytest.raises(BadShape, match="one group only"):
        choose(campaign, letter, "mail", workers=["*.example.com"], workers_2=[other])


def test_neighboring_domains_may_be_two_groups(campaign: Campaign) -> None:
    letter = campaign.a_draft(rolls=("One", "Two"))
    row = choose(campaign, letter, "mail", workers=["example.com"], workers_2=["eu.example.com"])

    assert set(row.mail_domains) == {"workers", "workers-2"}


def test_a_group_that_is_gone_takes_its_domains_along(campaign: Campaign) -> None:
    letter = campaign.a_draft(rolls=("One", "Two"))
    choose(campaign, letter, "mail", workers=["example.com"], workers_2=["example.org"])
    with Session(campaign.databases.petition) as session:
        set_rules(session, session.get_one(Letter, letter), Rules(rolls=("Just one",)))
        session.commit()

    assert campaign.letter_row(letter).mail_domains == MAIL


def test_a_site_that_sends_no_mail_cannot_open_it_and_says_so(campaign: Campaign) -> None:
    letter = campaign.a_draft(mail=MAIL)

    assert any("PETITION_MAIL" in what for what in in_the_way(campaign, letter))
    assert in_the_way(campaign, letter, sends_mail=True) == []
    with pytest.raises(Obstructed, match="PETITION_MAIL"):
        opening.open_letter(campaign.services, letter, moment=campaign.clock())


def test_without_domains_it_cannot_open(campaign: Campaign) -> None:
    letter = campaign.a_draft(mail={})

    assert "email domains" in in_the_way(campaign, letter, sends_mail=True)[0]


def test_a_statement_by_one_person_has_its_code_on_paper(campaign: Campaign) -> None:
    letter = campaign.a_draft(k=1, mail=MAIL)

    assert "not by email" in in_the_way(campaign, letter, sends_mail=True)[0]


def test_from_opening_on_nothing_of_it_changes(sending: Campaign) -> None:
    letter = sending.an_open_letter(mail=MAIL)

    with pytest.raises(Conflict, match="can't change"):
        choose(sending, letter, "code")


def test_the_mailer_gets_only_letters_that_take_signatures(sending: Campaign) -> None:
    draft, opened = sending.a_draft(mail=MAIL), sending.an_open_letter(mail=MAIL)
    paper, over = sending.an_open_letter(), sending.an_open_letter(mail=MAIL)
    closing.withdraw_letter(sending.services, over, "")
    heard = email_domains.mail_domains(sending.services)

    assert heard[opened] == MAIL and heard[paper] == {}
    assert not {draft, over} & set(heard)
