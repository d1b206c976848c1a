"""What a receipt can do on a page: check, change what is shown, withdraw. The receipt in the body is the authority."""

from typing import Any

from flask import Response, request

from petition.crypto.codes import read_receipt
from petition.crypto.receipts import Opening, opening
from petition.crypto.tokens import read_token, receipt_in
from petition.errors import BadShape, Refusal
from petition.letters.models import Letter
from petition.signing.change_appearance import change
from petition.signing.signatures import look_up, withdraw
from petition.web.shared.appearance_form import ladder_of
from petition.web.shared.context import page, say, session
from petition.web.shared.forms import posted_text
from petition.web.shared.letters import addressed
from petition.web.shared.limits import limiter, signing
from petition.web.signing.choices import appearance_of, choice_of, lines, read_choice
from petition.web.signing.signatures import bp

NOTHING: dict[str, Any] = {"refusal": None, "found": None, "seen": None, "withdrawn": None, "is_changed": False}


@bp.get("/receipt")
def ask_receipt(address: str) -> str:
    """The form for a receipt."""
    letter, words = addressed(address)
    shown = {**NOTHING, "ladder": ladder_of(letter, has_signed=True), "typed": {}, "receipt": ""}
    return page("sign/check.html", letter=letter, words=words, **shown)


@bp.post("/receipt")
@limiter.limit(signing)
def use_receipt(address: str) -> tuple[str, int]:
    """Show what is stored under a receipt, change what is shown, or take the signature back."""
    letter, words = addressed(address)
    typed, ladder = posted_text("receipt_file") or posted_text("receipt"), ladder_of(letter, has_signed=True)
    choice = read_choice(request.form, ladder)
    shown = {**NOTHING, "ladder": ladder, "typed": choice.typed, "receipt": typed}
    status = 200
    try:
        shown |= _act(letter, opening(_receipt_in(typed)), request.form.get("do", "check"))
    except Refusal as refusal:
        session().rollback()
        shown["refusal"], status = say(refusal.sentence, **refusal.values), refusal.status
    return page("sign/check.html", letter=letter, words=words, **shown), status


def _act(letter: Letter, both: Opening, what: str) -> dict[str, Any]:
    if what == "withdraw":
        withdrawn = withdraw(session(), letter, both)
        session().commit()
        return {"withdrawn": withdrawn}
    if what == "change":
        chosen = read_choice(request.form, ladder_of(letter, has_signed=True))
        change(session(), letter, appearance_of(chosen, letter, both))
        session().commit()
    elif what != "check":
        raise BadShape("Choose what to do with the receipt: check, change, or withdraw.")
    found = look_up(session(), letter, both)
    stored = choice_of(found.shown)
    seen = lines(stored, letter, ladder_of(letter, has_signed=True))
    return {"found": found, "seen": seen, "typed": stored.typed, "is_changed": what == "change"}


def _receipt_in(typed: str) -> bytes:
    """The receipt from its file, or as it was written down."""
    return receipt_in(typed) if typed.lstrip().startswith("{") else read_receipt(typed)


@bp.post("/receipt/file")
def receipt_file(address: str) -> Response:
    """The receipt sent back as a file to keep; nothing is stored."""
    addressed(address)
    body = read_token(posted_text("token")).as_text()
    headers = {"Content-Disposition": 'attachment; filename="signing-receipt.json"'}
    return Response(body, mimetype="application/json", headers=headers)
