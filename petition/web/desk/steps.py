"""The steps of a letter's life that can't be undone: each says first what gets locked or deleted."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length, Optional

from petition.coordination import closing, opening, rounds
from petition.crypto.appearance_steps import NAMED
from petition.errors import BadShape
from petition.letters.access import own_letter
from petition.letters.dates import set_dates
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.drafting.working_copies import who_is_typing
from petition.letters.lifecycle import announce_close, full_hour_after, obstacles
from petition.letters.models import Letter, Organizer
from petition.letters.states import CLOSED, CLOSING_NOTICE, OPEN, PUBLISHED, SIGNABLE, WITHDRAWN
from petition.letters.text.letter_text import canonical, digest
from petition.publishing.documents.fonts import fonts_missing_for
from petition.web.desk.access import Answer, bp, desk_page
from petition.web.desk.actions import about, as_sent, asks_first, organizer_action, saved, sent
from petition.web.desk.obstacles import shown
from petition.web.desk.services import facts, released, site_services
from petition.web.shared.context import now, say, session

_ = str


class ReasonForm(FlaskForm):
    """Why: everyone can read it."""

    reason = StringField(_("Reason (public)"), [DataRequired(_("Give a reason.")), Length(max=300)])


class PublishForm(FlaskForm):
    """Publishing, with the password that reveals names."""

    passphrase = PasswordField(_("Your password, to show names"), [Optional(), Length(max=1000)])


def _asked(template: str, letter: Letter, step: str, **values: Any) -> str:
    """A confirm page of a step, with what must be done before it."""
    found = obstacles(letter, newest_version(session(), letter), step, facts(letter))
    return desk_page(f"organize/confirm/{template}.html", letter=letter, obstacles=shown(found), **values)


# Opening


def _opening_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    version = newest_version(session(), letter)
    words = text_of(version)
    return _asked(
        "open",
        letter,
        OPEN,
        version=version,
        words=words,
        text_sha256=digest(canonical(words)),
        missing_fonts=fonts_missing_for(session(), letter),
        rolls=[roll.name for roll in rolls_of(session(), letter)],
        others=[name for name in who_is_typing(session(), letter) if name != organizer.name],
        is_typing=organizer.name in who_is_typing(session(), letter),
    )


@asks_first("/letters/<slug>/open", _opening_page)
def open_(organizer: Organizer, slug: str) -> Answer:
    """Lock the text and begin to collect signatures."""
    opening.open_letter(site_services(), released(slug, organizer), moment=now())
    return saved("", say("You can now collect signatures."))


# Publishing


def _publishing_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    return _asked("publish", letter, PUBLISHED, form=as_sent(PublishForm), names_at_once=NAMED in letter.name_steps)


@asks_first("/letters/<slug>/publish", _publishing_page)
def publish(organizer: Organizer, slug: str) -> Answer:
    """Show it to everyone; with the password, names from the next count update on."""
    passphrase = sent(PublishForm()).passphrase.data or ""
    names = passphrase and NAMED in own_letter(session(), slug, organizer).name_steps
    unlocks = organizer.id if names else None
    letter_id = released(slug, organizer)
    opening.publish_letter(site_services(), letter_id, moment=now(), unlocks=unlocks, passphrase=passphrase)
    return saved("", say("The letter is public."))


# Closing


def _closing_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    return _asked("close", letter, CLOSED, closes=full_hour_after(now() + CLOSING_NOTICE))


@asks_first("/letters/<slug>/close", _closing_page)
def close(organizer: Organizer, slug: str) -> Answer:
    """Announce the closing a day ahead."""
    letter = own_letter(session(), slug, organizer)
    announce_close(session(), letter, moment=now(), now=False, facts=facts(letter))
    return saved("", say("Closing is announced."))


@bp.post("/letters/<slug>/close/cancel")
@organizer_action(_closing_page)
def cancel_planned_closing(organizer: Organizer, slug: str) -> Answer:
    """Delete the planned date; an announced closing stays."""
    letter = own_letter(session(), slug, organizer)
    set_dates(session(), letter, publishes=letter.publishes, ends=None, moment=now())
    return saved("", say("The planned closing is canceled."))


def _emergency_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    closes = letter.closes or full_hour_after(now() + CLOSING_NOTICE)
    return desk_page(
        "organize/confirm/emergency.html",
        letter=letter,
        closes=closes if letter.state == PUBLISHED else None,
    )


@asks_first("/letters/<slug>/emergency", _emergency_page)
def emergency(organizer: Organizer, slug: str) -> Answer:
    """Destroy the signing keys at once, and close a public letter a day later."""
    letter = own_letter(session(), slug, organizer)
    if letter.state not in SIGNABLE:
        raise BadShape("This letter has no signing keys.")
    letter_id = letter.id
    if letter.state == PUBLISHED and letter.closes is None:
        announce_close(session(), letter, moment=now(), now=False, facts=facts(letter))
    session().commit()
    rounds.destroy_now(site_services(), letter_id)
    return saved("", say("The signing keys are destroyed."))


# Taking down, deleting


def _taking_down_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    return _asked("take-down", letter, WITHDRAWN, form=as_sent(ReasonForm))


@asks_first("/letters/<slug>/take-down", _taking_down_page)
def take_down(organizer: Organizer, slug: str) -> Answer:
    """Take the whole letter down, with a reason."""
    own_letter(session(), slug, organizer)
    reason = sent(ReasonForm()).reason.data
    letter_id = released(slug, organizer)
    with about("reason"):
        closing.withdraw_letter(site_services(), letter_id, reason)
    return saved("", say("The letter is taken down."))


def _deleting_page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    return desk_page("organize/confirm/delete.html", letter=letter)


@asks_first("/letters/<slug>/delete", _deleting_page)
def delete(organizer: Organizer, slug: str) -> Answer:
    """Delete a draft for good."""
    closing.delete_draft(site_services(), released(slug, organizer))
    return saved("/organize/", say("The draft is deleted."))
