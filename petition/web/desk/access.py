"""The organizers' door: one-time links, signing in and out, the desk. The only part with a cookie."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, current_app, g, redirect, request
from flask import session as cookie
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from petition.errors import BadShape, Forbidden, Refusal
from petition.letters.access import own_letters
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import choose_passphrase, invited, known_as, sign_in
from petition.letters.organizers.sessions import begin_sign_in, end_sign_in, key_of, signed_in
from petition.web.shared.context import now, page, say, session, site, speak
from petition.web.shared.forms import PassphraseForm, SignInForm
from petition.web.shared.limits import SIGNING_IN, limiter, posted_name, visitor
from petition.web.shared.login_throttle import (
    FREE_FOR_ALL,
    FREE_FOR_ONE,
    is_remembered,
    remember,
    require_patience,
    waits,
)

bp = Blueprint("organize", __name__, url_prefix="/organize")
OPEN_TO_ALL = frozenset(
    {
        "organize.enter", "organize.welcome", "organize.set_passphrase", "organize.ask_enter", "organize.offer",
        "organize.take_seat",
    }
)  # fmt: skip
KEPT_WHOLE = frozenset({"organize.create", "organize.keep", "organize.keep_translation", "organize.decide"})
"""Forms in which a text is written: one that is far too long is shown again, not cut off."""
SIGN_IN_FIELDS = frozenset({"name", "language"})
NEVER_CARRIED = frozenset({"csrf_token", "passphrase", "again", "present", "password", "carry_to"})

Answer = Any


@bp.before_request
def guard() -> Answer | None:
    """Every organizers' page needs a sign-in, every form of theirs a CSRF token; what was typed is carried along."""
    g.language = cookie.get("language", "en")
    g.organizer = _present_organizer()
    if request.endpoint in OPEN_TO_ALL and request.method == "GET":
        return None
    if g.organizer is None and request.endpoint not in OPEN_TO_ALL:
        return _sign_in_page(SignInForm(formdata=None), 403 if request.method == "POST" else 200)
    if request.method == "POST":
        try:
            validate_csrf(request.form.get("csrf_token"))
        except ValidationError:
            if request.endpoint == "organize.enter":
                return _sign_in_page(SignInForm(), 400, say("This page had been open for too long. Please try again."))
            return page("organize/again.html", **_chrome(), carry=_carried(), carry_to=request.path), 400
    return None


def _present_organizer() -> Organizer | None:
    proof = present_proof()
    return None if proof is None else signed_in(session(), proof, moment=now())


def present_proof() -> bytes | None:
    """What the browser shows to be let in."""
    proof = cookie.get("proof")
    return proof if isinstance(proof, bytes) else None


def for_organizers(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Hand the signed-in organizer to a view as its first argument."""

    @wraps(view)
    def guarded(**values: Any) -> Answer:
        return view(g.organizer, **values)

    return guarded


def desk_page(template: str, **values: Any) -> str:
    """A page of the desk, with the organizer's name and a CSRF token."""
    return page(template, **_chrome(), **values)


def _chrome() -> dict[str, Any]:
    organizer = g.get("organizer")
    return {"organizer_name": organizer.name if organizer else None, "csrf": generate_csrf()}


def _carried() -> list[tuple[str, str]]:
    """What was typed into a form whose sender has to sign in first; not what was typed to sign in."""
    left_out = NEVER_CARRIED | (SIGN_IN_FIELDS if request.endpoint == "organize.enter" else frozenset())
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


def _sign_in_page(form: SignInForm, status: int, refusal: str | None = None) -> Answer:
    asked_for = "" if request.endpoint in OPEN_TO_ALL | {"organize.leave"} else request.path
    carry_to = request.form.get("carry_to") or request.args.get("to") or asked_for
    shown = desk_page("organize/sign-in.html", form=form, carry=_carried(), carry_to=carry_to, refusal=refusal)
    return shown, status


@bp.get("/sign-in")
def ask_enter() -> Answer:
    """The form for name and passphrase."""
    return _sign_in_page(SignInForm(), 200)


@bp.post("/sign-in")
@limiter.limit(SIGNING_IN)
def enter() -> Answer:
    """Sign in; then go on to what was being saved, if anything was."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 400)
    try:
        organizer = _signed_in(form)
    except Refusal as refusal:
        return _sign_in_page(form, refusal.status, say(refusal.sentence, **refusal.values))
    language = form.language.data
    let_in(organizer, language, remembers=form.remember.data)
    carried, target = _carried(), request.form.get("carry_to", "")
    if not target.startswith("/organize/") or not target.isprintable():
        return redirect("/organize/", 303)
    if carried or not _is_page(target):
        speak(language)
        return desk_page("organize/again.html", carry=carried, carry_to=target)
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


def _signed_in(form: SignInForm) -> Organizer:
    """Whoever typed the right words; each wrong try makes the next one wait."""
    name = posted_name()
    known = known_as(session(), form.name.data)
    if is_remembered(_secret(), known, cookie.get("remembered")):
        keys = {f"browser {cookie['remembered']}": FREE_FOR_ONE}
    else:
        keys = {f"{visitor()} {name}": FREE_FOR_ONE, name: FREE_FOR_ALL}
    require_patience(keys)
    try:
        organizer = sign_in(session(), *form.typed(), moment=now(), master=site().master)
    except Forbidden:
        for key in keys:
            waits.wrong(key)
        raise
    waits.right(next(iter(keys)))
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


@bp.get("/welcome/<secret>")
def welcome(secret: str) -> Answer:
    """What a one-time link shows: choose a passphrase."""
    organizer = invited(session(), secret, moment=now())
    return desk_page("organize/welcome.html", form=PassphraseForm(), name=organizer.name, refusal=None)


@bp.post("/welcome/<secret>")
@limiter.limit(SIGNING_IN)
def set_passphrase(secret: str) -> Answer:
    """Set it, spend the link, and sign in."""
    name = invited(session(), secret, moment=now()).name
    form = PassphraseForm()
    try:
        if not form.validate():
            return desk_page("organize/welcome.html", form=form, name=name, refusal=None), 400
        if form.passphrase.data != form.again.data:
            raise BadShape("The two passphrases differ. Type the same twice.")
        session().rollback()
        organizer = choose_passphrase(session(), secret, form.passphrase.data, moment=now())
    except Refusal as refusal:
        why = say(refusal.sentence, **refusal.values)
        return desk_page("organize/welcome.html", form=form, name=name, refusal=why), refusal.status
    let_in(organizer, cookie.get("language", "en"))
    return redirect("/organize/", 303)


@bp.post("/sign-out")
@for_organizers
def leave(organizer: Organizer) -> Response:
    """Sign out."""
    end_sign_in(session(), organizer, key_of(present_proof() or b""))
    session().commit()
    forget_sign_in()
    return redirect("/organize/sign-in", 303)


def forget_sign_in() -> None:
    """Nothing stays in the browser but, where its owner wishes so, what names nobody."""
    kept = cookie.get("remembered")
    cookie.clear()
    if kept is not None:
        cookie["remembered"], cookie.permanent = kept, True


@bp.get("/")
@for_organizers
def desk(organizer: Organizer) -> Answer:
    """All letters of the organizer."""
    return desk_page("organize/desk.html", letters=own_letters(session(), organizer))
