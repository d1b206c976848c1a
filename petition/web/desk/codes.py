"""The organizers' page of codes: make them, see about how many are used, recall a batch."""

from flask import Response

from petition.crypto.codes import show
from petition.errors import NotFound, Refusal
from petition.issuing.codes import batches, make_codes, void_batch
from petition.letters.access import own_letter
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter, Organizer
from petition.letters.states import ALONE
from petition.publishing.documents.code_sheets import MOST_ON_PAPER, join_link, sheet_of, sheet_pdf
from petition.publishing.figures.counts import rounded
from petition.signing.models import Round
from petition.signing.signatures import rounds_of
from petition.signing.verification_methods import round_for_paper
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.letter_home import site_services
from petition.web.shared.context import issuer_session, say, session, site
from petition.web.shared.forms import CodesForm, SheetForm


@bp.get("/letters/<slug>/codes")
@for_organizers
def codes(organizer: Organizer, slug: str) -> Answer:
    """How many codes there are, and a form for more."""
    return _page(own_letter(session(), slug, organizer), CodesForm(formdata=None))


@bp.post("/letters/<slug>/codes")
@for_organizers
def make(organizer: Organizer, slug: str) -> Answer:
    """Make codes and show them, once."""
    letter = own_letter(session(), slug, organizer)
    form = CodesForm()
    if not form.validate():
        return _page(letter, form), 400
    try:
        round_ = round_for_paper(session(), letter, form.roll.data)
        here = site_services()
        wanted = (here.secrets, letter.id, round_.number, form.count.data, here.random)
        batch, made = make_codes(issuer_session(), *wanted, is_single=letter.k == ALONE)
    except Refusal as refusal:
        return _page(letter, form, say(refusal.sentence, **refusal.values)), refusal.status
    issuer_session().commit()
    sheet = sheet_of(session(), letter, round_, site().settings.url or "", neutral=False)
    return desk_page(
        "organize/new-codes.html",
        letter=letter,
        batch=batch,
        codes=[(show(code), join_link(sheet.join, sheet.fingerprint, code)) for code in made],
        sheet=sheet,
        round=round_.number,
        is_printable=len(made) <= MOST_ON_PAPER,
    )


@bp.post("/letters/<slug>/codes/sheet")
@for_organizers
def sheet(organizer: Organizer, slug: str) -> Answer:
    """Codes that were just made, sent back to be made into a PDF; nothing is kept of them."""
    letter = own_letter(session(), slug, organizer)
    form = SheetForm()
    try:
        round_ = session().get(Round, (letter.id, form.round.data or 0))
        if round_ is None:
            raise NotFound("This letter has no such round.")
        found = sheet_of(session(), letter, round_, site().settings.url or "", neutral=bool(form.neutral.data))
        body = sheet_pdf(found, (form.codes.data or "").split(), form.paper.data or "")
    except Refusal as refusal:
        return _page(letter, CodesForm(formdata=None), say(refusal.sentence, **refusal.values)), refusal.status
    headers = {"Content-Disposition": 'attachment; filename="codes.pdf"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


@bp.post("/letters/<slug>/codes/<int(max=999999999):batch>/void")
@for_organizers
def void(organizer: Organizer, slug: str, batch: int) -> Answer:
    """Recall what is unspent of a batch."""
    letter = own_letter(session(), slug, organizer)
    try:
        void_batch(issuer_session(), letter.id, batch)
    except Refusal as refusal:
        return _page(letter, CodesForm(formdata=None), say(refusal.sentence, **refusal.values)), refusal.status
    issuer_session().commit()
    done = say("Batch %(batch)s is recalled: none of its unused codes works any more.", batch=batch)
    return _page(letter, CodesForm(formdata=None), done=done)


def _page(letter: Letter, form: CodesForm, refusal: str | None = None, done: str | None = None) -> str:
    known = rounds_of(session(), letter.id)
    form.roll.choices = [(roll.id, roll.name) for roll in rolls_of(session(), letter)]
    return desk_page(
        "organize/codes.html",
        letter=letter,
        form=form,
        made=sum(row.made for row in known),
        used=rounded(sum(row.spent for row in known), letter.k),
        batches=batches(issuer_session(), letter.id),
        refusal=refusal,
        done=done,
    )
