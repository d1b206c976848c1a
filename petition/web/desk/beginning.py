"""A letter that begins on a page: with the recommended choices, within the limits of the site."""

from petition.config import ANYONE
from petition.letters.drafting.drafts import draft, require_room
from petition.letters.drafting.settings import DEFAULT_NAMES
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.names_keys import choose_name_steps
from petition.letters.text.letter_text import LetterText
from petition.web.shared.context import now, say, session, site

_ = str
MONTHS = 12
TEMPLATE = {
    "title": _("Safe heat rules in every [workplace]"),
    "recipient": _("[Name], [title]"),
    "employer": _("[Employer]"),
    "body": (
        _("Dear [Name],"),
        _(
            "We work in [place]. Last summer it was [number] degrees at our stations on [number] days, "
            "and [what happened]."
        ),
        _("We raised this on [date]. The answer was [answer]."),
        _("Heat like this is dangerous and preventable. Other employers measure it and pay for breaks."),
        _("Please answer us by [date]. We are ready to meet."),
    ),
    "demands": (
        _("Measure the heat at every station."),
        _("Give paid breaks in a cool room above [number] degrees."),
        _("No quotas on days that are too hot."),
    ),
}
"""A letter to start from. Brackets mark what to replace."""


def begin_letter(organizer: Organizer, words: LetterText) -> Letter:
    """A new letter. Names show once enough have signed, unless the organizers choose otherwise."""
    if site().settings.start == ANYONE:
        require_room(session(), organizer)
    letter = draft(session(), organizer, words, moment=now(), random=site().random)
    choose_name_steps(session(), letter, named=False, numbers=[DEFAULT_NAMES], months=MONTHS)
    return letter


def template_fields() -> dict[str, str]:
    """The template as the form shows it, in the organizer's language."""
    demands = {f"demands-{place}": say(demand) for place, demand in enumerate(TEMPLATE["demands"])}
    body = "\n\n".join(say(paragraph) for paragraph in TEMPLATE["body"])
    return {**{name: say(str(TEMPLATE[name])) for name in ("title", "recipient", "employer")}, "body": body, **demands}
