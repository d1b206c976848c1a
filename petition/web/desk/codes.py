"""The organizers' page of codes: make them, see about how many are used, recall a batch."""

from collections.abc import Sequence

from flask import Response
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange

from petition.coordination.rounds import NewRound, least_codes, open_further_round
from petition.crypto.codes import show
from petition.errors import BadShape, NotFound
from petition.issuing.codes import batches, make_codes, void_batch
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.versions import newest_version, words_of
from petition.letters.models import Letter, Organizer
from petition.letters.states import ALONE
from petition.letters.update_times import next_update
from petition.publishing.documents.code_sheets import MOST_ON_PAPER, Sheet, join_link, sheet_of, sheet_pdf
from petition.signing.models import Round
from petition.signing.signatures import rounds_of
from petition.signing.verification_methods import round_for_paper
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, asks_first, organizer_action, saved, sent
from petition.web.desk.services import site_services
from petition.web.shared.context import issuer_session, now, say, session, site

_ = str


HOW_MANY = _("Make from 1 to 10,000 codes at a time.")


class CodesForm(FlaskForm):
    """How many codes."""

    roll = SelectField(_("For whom"), validate_choice=False)
    count = IntegerField(
        _("How many"),
        [InputRequired(_("Give a number.")), NumberRange(0, 10_000, HOW_MANY)],
        default=20,
    )
    new_round = BooleanField(_("Start another set with these codes"))


class SheetForm(FlaskForm):
    """Codes to be printed, and how."""

    codes = TextAreaField()
    round = IntegerField()
    paper = StringField()
    neutral = BooleanField()
    typed = BooleanField()


def how_many_made(letter_id: str) -> int:
    """All codes that organizers made so far, whatever the last count update knew of."""
    return sum(batch.made for batch in batches(issuer_session(), letter_id))


@bp.get("/letters/<slug>/codes")
@for_organizers
def codes(organizer: Organizer, slug: str) -> Answer:
    """How many codes there are, and a form for more."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    known = rounds_of(session(), letter.id)
    form = as_sent(CodesForm)
    form.roll.choices = [(roll.id, roll.name) for roll in rolls_of(session(), letter)]
    return desk_page(
        "organize/codes.html",
        letter=letter,
        form=form,
        made=sum(row.made for row in known),
        used=sum(row.spent for row in known),
        least=least_codes(letter),
        batches=batches(issuer_session(), letter.id),
    )


@bp.post("/letters/<slug>/codes")
@organizer_action(_page)
def make(organizer: Organizer, slug: str) -> Answer:
    """Make codes, with another set if that is wanted, and show them, once."""
    letter = own_letter(session(), slug, organizer)
    form = sent(CodesForm())
    if not form.count.data and not form.new_round.data:
        raise BadShape(HOW_MANY).about("count")
    round_, batch, made = _with_new_round(letter, form) if form.new_round.data else _of_round(letter, form)
    sheet = _sheet(letter, round_)
    return desk_page(
        "organize/new-codes.html",
        letter=letter,
        batch=batch,
        codes=[(show(code), join_link(sheet, code)) for code in made],
        sheet=sheet,
        round=round_.number,
        opens=round_.opens if form.new_round.data else None,
        is_printable=0 < len(made) <= MOST_ON_PAPER,
    )


def _of_round(letter: Letter, form: CodesForm) -> tuple[Round, int | None, Sequence[str]]:
    round_, here = round_for_paper(session(), letter, form.roll.data), site_services()
    wanted = (here.secrets, letter.id, round_.number, form.count.data, here.random)
    batch, made = make_codes(issuer_session(), *wanted, is_single=letter.k == ALONE)
    issuer_session().commit()
    return round_, batch, made


def _with_new_round(letter: Letter, form: CodesForm) -> tuple[NewRound, int | None, Sequence[str]]:
    """A further round; it commits by itself, so both databases are let go before."""
    opens, roll = next_update(letter, site().settings.seal_at, now()), form.roll.data or None
    session().expunge(letter)
    session().rollback()
    new = open_further_round(site_services(), letter.id, roll, form.count.data, opens=opens)
    return new, new.batch, new.codes


def _sheet(letter: Letter, round_: Round | NewRound, *, neutral: bool = False, has_codes: bool = True) -> Sheet:
    words = words_of(newest_version(session(), letter))
    return sheet_of(letter, words, site().settings.url or "", round_, neutral=neutral, has_codes=has_codes)


@bp.post("/letters/<slug>/codes/sheet")
@organizer_action(_page)
def sheet(organizer: Organizer, slug: str) -> Answer:
    """Codes that were just made, sent back to be made into a PDF; nothing is kept of them."""
    letter = own_letter(session(), slug, organizer)
    form = SheetForm()
    round_ = session().get(Round, (letter.id, form.round.data or 0))
    if round_ is None:
        raise NotFound("This letter has no such round.")
    found = _sheet(letter, round_, neutral=bool(form.neutral.data), has_codes=not form.typed.data)
    body = sheet_pdf(found, (form.codes.data or "").split(), form.paper.data or "")
    headers = {"Content-Disposition": 'attachment; filename="codes.pdf"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


def _canceling_page(organizer: Organizer, slug: str, batch: int) -> str:
    letter = own_letter(session(), slug, organizer)
    return desk_page("organize/confirm/cancel-codes.html", letter=letter, batch=batch)


@asks_first("/letters/<slug>/codes/<int(max=999999999):batch>/void", _canceling_page)
def void(organizer: Organizer, slug: str, batch: int) -> Answer:
    """Cancel the unused codes of a print batch."""
    letter = own_letter(session(), slug, organizer)
    void_batch(issuer_session(), letter.id, batch)
    issuer_session().commit()
    return saved("codes", say("No unused code of print batch %(batch)s works any more.", batch=batch))
