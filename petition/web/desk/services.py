"""What organizers' steps across the privacy boundary need: services, and a released database."""

from petition.coordination.facts import facts_of
from petition.coordination.services import Services, make_services
from petition.letters.access import own_letter
from petition.letters.lifecycle import Facts
from petition.letters.models import Letter, Organizer
from petition.web.shared.context import session, site


def site_services() -> Services:
    """The services of the site that answers."""
    here = site()
    return make_services(here.settings, here.databases, here.master, random=here.random)


def facts(letter: Letter) -> Facts:
    """What the rules of a letter's life need to know from outside the letter."""
    return facts_of(session(), letter, site_services())


def released(slug: str, organizer: Organizer) -> str:
    """The id of an organizer's own letter. Releases the database, for a step that commits by itself."""
    letter_id = own_letter(session(), slug, organizer).id
    session().rollback()
    return letter_id
