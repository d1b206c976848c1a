"""The page of comments: the letter's paragraphs, what was said about each, and forms to say more."""

from typing import Any

from flask import redirect, request
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField

from petition.errors import Refusal
from petition.letters.access import may_edit, own_letter, readable_letter
from petition.letters.drafting.comments import (
    OPEN,
    TAKEN,
    accept_suggestion,
    add_comment,
    remove_all_comments,
    remove_comment,
    reply,
    resolve,
    threads,
)
from petition.letters.drafting.versions import newest_version, words_of
from petition.letters.models import Comment, Letter, Organizer
from petition.letters.states import DRAFT
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import now, say, session

_ = str
A_PAGE = 100


class CommentForm(FlaskForm):
    """Something to say about words of a paragraph."""

    quote = TextAreaField(_("Which words?"), description=_("Shorten this to the words that you mean."))
    text = TextAreaField(_("What do you want to say?"))
    suggests = BooleanField(_("I suggest other words, which an editor can take over"))
    suggestion = TextAreaField(_("The words that should stand there"), description=_("Leave it empty to strike them."))


@bp.get("/letters/<slug>/comments")
@for_organizers
def comments(organizer: Organizer, slug: str) -> Answer:
    """Open comments beside the text; with ``?paragraph=N`` the form about that one, with ``?all=y`` resolved ones."""
    return _page(organizer, readable_letter(session(), slug, organizer), chosen=_number("paragraph"))


def _number(name: str) -> int | None:
    typed = request.values.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _page(
    organizer: Organizer,
    letter: Letter,
    *,
    chosen: int | None = None,
    form: CommentForm | None = None,
    answering: tuple[int, str] | None = None,
    refusal: str | None = None,
) -> str:
    version = newest_version(session(), letter)
    where, found = threads(session(), letter, words_of(version))
    shows_all = "all" in request.args
    shown = [one for one in found if shows_all or one.comment.state == OPEN]
    first = min(_number("from") or 0, max(len(shown) - 1, 0))
    if form is None and chosen is not None and chosen < len(where):
        form = CommentForm(formdata=None, data={"quote": where[chosen].text, "suggestion": where[chosen].text})
    return desk_page(
        "organize/comments.html",
        letter=letter,
        version=version,
        paragraphs=where,
        threads=shown[first : first + A_PAGE],
        first=first,
        following=first + A_PAGE if first + A_PAGE < len(shown) else None,
        total=len(shown),
        hidden=len(found) - len(shown),
        shows_all=shows_all,
        chosen=chosen,
        form=form,
        read=_number("version") or version.number,
        answering=answering or (0, ""),
        mine=organizer.name,
        edits=may_edit(session(), letter, organizer),
        is_draft=letter.state == DRAFT,
        taken=TAKEN,
        refusal=refusal,
    )


def _refused(slug: str, organizer: Organizer, refusal: Refusal, **more: Any) -> Answer:
    session().rollback()
    letter = readable_letter(session(), slug, organizer)
    return _page(organizer, letter, refusal=say(refusal.sentence, **refusal.values), **more), refusal.status


def _done(slug: str, comment: Comment | None = None) -> Answer:
    place = f"#comment-{comment.answers or comment.number}" if comment is not None else ""
    session().commit()
    return redirect(f"/organize/letters/{slug}/comments{place}", 303)


@bp.post("/letters/<slug>/comments")
@for_organizers
def comment(organizer: Organizer, slug: str) -> Answer:
    """Say something."""
    letter = readable_letter(session(), slug, organizer)
    form = CommentForm()
    chosen, read = _number("paragraph"), _number("version")
    try:
        kept = add_comment(
            session(),
            letter,
            organizer,
            version=read or 0,
            paragraph=-1 if chosen is None else chosen,
            quote=form.quote.data or "",
            text=form.text.data or "",
            suggestion=(form.suggestion.data or "") if form.suggests.data else None,
            moment=now(),
        )
    except Refusal as refusal:
        return _refused(slug, organizer, refusal, chosen=chosen, form=form)
    return _done(slug, kept)


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/reply")
@for_organizers
def answer(organizer: Organizer, slug: str, number: int) -> Answer:
    """Answer."""
    letter = readable_letter(session(), slug, organizer)
    typed = request.form.get("text", "")
    try:
        kept = reply(session(), letter, organizer, number, typed, moment=now())
    except Refusal as refusal:
        return _refused(slug, organizer, refusal, answering=(number, typed))
    return _done(slug, kept)


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/resolve")
@for_organizers
def settle(organizer: Organizer, slug: str, number: int) -> Answer:
    """Say that it is dealt with, or open it again."""
    letter = readable_letter(session(), slug, organizer)
    try:
        resolve(session(), letter, number, resolved=request.form.get("do") != "open")
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/remove")
@for_organizers
def unsay(organizer: Organizer, slug: str, number: int) -> Answer:
    """Take it away."""
    letter = readable_letter(session(), slug, organizer)
    try:
        remove_comment(session(), letter, organizer, number, edits=may_edit(session(), letter, organizer))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/take")
@for_organizers
def take(organizer: Organizer, slug: str, number: int) -> Answer:
    """Put the suggested words into the text, as a new version."""
    letter = own_letter(session(), slug, organizer)
    try:
        accept_suggestion(session(), letter, organizer, number, moment=now(), note=say("A suggestion, taken over"))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


@bp.post("/letters/<slug>/comments/remove-all")
@for_organizers
def unsay_all(organizer: Organizer, slug: str) -> Answer:
    """Forget everything that was said, for good."""
    remove_all_comments(session(), own_letter(session(), slug, organizer))
    return _done(slug)
