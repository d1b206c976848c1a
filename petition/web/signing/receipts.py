"""What a receipt can do on a page: check, change what is shown, remove. The receipt in the body is the authority."""

from typing import Any

from flask import Response, request

from petition.crypto.codes import read_receipt
from petition.crypto.receipts import opening
from petition.crypto.tokens import read_token, receipt_in, round_in
from petition.errors import CHOOSE, BadShape, NotFound, Refusal
from petition.letters.models import Letter
from petition.letters.text.letter_text import LetterText
from petition.signing.appearances import Shown
from petition.signing.change_appearance import change
from petition.signing.signatures import look_up, withdraw
from petition.signing.typed_names import read_name
from petition.web.shared.appearance_form import AppearanceForm, appearance_form_of
from petition.web.shared.context import language, page, session
from petition.web.shared.forms import posted_text, problem
from petition.web.shared.letters import addressed
from petition.web.shared.limits import limiter, signing
from petition.web.signing.choices import Choice, appearance_of, choice_of, place_of, read_choice, without_name
from petition.web.signing.signatures import bp

NOT_CHECKED: dict[str, Any] = {"found": None, "is_changed": False, "is_refused_change": False, "typed": {}}
NOT_REMOVED: dict[str, Any] = {"is_asked": False, "withdrawn": None}


def _form(letter: Letter, words: LetterText, receipt: str = "") -> dict[str, Any]:
    """What the pages for receipts show before anything is found."""
    return {"letter": letter, "words": words.in_language(language()), "problems": [], "receipt": receipt}


@bp.get("/receipt")
def ask_receipt(address: str) -> str:
    """The form that checks a signature."""
    letter, words = addressed(address)
    return page("sign/check.html", **_form(letter, words), **NOT_CHECKED, appearance_form=_appearance_form(letter))


@bp.get("/remove")
def ask_removal(address: str) -> str:
    """The form that removes a signature."""
    return page("sign/remove.html", **_form(*addressed(address)), **NOT_REMOVED)


@bp.post("/receipt")
@limiter.limit(signing)
def use_receipt(address: str) -> tuple[str, int]:
    """Show what is stored under a receipt, change what is shown, or ask whether to remove it and then do."""
    letter, words = addressed(address)
    shown = _form(letter, words, posted_text("receipt_file") or posted_text("receipt"))
    if request.form.get("do") == "withdraw":
        return _remove(letter, shown)
    return _check(letter, shown, request.form.get("do", "check"))


def _remove(letter: Letter, shown: dict[str, Any]) -> tuple[str, int]:
    shown |= NOT_REMOVED
    try:
        both = opening(_receipt_in(shown["receipt"]))
        if request.form.get("confirm") == "yes":
            shown["withdrawn"] = withdraw(session(), letter, both, _round_in(shown["receipt"], letter))
            session().commit()
        else:
            shown["is_asked"] = True
    except Refusal as refusal:
        session().rollback()
        return page("sign/remove.html", **shown | {"problems": problem(refusal, "receipt")}), refusal.status
    return page("sign/remove.html", **shown), 200


def _check(letter: Letter, shown: dict[str, Any], what: str) -> tuple[str, int]:
    choice = read_choice(request.form, _appearance_form(letter))
    shown |= {**NOT_CHECKED, "appearance_form": _appearance_form(letter), "typed": choice.typed}
    try:
        shown |= _found(letter, shown["receipt"], what, choice)
    except Refusal as refusal:
        session().rollback()
        is_change = what == "change" and not isinstance(refusal, NotFound)
        wrong = problem(refusal, place_of(refusal, choice) if is_change else "receipt")
        return page("sign/check.html", **shown | {"problems": wrong, "is_refused_change": is_change}), refusal.status
    return page("sign/check.html", **shown), 200


def _found(letter: Letter, receipt: str, what: str, choice: Choice) -> dict[str, Any]:
    both, number = opening(_receipt_in(receipt)), _round_in(receipt, letter)
    if what == "change":
        keeps_name = _is_shown(choice, look_up(session(), letter, both, number).shown)
        wanted = without_name(choice, both) if keeps_name else appearance_of(choice, letter, both)
        change(session(), letter, wanted, keeps_name=keeps_name)
        session().commit()
    elif what != "check":
        raise BadShape(CHOOSE, choices="check, change, withdraw")
    found = look_up(session(), letter, both, number)
    return {"found": found, "typed": choice_of(found.shown).typed, "is_changed": what == "change"}


def _is_shown(choice: Choice, shown: Shown) -> bool:
    """Whether the very name that is chosen is on the list: locked anew, it would leave and wait for others."""
    if not shown.name or choice.step != shown.step:
        return False
    typed = read_name(choice.name, choice.title)
    return (typed.name, typed.title) == (shown.name, shown.title)


def _appearance_form(letter: Letter) -> AppearanceForm | None:
    return appearance_form_of(letter, has_signed=True)


def _receipt_in(typed: str) -> bytes:
    """The receipt from its file, or as it was written down."""
    return receipt_in(typed) if _is_file(typed) else read_receipt(typed)


def _round_in(typed: str, letter: Letter) -> int | None:
    """The round that the receipt's file names; None of a receipt that was written down."""
    return round_in(typed, letter.id) if _is_file(typed) else None


def _is_file(typed: str) -> bool:
    return typed.lstrip().startswith("{")


@bp.post("/receipt/file")
def receipt_file(address: str) -> Response:
    """The receipt sent back as a file to keep; nothing is stored."""
    addressed(address)
    body = read_token(posted_text("token")).as_text()
    headers = {"Content-Disposition": 'attachment; filename="receipt.json"'}
    return Response(body, mimetype="application/json", headers=headers)
