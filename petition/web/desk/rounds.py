"""The organizers' page of rounds: how each stands, open the next one, end or annul one."""

from collections.abc import Callable

from flask import redirect

from petition.coordination import rounds
from petition.crypto.blind_rsa import PublicKey
from petition.errors import Refusal
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.signing.signatures import rounds_of, signing_starts
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.letter_home import site_services
from petition.web.shared.context import now, say, session
from petition.web.shared.forms import RoundForm


@bp.get("/letters/<slug>/rounds")
@for_organizers
def list_rounds(organizer: Organizer, slug: str) -> Answer:
    """All rounds, by number."""
    return _page(own_letter(session(), slug, organizer), RoundForm(formdata=None))


@bp.post("/letters/<slug>/rounds")
@for_organizers
def open_next_round(organizer: Organizer, slug: str) -> Answer:
    """Another round, for late joiners."""
    roll = RoundForm().roll.data or None
    return _act(
        slug, organizer, lambda letter_id: rounds.open_next_round(site_services(), letter_id, roll, moment=now())
    )


@bp.post("/letters/<slug>/rounds/<int(max=999999999):number>/end")
@for_organizers
def end_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """End issuing early, if enough is issued."""
    return _act(slug, organizer, lambda letter_id: rounds.end_round(site_services(), letter_id, number))


@bp.post("/letters/<slug>/rounds/<int(max=999999999):number>/annul")
@for_organizers
def annul_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take a flooded round out of the count, publicly."""
    reason = RoundForm().reason.data or ""
    return _act(slug, organizer, lambda letter_id: rounds.annul_round(site_services(), letter_id, number, reason))


def _act(slug: str, organizer: Organizer, verb: Callable[[str], object]) -> Answer:
    letter_id = own_letter(session(), slug, organizer).id
    session().rollback()
    try:
        verb(letter_id)
    except Refusal as refusal:
        session().rollback()
        why = say(refusal.sentence, **refusal.values)
        return _page(own_letter(session(), slug, organizer), RoundForm(), why), refusal.status
    return redirect(f"/organize/letters/{slug}/rounds", 303)


def _page(letter: Letter, form: RoundForm, refusal: str | None = None) -> str:
    rolls = {roll.id: roll.name for roll in rolls_of(session(), letter)}
    form.roll.choices = list(rolls.items())
    rows = [
        (row, rolls[row.roll], PublicKey.from_spki(row.public_key).fingerprint, signing_starts(letter, row))
        for row in rounds_of(session(), letter.id)
    ]
    return desk_page("organize/rounds.html", letter=letter, rows=rows, form=form, refusal=refusal)
