"""A poster with a QR code of a public letter, and the lines with which other websites show its count."""

from markupsafe import escape

from petition.errors import Conflict
from petition.letters.access import own_letter
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Organizer
from petition.letters.states import PUBLIC
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.desk.qr import qr_code
from petition.web.shared.context import session, site


@bp.get("/letters/<slug>/poster")
@for_organizers
def poster(organizer: Organizer, slug: str) -> Answer:
    """To be printed; refused before the letter is public, when its address is not for walls."""
    letter = own_letter(session(), slug, organizer)
    if letter.state not in PUBLIC:
        raise Conflict("The poster is for public letters. Publish the letter first.")
    words = text_of(newest_version(session(), letter))
    address = f"{site().settings.url or ''}/letters/{letter.slug}/"
    snippet = f'<a href="{address}"><img src="{address}badge.svg" alt="{escape(words.title)}"></a>'
    shown = {"words": words, "address": address, "snippet": snippet, "square": qr_code(address, scale=10)}
    return desk_page("organize/poster.html", letter=letter, problems=None, **shown)
