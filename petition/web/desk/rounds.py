"""The organizers' page of rounds: how each stands, whether another can open, end or annul one."""

from collections.abc import Callable

from flask import redirect

from petition.coordination import rounds
from petition.crypto.pins import show_pin
from petition.errors import Refusal
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.letters.pinned import pin_of_round
from petition.signing.models import Round
from petition.signing.signatures import rounds_of, signing_starts
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.letter_home import site_services
from petition.web.shared.context import say, session
from petition.web.shared.forms import RoundForm


@bp.get("/letters/<slug>/rounds")
@for_organizers
def list_rounds(organizer: Organizer, slug: str) -> Answer:
    """All rounds, by number."""
    return _page(own_letter(session(), slug, organizer), RoundForm(formdata=None))


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
    rows = [
        (row, rolls[row.roll], _check_number(letter, row), signing_starts(letter, row))
        for row in rounds_of(session(), letter.id)
    ]
    blocked = [
        (name, say(obstacle.sentence, **obstacle.values) if obstacle is not None else "")
        for roll, name in rolls.items()
        for obstacle in [rounds.obstacle_to_further_round(session(), letter, roll, site_services())]
    ]
    shown = {"rows": rows, "blocked": blocked, "least": rounds.least_codes(letter)}
    return desk_page("organize/rounds.html", letter=letter, **shown, form=form, refusal=refusal)


def _check_number(letter: Letter, row: Round) -> str:
    """The round's pin for reading aloud; nothing in letters that version 0.1.0 opened."""
    return show_pin(pin_of_round(letter, row.number, row.roll, row.public_key)) if letter.pinned else ""
