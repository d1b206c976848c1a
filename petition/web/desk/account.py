"""Your own account: the passphrase, the app for one-time passwords, and where you are signed in."""

import re
from collections.abc import Callable
from typing import Any

from flask import redirect
from flask import session as cookie
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from petition.crypto.codes import show
from petition.errors import BadShape, Forbidden
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import change_passphrase, require_passphrase, short_id
from petition.letters.organizers.one_time_passwords import (
    app_address,
    app_secret,
    begin_app,
    confirm_app,
    forget_app,
    new_recovery_codes,
    recovery_codes_left,
)
from petition.letters.organizers.sessions import end_sign_in, end_sign_ins, key_of, sign_ins_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers, present_proof
from petition.web.desk.actions import as_sent, organizer_action, saved, sent
from petition.web.desk.forms import A_PASSWORD, THE_SAME, PassphraseForm, ProofForm
from petition.web.desk.qr import qr_code
from petition.web.desk.sign_in import forget_sign_in
from petition.web.shared.context import now, session, site
from petition.web.shared.login_throttle import FREE_FOR_ONE, require_not_throttled, waits

_ = str
HERE = "/organize/account"


class ChangeForm(PassphraseForm):
    """Another passphrase, with the present one."""

    present = PasswordField(_("Your current password"), A_PASSWORD, id="present-change")
    passphrase = PasswordField(_("New password"), A_PASSWORD)
    again = PasswordField(_("New password again"), THE_SAME)


class AppForm(FlaskForm):
    """The first password of an app."""

    password = StringField(_("The six digits the app shows now"), [InputRequired(_("Enter the six digits."))])


@bp.get("/account")
@for_organizers
def account(organizer: Organizer) -> Answer:
    """The account page."""
    return _page(organizer)


def _page(organizer: Organizer, codes: tuple[str, ...] = ()) -> str:
    setting_up = organizer.app_secret is not None and not organizer.app_confirmed
    master, here = site().master, present_proof()
    return desk_page(
        "organize/account.html",
        short_id=short_id(organizer),
        form=as_sent(ChangeForm),
        proof=as_sent(ProofForm),
        app_form=as_sent(AppForm),
        confirmed=organizer.app_confirmed,
        secret=show(app_secret(organizer, master=master)) if setting_up else None,
        picture=qr_code(app_address(organizer, master=master)) if setting_up else None,
        codes=codes,
        codes_left=recovery_codes_left(session(), organizer),
        sign_ins=sign_ins_of(session(), organizer),
        here=key_of(here) if here else b"",
        remembered="remembered" in cookie,
    )


def _patiently(organizer: Organizer, act: Callable[[], object]) -> None:
    """Do what asks for the organizer's passphrase; each wrong one makes the next wait."""
    key = f"account {organizer.id}"
    require_not_throttled({key: FREE_FOR_ONE})
    try:
        act()
    except Forbidden as refusal:
        waits.wrong(key)
        raise refusal.about("present") from None
    waits.right(key)


def _prove(organizer: Organizer) -> None:
    """Refuse unless the passphrase that was typed is right."""
    form = sent(ProofForm())
    _patiently(organizer, lambda: require_passphrase(session(), organizer, form.present.data))


@bp.post("/account/passphrase")
@organizer_action(_page)
def choose_another(organizer: Organizer) -> Answer:
    """Change the passphrase; every other sign-in ends."""
    form = sent(ChangeForm())
    typed = (form.present.data, form.passphrase.data)
    kept = key_of(present_proof() or b"")
    _patiently(organizer, lambda: change_passphrase(session(), organizer, *typed, but=kept))
    return saved(HERE)


@bp.post("/account/app")
@organizer_action(_page)
def set_up_app(organizer: Organizer) -> Answer:
    """Make the secret of a new app, which the page then shows until the app is confirmed."""
    _prove(organizer)
    begin_app(organizer, master=site().master)
    session().commit()
    return redirect(HERE, 303)


@bp.post("/account/app/confirm")
@organizer_action(_page)
def confirm(organizer: Organizer) -> Answer:
    """Ask for the app from now on; shows the recovery codes, this once."""
    typed = sent(AppForm()).password.data
    how: Any = {"moment": now(), "master": site().master, "random": site().random}
    codes = confirm_app(session(), organizer, typed, **how)
    session().commit()
    return _page(organizer, tuple(codes))


@bp.post("/account/app/off")
@organizer_action(_page)
def turn_app_off(organizer: Organizer) -> Answer:
    """Stop asking for one-time passwords."""
    _prove(organizer)
    forget_app(session(), organizer)
    return saved(HERE)


@bp.post("/account/codes")
@organizer_action(_page)
def replace_recovery_codes(organizer: Organizer) -> Answer:
    """New recovery codes in place of the old ones, shown this once."""
    _prove(organizer)
    if not organizer.app_confirmed:
        raise BadShape("Set up two-step sign-in first.")
    codes = new_recovery_codes(session(), organizer, random=site().random)
    session().commit()
    return _page(organizer, tuple(codes))


@bp.post("/account/sign-ins/<key>/end")
@organizer_action(_page)
def end_one(organizer: Organizer, key: str) -> Answer:
    """End one sign-in."""
    if re.fullmatch("[0-9a-f]{64}", key):
        end_sign_in(session(), organizer, bytes.fromhex(key))
    return saved(HERE)


@bp.post("/account/sign-ins/end")
@organizer_action(_page)
def end_others(organizer: Organizer) -> Answer:
    """End all sign-ins but this one."""
    end_sign_ins(session(), organizer, but=key_of(present_proof() or b""))
    return saved(HERE)


@bp.post("/account/forget-browser")
@for_organizers
def forget_browser(organizer: Organizer) -> Answer:
    """Sign out, and leave nothing in this browser."""
    end_sign_in(session(), organizer, key_of(present_proof() or b""))
    session().commit()
    cookie.pop("remembered", None)
    forget_sign_in()
    return redirect("/organize/sign-in", 303)
