"""The organizers' page of groups: what signers may say of themselves, fixed when the letter opens."""

from typing import Any

from flask import request

from petition.errors import Refusal
from petition.letters.access import own_letter
from petition.letters.fields import (
    MOST_FIELDS,
    FieldOfLetter,
    as_lines,
    fields_of,
    read_field,
    read_lines,
    set_fields,
    small_groups,
)
from petition.letters.models import Letter, Organizer
from petition.letters.states import DRAFT
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import say, session

Typed = list[tuple[str, str]]
"""The label and the lines of each field."""


@bp.get("/letters/<slug>/fields")
@for_organizers
def list_fields(organizer: Organizer, slug: str) -> Answer:
    """What is asked now."""
    letter = own_letter(session(), slug, organizer)
    return _page(letter, [(field.label, as_lines(field)) for field in fields_of(session(), letter.id)])


@bp.post("/letters/<slug>/fields")
@for_organizers
def keep_fields(organizer: Organizer, slug: str) -> Answer:
    """Keep it, and show the page again: small groups deserve a second look."""
    letter = own_letter(session(), slug, organizer)
    typed = [(request.form.get(f"label-{n}", ""), request.form.get(f"groups-{n}", "")) for n in range(MOST_FIELDS)]
    try:
        set_fields(session(), letter, _read(typed))
    except Refusal as refusal:
        session().rollback()
        return _page(letter, typed, say(refusal.sentence, **refusal.values)), refusal.status
    session().commit()
    return _page(letter, typed, done=say("It is kept."))


def _read(typed: Typed) -> list[FieldOfLetter]:
    """The fields that were filled in."""
    filled = [(label, groups) for label, groups in typed if label.strip() or groups.strip()]
    return [read_field(label, read_lines(groups.splitlines())) for label, groups in filled]


def _page(letter: Letter, typed: Typed, refusal: str | None = None, done: str | None = None) -> str:
    shown: dict[str, Any] = {
        "typed": [*typed, *[("", "")] * MOST_FIELDS][:MOST_FIELDS],
        "small": small_groups(fields_of(session(), letter.id), letter.k),
        "is_draft": letter.state == DRAFT,
    }
    return desk_page("organize/fields.html", letter=letter, refusal=refusal, done=done, **shown)
