"""Signing, checking, withdrawing. No cookie, no session: the token or receipt in the body is the authority."""

import re
from typing import Any

from flask import Blueprint, Response, request

from petition.crypto.blind_rsa import VARIANT, PublicKey
from petition.crypto.codes import read_receipt, receipt_words
from petition.crypto.encodings import b64url, hour
from petition.crypto.receipts import Opening, opening
from petition.crypto.tokens import Token, read_token
from petition.errors import BadShape, Forbidden, NotFound, Refusal
from petition.letters.drafting import rolls_of
from petition.letters.fields import fields_of
from petition.letters.life import SIGNABLE
from petition.letters.models import Letter
from petition.letters.names_keys import public_names_keys
from petition.signing.appearances import Shown, read_appearance
from petition.signing.changing import change
from petition.signing.models import Round
from petition.signing.routes import routes_of
from petition.signing.signatures import (
    look_up,
    rounds_of,
    sign,
    sign_at,
    signing_starts,
    takes_signatures,
    withdraw,
)
from petition.web.context import now, page, say, session
from petition.web.forms import binary, hashed, json_members, posted_text
from petition.web.letters import addressed, public_url, refusals_spoken
from petition.web.limits import limiter, signing

bp = Blueprint("sign", __name__, url_prefix="/letters/<address>")


@bp.get("/round.json")
def round_record(address: str) -> dict[str, Any]:
    """The public record of the round that a signer joins: all that an outside client needs."""
    letter, _ = addressed(address)
    rolls = {roll.id: roll.name for roll in rolls_of(session(), letter)}
    rows = rounds_of(session(), letter.id)
    row = _wanted_round(rows, request.args.get("roll") or next(iter(rolls)), request.args.get("round"))
    starts = signing_starts(letter, row)
    return {
        "letter_id": letter.id,
        "letter": public_url(letter),
        "round": row.number,
        "text_sha256": letter.text_sha256,
        "public_key": b64url(row.public_key),
        "fingerprint": PublicKey.from_spki(row.public_key).fingerprint,
        "variant": VARIANT,
        "timing": letter.timing,
        "issuing": letter.state in SIGNABLE and row.annulled is None and row.issued is None,
        "signing": takes_signatures(letter, row, now()),
        "issuing_ends": hour(row.issuing_ends) if row.issuing_ends else None,
        "signing_starts": hour(starts) if starts else None,
        "routes": routes_of(letter, row, rows),
        "names_keys": public_names_keys(session(), letter.id),
        "fields": [
            {
                "id": field.id,
                "label": field.label,
                "options": [{"id": option.id, "label": option.label} for option in field.options],
            }
            for field in fields_of(session(), letter.id)
        ],
        "roll": rolls[row.roll],
    }


def _wanted_round(rows: list[Round], roll: str, number: str | None) -> Round:
    """A round by its number, for whoever holds a token of it; else the newest of a roll that was not annulled."""
    if number is not None:
        found = [row for row in rows if re.fullmatch("[0-9]{1,9}", number) and row.number == int(number)]
        if not found:
            raise NotFound("This letter has no such round.")
        return found[0]
    mine = [row for row in rows if row.roll == roll]
    if not mine:
        raise NotFound("This letter has no such roll.")
    living = [row for row in mine if row.annulled is None]
    return (living or mine)[-1]


@bp.post("/signatures")
@limiter.limit(signing)
def add(address: str) -> tuple[dict[str, Any], int]:
    """A token's message and signature in, the signature kept until the next sealing."""
    members = json_members("message", "signature", "appearance")
    message, signature = binary(members, "message"), binary(members, "signature", 384)
    appearance = read_appearance(members["appearance"])
    with refusals_spoken(address):
        signed = sign_at(session(), address, message, signature, appearance, moment=now())
    session().commit()
    return {"sealed": signed.sealed}, 201


@bp.post("/withdrawals")
@limiter.limit(signing)
def take_back(address: str) -> dict[str, Any]:
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
    """What is shown, as appearances are written; a locked name stays with who sent it."""
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
    letter, words = addressed(address)
    return page("sign/token.html", letter=letter, words=words, token="", refusal=None)


@bp.post("/sign")
@limiter.limit(signing)
def review_or_sign(address: str) -> tuple[str, int]:
    """First the answers to check, then, with them confirmed, the signature and its receipt."""
    letter, words = addressed(address)
    posted = posted_text("token_file") or posted_text("token")
    try:
        token = read_token(posted)
        _demand_of(letter, token)
        if request.form.get("confirm") != "yes":
            return page("sign/sign.html", letter=letter, words=words, token=token.as_text()), 200
        sign(session(), letter, token.message, token.signature, moment=now())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        why = say(refusal.sentence, **refusal.values)
        return page("sign/token.html", letter=letter, words=words, token=posted, refusal=why), refusal.status
    shown = {"words": words, "receipt": receipt_words(token.receipt), "token": token.as_text()}
    return page("sign/receipt.html", letter=letter, **shown), 200


def _demand_of(letter: Letter, token: Token) -> None:
    if token.letter_id != letter.id:
        raise Forbidden("This token belongs to another letter. Open the letter that it was made for.")


@bp.get("/receipt")
def ask_receipt(address: str) -> str:
    """The form for a receipt."""
    letter, words = addressed(address)
    return page("sign/check.html", letter=letter, words=words, receipt="", refusal=None, found=None, withdrawn=None)


@bp.post("/receipt")
@limiter.limit(signing)
def use_receipt(address: str) -> tuple[str, int]:
    """Show what is stored under a receipt, or take the signature back."""
    letter, words = addressed(address)
    typed = posted_text("receipt_file") or posted_text("receipt")
    shown: dict[str, Any] = {"letter": letter, "words": words, "receipt": typed, "refusal": None}
    try:
        found, withdrawn = _act(letter, opening(_receipt_in(typed)), request.form.get("do", "check"))
    except Refusal as refusal:
        session().rollback()
        shown["refusal"] = say(refusal.sentence, **refusal.values)
        return page("sign/check.html", **shown, found=None, withdrawn=None), refusal.status
    return page("sign/check.html", **shown, found=found, withdrawn=withdrawn), 200


def _act(letter: Letter, both: Opening, what: str) -> tuple[Any, Any]:
    if what == "withdraw":
        withdrawn = withdraw(session(), letter, both)
        session().commit()
        return None, withdrawn
    if what != "check":
        raise BadShape("Choose what to do with the receipt: check, or withdraw.")
    return look_up(session(), letter, both), None


def _receipt_in(typed: str) -> bytes:
    """The receipt from its file, or as it was written down."""
    return read_token(typed).receipt if typed.lstrip().startswith("{") else read_receipt(typed)


@bp.post("/receipt/file")
def receipt_file(address: str) -> Response:
    """The receipt sent back as a file to keep; nothing is stored."""
    addressed(address)
    body = read_token(posted_text("token")).as_text()
    headers = {"Content-Disposition": 'attachment; filename="signing-receipt.json"'}
    return Response(body, mimetype="application/json", headers=headers)
