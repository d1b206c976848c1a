"""Joining: a code becomes a token. Meets the issuer, and never the signatures."""

import hmac
from typing import Any

from flask import Blueprint, Response, current_app, make_response, request
from sqlalchemy.orm import Session

from petition.addresses import ending
from petition.crypto.blind_rsa import PublicKey, blind, finalize, prepare
from petition.crypto.codes import read_code
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import RECEIPT_SIZE, Token, drawn_from, read_token, statement_bytes
from petition.errors import BadShape, CodeUsed, Conflict, Refusal
from petition.issuing.rounds import opened_by
from petition.issuing.tokens import Keys, exchange, round_of_code
from petition.letters.access import letter_state_at
from petition.letters.drafting.settings import rolls_of
from petition.letters.models import Letter
from petition.letters.pinned import pin_of_round
from petition.letters.states import APART, require_signable, takes_signatures
from petition.letters.text.letter_text import LetterText
from petition.letters.verification_methods import allowed_domains
from petition.web.shared.appearance_form import appearance_form_of
from petition.web.shared.context import close_sessions, issuer_session, language, now, page, session, site
from petition.web.shared.forms import binary, json_members, number, posted_text, problem, small_number, text
from petition.web.shared.letters import addressed, refusals_spoken
from petition.web.shared.limits import limiter, signing

bp = Blueprint("join", __name__, url_prefix="/<place:address>")
SEED = 32
FOR_ANOTHER_TRY = "private, max-age=3600"
"""Lets only the browser, and no one on the way, cache the empty form: a second try needs its seed."""


def keys() -> Keys:
    """The rounds' private keys of this process."""
    found: Keys = current_app.extensions["petition.keys"]
    return found


@bp.get("/join")
def ask(address: str) -> Response:
    """The form for a code. Coming back to it shows the same seed, and so gives the same token."""
    letter, words = addressed(address)
    answer = make_response(join_page(letter, words))
    answer.headers["Cache-Control"] = FOR_ANOTHER_TRY
    return answer


def join_page(letter: Letter, words: LetterText, **typed: Any) -> str:
    """The letter and the form that signs it, with what was typed and what is wrong with it."""
    empty = {"code": "", "seed": "", "pasted": "", "problems": [], "mail": "", "went_back": False}
    shown = {**empty, **typed}
    return page(
        "join/join.html",
        letter=letter,
        words=words.in_language(language()),
        **{**shown, "seed": shown["seed"] or b64url(site().random(SEED))},
        **mail_rolls(letter),
        appearance_form=appearance_form_of(letter),
        may_sign=takes_signatures(letter),
        sets=_sets(letter),
        **_rolls(letter),
    )


def _sets(letter: Letter) -> list[int]:
    """The sets of codes whose records are public: those that have opened."""
    with Session(site().databases.reading_issuer) as issuer:
        return opened_by(issuer, letter.id, now())


def _rolls(letter: Letter) -> dict[str, Any]:
    """The groups of signers, and the one whose code the address asks for: the first, unless it names another."""
    found = rolls_of(session(), letter)
    return {"rolls": found, "chosen": request.args.get("roll") or found[0].id}


def mail_rolls(letter: Letter) -> dict[str, Any]:
    """Whose codes are mailed and to which domains; of one roll, if the address names it."""
    named = request.args.get("roll")
    names = {roll.id: roll.name for roll in rolls_of(session(), letter)}
    rolls = {
        roll: (names[roll], [ending(domain) for domain in domains])
        for roll, domains in allowed_domains(letter).items()
        if roll in names and named in (None, roll)
    }
    return {"mail_rolls": rolls, "sends_mail": site().settings.mail is not None, "roll": named if rolls else None}


@bp.post("/join")
@limiter.limit(signing)
def redeem(address: str) -> tuple[str, int]:
    """The way without scripts: the server blinds, unblinds, forgets, and hands the token over."""
    letter, words = addressed(address)
    code, seed = request.form.get("code", ""), request.form.get("seed", "")
    pasted = "".join(request.form.get("blinded_message", "").split())
    try:
        if pasted:
            answer = _sign_pasted(letter, code, *_pasted(pasted))
            return page("join/pasted.html", letter=letter, words=words, answer=b64url(answer)), 200
        token = _token_for(letter, code, seed)
    except Refusal as refusal:
        typed = {"code": code, "seed": seed, "pasted": pasted, "went_back": isinstance(refusal, CodeUsed)}
        wrong = problem(refusal, "blinded_message" if pasted else "code")
        return join_page(letter, words, **typed, problems=wrong), refusal.status
    return _page_with_token(letter, words, token), 200


def _pasted(typed: str) -> tuple[int | None, bytes]:
    """The round and the blinded message that a signer's own program printed. Older programs print no round."""
    before, _, blinded = typed.rpartition(".")
    number = small_number(before)
    try:
        return number, from_b64url(blinded if number or not before else "", 384)
    except BadShape:
        raise BadShape("This isn't what the program printed. Paste all of it.") from None


def _page_with_token(letter: Letter, words: LetterText, token: Token) -> str:
    """What carries the token: the page that signs with it, or the one that only saves it for another day."""
    held = {"letter": letter, "words": words.in_language(language()), "token": token.as_text()}
    if letter.timing == APART:
        return page("join/saved.html", **held)
    return page("sign/confirm.html", **held, appearance_form=appearance_form_of(letter), typed={}, seen=[], problems=[])


def _token_for(letter: Letter, code: str, seed: str) -> Token:
    """What a client would do for itself. All chance follows from the form's seed, the code and the round's secret, so
    that the same form sent again, after a lost answer, gets the same token, until the secret is destroyed."""
    require_signable(letter)
    code = read_code(code)
    start = from_b64url(seed, SEED) if seed else site().random(SEED)
    round_ = round_of_code(issuer_session(), keys().secrets, letter.id, code)
    issuer_session().close()  # others exchange theirs while this one is blinded
    chance = keys().secrets.chance_key(letter.id, round_.number) or site().random(SEED)
    random = drawn_from(hmac.digest(chance, start + code.encode(), "sha256"))
    key = PublicKey.from_spki(round_.public_key)
    receipt = random(RECEIPT_SIZE)
    statement = statement_bytes(letter.id, round_.number, letter.text_sha256 or "", opening(receipt).commit)
    message = prepare(statement, random)
    blinded = blind(key, message, random)
    pin = b64url(pin_of_round(letter, round_.number, round_.roll, round_.public_key))
    answer = _exchanged(letter.id, round_.number, code, blinded.message)
    signature = finalize(key, message, answer, blinded.inverse)
    root = f"{site().settings.url or ''}/"
    return Token(root, letter.id, round_.number, pin, message, signature, receipt)


def _exchanged(letter_id: str, number: int, code: str, blinded: bytes) -> bytes:
    """The blind signature for a code. Nothing else is read after this, so the databases are released."""
    close_sessions()
    return exchange(site().databases.issuer, keys(), letter_id, number, code, blinded, moment=now())


def _sign_pasted(letter: Letter, code: str, number: int | None, blinded: bytes) -> bytes:
    """The blind signature for what a signer's own program made, carried here by hand.

    Another round's key would spend the code on a signature that is none, so that is refused first.
    """
    require_signable(letter)
    round_ = round_of_code(issuer_session(), keys().secrets, letter.id, code)
    if number not in (None, round_.number):
        raise Conflict(
            "This code belongs to set %(of_code)s, but your program used the record of set %(number)s. Run it again "
            "with set-%(of_code)s.json. Your code wasn't used.",
            of_code=round_.number,
            number=number,
        )
    return _exchanged(letter.id, round_.number, code, blinded)


@bp.post("/join/file")
def token_file(address: str) -> Response:
    """The token sent back as a file to keep; nothing is stored."""
    addressed(address)
    return as_file(read_token(posted_text("token")).as_text(), "saved-signature.json")


def as_file(body: str, name: str) -> Response:
    """A download under a name that does not name the letter."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="application/json", headers=headers)


@bp.post("/tokens")
@limiter.limit(signing)
def issue(address: str) -> tuple[dict[str, str], int]:
    """A code and a blinded message in, a blind signature out."""
    with refusals_spoken(address):
        with site().databases.reading.connect() as petition:
            letter = letter_state_at(petition, address)
        members = json_members("code", "round", "blinded_message")
        code, round_ = read_code(text(members, "code")), number(members, "round")
        blinded = binary(members, "blinded_message", 384)
        require_signable(letter)
        signature = _exchanged(letter.id, round_, code, blinded)
    return {"blind_signature": b64url(signature)}, 201
