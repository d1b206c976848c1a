"""Starting on a site that anyone may use: a name and a password, and then a letter."""

from flask import g, redirect, request
from flask import session as cookie

from petition.config import ANYONE
from petition.letters.models import Organizer
from petition.letters.organizers.accounts import join
from petition.web.desk.access import Answer, bp, desk_page
from petition.web.desk.actions import as_sent, organizer_action, sent
from petition.web.desk.forms import NewcomerForm
from petition.web.desk.sign_in import let_in
from petition.web.shared.context import session, site
from petition.web.shared.limits import limiter, starting

NEW_LETTER = "/organize/letters/new"


def _page(_: Organizer | None) -> str:
    return desk_page("organize/start.html", form=as_sent(NewcomerForm), approve=site().settings.approve)


def _elsewhere(organizer: Organizer | None) -> str | None:
    """Where to go instead: organizers who are signed in go to write; where an invitation is needed, a page says so."""
    if organizer is not None:
        return NEW_LETTER
    return None if site().settings.start == ANYONE else "/start/"


@bp.get("/start")
def ask_to_start() -> Answer:
    """The form; nothing is asked but a name and a password."""
    to = _elsewhere(g.organizer)
    return redirect(to, 303) if to else _page(None)


@bp.post("/start")
@limiter.limit(starting)
@organizer_action(_page)
def start(organizer: Organizer | None) -> Answer:
    """Make the account, sign in, and go on to the letter."""
    to = _elsewhere(organizer)
    if to:
        return redirect(to, 303)
    form = sent(NewcomerForm())
    session().rollback()
    newcomer = join(session(), form.name.data, form.passphrase.data, random=site().random)
    let_in(newcomer, cookie.get("language") or request.form.get("language") or "en")
    return redirect(NEW_LETTER, 303)
