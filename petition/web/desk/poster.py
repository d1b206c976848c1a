"""A poster with a QR code of a public letter, and the lines with which other websites show its count."""

from markupsafe import escape

from petition.errors import Conflict
from petition.i18n import Translator
from petition.letters.access import own_letter
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Organizer
from petition.letters.states import ALONE, PUBLIC
from petition.letters.text.letter_text import LetterText
from petition.publishing.figures.facts import addressed
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.qr import qr_code
from petition.web.shared.context import session, site

_ = str
"""Marks a sentence for translators."""


@bp.get("/letters/<slug>/poster")
@for_organizers
def poster(organizer: Organizer, slug: str) -> Answer:
    """To be printed; refused before the letter is public, when its address is not for walls."""
    letter = own_letter(session(), slug, organizer)
    if letter.state not in PUBLIC:
        raise Conflict("Publish the letter first.")
    words = text_of(newest_version(session(), letter))
    address = f"{site().settings.url or ''}/letters/{letter.slug}/"
    snippet = f'<a href="{address}"><img src="{address}badge.svg" alt="{escape(words.title)}"></a>'
    shown = {"words": words, "address": address, "snippet": snippet, "square": qr_code(address, scale=10)}
    shown |= {"poster": _poster(words, is_single=letter.k == ALONE)}
    return desk_page("organize/poster.html", letter=letter, problems=None, **shown)


def _poster(words: LetterText, *, is_single: bool) -> dict[str, str]:
    """What stands on the poster, in the letter's language."""
    voice = Translator(words.language)
    return {
        "language": voice.language,
        "to": addressed(words, is_single=is_single),
        "square": voice.say(_("QR code: the address of the letter")),
        "advice": voice.say(_("Read it on your own phone, not on work Wi-Fi.")),
    }
