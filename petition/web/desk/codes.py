"""The organizers' page of codes: make them, print them, cancel unused ones."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField

from petition.coordination.rounds import NewRound, least_codes, open_further_round
from petition.crypto.codes import show
from petition.errors import A_NUMBER, BadShape, NotFound, Refusal
from petition.issuing.codes import batches, make_codes, pool_of, void_batch
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Letter, Organizer
from petition.letters.states import ALONE
from petition.letters.update_times import next_update
from petition.publishing.documents.code_sheets import (
    MOST_ON_PAPER,
    Sheet,
    join_link,
    sheet_of,
    sheet_pdf,
)
from petition.signing.models import Round
from petition.signing.signatures import rounds_of
from petition.signing.verification_methods import round_for_paper
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, asks_first, organizer_action, require_first_press, saved, sent
from petition.web.desk.qr import qr_code
from petition.web.desk.services import site_services
from petition.web.shared.context import issuer_session, language, now, say, session, site
from petition.web.shared.forms import Between, small_number

_ = str
MOST_AT_ONCE = 10_000
PAPERS_BY_LANGUAGE = {"en": "letter"}
"""Paper that is offered first, where it is not A4."""
HANDED_ON = 10
"""Strips for a coworker to hand on."""
MOST_SQUARES = 200
"""How many codes have QR codes on the page; more are in the PDF."""


class PrintForm(FlaskForm):
    """How codes are printed."""

    neutral = BooleanField(_("Leave the letter's title and address off the strips"))
    typed = BooleanField(_("Leave the code out of the QR code, so it stays out of browser history"))


class CodesForm(PrintForm):
    """How many codes."""

    roll = SelectField(_("Who are they for?"), validate_choice=False)
    count = IntegerField(
        _("How many"),
        [Between(0, MOST_AT_ONCE)],
        default=20,
    )
    new_round = BooleanField(_("Start a new set for these codes"))


class SheetForm(PrintForm):
    """Codes to be printed, and how."""

    codes = TextAreaField()
    round = StringField()
    paper = StringField()
    handed_on = BooleanField()


def how_many_made(letter_id: str) -> int:
    """All codes that organizers made so far, including those since the last count update."""
    return sum(batch.made for batch in batches(issuer_session(), letter_id))


@bp.get("/letters/<slug>/codes")
@for_organizers
def codes(organizer: Organizer, slug: str) -> Answer:
    """How many codes there are, and a form for more."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    known, printed = rounds_of(session(), letter.id), batches(issuer_session(), letter.id)
    form = as_sent(CodesForm)
    form.roll.choices = [(roll.id, roll.name) for roll in rolls_of(session(), letter)]
    return desk_page(
        "organize/codes.html",
        letter=letter,
        form=form,
        made=how_many_made(letter.id),
        used=sum(row.spent for row in known),
        least=least_codes(letter),
        batches=printed,
        newest=max((batch.number for batch in printed), default=0),
    )


def _made_already(organizer: Organizer, slug: str) -> str:
    """What to do about codes that the first of two presses made and no one saw. It may still be making them."""
    letter, form = own_letter(session(), slug, organizer), CodesForm()
    if not form.count.data:
        return ""
    known = small_number(request.form.get("newest")) or 0
    found = [batch for batch in batches(issuer_session(), letter.id) if batch.number > known]
    if [batch.made for batch in found] == [form.count.data]:
        return say(
            "You pressed this button twice. If you don't have the codes, cancel print batch %(batch)s and make new "
            "ones.",
            batch=found[0].number,
        )
    return say(
        "You pressed this button twice. If you don't have the codes, cancel their print batch and make new ones."
    )


def _made_already_to_hand_on(organizer: Organizer, slug: str) -> str:
    """What to do about strips: not cancel, because canceling would also end those that coworkers have."""
    return say(
        "You pressed this button twice. If you don't have the codes, make ten more. Don't cancel: strips passed on "
        "before would stop working."
    )


@bp.post("/letters/<slug>/codes")
@organizer_action(_page, again="codes", twice=_made_already, form=CodesForm)
def make(organizer: Organizer, slug: str) -> Answer:
    """Make codes, with another set if that is wanted, and show them, once."""
    letter = own_letter(session(), slug, organizer)
    form = sent(CodesForm())
    if form.new_round.data:
        new = _new_round(letter, form)
        return _shown(letter, form, new, new.batch, new.codes, opens=new.opens)
    if not form.count.data:
        raise BadShape(A_NUMBER, least=1, most=f"{MOST_AT_ONCE:,}").about("count")
    return _made(letter, form, form.count.data, is_handed_on=False)


@bp.post("/letters/<slug>/codes/hand-on")
@organizer_action(_page, again="codes", twice=_made_already_to_hand_on, form=CodesForm)
def make_to_hand_on(organizer: Organizer, slug: str) -> Answer:
    """Make strips for a coworker to hand on, from the pool: nothing stored says through whose hands they go."""
    letter = own_letter(session(), slug, organizer)
    return _made(letter, CodesForm(), HANDED_ON, is_handed_on=True)


def _made(letter: Letter, form: CodesForm, count: int, *, is_handed_on: bool) -> str:
    round_, here = round_for_paper(session(), letter, form.roll.data), site_services()
    wanted = (here.secrets, letter.id, round_.number, count, here.random)
    batch, made = make_codes(issuer_session(), *wanted, is_single=letter.k == ALONE, for_pool=is_handed_on)
    issuer_session().commit()
    session().commit()
    return _shown(letter, form, round_, batch, made, is_handed_on=is_handed_on)


def _new_round(letter: Letter, form: CodesForm) -> NewRound:
    """A further round. It makes a key for a while and commits by itself, so both databases are released first."""
    opens, roll = next_update(letter, site().settings.seal_at, now()), form.roll.data or None
    session().expunge(letter)
    session().rollback()
    wanted = (site_services(), letter.id, roll, form.count.data or 0)
    try:
        return open_further_round(*wanted, opens=opens, check=lambda _, writing: require_first_press(writing))
    except Refusal:
        require_first_press()  # the set that is in the way may be the one that this form has made
        raise


def _shown(
    letter: Letter,
    form: CodesForm,
    round_: Round | NewRound,
    batch: int | None,
    made: Sequence[str],
    *,
    is_handed_on: bool = False,
    opens: datetime | None = None,
) -> str:
    """The page that shows new codes, once."""
    sheet = _sheet(letter, round_, form, is_handed_on=is_handed_on)
    squares = len(made) <= MOST_SQUARES
    links = [(show(code), join_link(sheet, code)) for code in made]
    return desk_page(
        "organize/new-codes.html",
        letter=letter,
        batch=batch,
        strips=[(code, link, qr_code(link, scale=2) if squares else None) for code, link in links],
        sheet=sheet,
        form=form,
        round=round_.number,
        opens=opens,
        paper=PAPERS_BY_LANGUAGE.get(language(), "a4"),
        is_printable=0 < len(made) <= MOST_ON_PAPER,
    )


def _sheet(letter: Letter, round_: Round | NewRound, form: PrintForm, *, is_handed_on: bool) -> Sheet:
    words = text_of(newest_version(session(), letter))
    how = {"has_codes": not form.typed.data, "is_handed_on": is_handed_on}
    return sheet_of(letter, words, site().settings.url or "", round_, neutral=bool(form.neutral.data), **how)


@bp.post("/letters/<slug>/codes/sheet")
@organizer_action(_page)
def sheet(organizer: Organizer, slug: str) -> Answer:
    """Make a PDF of codes that were just made and are sent back; nothing of them is stored."""
    letter = own_letter(session(), slug, organizer)
    form = SheetForm()
    round_ = session().get(Round, (letter.id, small_number(form.round.data) or 0))
    if round_ is None:
        raise NotFound("This letter has no such set of codes.")
    found = _sheet(letter, round_, form, is_handed_on=bool(form.handed_on.data))
    body = sheet_pdf(found, (form.codes.data or "").split(), form.paper.data or "")
    headers = {"Content-Disposition": 'attachment; filename="codes.pdf"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


def _canceling_page(organizer: Organizer, slug: str, batch: int) -> str:
    letter = own_letter(session(), slug, organizer)
    return desk_page("organize/confirm/cancel-codes.html", letter=letter, batch=batch)


@asks_first("/letters/<slug>/codes/<int(max=999999999):batch>/void", _canceling_page)
def void(organizer: Organizer, slug: str, batch: int) -> Answer:
    """Cancel the unused codes of a print batch."""
    return _canceled(organizer, slug, batch)


def _canceling_pool_page(organizer: Organizer, slug: str, number: int) -> str:
    return _canceling_page(organizer, slug, pool_of(number))


@asks_first("/letters/<slug>/codes/handed-on/<int(max=999999999):number>/void", _canceling_pool_page)
def void_handed_on(organizer: Organizer, slug: str, number: int) -> Answer:
    """Cancel the unused codes that coworkers hand on, of one set."""
    return _canceled(organizer, slug, pool_of(number))


def _canceled(organizer: Organizer, slug: str, batch: int) -> Answer:
    letter = own_letter(session(), slug, organizer)
    void_batch(issuer_session(), letter.id, batch)
    issuer_session().commit()
    return saved("codes", say("No one can use these codes anymore."))
