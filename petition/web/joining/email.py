"""Asking for a code by email. The answer is the same page, and the same work, for every address."""

from flask import request
from werkzeug.wrappers import Response

from petition.addresses import read_address
from petition.errors import NotFound, Refusal
from petition.issuing.email_codes import Asked, ask
from petition.letters.access import path_of
from petition.letters.models import Letter
from petition.letters.states import BY_EMAIL, require_signable
from petition.web.joining.codes import bp, keys, mail_rolls
from petition.web.shared.context import issuer_session, language, moved, now, page, site
from petition.web.shared.forms import problem
from petition.web.shared.letters import addressed
from petition.web.shared.limits import asking_for_mail, limiter


@bp.get("/join/mail")
def back_to_join(address: str) -> Response:
    """There is nothing here to look at: to the page on which one asks."""
    addressed(address)
    return moved(f"/{address}/join")


@bp.post("/join/mail")
@limiter.limit(asking_for_mail)
def ask_for_mail(address: str) -> tuple[str, int]:
    """Put the wish for a code into the outbox."""
    letter, words = addressed(address)
    typed, roll = request.form.get("address", ""), request.form.get("roll") or request.args.get("roll")
    try:
        require_signable(letter)
        asked = Asked(read_address(typed), language())
        here = (letter.id, _require_roll(letter, roll))
        ask(issuer_session(), keys().secrets, *here, asked, moment=now(), random=site().random)
    except Refusal as refusal:
        again = {"mail": typed, "problems": problem(refusal, "address"), **mail_rolls(letter)}
        return page("join/mail.html", letter=letter, words=words, **again), refusal.status
    issuer_session().commit()
    join = f"{site().settings.url or ''}/{path_of(letter)}/join" + (f"?roll={here[1]}" if roll else "")
    return page("join/mailed.html", letter=letter, words=words, join=join, roll=roll), 200


def _require_roll(letter: Letter, roll: str | None) -> str:
    """The roll in which a visitor wants to sign; refused if its codes are not sent by email."""
    if BY_EMAIL not in letter.routes or site().settings.mail is None:
        raise NotFound("Codes for this letter don't go out by email. Ask the organizers for one on paper.")
    rolls = list(letter.mail_domains)
    wanted = roll or rolls[0]
    if wanted not in rolls:
        raise NotFound("Codes for this letter don't go out by email. Ask the organizers for one on paper.")
    return wanted
