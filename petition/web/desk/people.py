"""Who works on a letter: one-time links, roles, seats, the names that are shown, approvals."""

import re

from flask import g, redirect, request
from flask import session as cookie
from flask_wtf import FlaskForm
from wtforms import IntegerField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from petition.errors import BadShape, NotFound, Refusal
from petition.letters.access import may_edit, own_letter, readable_letter
from petition.letters.drafting.approvals import approvals_of, approve, require_approvals, take_back_approval
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.accounts import join
from petition.letters.organizers.members import (
    MOST_PEOPLE,
    accept,
    invitation,
    invitations,
    invite,
    remove,
    seats,
    set_role,
    show_as,
    take_back_invitation,
)
from petition.letters.states import COMMENTER, DRAFT, EDITOR
from petition.web.desk.access import Answer, bp, desk_page, for_organizers, let_in
from petition.web.shared.context import now, say, session, site
from petition.web.shared.limits import SIGNING_IN, limiter

_ = str
ROLES = [(EDITOR, _("Write and decide everything")), (COMMENTER, _("Read, comment and approve"))]


class InviteForm(FlaskForm):
    """What somebody is invited to do."""

    role = RadioField(_("What may they do?"), choices=lambda: ROLES, default=EDITOR)


class ShownForm(FlaskForm):
    """One's own name for the letter's page."""

    shown_as = StringField(
        _("Your name on the letter's page"),
        [Length(max=200)],
        description=_("Everybody can read it there. Leave it empty to stay unnamed."),
    )


class ApprovalsForm(FlaskForm):
    """How many must approve before the letter opens."""

    needed = IntegerField(
        _("So many must approve before the letter opens"),
        [InputRequired(_("Give a number; 0 for none.")), NumberRange(0, MOST_PEOPLE)],
    )


class JoinForm(FlaskForm):
    """Somebody who was never here chooses a name and a passphrase."""

    name = StringField(
        _("Your name here"),
        [InputRequired(_("Choose a name."))],
        description=_("Those who write with you see it, and you sign in with it. It need not be your real name."),
    )
    passphrase = PasswordField(_("Passphrase"), [InputRequired(_("Choose a passphrase.")), Length(max=1000)])
    again = PasswordField(_("The same again"), [InputRequired(_("Type the passphrase again.")), Length(max=1000)])


# The page


@bp.get("/letters/<slug>/people")
@for_organizers
def people(organizer: Organizer, slug: str) -> Answer:
    """Who works on the letter, and who approves of it."""
    return _page(organizer, readable_letter(session(), slug, organizer))


def _page(organizer: Organizer, letter: Letter, *, link: str | None = None, refusal: str | None = None) -> str:
    version = newest_version(session(), letter)
    everybody = seats(session(), letter)
    mine = next(seat for seat in everybody if seat.organizer_id == organizer.id)
    edits = may_edit(session(), letter, organizer)
    return desk_page(
        "organize/people.html",
        letter=letter,
        version=version,
        seats=everybody,
        mine=mine,
        edits=edits,
        is_draft=letter.state == DRAFT,
        roles=dict(ROLES),
        pending=invitations(session(), letter, moment=now()) if edits else [],
        names={seat.organizer_id: seat.name for seat in everybody},
        approving=[one.name for one in approvals_of(session(), letter, version.number)],
        invite_form=InviteForm(formdata=None),
        shown_form=ShownForm(formdata=None, data={"shown_as": mine.shown_as}),
        approvals_form=ApprovalsForm(formdata=None, data={"needed": letter.approvals}),
        link=link,
        refusal=refusal,
    )


def _refused(slug: str, organizer: Organizer, refusal: Refusal) -> Answer:
    session().rollback()
    letter = readable_letter(session(), slug, organizer)
    return _page(organizer, letter, refusal=say(refusal.sentence, **refusal.values)), refusal.status


def _done(slug: str) -> Answer:
    session().commit()
    return redirect(f"/organize/letters/{slug}/people", 303)


def _link(secret: str) -> str:
    return f"{site().settings.url or request.host_url.rstrip('/')}/organize/join/{secret}"


# Inviting


@bp.post("/letters/<slug>/people/invite")
@for_organizers
def invite_(organizer: Organizer, slug: str) -> Answer:
    """Make a one-time link to a new seat, shown this once."""
    letter = own_letter(session(), slug, organizer)
    try:
        secret = invite(session(), letter, InviteForm().role.data or "", moment=now(), random=site().random)
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    session().commit()
    return _page(organizer, letter, link=_link(secret))


@bp.post("/letters/<slug>/people/<organizer_id>/link")
@for_organizers
def hand_over(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """Make a one-time link to somebody's seat, for them if they forgot everything, or for whoever comes after."""
    letter = own_letter(session(), slug, organizer)
    try:
        secret = invite(session(), letter, "", moment=now(), random=site().random, replaces=_id(organizer_id))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    session().commit()
    return _page(organizer, letter, link=_link(secret))


@bp.post("/letters/<slug>/people/invitations/<key>/take-back")
@for_organizers
def take_back_link(organizer: Organizer, slug: str, key: str) -> Answer:
    """Make a link useless."""
    letter = own_letter(session(), slug, organizer)
    if re.fullmatch("[0-9a-f]{64}", key):
        take_back_invitation(session(), letter, bytes.fromhex(key))
    return _done(slug)


@bp.get("/join/<secret>")
def offer(secret: str) -> Answer:
    """What a one-time link to a letter shows: take the seat, as who one is here or as somebody new."""
    return _offer(secret, JoinForm(formdata=None), None)


@bp.post("/join/<secret>")
@limiter.limit(SIGNING_IN)
def take_seat(secret: str) -> Answer:
    """Take the seat and go to the letter."""
    form = JoinForm()
    try:
        if g.organizer is None:
            if not form.validate():
                return _offer(secret, form, None), 400
            slug = _come(secret, form)
        else:
            slug = accept(session(), secret, g.organizer, moment=now()).slug
            session().commit()
    except Refusal as refusal:
        session().rollback()
        return _offer(secret, form, say(refusal.sentence, **refusal.values)), refusal.status
    return redirect(f"/organize/letters/{slug}/", 303)


def _come(secret: str, form: JoinForm) -> str:
    """Somebody new: name, passphrase, seat and sign-in, all or none of it."""
    if form.passphrase.data != form.again.data:
        raise BadShape("The two passphrases differ. Type the same twice.")
    invitation(session(), secret, moment=now())
    session().rollback()
    newcomer = join(session(), form.name.data, form.passphrase.data, random=site().random)
    slug = accept(session(), secret, newcomer, moment=now()).slug
    let_in(newcomer, cookie.get("language", "en"))
    return slug


def _offer(secret: str, form: JoinForm, refusal: str | None) -> str:
    row, letter = invitation(session(), secret, moment=now())
    shown = {"letter": letter, "role": dict(ROLES)[row.role], "replaces": row.replaces is not None}
    return desk_page("organize/join.html", **shown, form=form, refusal=refusal, here=f"/organize/join/{secret}")


# Changing and going


@bp.post("/letters/<slug>/people/<organizer_id>/role")
@for_organizers
def change_role(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """Make somebody an editor or a commenter."""
    letter = own_letter(session(), slug, organizer)
    try:
        set_role(session(), letter, _id(organizer_id), request.form.get("role", ""))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


@bp.post("/letters/<slug>/people/<organizer_id>/remove")
@for_organizers
def remove_(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """Take somebody's seat away."""
    letter = own_letter(session(), slug, organizer)
    try:
        remove(session(), letter, _id(organizer_id))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    session().commit()
    return redirect("/organize/" if organizer_id == organizer.id else f"/organize/letters/{slug}/people", 303)


@bp.post("/letters/<slug>/people/leave")
@for_organizers
def leave_letter(organizer: Organizer, slug: str) -> Answer:
    """Give one's own seat up."""
    letter = readable_letter(session(), slug, organizer)
    try:
        remove(session(), letter, organizer.id)
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    session().commit()
    return redirect("/organize/", 303)


@bp.post("/letters/<slug>/people/shown-as")
@for_organizers
def be_shown(organizer: Organizer, slug: str) -> Answer:
    """Choose one's own name for the letter's page, or none."""
    letter = readable_letter(session(), slug, organizer)
    try:
        show_as(session(), letter, organizer, ShownForm().shown_as.data or "")
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


def _id(typed: str) -> str:
    """An organizer's id; what can be none is not asked of the database, which may not bear its bytes."""
    if not re.fullmatch("[0-9A-Z]{26}", typed):
        raise NotFound("Nobody of that name works on this letter. Look at the page again.")
    return typed


# Approving


@bp.post("/letters/<slug>/people/approve")
@for_organizers
def approve_(organizer: Organizer, slug: str) -> Answer:
    """Say yes to the version that one has read, or no again."""
    letter = readable_letter(session(), slug, organizer)
    try:
        if request.form.get("do") == "take-back":
            take_back_approval(session(), letter, organizer)
        else:
            approve(session(), letter, organizer, _number(request.form.get("version", "")))
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


@bp.post("/letters/<slug>/people/approvals")
@for_organizers
def set_approvals(organizer: Organizer, slug: str) -> Answer:
    """Set how many must approve."""
    letter = own_letter(session(), slug, organizer)
    form = ApprovalsForm()
    try:
        if not form.validate():
            raise BadShape("Give a number; 0 for none.")
        require_approvals(session(), letter, form.needed.data)
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return _done(slug)


def _number(typed: str) -> int:
    return int(typed) if re.fullmatch("[0-9]{1,9}", typed) else 0
