"""One's own account: the passphrase, the app for one-time passwords, and where one is signed in."""

import re
from typing import Any

import segno
from flask import redirect
from flask import session as cookie
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from petition.crypto.codes import show
from petition.errors import BadShape, Forbidden, Refusal
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import change_passphrase, require_passphrase
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
from petition.web.desk.access import Answer, bp, desk_page, for_organizers, forget_sign_in, present_proof
from petition.web.shared.context import now, say, session, site
from petition.web.shared.login_throttle import FREE_FOR_ONE, require_patience, waits

_ = str


class ChangeForm(FlaskForm):
    """Another passphrase, with the present one."""

    present = PasswordField(_("Your present passphrase"), [InputRequired(_("Type your passphrase.")), Length(max=1000)])
    passphrase = PasswordField(_("The new one"), [InputRequired(_("Choose a passphrase.")), Length(max=1000)])
    again = PasswordField(_("The same again"), [InputRequired(_("Type the passphrase again.")), Length(max=1000)])


class ProofForm(FlaskForm):
    """What a borrowed browser must not do asks for the passphrase."""

    present = PasswordField(_("Your passphrase"), [InputRequired(_("Type your passphrase.")), Length(max=1000)])


class AppForm(FlaskForm):
    """The first password of an app."""

    password = StringField(_("The six digits that the app shows now"), [InputRequired(_("Type the six digits."))])


@bp.get("/account")
@for_organizers
def account(organizer: Organizer) -> Answer:
    """All of it."""
    return _page(organizer)


def _page(organizer: Organizer, *, refusal: str | None = None, codes: tuple[str, ...] = (), **forms: Any) -> str:
    setting_up = organizer.app_secret is not None and not organizer.app_confirmed
    master = site().master
    here = present_proof()
    return desk_page(
        "organize/account.html",
        form=forms.get("change") or ChangeForm(formdata=None),
        proof=ProofForm(formdata=None),
        app_form=AppForm(formdata=None),
        confirmed=organizer.app_confirmed,
        secret=show(app_secret(organizer, master=master)) if setting_up else None,
        picture=_picture(app_address(organizer, master=master)) if setting_up else None,
        codes=codes,
        codes_left=recovery_codes_left(session(), organizer),
        sign_ins=sign_ins_of(session(), organizer),
        here=key_of(here) if here else b"",
        remembered="remembered" in cookie,
        refusal=refusal,
    )


def _picture(address: str) -> Markup:
    """A QR code as an element of the page: no request, no style."""
    drawn = segno.make(address, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=5, border=4, light="#fff"))  # noqa: S704 - made of squares alone


def _refused(organizer: Organizer, refusal: Refusal, **forms: Any) -> Answer:
    session().rollback()
    return _page(organizer, refusal=say(refusal.sentence, **refusal.values), **forms), refusal.status


def _done() -> Answer:
    session().commit()
    return redirect("/organize/account", 303)


def _prove(organizer: Organizer, passphrase: str | None) -> None:
    """Refuse unless the passphrase is right; each wrong one makes the next wait."""
    _patiently(organizer, lambda: require_passphrase(session(), organizer, passphrase or ""))


def _patiently(organizer: Organizer, act: Any) -> None:
    """Do what asks for the passphrase of whoever is signed in; each wrong one makes the next wait."""
    key = f"account {organizer.id}"
    require_patience({key: FREE_FOR_ONE})
    try:
        act()
    except Forbidden:
        waits.wrong(key)
        raise
    waits.right(key)


@bp.post("/account/passphrase")
@for_organizers
def choose_another(organizer: Organizer) -> Answer:
    """Change the passphrase; every other sign-in ends."""
    form = ChangeForm()
    if not form.validate():
        return _page(organizer, change=form), 400
    try:
        if form.passphrase.data != form.again.data:
            raise BadShape("The two passphrases differ. Type the same twice.")
        kept = key_of(present_proof() or b"")
        typed = (form.present.data, form.passphrase.data)
        _patiently(organizer, lambda: change_passphrase(session(), organizer, *typed, but=kept))
    except Refusal as refusal:
        return _refused(organizer, refusal, change=form)
    return _done()


@bp.post("/account/app")
@for_organizers
def set_up_app(organizer: Organizer) -> Answer:
    """Make the secret of a new app, which the page then shows until the app is confirmed."""
    try:
        _prove(organizer, ProofForm().present.data)
        begin_app(organizer, master=site().master)
    except Refusal as refusal:
        return _refused(organizer, refusal)
    return _done()


@bp.post("/account/app/confirm")
@for_organizers
def confirm(organizer: Organizer) -> Answer:
    """Ask for the app from now on; shows the recovery codes, this once."""
    try:
        codes = confirm_app(
            session(), organizer, AppForm().password.data or "",
            moment=now(), master=site().master, random=site().random,
        )  # fmt: skip
    except Refusal as refusal:
        return _refused(organizer, refusal)
    session().commit()
    return _page(organizer, codes=tuple(codes))


@bp.post("/account/app/off")
@for_organizers
def turn_app_off(organizer: Organizer) -> Answer:
    """Ask for no one-time password any more."""
    try:
        _prove(organizer, ProofForm().present.data)
    except Refusal as refusal:
        return _refused(organizer, refusal)
    forget_app(session(), organizer)
    return _done()


@bp.post("/account/codes")
@for_organizers
def make_codes_anew(organizer: Organizer) -> Answer:
    """New recovery codes in place of the old ones, shown this once."""
    try:
        _prove(organizer, ProofForm().present.data)
        if not organizer.app_confirmed:
            raise BadShape("Recovery codes stand in for an app; set one up first.")
    except Refusal as refusal:
        return _refused(organizer, refusal)
    codes = new_recovery_codes(session(), organizer, random=site().random)
    session().commit()
    return _page(organizer, codes=tuple(codes))


@bp.post("/account/sign-ins/<key>/end")
@for_organizers
def end_one(organizer: Organizer, key: str) -> Answer:
    """End one sign-in."""
    if re.fullmatch("[0-9a-f]{64}", key):
        end_sign_in(session(), organizer, bytes.fromhex(key))
    return _done()


@bp.post("/account/sign-ins/end")
@for_organizers
def end_others(organizer: Organizer) -> Answer:
    """End all sign-ins but this one."""
    end_sign_ins(session(), organizer, but=key_of(present_proof() or b""))
    return _done()


@bp.post("/account/forget-browser")
@for_organizers
def forget_browser(organizer: Organizer) -> Answer:
    """Sign out, and leave nothing in this browser."""
    end_sign_in(session(), organizer, key_of(present_proof() or b""))
    session().commit()
    cookie.pop("remembered", None)
    forget_sign_in()
    return redirect("/organize/sign-in", 303)
