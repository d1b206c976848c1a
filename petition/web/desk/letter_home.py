"""A letter's home page: its steps in order, one of which is the current one."""

from typing import Any

from petition.crypto.appearance_steps import NAMED, number_of
from petition.letters.access import may_edit, path_of, readable_letter
from petition.letters.drafting.approvals import approvals_of
from petition.letters.drafting.comments import open_comments
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.events import events_of, statuses_of
from petition.letters.fields import fields_of
from petition.letters.lifecycle import obstacles
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.members import members
from petition.letters.organizers.names_keys import lost_names, names_keys
from petition.letters.states import (
    CLOSED,
    DRAFT,
    EDITOR,
    OPEN,
    PUBLISHED,
    WITHDRAWN,
    enough,
    held_back,
    takes_signatures,
)
from petition.letters.update_times import next_update
from petition.publishing.documents.fonts import fonts_missing_for
from petition.publishing.figures.counts import figures
from petition.signing.signatures import rounds_of
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.codes import how_many_made
from petition.web.desk.obstacles import shown
from petition.web.desk.services import facts
from petition.web.shared.context import now, session, site

WRITE, REVIEW, COLLECT, PUBLISH, FOLLOW_UP = "write", "review", "collect", "publish", "follow-up"


@bp.get("/letters/<slug>/")
@for_organizers
def letter_home(organizer: Organizer, slug: str) -> Answer:
    """The letter's state, what comes next, and what is settled already."""
    letter = readable_letter(session(), slug, organizer)
    version = newest_version(session(), letter)
    everyone = members(session(), letter)
    before = obstacles(letter, version, OPEN if letter.state == DRAFT else PUBLISHED, facts(letter))
    missing = shown(before) if letter.state in (DRAFT, OPEN) else []
    return desk_page(
        "organize/home.html",
        letter=letter,
        version=version,
        words=text_of(version),
        edits=may_edit(session(), letter, organizer),
        missing=missing,
        missing_fonts=fonts_missing_for(session(), letter) if letter.state == DRAFT else [],
        current=_current(letter, missing),
        editors=[member.name for member in everyone if member.role == EDITOR],
        reviewers=[member.name for member in everyone if member.role != EDITOR],
        approving=len(approvals_of(session(), letter, version.number)),
        comments=open_comments(session(), letter),
        rolls=[roll.name for roll in rolls_of(session(), letter)],
        fields=fields_of(session(), letter.id),
        names_from=[number for step in letter.name_steps if (number := number_of(step)) is not None],
        names_at_once=NAMED in letter.name_steps,
        address=f"{site().settings.url or ''}/{path_of(letter)}/",
        **(_collected(letter) if letter.state not in (DRAFT, WITHDRAWN) else {}),
        **_followed(letter),
    )


def _current(letter: Letter, missing: list[Any]) -> str:
    """The step that is open on the page."""
    if letter.state == DRAFT:
        return WRITE if any(one.is_written for one in missing) else REVIEW
    if letter.state == OPEN:
        return COLLECT if missing else PUBLISH
    return FOLLOW_UP if letter.state in (PUBLISHED, CLOSED) else ""


def _collected(letter: Letter) -> dict[str, Any]:
    """What came in so far: as the public sees or would see it, but for the codes, which are the organizers' own."""
    known = rounds_of(session(), letter.id)
    return {
        "figures": figures(session(), letter, site().settings.url),
        "codes_made": how_many_made(letter.id),
        "codes_used": sum(row.spent for row in known),
        "must_wait": enough(letter.k),
        "held_back": held_back(letter.k),
        "next_update": next_update(letter, site().settings.seal_at, now()),
        "takes_signatures": takes_signatures(letter),
    }


def _followed(letter: Letter) -> dict[str, Any]:
    if letter.state not in (PUBLISHED, CLOSED):
        return {}
    locked = any(row.step == NAMED and not row.is_open for row in names_keys(session(), letter.id))
    return {
        "news": len(events_of(session(), letter)),
        "answered": len(statuses_of(session(), letter)),
        "names_locked": letter.state == PUBLISHED and locked,
        "names_lost": letter.state == PUBLISHED and lost_names(session(), letter),
    }
