"""The one path for everything that organizers do: act and go on, or refuse on the page that they came from."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from flask import g, redirect, request
from flask import session as cookie
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from petition.errors import BadShape, Refusal, TooLong
from petition.letters.models import Organizer
from petition.letters.organizers.spent_forms import spend
from petition.web.desk.access import Answer, bp, letter_root
from petition.web.shared.context import note_wait, now, say, session

_ = str
SAVED = _("Saved")
AnyForm = TypeVar("AnyForm", bound=FlaskForm)


class WrongForm(BadShape):
    """A form whose fields say what is wrong with them."""


class PressedTwice(Exception):
    """A form that was sent before, and has acted."""


def organizer_action(
    page: Callable[..., str],
    *,
    again: str | None = None,
    twice: Callable[..., str] | None = None,
    form: type[FlaskForm] | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Hand the signed-in organizer to a view; where it refuses, nothing is done and ``page`` comes back.

    ``page`` gets the organizer and those of the address's values that it names, and loads the letter again by its
    own permission. What was typed is in the form that the view has ``sent``. With ``again`` the form acts once for
    each showing; pressed twice, it leads to that page, which shows what the first press did. Where no page can show it,
    ``twice`` says what to do; it gets what the view gets. What was typed into a ``form`` is there again even if it was
    open for so long that the view is not asked.
    """
    wanted = inspect.signature(page).parameters

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(view)
        def act(**values: Any) -> Answer:
            organizer: Organizer = g.organizer
            if form is not None:
                g.sent = form()
            try:
                if again is not None:
                    require_first_press()
                return view(organizer, **values)
            except PressedTwice:
                return pressed_twice(again or "", twice(organizer, **values) if twice else "")
            except Refusal as refusal:
                return refused(refusal, lambda: page(organizer, **{k: v for k, v in values.items() if k in wanted}))

        return act

    return decorate


def refused(refusal: Refusal, page: Callable[[], str]) -> Answer:
    """Undo what was begun, and show a page with what the refusal says: at its field, or above the page."""
    note_wait(refusal)
    for name in ("session", "issuer_session"):
        if name in g:
            g.get(name).rollback()
    form = g.get("sent")
    if form is not None and refusal.place in form:
        form[refusal.place].errors = [say(refusal.sentence, **refusal.values)]
    elif not isinstance(refusal, WrongForm):
        g.refusal = refusal
    return page(), refusal.status


def sent(form: AnyForm) -> AnyForm:
    """A form as it was sent; refused where its shape is wrong. The page shows it again, as it was typed."""
    g.sent = form
    if not form.validate():
        raise WrongForm("Please fix this.")
    return form


def as_sent(kind: type[AnyForm], *, prefix: str = "", **kept: Any) -> AnyForm:
    """For a page: the form as it was sent, if it was this one; otherwise with the stored values."""
    form = g.get("sent")
    is_this = isinstance(form, kind) and form._prefix == prefix
    found: AnyForm = form if is_this else kind(formdata=None, prefix=prefix, **kept)
    return found


@contextmanager
def about(place: str) -> Iterator[None]:
    """What is refused of a text that was typed is said at its field."""
    try:
        yield
    except WrongForm:
        raise
    except (BadShape, TooLong) as refusal:
        raise refusal.about(refusal.place or place) from None


def require_first_press(writing: Session | None = None) -> None:
    """Raise PressedTwice unless the form is sent for the first time since it was shown; one without a token always is.

    That it was sent is stored when what it does is committed: by the view, or with the session that is ``writing``. A
    view that releases the database asks again.
    """
    token = request.form.get("once")
    if token is not None and not spend(writing or session(), token, moment=now()):
        session().rollback()
        raise PressedTwice


def pressed_twice(to: str, told: str = "") -> Response:
    """Go on to what the first press did."""
    return saved(to, told or say("You pressed this button twice. It was done once."))


def saved(to: str, done: str = "") -> Response:
    """Commit what was done, and go on to a page of the letter (or of the site: "/…"), which says so in green."""
    session().commit()
    cookie["done"] = done or say(SAVED)
    return redirect(to if to.startswith("/") else letter_root() + to, 303)


def asks_first(rule: str, page: Callable[..., str]) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """A step that can't be undone, at an address of its own: looking shows what it would do, sending does it.

    ``page`` lists what gets locked or deleted and what can still change, with a way back.
    """
    wanted = inspect.signature(page).parameters

    def decorate(view: Callable[..., Answer]) -> Callable[..., Answer]:
        def ask(**values: Any) -> Answer:
            return page(g.organizer, **{name: value for name, value in values.items() if name in wanted})

        bp.add_url_rule(rule, f"ask_{view.__name__}", ask, methods=["GET"])
        bp.add_url_rule(rule, view.__name__, organizer_action(page)(view), methods=["POST"])
        return view

    return decorate
