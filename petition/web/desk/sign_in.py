"""Signing in and out, one-time links, and the list of your letters."""

from typing import Any

from flask import current_app, g, redirect, request
from flask import session as cookie
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from petition.errors import Forbidden, Refusal
from petition.letters.access import own_letters
from petition.letters.drafting.working_copies import working_copy
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import choose_passphrase, has_second, invited, known_as
from petition.letters.organizers.accounts import sign_in as check_sign_in
from petition.letters.organizers.sessions import begin_sign_in, end_sign_in, key_of
from petition.web.desk.access import (
    Answer,
    bp,
    carried,
    desk_page,
    empty_sign_in,
    for_organizers,
    present_proof,
    sign_in_page,
)
from petition.web.desk.actions import as_sent, organizer_action, refused, sent
from petition.web.desk.forms import PassphraseForm, SignInForm
from petition.web.shared.context import now, session, site, speak
from petition.web.shared.limits import is_from_here, limiter, organizer_key, posted_name, signing_in, visitor
from petition.web.shared.login_throttle import (
    FREE_FOR_ALL,
    FREE_FOR_ONE,
    is_remembered,
    remember,
    require_not_throttled,
    waits,
)


@bp.get("/sign-in")
def ask_to_sign_in() -> Answer:
    """The form for name and passphrase."""
    return sign_in_page(empty_sign_in(), 200)


@bp.post("/sign-in")
@limiter.limit(signing_in, key=organizer_key)
def sign_in() -> Answer:
    """Sign in; then go on to what was being saved, if anything was."""
    form = SignInForm()
    try:
        organizer = _proven(sent(form))
    except Refusal as refusal:
        return refused(refusal, lambda: sign_in_page(form, 0)[0])
    let_in(organizer, form.language.data, remembers=form.remember.data)
    return _go_on(form.language.data)


def _go_on(language: str) -> Answer:
    """To the page that was asked for; what was typed there takes one more press of a button."""
    kept, target = carried(), request.form.get("carry_to", "")
    if not target.startswith("/organize/") or not target.isprintable():
        return redirect("/organize/", 303)
    if kept or not _is_page(target):
        speak(language)
        return desk_page("organize/again.html", carry=kept, carry_to=target)
    return redirect(target, 303)


def _is_page(path: str) -> bool:
    """Whether an address may be looked at; otherwise it only takes a button."""
    try:
        current_app.url_map.bind("").match(path, "GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        return True
    return True


def _proven(form: SignInForm) -> Organizer:
    """The organizer with this name and passphrase.

    Each wrong try makes the next one wait, unless the visitor proves that they are no stranger.
    """
    name = posted_name()
    how: Any = {"moment": now(), "master": site().master}
    is_stranger = False
    if is_remembered(_secret(), known_as(session(), form.name.data), cookie.get("remembered")):
        keys = {f"browser {cookie['remembered']}": FREE_FOR_ONE}
    elif has_second(session(), form.name.data, form.password.data or "", **how):
        keys = {f"second {name}": FREE_FOR_ONE}
    else:
        is_stranger = True
        keys = {name: FREE_FOR_ALL}
        if not is_from_here():
            keys[f"{visitor()} {name}"] = FREE_FOR_ONE
    require_not_throttled(keys)
    try:
        organizer = check_sign_in(session(), *form.typed(), **how, is_stranger=is_stranger)
    except Forbidden:
        for key in keys:
            waits.wrong(key)
        raise
    for key in keys.keys() - {name}:
        waits.right(key)
    return organizer


def _secret() -> bytes:
    return bytes(current_app.config["SECRET_KEY"])


def let_in(organizer: Organizer, language: str, *, remembers: bool = False) -> None:
    """Begin a sign-in. The browser is remembered beyond it where its owner wishes or wished so."""
    known = (organizer.id, organizer.passphrase or "")
    kept = cookie.get("remembered") if is_remembered(_secret(), known, cookie.get("remembered")) else None
    if remembers and kept is None:
        kept = remember(_secret(), known, site().random(16))
    proof = begin_sign_in(session(), organizer, moment=now(), random=site().random)
    session().commit()
    cookie.clear()
    cookie["proof"], cookie["language"] = proof, language
    if kept is not None:
        cookie["remembered"], cookie.permanent = kept, True
    g.organizer = organizer
    g.pop("csrf_token", None)


def _welcome(secret: str) -> str:
    name = invited(session(), secret, moment=now()).name
    return desk_page("organize/welcome.html", form=as_sent(PassphraseForm), name=name)


@bp.get("/welcome/<secret>")
def welcome(secret: str) -> Answer:
    """What a one-time link shows: choose a passphrase."""
    return _welcome(secret)


@bp.post("/welcome/<secret>")
@limiter.limit(signing_in, key=organizer_key)
@organizer_action(lambda _, secret: _welcome(secret))
def set_passphrase(_: Organizer | None, secret: str) -> Answer:
    """Set it, spend the link, and sign in."""
    invited(session(), secret, moment=now())
    form = sent(PassphraseForm())
    session().rollback()
    organizer = choose_passphrase(session(), secret, form.passphrase.data, moment=now())
    let_in(organizer, cookie.get("language", "en"))
    return redirect("/organize/", 303)


@bp.post("/sign-out")
@for_organizers
def sign_out(organizer: Organizer) -> Response:
    """Sign out."""
    end_sign_in(session(), organizer, key_of(present_proof() or b""))
    session().commit()
    forget_sign_in()
    return redirect("/organize/sign-in", 303)


def forget_sign_in() -> None:
    """Leave nothing in the browser except, if its owner wants it, a value that names no one."""
    kept = cookie.get("remembered")
    cookie.clear()
    if kept is not None:
        cookie["remembered"], cookie.permanent = kept, True


@bp.get("/")
@for_organizers
def letters(organizer: Organizer) -> Answer:
    """All letters of the organizer, and the ways to begin one; a template, only if none is begun."""
    has_begun = working_copy(session(), organizer, None) is not None
    return desk_page("organize/letters.html", letters=own_letters(session(), organizer), has_begun=has_begun)
