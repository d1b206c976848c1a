"""Signing, and what programs send. No cookie, no session: the token or receipt in the body is the authority."""

import re
from typing import Any

from flask import Blueprint, Response, make_response, request

from petition.crypto.codes import receipt_words
from petition.crypto.encodings import b64url
from petition.crypto.receipts import Opening, opening
from petition.crypto.tokens import Token, read_token
from petition.errors import Conflict, Forbidden, NotFound, Refusal, TokenUsed
from petition.letters.models import Letter
from petition.letters.pinned import pin_of_round
from petition.letters.text.letter_text import LetterText
from petition.signing.appearances import Appearance, Shown, read_appearance, require_offered, shown_under
from petition.signing.change_appearance import change
from petition.signing.models import Round
from petition.signing.signatures import sign, sign_at, withdraw
from petition.web.shared.appearance_form import appearance_form_of
from petition.web.shared.context import language, now, page, session, site
from petition.web.shared.forms import binary, hashed, json_members, posted_text, problem
from petition.web.shared.letters import addressed, refusals_spoken
from petition.web.shared.limits import limiter, signing
from petition.web.shared.public_cache import cached
from petition.web.signing.choices import Choice, appearance_of, lines, place_of, read_choice

bp = Blueprint("sign", __name__, url_prefix="/<place:address>")


@bp.get("/round.json")
def round_record(address: str) -> Response:
    """The public record of a round: all that an outside client needs."""
    wanted = request.args.get("round")
    if wanted is not None and not re.fullmatch("[1-9][0-9]{0,8}", wanted):
        raise NotFound("This letter has no such set of codes.")
    body = cached().round_json(address, int(wanted) if wanted else None, moment=now())
    return Response(body, mimetype="application/json")


@bp.post("/signatures")
@limiter.limit(signing)
def add(address: str) -> tuple[dict[str, Any], int]:
    """A token's message and signature in, the signature kept until the next sealing."""
    members = json_members("message", "signature", "appearance")
    message, signature = binary(members, "message"), binary(members, "signature", 384)
    appearance = read_appearance(members["appearance"])
    with refusals_spoken(address), site().databases.arriving.begin() as connection:
        signed = sign_at(connection, address, message, signature, appearance, moment=now())
    return {"sealed": signed.sealed}, 201


@bp.post("/withdrawals")
@limiter.limit(signing)
def add_withdrawal(address: str) -> dict[str, Any]:
    """Both halves of a receipt's opening in, the signature withdrawn."""
    members = json_members("w", "a")
    both = Opening(binary(members, "w", 32), binary(members, "a", 32))
    letter, _ = addressed(address)
    withdrawn = withdraw(session(), letter, both)
    session().commit()
    return {"withdrawn": True, "was_sealed": withdrawn.was_sealed}


@bp.post("/appearances")
@limiter.limit(signing)
def change_appearance(address: str) -> dict[str, Any]:
    """A and SHA-256(W) of a receipt in, and what is to be shown from now on."""
    members = json_members("w_hash", "a", "appearance")
    opened = binary(members, "a", 32), bytes.fromhex(hashed(members, "w_hash"))
    appearance = read_appearance(members["appearance"], opened)
    letter, _ = addressed(address)
    shown = change(session(), letter, appearance)
    session().commit()
    return {"appearance": _as_json(shown)}


def _as_json(shown: Shown) -> dict[str, Any]:
    """What is shown, in the form of an appearance; a locked name is left out."""
    step, _, at = shown.step.partition(":")
    found: dict[str, Any] = {"step": step}
    if at:
        found["at"] = int(at)
    if shown.groups:
        found["groups"] = [{"field": field, "option": option} for field, option in shown.groups]
    return found


@bp.get("/sign")
def ask(address: str) -> str:
    """The form that takes a saved token."""
    return page("sign/token.html", **_form(*addressed(address)), token="")


def _form(letter: Letter, words: LetterText) -> dict[str, Any]:
    """What both forms that sign with a token show."""
    return {
        "letter": letter,
        "words": words.in_language(language()),
        "appearance_form": appearance_form_of(letter),
        "problems": [],
    }


@bp.post("/sign")
@limiter.limit(signing)
def review_or_sign(address: str) -> Response:
    """How to be listed, and a preview of it; then, with it confirmed, the signature and its receipt."""
    letter, words = addressed(address)
    shown, posted = _form(letter, words), posted_text("token_file") or posted_text("token")
    try:
        token = read_token(posted)
        _require_of(letter, token)
    except Refusal as refusal:
        wrong = problem(refusal, "token_file")
        return make_response(page("sign/token.html", **shown | {"token": posted, "problems": wrong}), refusal.status)
    return _with_token(shown, token, read_choice(request.form, shown["appearance_form"]))


def _with_token(shown: dict[str, Any], token: Token, choice: Choice) -> Response:
    letter, is_sure = shown["letter"], request.form.get("confirm") == "yes"
    shown |= {"token": token.as_text(), "typed": choice.typed, "seen": []}
    try:
        if is_sure or request.form.get("do") == "show":
            appearance = appearance_of(choice, letter, opening(token.receipt))
            require_offered(session(), letter, appearance)
            shown["seen"] = lines(choice, letter, shown["appearance_form"])
        if is_sure:
            _sign_once(letter, token, appearance)
            return _page_with_receipt(shown, token)
    except Refusal as refusal:
        session().rollback()
        wrong = problem(refusal, place_of(refusal, choice))
        return make_response(page("sign/confirm.html", **shown | {"problems": wrong}), refusal.status)
    return make_response(page("sign/confirm.html", **shown))


def _page_with_receipt(shown: dict[str, Any], token: Token) -> Response:
    """The receipt. The browser's cache still has the form's seed, which together with the code leads to it: it goes."""
    answer = make_response(page("sign/receipt.html", **shown, receipt=receipt_words(token.receipt)))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


def _sign_once(letter: Letter, token: Token, appearance: Appearance) -> None:
    """Sign. A form that is sent again locks its name again, but is still the same signature."""
    try:
        sign(session(), letter, token.message, token.signature, appearance, moment=now())
        session().commit()
    except TokenUsed:
        raise
    except Conflict:
        session().rollback()
        stored = shown_under(session(), letter.id, appearance.a) if appearance.locked_name else Shown()
        if (stored.name_step, stored.groups) != (appearance.name_step, appearance.groups) or not appearance.locked_name:
            raise


def _require_of(letter: Letter, token: Token) -> None:
    if token.letter_id != letter.id:
        raise Forbidden("This saved signature belongs to another letter. Open the letter you saved it for.")
    row = session().get(Round, (letter.id, token.round))
    if row is not None and b64url(pin_of_round(letter, row.number, row.roll, row.public_key)) != token.pin:
        raise Forbidden(
            "Your file doesn't match this site's public record. Don't use it here. Ask the organizers what "
            "happened, but not through this site."
        )
