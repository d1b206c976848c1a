"""A letter's steps and its codes: what stands in the way, and the buttons that go on."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import Length, Optional

from petition.coordination import closing, opening, rounds
from petition.coordination.facts import facts_of
from petition.coordination.services import Services, make_services
from petition.crypto.appearance_steps import NAMED
from petition.letters.access import address_of, may_edit, own_letter, readable_letter
from petition.letters.drafting.versions import newest_version
from petition.letters.lifecycle import announce_close, obstacles
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.names_keys import names_keys
from petition.letters.states import CLOSED, DRAFT, OPEN, PUBLIC, PUBLISHED, SIGNABLE, WITHDRAWN, steps_from
from petition.publishing.figures.counts import figures, rounded
from petition.signing.signatures import rounds_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import organizer_action, saved, sent
from petition.web.shared.context import now, say, session, site

_ = str
SENTENCES = {
    OPEN: _("Open the letter for signatures"),
    PUBLISHED: _("Publish the letter"),
    CLOSED: _("Close the letter"),
    WITHDRAWN: _("Withdraw the letter"),
}


class StepForm(FlaskForm):
    """A step that needs nothing but a button, and for some a reason."""

    reason = StringField(_("Reason (public)"), [Optional(), Length(max=300)])
    now = BooleanField(_("Close now"))
    destroy = BooleanField(_("Destroy the keys at once"))


def site_services() -> Services:
    """What a step across the boundary needs, of the site that answers."""
    here = site()
    return make_services(here.settings, here.databases, here.master, random=here.random)


def released(slug: str, organizer: Organizer) -> str:
    """The id of a letter that is theirs, with the database let go: for a step that commits by itself."""
    letter_id = own_letter(session(), slug, organizer).id
    session().rollback()
    return letter_id


@bp.get("/letters/<slug>/")
@for_organizers
def overview(organizer: Organizer, slug: str) -> Answer:
    """Where the letter stands and what stands in the way of each next step."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = readable_letter(session(), slug, organizer)
    facts = facts_of(session(), letter, site().settings.url, sends_mail=site().settings.mail is not None)
    version = newest_version(session(), letter)
    next_steps = [
        (step, say(SENTENCES[step]), [say(o.sentence, **o.values) for o in obstacles(letter, version, step, facts)])
        for step in steps_from(letter.state)
    ]
    address = f"{site().settings.url or ''}/letters/{address_of(letter)}/" if letter.state != DRAFT else None
    known = rounds_of(session(), letter.id)
    return desk_page(
        "organize/overview.html",
        letter=letter,
        version=version,
        next_steps=next_steps,
        address=address,
        figures=figures(session(), letter, site().settings.url) if letter.state in PUBLIC | SIGNABLE else None,
        codes_made=sum(row.made for row in known),
        codes_used=rounded(sum(row.spent for row in known), letter.k),
        edits=may_edit(session(), letter, organizer),
        form=StepForm(),
        names_locked=letter.state == PUBLISHED and _has_locked_names(letter),
    )


def _has_locked_names(letter: Letter) -> bool:
    return any(row.step == NAMED and not row.is_open for row in names_keys(session(), letter.id))


@bp.post("/letters/<slug>/open")
@organizer_action(_page)
def open_(organizer: Organizer, slug: str) -> Answer:
    """Freeze the text and begin to take signatures."""
    opening.open_letter(site_services(), released(slug, organizer), moment=now())
    return saved("")


@bp.post("/letters/<slug>/publish")
@organizer_action(_page)
def publish(organizer: Organizer, slug: str) -> Answer:
    """Show it to everybody; with the passphrase, names from the next update on."""
    passphrase = request.form.get("passphrase", "")
    names = passphrase and NAMED in own_letter(session(), slug, organizer).name_steps
    unlocks = organizer.id if names else None
    letter_id = released(slug, organizer)
    opening.publish_letter(site_services(), letter_id, moment=now(), unlocks=unlocks, passphrase=passphrase)
    return saved("")


@bp.post("/letters/<slug>/close")
@organizer_action(_page)
def close(organizer: Organizer, slug: str) -> Answer:
    """Announce the closing a day ahead; at once only where nobody waits."""
    form = sent(StepForm())
    at_once, destroys = form.now.data, form.destroy.data
    letter = own_letter(session(), slug, organizer)
    facts = facts_of(session(), letter, site().settings.url)
    announce_close(session(), letter, moment=now(), now=at_once, facts=facts)
    letter_id = letter.id
    session().commit()
    if at_once:
        closing.close_letter(site_services(), letter_id, moment=now(), at_once=True)
    elif destroys:
        rounds.destroy_now(site_services(), letter_id)
    return saved("")


@bp.post("/letters/<slug>/withdraw")
@organizer_action(_page)
def withdraw(organizer: Organizer, slug: str) -> Answer:
    """Take the whole letter down."""
    reason = StepForm().reason.data or ""
    closing.withdraw_letter(site_services(), released(slug, organizer), reason)
    return saved("")


@bp.post("/letters/<slug>/delete")
@organizer_action(_page)
def delete(organizer: Organizer, slug: str) -> Answer:
    """Delete a draft for good."""
    closing.delete_draft(site_services(), released(slug, organizer))
    return saved("/organize/")
