"""Two people changed the same text: both versions are shown, place by place, until one of them has decided."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import request

from petition.errors import BadShape, Refusal, TextChanged
from petition.letters.access import own_letter
from petition.letters.drafting.drafts import save
from petition.letters.drafting.merging import BOTH, MINE, THEIRS, Collision, merge
from petition.letters.drafting.versions import newest_version, text_of, version_of
from petition.letters.drafting.working_copies import forget_working_copy
from petition.letters.models import Letter, Organizer, Version
from petition.letters.text.letter_text import LetterText, Translation, checked
from petition.letters.text.sources import Source
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.actions import refused, saved
from petition.web.desk.editor_form import (
    Fields,
    based_on,
    fields_of,
    fields_of_translation,
    letter_form,
    translation_form,
)
from petition.web.desk.editor_page import render_editor
from petition.web.shared.context import now, session
from petition.web.shared.forms import small_number

_ = str
PLACES = {
    "title": _("Title"),
    "recipient": _("Addressed to"),
    "employer": _("Employer"),
    "language": _("Language of the letter"),
    "body": _("The letter"),
    "demands": _("Demands"),
    "sources": _("Sources"),
}
"""What the parts of a letter are called."""


def conflict_page(letter: Letter, mine: LetterText, fields: Mapping[str, str], language: str = "") -> str:
    """Both texts. Each place where they touch asks for a decision; your own text stays in the form below.

    ``fields`` are what was typed, of the letter itself or of its translation into ``language``.
    """
    newest = newest_version(session(), letter)
    base = session().get(Version, (letter.id, based_on(fields)))
    collisions = merge(text_of(base), mine, text_of(newest))[1] if base else []
    kept = {**fields, "based_on": str(newest.number)}
    return desk_page(
        "organize/conflict.html",
        letter=letter,
        form=translation_form(kept) if language else letter_form(kept),
        part=language,
        part_path=language,
        mine=as_text(mine),
        base=base.number if base else 0,
        newest=newest,
        theirs=text_of(newest).in_language(language) if language else text_of(newest),
        collisions=collisions,
        places=PLACES,
        chosen=request.form,
    )


@bp.post("/letters/<slug>/decide")
@for_organizers
def decide(organizer: Organizer, slug: str) -> Answer:
    """Put both together as decided: save them, or go on writing."""
    letter = own_letter(session(), slug, organizer)
    mine = from_text(request.form.get("mine", ""))
    numbers = [small_number(request.form.get(name)) or 0 for name in ("based_on", "theirs")]
    base, theirs = (version_of(session(), letter, number) for number in numbers)
    collisions = merge(text_of(base), mine, text_of(theirs))[1]
    choices = [request.form.get(f"choice-{number}", "") for number in range(len(collisions))]
    language = request.form.get("part", "")
    try:
        _require_decided(collisions, choices)
        together = checked(merge(text_of(base), mine, text_of(theirs), choices)[0])
        if request.form.get("do") == "write":
            return render_editor(fields_of(together, theirs.number), letter)
        how: Any = {"based_on": theirs.number, "moment": now(), "note": request.form.get("note", "")}
        save(session(), letter, organizer, together, **how)
        forget_working_copy(session(), organizer, letter, language)
    except TextChanged as refusal:
        fields = _fields(together, theirs.number, language)
        return refused(refusal, lambda: conflict_page(letter, together, fields, language))
    except Refusal as refusal:
        fields = _fields(mine, base.number, language)
        return refused(refusal, lambda: conflict_page(letter, mine, fields, language))
    return saved("")


def _require_decided(collisions: list[Collision], choices: list[str]) -> None:
    for collision, choice in zip(collisions, choices, strict=True):
        if choice not in (MINE, THEIRS, BOTH) or (choice == BOTH and not collision.can_be_both):
            raise BadShape("Choose for each place.")


def _fields(words: LetterText, number: int, language: str) -> Fields:
    """What the form below shows: the letter itself, or its translation into a language."""
    found = next((one for one in words.translations if one.language == language), None)
    return fields_of_translation(found, number) if found else fields_of(words, number)


def as_text(words: LetterText) -> str:
    """A text as JSON, for a hidden field."""
    return json.dumps(asdict(words), ensure_ascii=False)


def from_text(text: str) -> LetterText:
    """A text from a hidden field, held to the same rules as a typed one."""
    try:
        found: dict[str, Any] = json.loads(text)
        sources = tuple(Source(**row) for row in found.pop("sources"))
        translations = tuple(
            Translation(**{**row, "demands": tuple(row["demands"])}) for row in found.pop("translations")
        )
        return checked(
            LetterText(**{**found, "demands": tuple(found["demands"])}, sources=sources, translations=translations)
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadShape("We couldn't read what you sent. Go back, check it, and send it again.") from None
