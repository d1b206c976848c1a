"""The organizers' page of how people get codes: from a colleague, or by email to the work address."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField

from petition.addresses import as_people_write, is_for_anybody
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.letters.states import BY_CODE, BY_EMAIL, DRAFT
from petition.letters.verification_methods import set_routes
from petition.signing.signatures import rounds_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, organizer_action, saved, sent
from petition.web.shared.context import session, site

_ = str


class VerificationMethodsForm(FlaskForm):
    """Which ways there are; the domains of each roll are fields named after it."""

    code = BooleanField(_("From a coworker, on paper"))
    mail = BooleanField(_("By email, to the work address"))


@bp.get("/letters/<slug>/routes")
@for_organizers
def routes(organizer: Organizer, slug: str) -> Answer:
    """What is chosen, and how the email goes."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    known = rounds_of(session(), letter.id)
    domains = [domain for found in letter.mail_domains.values() for domain in found]
    kept, is_draft = {way: way in letter.routes for way in (BY_CODE, BY_EMAIL)}, letter.state == DRAFT
    return desk_page(
        "organize/routes.html",
        letter=letter,
        form=as_sent(VerificationMethodsForm, data=kept)
        if is_draft
        else VerificationMethodsForm(formdata=None, data=kept),
        typed=_typed(letter) if is_draft and request.method == "POST" else _kept(letter),
        rolls=rolls_of(session(), letter),
        is_draft=is_draft,
        sends_mail=site().settings.mail is not None,
        for_anybody=[as_people_write(domain) for domain in domains if is_for_anybody(domain)],
        undelivered=sum(row.undelivered for row in known),
    )


def _kept(letter: Letter) -> dict[str, str]:
    return {roll: "\n".join(map(as_people_write, domains)) for roll, domains in letter.mail_domains.items()}


def _typed(letter: Letter) -> dict[str, str]:
    return {roll.id: request.form.get(f"domains-{roll.id}", "") for roll in rolls_of(session(), letter)}


@bp.post("/letters/<slug>/routes")
@organizer_action(_page)
def save_routes(organizer: Organizer, slug: str) -> Answer:
    """Keep it, and show the page again: some choices deserve a second look."""
    letter = own_letter(session(), slug, organizer)
    form = sent(VerificationMethodsForm())
    chosen = [name for name in (BY_CODE, BY_EMAIL) if form[name].data]
    domains = {roll: text.replace(",", "\n").split() for roll, text in _typed(letter).items()}
    set_routes(session(), letter, chosen, domains)
    return saved("routes")
