"""A letter's steps and its codes: what stands in the way, and the buttons that go on."""

from flask import redirect, request

from petition.coordination import closing, opening, rounds
from petition.coordination.facts import facts_of
from petition.coordination.services import Services, make_services
from petition.crypto.appearance_steps import NAMED
from petition.errors import Refusal
from petition.letters.access import address_of, may_edit, own_letter, readable_letter
from petition.letters.drafting.versions import newest_version
from petition.letters.lifecycle import announce_close, obstacles
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.names_keys import names_keys
from petition.letters.states import CLOSED, DRAFT, OPEN, PUBLIC, PUBLISHED, SIGNABLE, WITHDRAWN, steps_from
from petition.publishing.figures.counts import figures, rounded
from petition.signing.signatures import rounds_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import now, say, session, site
from petition.web.shared.forms import StepForm

_ = str
SENTENCES = {
    OPEN: _("Open the letter for signatures"),
    PUBLISHED: _("Publish the letter"),
    CLOSED: _("Close the letter"),
    WITHDRAWN: _("Withdraw the letter"),
}


def site_services() -> Services:
    """What a step across the wall needs, of the site that answers."""
    here = site()
    return make_services(here.settings, here.databases, here.master, random=here.random)


@bp.get("/letters/<slug>/")
@for_organizers
def overview(organizer: Organizer, slug: str) -> Answer:
    """Where the letter stands and what stands in the way of each next step."""
    return _overview(organizer, readable_letter(session(), slug, organizer), None)


def _overview(organizer: Organizer, letter: Letter, refusal: str | None) -> str:
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
        refusal=refusal,
    )


def _has_locked_names(letter: Letter) -> bool:
    return any(row.step == NAMED and not row.is_open for row in names_keys(session(), letter.id))


@bp.post("/letters/<slug>/open")
@for_organizers
def open_(organizer: Organizer, slug: str) -> Answer:
    """Freeze the text and begin to take signatures."""
    return _step(slug, organizer, lambda letter_id: opening.open_letter(site_services(), letter_id, moment=now()))


@bp.post("/letters/<slug>/publish")
@for_organizers
def publish(organizer: Organizer, slug: str) -> Answer:
    """Show it to everybody; with the passphrase, names from the next update on."""
    passphrase = request.form.get("passphrase", "")
    names = passphrase and NAMED in own_letter(session(), slug, organizer).name_steps
    unlocks = organizer.id if names else None
    return _step(
        slug,
        organizer,
        lambda letter_id: opening.publish_letter(
            site_services(), letter_id, moment=now(), unlocks=unlocks, passphrase=passphrase
        ),
    )


@bp.post("/letters/<slug>/close")
@for_organizers
def close(organizer: Organizer, slug: str) -> Answer:
    """Announce the closing a day ahead; at once only where nobody waits."""
    form = StepForm()
    at_once, destroys = form.now.data, form.destroy.data
    try:
        letter = own_letter(session(), slug, organizer)
        facts = facts_of(session(), letter, site().settings.url)
        announce_close(session(), letter, moment=now(), now=at_once, facts=facts)
        letter_id = letter.id
        session().commit()
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    if at_once:
        closing.close_letter(site_services(), letter_id, moment=now(), at_once=True)
    elif destroys:
        rounds.destroy_now(site_services(), letter_id)
    return redirect(f"/organize/letters/{slug}/", 303)


@bp.post("/letters/<slug>/withdraw")
@for_organizers
def withdraw(organizer: Organizer, slug: str) -> Answer:
    """Take the whole letter back."""
    reason = StepForm().reason.data or ""
    return _step(slug, organizer, lambda letter_id: closing.withdraw_letter(site_services(), letter_id, reason))


@bp.post("/letters/<slug>/delete")
@for_organizers
def delete(organizer: Organizer, slug: str) -> Answer:
    """Delete a draft for good."""
    return _step(slug, organizer, lambda letter_id: closing.delete_draft(site_services(), letter_id), to="/organize/")


def _step(slug: str, organizer: Organizer, verb, to: str | None = None) -> Answer:  # type: ignore[no-untyped-def]
    """Check that the letter is theirs, let go of the database, and do the step, which commits by itself."""
    letter_id = own_letter(session(), slug, organizer).id
    session().rollback()
    try:
        verb(letter_id)
    except Refusal as refusal:
        return _refused(slug, organizer, refusal)
    return redirect(to or f"/organize/letters/{slug}/", 303)


def _refused(slug: str, organizer: Organizer, refusal: Refusal) -> Answer:
    session().rollback()
    letter = own_letter(session(), slug, organizer)
    return _overview(organizer, letter, say(refusal.sentence, **refusal.values)), refusal.status
