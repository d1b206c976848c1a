"""Who may see organizers' pages: each needs a sign-in, each form a CSRF token. The only part with a cookie."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, g, redirect, request
from flask import session as cookie
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms.validators import ValidationError

from petition.errors import Obstructed, Refusal
from petition.i18n import DEFAULT, desk_languages
from petition.letters.models import Organizer
from petition.letters.organizers.sessions import signed_in
from petition.letters.organizers.spent_forms import new_token
from petition.letters.states import CLOSED, DRAFT, OPEN, PUBLISHED, WITHDRAWN
from petition.web.desk.forms import SignInForm
from petition.web.shared.context import LANGUAGE_KEY, language, now, page, say, session, site
from petition.web.shared.forms import Problem

_ = str
bp = Blueprint("organize", __name__, url_prefix="/organize")
OPEN_TO_ALL = frozenset(
    {
        "organize.ask_to_sign_in", "organize.sign_in", "organize.welcome", "organize.set_passphrase",
        "organize.show_invitation", "organize.accept_invitation", "organize.ask_to_start", "organize.start",
    }
)  # fmt: skip
KEPT_WHOLE = frozenset(
    {
        "organize.create", "organize.save", "organize.save_translation", "organize.save_unsigned_translation",
        "organize.decide",
    }
)  # fmt: skip
"""Forms in which a text is written: one that is far too long is shown again, not cut off."""
SIGN_IN_FIELDS = frozenset({"name", "language", "remember"})
NEVER_CARRIED = frozenset({"csrf_token", "passphrase", "again", "present", "password", "carry_to"})

STATES = {
    DRAFT: _("Draft"),
    OPEN: _("Collecting signatures (private)"),
    PUBLISHED: _("Public"),
    CLOSED: _("Closed"),
    WITHDRAWN: _("Taken down"),
}
"""What the states of a letter are called on pages."""

Answer = Any


@bp.before_request
def guard() -> Answer | None:
    """Let organizers in, and ask all others to sign in; what they typed is carried along."""
    if LANGUAGE_KEY in request.environ and request.method == "GET":
        return _in_language(request.environ[LANGUAGE_KEY])
    _remember_language()
    g.organizer = _present_organizer()
    if request.endpoint in OPEN_TO_ALL and request.method == "GET":
        return None
    if g.organizer is None and request.endpoint not in OPEN_TO_ALL:
        return sign_in_page(empty_sign_in(), 403 if request.method == "POST" else 200)
    return _require_token() if request.method == "POST" else None


def _in_language(code: str) -> Answer:
    """From /es/organize/… to the same page without a prefix: the cookie is sent there alone, and keeps the language."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "language"]
    return redirect(f"{quote(request.path)}?{urlencode([*query, ('language', code)])}", 303)


def _remember_language() -> None:
    asked = request.args.get("language", "")
    if request.method == "GET" and asked in desk_languages():
        cookie["language"] = asked
    g.language = cookie.get("language", DEFAULT)


def _require_token() -> Answer | None:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        if request.endpoint == "organize.sign_in":
            g.refusal = Refusal("This page was open for too long. Try again.")
            return sign_in_page(SignInForm(), 400)
        return desk_page("organize/again.html", carry=carried(), carry_to=request.path), 400
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


def letter_root() -> str:
    """Where the pages of the letter are that the address names."""
    return f"/organize/letters/{(request.view_args or {}).get('slug', '')}/"


def desk_page(template: str, *, problems: Iterable[Problem] | None = None, **values: Any) -> str:
    """An organizers' page, with their name, a CSRF token, everything that is wrong, and what was done just before.

    ``desk`` is where the letter's pages are. A page that is shown again by a refused form is at that form's address,
    so it names others from there.
    """
    organizer = g.get("organizer")
    return page(
        template,
        organizer_name=organizer.name if organizer else None,
        csrf=generate_csrf(),
        request_path=request.path,
        desk=letter_root(),
        is_asked=request.method == "GET",
        problems=[*_refusals(g.get("refusal")), *_errors(g.get("sent")), *(problems or ())],
        new_once=lambda: new_token(moment=now(), random=site().random),
        states={state: say(name) for state, name in STATES.items()},
        done=cookie.pop("done", "") if request.method == "GET" and "done" in cookie else "",
        **values,
    )


def _refusals(refusal: Refusal | None) -> Iterator[Problem]:
    found = refusal.obstacles if isinstance(refusal, Obstructed) else [refusal] if refusal else []
    return (Problem("", say(one.sentence, **one.values)) for one in found)


def _errors(form: FlaskForm | None) -> Iterator[Problem]:
    wrong = (field for field in form or () if field.errors and field.type != "CSRFTokenField")
    return (Problem(field.id, say(field.errors[0]), say(field.label.text)) for field in wrong)


def carried() -> list[tuple[str, str]]:
    """What was typed into a form whose sender has to sign in first; not what was typed to sign in."""
    left_out = NEVER_CARRIED | (SIGN_IN_FIELDS if request.endpoint == "organize.sign_in" else frozenset())
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


def empty_sign_in() -> SignInForm:
    """The form before anything is typed, in the language of the page."""
    return SignInForm(formdata=None, data={"language": language()})


def sign_in_page(form: SignInForm, status: int) -> Answer:
    """The form for name and passphrase, which carries along where its sender was going and with what."""
    asked_for = "" if request.endpoint in OPEN_TO_ALL | {"organize.sign_out"} else request.path
    carry_to = request.form.get("carry_to") or request.args.get("to") or asked_for
    g.sent = form
    return desk_page("organize/sign-in.html", form=form, carry=carried(), carry_to=carry_to), status
