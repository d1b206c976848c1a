"""The organizers' page of rounds: the state of each, and whether another can open; ending and annulling one."""

from petition.coordination import rounds
from petition.crypto.pins import show_pin
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.letters.pinned import pin_of_round
from petition.letters.states import enough
from petition.letters.update_times import next_update
from petition.signing.models import Round
from petition.signing.signatures import rounds_of, signing_starts
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import about, as_sent, asks_first, saved, sent
from petition.web.desk.services import released, site_services
from petition.web.desk.steps import ReasonForm
from petition.web.shared.context import now, say, session, site


@bp.get("/letters/<slug>/rounds")
@for_organizers
def list_rounds(organizer: Organizer, slug: str) -> Answer:
    """All rounds, by number."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    rolls = {roll.id: roll.name for roll in rolls_of(session(), letter)}
    rows = [
        (row, rolls[row.roll], _check_number(letter, row), signing_starts(letter, row))
        for row in rounds_of(session(), letter.id)
    ]
    return desk_page(
        "organize/rounds.html",
        letter=letter,
        rows=rows,
        further=[(name, _why_none(letter, roll)) for roll, name in rolls.items()],
        least=rounds.least_codes(letter),
        needed=enough(letter.k),
    )


def _check_number(letter: Letter, row: Round) -> str:
    """The round's pin for reading aloud; nothing in letters that version 0.1.0 opened."""
    return show_pin(pin_of_round(letter, row.number, row.roll, row.public_key)) if letter.pinned else ""


def _why_none(letter: Letter, roll: str) -> str:
    """Why a roll can't have another round now; nothing if it can."""
    found = rounds.obstacle_to_further_round(session(), letter, roll, site_services())
    return "" if found is None else say(found.sentence, **found.values)


def _ending_page(organizer: Organizer, slug: str, number: int) -> str:
    return _confirm("end-set", organizer, slug, number)


@asks_first("/letters/<slug>/rounds/<int(max=999999999):number>/end", _ending_page)
def end_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """End issuing early, at the next count update, if enough is issued."""
    ends = next_update(own_letter(session(), slug, organizer), site().settings.seal_at, now())
    rounds.end_round(site_services(), released(slug, organizer), number, ends=ends)
    return saved("rounds")


def _annulling_page(organizer: Organizer, slug: str, number: int) -> str:
    return _confirm("cancel-set", organizer, slug, number)


@asks_first("/letters/<slug>/rounds/<int(max=999999999):number>/annul", _annulling_page)
def annul_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take a round whose codes were misused out of the count, publicly."""
    letter_id = released(slug, organizer)
    with about("reason"):
        rounds.annul_round(site_services(), letter_id, number, sent(ReasonForm()).reason.data)
    return saved("rounds")


def _confirm(template: str, organizer: Organizer, slug: str, number: int) -> str:
    letter = own_letter(session(), slug, organizer)
    form = as_sent(ReasonForm)
    return desk_page(f"organize/confirm/{template}.html", letter=letter, number=number, form=form)
