"""The organizers' page of rounds: how each stands, open the next one, end or annul one."""

from flask_wtf import FlaskForm
from wtforms import SelectField

from petition.coordination import rounds
from petition.crypto.blind_rsa import PublicKey
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Organizer
from petition.signing.signatures import rounds_of, signing_starts
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import about, as_sent, asks_first, organizer_action, saved, sent
from petition.web.desk.services import released, site_services
from petition.web.desk.steps import ReasonForm
from petition.web.shared.context import now, session

_ = str


class RoundForm(FlaskForm):
    """For which signers another round is."""

    roll = SelectField(_("For whom"), validate_choice=False)


@bp.get("/letters/<slug>/rounds")
@for_organizers
def list_rounds(organizer: Organizer, slug: str) -> Answer:
    """All rounds, by number."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    rolls = {roll.id: roll.name for roll in rolls_of(session(), letter)}
    form = as_sent(RoundForm)
    form.roll.choices = list(rolls.items())
    rows = [
        (row, rolls[row.roll], PublicKey.from_spki(row.public_key).fingerprint, signing_starts(letter, row))
        for row in rounds_of(session(), letter.id)
    ]
    return desk_page("organize/rounds.html", letter=letter, rows=rows, form=form)


@bp.post("/letters/<slug>/rounds")
@organizer_action(_page, again="rounds")
def open_next_round(organizer: Organizer, slug: str) -> Answer:
    """Another round, for late joiners."""
    roll = sent(RoundForm()).roll.data or None
    rounds.open_next_round(site_services(), released(slug, organizer), roll, moment=now())
    return saved("rounds")


def _ending_page(organizer: Organizer, slug: str, number: int) -> str:
    return _confirm("end-set", organizer, slug, number)


@asks_first("/letters/<slug>/rounds/<int(max=999999999):number>/end", _ending_page)
def end_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """End issuing early, if enough is issued."""
    rounds.end_round(site_services(), released(slug, organizer), number)
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
