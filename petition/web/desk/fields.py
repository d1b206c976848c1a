"""The organizers' page of groups: what signers may say about themselves, fixed when the letter opens."""

from flask import request

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
from petition.web.desk.actions import organizer_action, saved
from petition.web.shared.context import session

Typed = list[tuple[str, str]]
"""The label and the lines of each field."""


@bp.get("/letters/<slug>/fields")
@for_organizers
def list_fields(organizer: Organizer, slug: str) -> Answer:
    """What is asked now."""
    return _page(organizer, slug)


def _page(organizer: Organizer, slug: str) -> str:
    letter = own_letter(session(), slug, organizer)
    shown = (_typed() if letter.state == DRAFT else []) or _kept(letter)
    return desk_page(
        "organize/fields.html",
        letter=letter,
        typed=[*shown, *[("", "")] * MOST_FIELDS][:MOST_FIELDS],
        small=small_groups(fields_of(session(), letter.id), letter.k),
        is_draft=letter.state == DRAFT,
    )


def _kept(letter: Letter) -> Typed:
    return [(field.label, as_lines(field)) for field in fields_of(session(), letter.id)]


def _typed() -> Typed:
    """What was sent; nothing where the page is only looked at."""
    if request.method != "POST":
        return []
    return [(request.form.get(f"label-{n}", ""), request.form.get(f"groups-{n}", "")) for n in range(MOST_FIELDS)]


@bp.post("/letters/<slug>/fields")
@organizer_action(_page)
def save_fields(organizer: Organizer, slug: str) -> Answer:
    """Keep it, and show the page again: small groups deserve a second look."""
    letter = own_letter(session(), slug, organizer)
    set_fields(session(), letter, _read(_typed()))
    return saved("fields")


def _read(typed: Typed) -> list[FieldOfLetter]:
    """The fields that were filled in."""
    filled = [(label, groups) for label, groups in typed if label.strip() or groups.strip()]
    return [read_field(label, read_lines(groups.splitlines())) for label, groups in filled]
