"""Who works on a letter: one-time links, roles, transfers of access, the names that are shown, approvals."""

import re
from typing import Any

from flask import redirect, request
from flask import session as cookie
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, StringField
from wtforms.validators import Length

from petition.errors import GONE, NotFound
from petition.letters.access import may_edit, own_letter, readable_letter
from petition.letters.drafting.approvals import approvals_of, approve, require_approvals, withdraw_approval
from petition.letters.drafting.versions import newest_version
from petition.letters.models import Invitation, Letter, Organizer
from petition.letters.organizers.accounts import join
from petition.letters.organizers.members import (
    MOST_MEMBERS,
    accept,
    cancel_invitation,
    invitation,
    invitations,
    invite,
    members,
    remove,
    role_offered,
    set_role,
    show_as,
)
from petition.letters.states import COMMENTER, DRAFT, EDITOR
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import as_sent, asks_first, organizer_action, saved, sent
from petition.web.desk.forms import NewcomerForm
from petition.web.desk.sign_in import let_in
from petition.web.shared.context import now, say, session, site
from petition.web.shared.forms import Between, small_number
from petition.web.shared.limits import limiter, organizer_key, signing_in

_ = str
NO_SUCH_PERSON = GONE
ROLE_CHOICES = [(EDITOR, _("Editor (can change everything)")), (COMMENTER, _("Reviewer (reads, comments, approves)"))]


class InviteForm(FlaskForm):
    """What a link invites people to do."""

    role = RadioField(_("What can they do?"), choices=lambda: ROLE_CHOICES, default=EDITOR)


class ShownForm(FlaskForm):
    """Your own name for the letter's page."""

    shown_as = StringField(
        _("Your name on the letter's page"),
        [Length(max=200)],
        description=_("Public. Leave it empty to stay anonymous."),
    )


class ApprovalsForm(FlaskForm):
    """How many must approve before the letter opens."""

    needed = IntegerField(
        _("Approvals needed before opening"),
        [Between(0, MOST_MEMBERS)],
    )


@bp.get("/letters/<slug>/people")
@for_organizers
def people(organizer: Organizer, slug: str) -> Answer:
    """Who works on the letter, and who approves of it."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str, *, link: str | None = None) -> str:
    letter = readable_letter(session(), slug, organizer)
    version, everybody = newest_version(session(), letter), members(session(), letter)
    mine = next(member for member in everybody if member.organizer_id == organizer.id)
    edits = may_edit(session(), letter, organizer)
    return desk_page(
        "organize/people.html",
        letter=letter,
        version=version,
        members=everybody,
        editors=sum(member.role == EDITOR for member in everybody),
        mine=mine,
        edits=edits,
        is_draft=letter.state == DRAFT,
        roles=dict(ROLE_CHOICES),
        pending=_pending(letter) if edits else [],
        names={member.organizer_id: member.name for member in everybody},
        approving=[one.name for one in approvals_of(session(), letter, version.number)],
        invite_form=as_sent(InviteForm),
        shown_form=as_sent(ShownForm, data={"shown_as": mine.shown_as}),
        approvals_form=as_sent(ApprovalsForm, data={"needed": letter.approvals}),
        link=link,
    )


def _pending(letter: Letter) -> list[tuple[Invitation, str]]:
    """Links that still work, each with the role that it gives."""
    return [(row, role_offered(session(), row)) for row in invitations(session(), letter, moment=now())]


# Inviting


@bp.post("/letters/<slug>/people/invite")
@organizer_action(_page, again="people", form=InviteForm)
def invite_(organizer: Organizer, slug: str) -> Answer:
    """Make a one-time link for a new organizer. It is shown only this once."""
    letter = own_letter(session(), slug, organizer)
    return _with_link(organizer, letter, InviteForm().role.data or "")


@bp.post("/letters/<slug>/people/<organizer_id>/link")
@organizer_action(_page, again="people")
def hand_over(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """Make a one-time link that transfers an organizer's access: to their new account, or to a successor."""
    letter = own_letter(session(), slug, organizer)
    return _with_link(organizer, letter, "", _id(organizer_id))


def _with_link(organizer: Organizer, letter: Letter, role: str, replaces: str | None = None) -> str:
    secret = invite(session(), letter, role, moment=now(), random=site().random, replaces=replaces)
    session().commit()
    root = site().settings.url or request.host_url.rstrip("/")
    return _page(organizer, letter.slug, link=f"{root}/organize/join/{secret}")


@bp.post("/letters/<slug>/people/invitations/<key>/take-back")
@organizer_action(_page)
def cancel_link(organizer: Organizer, slug: str, key: str) -> Answer:
    """Cancel a link."""
    letter = own_letter(session(), slug, organizer)
    if re.fullmatch("[0-9a-f]{64}", key):
        cancel_invitation(session(), letter, bytes.fromhex(key))
    return saved("people")


# Coming


@bp.get("/join/<secret>")
def show_invitation(secret: str) -> Answer:
    """What a one-time link to a letter shows: join with the account you have here, or with a new one."""
    return _invitation_page(None, secret)


def _invitation_page(_: Organizer | None, secret: str) -> str:
    row, letter = invitation(session(), secret, moment=now())
    return desk_page(
        "organize/join.html",
        letter=letter,
        role=dict(ROLE_CHOICES)[role_offered(session(), row)],
        replaces=row.replaces is not None,
        form=as_sent(NewcomerForm),
        here=f"/organize/join/{secret}",
    )


@bp.post("/join/<secret>")
@limiter.limit(signing_in, key=organizer_key)
@organizer_action(_invitation_page)
def accept_invitation(organizer: Organizer | None, secret: str) -> Answer:
    """Join, and go to the letter."""
    if organizer is None:
        slug = _come(secret, sent(NewcomerForm()))
    else:
        slug = accept(session(), secret, organizer, moment=now()).slug
        session().commit()
    return redirect(f"/organize/letters/{slug}/", 303)


def _come(secret: str, form: NewcomerForm) -> str:
    """Create an account, join the letter and sign in: all of it or none."""
    invitation(session(), secret, moment=now())
    session().rollback()
    newcomer = join(session(), form.name.data, form.passphrase.data, random=site().random)
    slug = accept(session(), secret, newcomer, moment=now()).slug
    let_in(newcomer, cookie.get("language", "en"))
    return slug


# Changing and going


@bp.post("/letters/<slug>/people/<organizer_id>/role")
@organizer_action(_page)
def change_role(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """Make an organizer an editor or a commenter."""
    letter = own_letter(session(), slug, organizer)
    set_role(session(), letter, _id(organizer_id), request.form.get("role", ""))
    return saved("people")


def _removing_page(organizer: Organizer, slug: str, organizer_id: str) -> str:
    letter = own_letter(session(), slug, organizer)
    return _confirm(letter, organizer, _id(organizer_id))


def _leaving_page(organizer: Organizer, slug: str) -> str:
    return _confirm(readable_letter(session(), slug, organizer), organizer, organizer.id)


def _confirm(letter: Letter, organizer: Organizer, organizer_id: str) -> str:
    member = next((member for member in members(session(), letter) if member.organizer_id == organizer_id), None)
    if member is None:
        raise NotFound(NO_SUCH_PERSON)
    shown: Any = {"name": member.name, "can_unlock": member.can_unlock, "is_me": organizer_id == organizer.id}
    return desk_page("organize/confirm/remove-person.html", letter=letter, **shown)


@asks_first("/letters/<slug>/people/<organizer_id>/remove", _removing_page)
def remove_(organizer: Organizer, slug: str, organizer_id: str) -> Answer:
    """End someone's access."""
    remove(session(), own_letter(session(), slug, organizer), _id(organizer_id))
    done = say("Access ended.")
    return saved("/organize/" if organizer_id == organizer.id else "people", done)


@asks_first("/letters/<slug>/people/leave", _leaving_page)
def leave_letter(organizer: Organizer, slug: str) -> Answer:
    """Give up your own access."""
    remove(session(), readable_letter(session(), slug, organizer), organizer.id)
    return saved("/organize/", say("You left the letter."))


@bp.post("/letters/<slug>/people/shown-as")
@organizer_action(_page)
def be_shown(organizer: Organizer, slug: str) -> Answer:
    """Choose your own name for the letter's page, or none."""
    letter = readable_letter(session(), slug, organizer)
    show_as(session(), letter, organizer, sent(ShownForm()).shown_as.data or "")
    return saved("people")


def _id(typed: str) -> str:
    """An organizer's id; what can be none is not asked of the database, which may not bear its bytes."""
    if not re.fullmatch("[0-9A-Z]{26}", typed):
        raise NotFound(NO_SUCH_PERSON)
    return typed


# Approving


@bp.post("/letters/<slug>/people/approve")
@organizer_action(_page)
def approve_(organizer: Organizer, slug: str) -> Answer:
    """Say yes to the version that one has read, or no again."""
    letter = readable_letter(session(), slug, organizer)
    if request.form.get("do") == "take-back":
        withdraw_approval(session(), letter, organizer)
    else:
        approve(session(), letter, organizer, small_number(request.form.get("version")) or 0)
    return saved("people")


@bp.post("/letters/<slug>/people/approvals")
@organizer_action(_page)
def set_approvals(organizer: Organizer, slug: str) -> Answer:
    """Set how many must approve."""
    letter = own_letter(session(), slug, organizer)
    require_approvals(session(), letter, sent(ApprovalsForm()).needed.data)
    return saved("people")
