"""A letter that has everything, and every page that can be opened by its address, found among the program's routes."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from petition.letters.drafting.unsigned_translations import save_unsigned
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.letters.text.letter_text import Translation
from tests.browser.script.phones import Site
from tests.routes import routes
from tests.shared import Place

EVERYTHING: dict[str, Any] = {
    "fields": (
        read_field("Role", [("Software", 200), ("Warehouse", 900), ("Support", None)]),
        read_field("Site", [("Berlin", None), ("Lyon", 40)]),
    ),
    "names": ("named", "named_at:50"),
    "mail": {"workers": ["example.com"]},
    "routes": ("code", "mail"),
    "goal": 100,
}


def a_full_letter(site: Site, **how: Any) -> Place:
    """Published, with groups, names and mail, sealed signatures and an event."""
    place = site.shared.an_open_letter(**EVERYTHING, **how)
    add_a_translation(site, place)
    site.campaign.publish(place.id, unlocks="Ana")
    site.campaign.tell(place.id, "delivered", who="Jo Muster", how="by hand")
    site.campaign.answer(place.id, 1, "refused")
    for role in ("software", "warehouse"):
        site.campaign.sign_all(place.id, 12, role=role)
    site.campaign.seal(place.id)
    return place


def add_a_translation(site: Site, place: Place) -> None:
    """A translation that is not signed, into a language that the interface speaks."""
    with Session(site.campaign.databases.petition) as session:
        letter = session.get_one(Letter, place.id)
        demands = text_of(newest_version(session, letter)).demands
        save_unsigned(session, letter, Translation("fr", "Nous refusons", "", "Bonjour.", demands), based_on="")
        session.commit()


def organizers_pages(site: Site, place: Place) -> Iterator[str]:
    """The paths of all pages that an organizer may open."""
    yield from ("/organize/", "/organize/account", "/organize/letters/new", "/organize/letters/import")
    for route in routes(site.shared.app, slug=place.slug, address=place.slug, secret="never-was"):
        if route.path.startswith(place.desk) and "GET" in route.methods:
            yield route.path


def opens(page: Page, path: str) -> bool:
    """Whether there is a page at a path; files and what is not there now are none."""
    found = page.context.request.head(path)
    if not found.ok or not found.headers.get("content-type", "").startswith("text/html"):
        return False
    page.goto(path)
    return True
