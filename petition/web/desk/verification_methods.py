"""The organizers' page of routes: how people show that they work there, on paper or by mail."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField

from petition.addresses import as_people_write, is_for_anybody
from petition.errors import Refusal
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.letters.states import CODE, DRAFT, MAIL
from petition.letters.verification_methods import set_routes
from petition.publishing.figures.counts import rounded
from petition.signing.signatures import rounds_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import say, session, site

_ = str


class RoutesForm(FlaskForm):
    """Which ways there are; the domains of each roll are fields named after it."""

    code = BooleanField(_("On paper, from a colleague"))
    mail = BooleanField(_("By mail, to the work address"))


@bp.get("/letters/<slug>/routes")
@for_organizers
def routes(organizer: Organizer, slug: str) -> Answer:
    """What is chosen, and how the mail goes."""
    letter = own_letter(session(), slug, organizer)
    form = RoutesForm(data={CODE: CODE in letter.routes, MAIL: MAIL in letter.routes}, formdata=None)
    kept = {roll: [as_people_write(domain) for domain in domains] for roll, domains in letter.mail_domains.items()}
    return _page(letter, form, {roll: "\n".join(domains) for roll, domains in kept.items()})


@bp.post("/letters/<slug>/routes")
@for_organizers
def keep_routes(organizer: Organizer, slug: str) -> Answer:
    """Keep it, and show the page again: some choices deserve a second look."""
    letter = own_letter(session(), slug, organizer)
    form = RoutesForm()
    typed = {roll.id: _typed(roll.id) for roll in rolls_of(session(), letter)}
    chosen = [name for name in (CODE, MAIL) if form[name].data]
    try:
        set_routes(session(), letter, chosen, {roll: text.replace(",", "\n").split() for roll, text in typed.items()})
    except Refusal as refusal:
        session().rollback()
        return _page(letter, form, typed, say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return _page(letter, form, typed, done=say("It is kept."))


def _typed(roll: str) -> str:
    return request.form.get(f"domains-{roll}", "")


def _page(
    letter: Letter, form: RoutesForm, typed: dict[str, str], refusal: str | None = None, done: str | None = None
) -> str:
    known = rounds_of(session(), letter.id)
    domains = [domain for found in letter.mail_domains.values() for domain in found]
    shown: dict[str, Any] = {
        "rolls": rolls_of(session(), letter),
        "typed": typed,
        "is_draft": letter.state == DRAFT,
        "sends_mail": site().settings.mail is not None,
        "for_anybody": [as_people_write(domain) for domain in domains if is_for_anybody(domain)],
        "undelivered": rounded(sum(row.undelivered for row in known), letter.k),
    }
    return desk_page("organize/routes.html", letter=letter, form=form, refusal=refusal, done=done, **shown)
