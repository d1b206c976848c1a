"""Apps for one-time passwords and recovery codes: each works once."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict, Forbidden
from petition.letters.models import Organizer, RecoveryCode
from petition.letters.organizers.accounts import reset_organizer, sign_in
from petition.letters.organizers.one_time_passwords import (
    RECOVERY_CODES,
    app_address,
    app_secret,
    begin_app,
    confirm_app,
    forget_app,
    forget_spent_passwords,
    recovery_codes_left,
    require_second,
)
from tests.walks import PASSPHRASE, Campaign

numbers = count()


class Phone:
    """The phone of an Ana, with an app, and her recovery codes."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.name = f"Ana {next(numbers)}"
        made = campaign.organizer(self.name)
        self.session = Session(campaign.databases.petition)
        self.ana = self.session.get_one(Organizer, made)
        begin_app(self.ana, master=campaign.master)
        self.secret = app_secret(self.ana, master=campaign.master)
        self.codes = confirm_app(self.session, self.ana, self.shows(), random=os.urandom, **self.at())
        self.session.commit()

    def at(self, moment: datetime | None = None) -> dict[str, Any]:
        return {"moment": moment or self.campaign.clock(), "master": self.campaign.master}

    def shows(self, seconds: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.campaign.clock() + timedelta(seconds=seconds))

    def try_(self, typed: str, seconds: int = 0) -> None:
        moment = self.campaign.clock() + timedelta(seconds=seconds)
        require_second(self.session, self.ana, typed, **self.at(moment))


@pytest.fixture
def phone(campaign: Campaign) -> Iterator[Phone]:
    made = Phone(campaign)
    yield made
    made.session.rollback()
    made.session.close()


def test_a_password_works_once_even_within_its_half_minute(phone: Phone) -> None:
    phone.try_(phone.shows(60), 60)

    with pytest.raises(Forbidden, match="works once"):
        phone.try_(phone.shows(60), 61)
    phone.try_(phone.shows(90), 90)
    with pytest.raises(Forbidden):
        phone.try_(phone.shows(60), 90)


def test_the_password_that_confirmed_the_app_is_spent(phone: Phone) -> None:
    with pytest.raises(Forbidden):
        phone.try_(phone.shows())


def test_a_clock_may_be_half_a_minute_wrong_and_not_more(phone: Phone) -> None:
    phone.try_(phone.shows(300), 330)
    phone.try_(phone.shows(390), 360)

    for wrong in (-60, 60):
        with pytest.raises(Forbidden):
            phone.try_(phone.shows(900 + wrong), 900)


def test_spent_passwords_are_forgotten_when_they_are_too_old_to_be_used(phone: Phone) -> None:
    phone.try_(phone.shows(60), 60)
    soon, later = (phone.campaign.clock() + timedelta(seconds=after) for after in (70, 3600))
    forget_spent_passwords(phone.session, **phone.at(soon))
    assert len(phone.ana.spent_passwords) == 1

    forget_spent_passwords(phone.session, **phone.at(later))
    assert phone.ana.spent_passwords == []


def test_a_recovery_code_works_once_however_it_is_typed(phone: Phone) -> None:
    phone.try_(phone.codes[0].lower().replace("-", " "))

    with pytest.raises(Forbidden):
        phone.try_(phone.codes[0])
    assert recovery_codes_left(phone.session, phone.ana) == RECOVERY_CODES - 1


def test_another_organizers_recovery_code_does_not_work(phone: Phone) -> None:
    made = phone.campaign.organizer("Ben")
    ben = phone.session.get_one(Organizer, made)
    begin_app(ben, master=phone.campaign.master)
    ben.app_confirmed = True

    with pytest.raises(Forbidden):
        require_second(phone.session, ben, phone.codes[0], **phone.at())


@pytest.mark.parametrize("typed", ["", "000000", "12345", "٠١٢٣٤٥", "abcdef", "0" * 1000, "\0"])
def test_anything_else_is_refused(phone: Phone, typed: str) -> None:
    with pytest.raises(Forbidden):
        phone.try_(typed, 60 if typed != phone.shows(60) else 3600)


def test_signing_in_asks_for_it(phone: Phone) -> None:
    with pytest.raises(Forbidden):
        sign_in(phone.session, phone.name, PASSPHRASE, **phone.at())

    moment = phone.campaign.clock() + timedelta(seconds=60)
    assert sign_in(phone.session, phone.name, PASSPHRASE, phone.shows(60), **phone.at(moment)) is phone.ana


def test_neither_secret_nor_codes_are_stored_in_the_clear_nor_shown_again(phone: Phone) -> None:
    kept = phone.ana.app_secret or b""
    keys = b"".join(phone.session.scalars(select(RecoveryCode.key)))

    assert phone.secret.encode() not in kept
    assert not any(code.replace("-", "").encode() in keys for code in phone.codes)
    for ask in (app_secret, app_address):
        with pytest.raises(Conflict):
            ask(phone.ana, master=phone.campaign.master)


def test_an_app_is_asked_for_only_once_it_gave_a_right_password(campaign: Campaign) -> None:
    made = campaign.organizer(f"Carol {next(numbers)}")
    with Session(campaign.databases.petition) as session:
        ana = session.get_one(Organizer, made)
        begin_app(ana, master=campaign.master)
        with pytest.raises(BadShape, match="Check your phone's clock"):
            confirm_app(session, ana, "nothing", random=os.urandom, moment=campaign.clock(), master=campaign.master)

        require_second(session, ana, "", moment=campaign.clock(), master=campaign.master)
        assert app_address(ana, master=campaign.master).startswith("otpauth://totp/Petition:Carol")


def test_turning_it_off_or_a_reset_forgets_app_and_codes(phone: Phone) -> None:
    forget_app(phone.session, phone.ana)
    assert (phone.ana.app_secret, recovery_codes_left(phone.session, phone.ana)) == (None, 0)
    phone.session.rollback()

    reset_organizer(phone.session, phone.name, moment=phone.campaign.clock(), random=os.urandom)
    assert (phone.ana.app_confirmed, recovery_codes_left(phone.session, phone.ana)) == (False, 0)
