"""The organizers' page of rounds: how each stands, open the next one, end or annul one."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional

from petition.coordination import rounds
from petition.crypto.blind_rsa import PublicKey
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Organizer
from petition.signing.signatures import rounds_of, signing_starts
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, organizer_action, saved, sent
from petition.web.desk.letter_home import released, site_services
from petition.web.shared.context import now, session

_ = str


class RoundForm(FlaskForm):
    """What to do with a round."""

    roll = SelectField(_("For whom"), validate_choice=False)
    reason = StringField(_("Reason (public)"), [Optional(), Length(max=300)])


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
@organizer_action(_page)
def open_next_round(organizer: Organizer, slug: str) -> Answer:
    """Another round, for late joiners."""
    roll = sent(RoundForm()).roll.data or None
    rounds.open_next_round(site_services(), released(slug, organizer), roll, moment=now())
    return saved("rounds")


@bp.post("/letters/<slug>/rounds/<int(max=999999999):number>/end")
@organizer_action(_page)
def end_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """End issuing early, if enough is issued."""
    rounds.end_round(site_services(), released(slug, organizer), number)
    return saved("rounds")


@bp.post("/letters/<slug>/rounds/<int(max=999999999):number>/annul")
@organizer_action(_page)
def annul_round(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take a flooded round out of the count, publicly."""
    reason = sent(RoundForm()).reason.data or ""
    rounds.annul_round(site_services(), released(slug, organizer), number, reason)
    return saved("rounds")
