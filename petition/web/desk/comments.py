"""The page of comments: the letter's paragraphs, what was said about each, and forms to say more."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, TextAreaField

from petition.letters.access import may_edit, own_letter, readable_letter
from petition.letters.drafting.comments import (
    TAKEN_OVER,
    TO_ANSWER,
    accept_suggestion,
    add_comment,
    fingerprint,
    remove_all_comments,
    remove_comment,
    reply,
    resolve,
    threads,
)
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Comment, Organizer
from petition.letters.states import DRAFT
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, asks_first, organizer_action, saved, sent
from petition.web.shared.context import now, say, session
from petition.web.shared.forms import small_number

_ = str
A_PAGE = 100


class CommentForm(FlaskForm):
    """Something to say about words of a paragraph."""

    quote = TextAreaField(_("Which words?"), description=_("Shorten this to the words you mean."))
    text = TextAreaField(_("Your comment"))
    suggests = BooleanField(_("Suggest other words"))
    suggestion = TextAreaField(_("The words you suggest"), description=_("Leave it empty to delete them."))


class ReplyForm(FlaskForm):
    """An answer to a comment."""

    text = TextAreaField(_("Your reply"))


@bp.get("/letters/<slug>/comments")
@for_organizers
def comments(organizer: Organizer, slug: str) -> Answer:
    """Open comments beside the text; with ``?paragraph=N`` the form about that one, with ``?all=y`` resolved ones."""
    return _page(organizer, slug)


def _number(name: str) -> int | None:
    return small_number(request.values.get(name))


def _page(organizer: Organizer, slug: str) -> str:
    letter = readable_letter(session(), slug, organizer)
    version = newest_version(session(), letter)
    where, found = threads(session(), letter, text_of(version))
    shown = [one for one in found if "all" in request.args or one.comment.state == TO_ANSWER]
    first = min(_number("from") or 0, max(len(shown) - 1, 0))
    chosen = _number("paragraph")
    words = where[chosen].text if chosen is not None and chosen < len(where) else ""
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
        shows_all="all" in request.args,
        chosen=chosen,
        form=as_sent(CommentForm, data={"quote": words, "suggestion": words}),
        read=_number("version") or version.number,
        reply=as_sent(ReplyForm),
        answered=(request.view_args or {}).get("number"),
        mine=organizer.name,
        edits=may_edit(session(), letter, organizer),
        is_draft=letter.state == DRAFT,
        taken=TAKEN_OVER,
        fingerprint=fingerprint,
    )


def _seen() -> str:
    """Which comment the page showed whose button was pressed."""
    return request.form.get("seen", "")


def _said(comment: Comment) -> Answer:
    return saved(f"comments#comment-{comment.answers or comment.number}")


@bp.post("/letters/<slug>/comments")
@organizer_action(_page, again="comments", form=CommentForm)
def comment(organizer: Organizer, slug: str) -> Answer:
    """Say something."""
    letter = readable_letter(session(), slug, organizer)
    form, chosen = sent(CommentForm()), _number("paragraph")
    kept = add_comment(
        session(),
        letter,
        organizer,
        version=_number("version") or 0,
        paragraph=-1 if chosen is None else chosen,
        quote=form.quote.data or "",
        text=form.text.data or "",
        suggestion=(form.suggestion.data or "") if form.suggests.data else None,
        moment=now(),
    )
    return _said(kept)


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/reply")
@organizer_action(_page, again="comments", form=ReplyForm)
def answer(organizer: Organizer, slug: str, number: int) -> Answer:
    """Answer."""
    letter = readable_letter(session(), slug, organizer)
    text = sent(ReplyForm()).text.data or ""
    return _said(reply(session(), letter, organizer, number, text, moment=now(), seen=_seen()))


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/resolve")
@organizer_action(_page)
def resolve_thread(organizer: Organizer, slug: str, number: int) -> Answer:
    """Mark a comment as resolved, or reopen it."""
    letter = readable_letter(session(), slug, organizer)
    resolve(session(), letter, number, resolved=request.form.get("do") != "open", seen=_seen())
    return saved("comments")


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/remove")
@organizer_action(_page)
def remove(organizer: Organizer, slug: str, number: int) -> Answer:
    """Delete it."""
    letter = readable_letter(session(), slug, organizer)
    edits = may_edit(session(), letter, organizer)
    remove_comment(session(), letter, organizer, number, edits=edits, seen=_seen())
    return saved("comments")


@bp.post("/letters/<slug>/comments/<int(max=999999999):number>/take")
@organizer_action(_page)
def accept(organizer: Organizer, slug: str, number: int) -> Answer:
    """Put the suggested words into the text, as a new version."""
    letter = own_letter(session(), slug, organizer)
    note = say("Used a suggestion")
    accept_suggestion(session(), letter, organizer, number, moment=now(), note=note, seen=_seen())
    return saved("comments")


def _deleting_page(organizer: Organizer, slug: str) -> str:
    return desk_page("organize/confirm/delete-comments.html", letter=own_letter(session(), slug, organizer))


@asks_first("/letters/<slug>/comments/remove-all", _deleting_page)
def remove_all(organizer: Organizer, slug: str) -> Answer:
    """Delete all comments for good."""
    remove_all_comments(session(), own_letter(session(), slug, organizer))
    return saved("comments", say("All comments are deleted."))
