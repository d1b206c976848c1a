"""What organizers read: everyday words, in the languages that ship."""

from dataclasses import replace

import pytest

from petition.letters.fields import read_field
from tests.routes import organizers_routes
from tests.shared import ONCE, Place, Shared
from tests.test_translations import catalog
from tests.visitors import Visitor
from tests.walks import WORDS
from tests.web.words import Seen, wrong_texts

pytestmark = [ONCE, pytest.mark.thorough]
ELSEWHERE = {"numbers"}
"""Shows the public files, with the names that programs read."""


@pytest.fixture(scope="module")
def places(shared: Shared) -> list[Place]:
    """Letters in every state, with everything that can be chosen."""
    role = read_field("Role", [("Software", 300), ("Tiny", 4)])
    spanish = replace(WORDS, title="Palabras")
    how = {"names": ("named", "named_at:4"), "fields": (role,)}
    mail = {"mail": {"workers": ["example.com"]}, "routes": ("code", "mail")}
    draft = shared.a_draft(words=spanish, **how, **mail)
    made = [draft, shared.an_open_letter(**how), shared.a_published_letter(**how)]
    apart = shared.an_open_letter(timing="apart", rolls=("Now", "Former"))
    closed = shared.a_published_letter(**how)
    shared.campaign.close_letter(closed.id)
    return [*made, apart, closed, shared.a_draft(k=1)]


def pages(shared: Shared, places: list[Place], language: str = "en") -> dict[str, str]:
    """Every organizers' page of these letters that answers, and what their forms say when they are sent empty."""
    desk, found = shared.desk(), {}
    desk.get(f"/organize/?language={language}")
    for place in places:
        for route in organizers_routes(shared.app, place.slug, "GET"):
            answer = desk.get(route.path)
            if answer.mimetype == "text/html" and route.path.rpartition("/")[2] not in ELSEWHERE:
                found[route.path] = answer.text
    token = desk.csrf("/organize/account")
    for route in organizers_routes(shared.app, places[0].slug, "POST"):
        if not route.endpoint.endswith(("sign_out", "forget_browser", "end_others", "delete", "open_", "take_down")):
            found[f"POST {route.path}"] = desk.post(route.path, csrf_token=token).text
    desk.get("/organize/?language=en")
    return found


def test_no_page_of_the_organizers_says_words_that_people_do_not(shared: Shared, places: list[Place]) -> None:
    said = {}
    for path, page in pages(shared, places).items():
        said |= dict.fromkeys(wrong_texts(page), path)

    assert said == {}


def test_no_english_is_left_on_their_spanish_pages(shared: Shared, places: list[Place]) -> None:
    translated = {message.id: message.string for message in catalog("es") if message.id and isinstance(message.id, str)}
    left = {}
    for path, page in pages(shared, places, "es").items():
        english = {text for text in Seen(page).texts if translated.get(text, text) != text}
        if not path.endswith("/poster"):  # which speaks the letter's language
            left |= dict.fromkeys(english, path)

    assert left == {}


def test_spanish_leads_to_the_spanish_pages_and_stays(shared: Shared) -> None:
    visitor = Visitor(shared.app)
    asked = visitor.open("/es/organize/")
    page = visitor.open("/organize/sign-in")

    assert asked.path.startswith("/organize/")
    assert all('<html lang="es"' in one.text for one in (asked, page))
    assert page.form_with(next(iter(page.forms[-1].buttons))).fields["language"] == "es"
    assert '<html lang="en"' in visitor.open("/en/organize/sign-in").text


def test_each_page_leads_to_itself_in_another_language(shared: Shared) -> None:
    place = shared.a_draft()
    visitor = shared.visitor()
    visitor.client = shared.desk("Ben").client
    page = visitor.open("/organize/account")
    spanish = visitor.follow(page, "Español")
    visitor.follow(spanish, "English")

    assert '<html lang="es"' in spanish.text and spanish.path.partition("?")[0] == "/organize/account"
    assert place.slug not in spanish.text
