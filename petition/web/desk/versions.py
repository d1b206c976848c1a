"""A letter's history: its versions, what differs between any two, and going back to an earlier one."""

from flask import request

from petition.errors import BadShape
from petition.letters.access import may_edit, own_letter, readable_letter
from petition.letters.drafting.differences import differences
from petition.letters.drafting.drafts import save
from petition.letters.drafting.versions import newest_version, text_of, version_of, versions_of
from petition.letters.models import Organizer
from petition.letters.states import DRAFT
from petition.letters.text.letter_text import canonical, digest
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import organizer_action, saved
from petition.web.desk.conflicts import PLACES
from petition.web.shared.context import now, say, session
from petition.web.shared.forms import small_number

SIDE = "side"


@bp.get("/letters/<slug>/history")
@for_organizers
def history(organizer: Organizer, slug: str) -> Answer:
    """A page of versions, newest first."""
    letter = readable_letter(session(), slug, organizer)
    before = small_number(request.args.get("before"))
    rows = versions_of(session(), letter, before)
    return desk_page("organize/history.html", letter=letter, versions=rows, is_first=before is None)


@bp.get("/letters/<slug>/differences")
@for_organizers
def compare(organizer: Organizer, slug: str) -> Answer:
    """What differs between two versions, in one text or side by side."""
    letter = readable_letter(session(), slug, organizer)
    before, after = (version_of(session(), letter, _asked(name)) for name in ("before", "after"))
    return desk_page(
        "organize/differences.html",
        letter=letter,
        before=before,
        after=after,
        parts=differences(text_of(before), text_of(after)),
        places=PLACES,
        is_side_by_side=request.args.get("view") == SIDE,
    )


def _asked(name: str) -> int:
    found = small_number(request.args.get(name))
    if found is None:
        raise BadShape("Choose two versions to compare.")
    return found


@bp.get("/letters/<slug>/versions/<int:number>/")
@for_organizers
def version(organizer: Organizer, slug: str, number: int) -> Answer:
    """A version as its readers would see it, with its digest."""
    return _page(organizer, slug, number)


def _page(organizer: Organizer, slug: str, number: int) -> str:
    letter = readable_letter(session(), slug, organizer)
    found = version_of(session(), letter, number)
    words = text_of(found)
    return desk_page(
        "organize/version.html",
        letter=letter,
        version=found,
        newest=newest_version(session(), letter).number,
        words=words,
        text_sha256=digest(canonical(words)),
        can_restore=letter.state == DRAFT and may_edit(session(), letter, organizer),
    )


@bp.post("/letters/<slug>/versions/<int:number>/restore")
@organizer_action(_page)
def restore(organizer: Organizer, slug: str, number: int) -> Answer:
    """Make an earlier text the newest version again; those between stay in the history."""
    letter = own_letter(session(), slug, organizer)
    words = text_of(version_of(session(), letter, number))
    newest = newest_version(session(), letter).number
    note = say("Back to version %(number)s", number=number)
    save(session(), letter, organizer, words, based_on=newest, moment=now(), note=note)
    return saved("")
