"""What signers and readers read: everyday words, on every page and in every sentence that a page may show."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import petition
from petition.coordination import closing
from petition.database import place_of
from petition.letters.fields import read_field
from tests.routes import routes_of_places
from tests.shared import ONCE, Place, Shared
from tests.test_translations import KEYWORDS, METHODS, PLACEHOLDER, forms_of
from tests.visitors import Page
from tests.web.words import PRIVATE, wrong_texts

pytestmark = pytest.mark.thorough
ROLE = read_field("Role", [("Software", 300), ("Tiny", 4)])
EVERYTHING = {"names": ("named", "named_at:4"), "fields": (ROLE,), "goal": 20}
FOR_CHECKERS = ("how-we-verify/", "what-the-log-says/", "press/")
"""Pages that name things as engineers do, because their readers check them with programs."""
FILES = ("before/", "signatures/", "index.html")
PACKAGE = Path(petition.__file__).parent
OF_CHECKERS = (
    "public/how-we-verify.html", "public/what-the-log-says.html", "public/press.html", "cli/", "client.py",
    "crypto/blind_rsa.py", "crypto/notes.py", "operations/", "verifying/", "publishing/data/",
    "sealing/witnesses.py",
)  # fmt: skip
"""Where sentences of these pages stand, those of commands and files, and those that programs answer to programs."""
FOR_PROGRAMS = {
    "%(name)s must be a SHA-256 in lower-case hex.",
    "The blinded message must be %(size)s bytes and in the range of the round's key.",
}
"""Only a program that speaks the protocol can be told them."""
STATES = {"withdrawn", "commenter"}
"""Names of states, which pages say in other words."""


@pytest.fixture(scope="module")
def places(shared: Shared) -> list[Place]:
    """Letters in every state, with everything that can be chosen."""
    shared.campaign.services = replace(shared.campaign.services, sends_mail=True)
    mail = {"mail": {"workers": ["example.com"]}, "routes": ("code", "mail")}
    public = shared.a_published_letter(**EVERYTHING)
    shared.campaign.sign_all(public.id, 12, role="software")
    shared.campaign.seal(public.id)
    shared.campaign.tell(public.id, "delivered", who="Jo Muster", how="by hand")
    closed, down = shared.a_published_letter(**EVERYTHING), shared.a_published_letter()
    shared.campaign.close_letter(closed.id)
    closing.withdraw_letter(shared.campaign.services, down.id, "Not needed.")
    apart = shared.an_open_letter(timing="apart", rolls=("Now", "Former"))
    return [
        shared.a_draft(), shared.an_open_letter(**EVERYTHING), shared.an_open_letter(**mail), apart, public, closed,
        down, shared.a_published_letter(**mail), shared.a_published_letter(k=1),
    ]  # fmt: skip


def pages(shared: Shared, places: list[Place]) -> Iterator[Page]:
    """Every page of the site and of these letters that people open, and what its forms say when they are sent empty."""
    for path in ("/", "/promises/", "/asked/", "/start/", "/code/", "/nothing", "/letters/never-was/"):
        yield shared.visitor().open(path)
    for place in places:
        yield from (shared.visitor().open(f"/{address}/{name}") for address in place.addresses for name in FILES)
    for route in routes_of_places(shared.app, places):
        if route.path.startswith("/organize/") or route.path.endswith(FOR_CHECKERS):
            continue
        if "GET" in route.methods:
            yield shared.visitor().open(route.path)
        else:
            yield shared.visitor().post(route.path)


def a_signer_s_pages(shared: Shared, place: Place) -> Iterator[Page]:
    """Signing, checking and removing without scripts, with a mistake at each step."""
    visitor = shared.visitor()
    joining = visitor.open(f"{place.hidden}join")
    yield visitor.press(joining, "Continue", code="ABCD")
    yield visitor.press(joining, "Continue", code="ABCD-ABCD-ABCD-ABCD")
    code = shared.code(place)
    ready = visitor.press(joining, "Continue", code=code)
    yield ready
    yield visitor.press(visitor.open(f"{place.hidden}join"), "Continue", code=code, seed="B" * 42 + "A")
    yield visitor.press(ready, "Preview what people will see", appear="named", name="", **{"group-role": "tiny"})
    yield visitor.press(ready, "Preview what people will see", appear="named_at:4", name="Ana Muster")
    signed = visitor.press(ready, "Sign this letter", appear="grouped", **{"group-role": "software"})
    yield signed
    receipt = signed.text.split('class="receipt"><code>')[1].split("</code>")[0]
    for typed in ("", "nothing", "0" * 27, receipt):
        found = visitor.press(visitor.open(f"{place.hidden}receipt"), "Check", receipt=typed)
        yield found
    yield visitor.press(found, "Save", appear="counted")
    removing = visitor.press(visitor.open(f"{place.hidden}remove"), "Continue", receipt=receipt)
    yield removing
    yield visitor.press(removing, "Remove my signature")
    yield visitor.press(visitor.open(f"{place.hidden}receipt"), "Check", receipt=receipt)


def said_on(pages: Iterator[Page]) -> dict[str, str]:
    """Each wrong text, with the path of a page that shows it."""
    shown = {page.text: page.path for page in pages if page.answer.mimetype == "text/html"}
    return {wrong: path for text, path in shown.items() for wrong in wrong_texts(text)}


@ONCE
def test_no_page_of_signers_and_readers_says_words_that_people_do_not(shared: Shared, places: list[Place]) -> None:
    seen = list(pages(shared, places))

    assert said_on(iter(seen)) == {}
    assert len([page for page in seen if page.status == 200 and page.answer.mimetype == "text/html"]) > 60
    assert {page.status for page in seen} >= {200, 400, 404, 410}


@ONCE
def test_no_step_of_signing_says_them(shared: Shared, places: list[Place]) -> None:
    seen = list(a_signer_s_pages(shared, places[1]))

    assert said_on(iter(seen)) == {}
    assert {"Check and sign", "You signed.", "Check my signature", "Your signature is removed"} <= {
        page.heading for page in seen
    }


def test_no_sentence_that_a_screen_may_show_says_them() -> None:
    """Refusals and states that no walk above reaches."""
    said = {}
    for folder, methods in zip((PACKAGE, place_of("templates")), METHODS, strict=True):
        keywords = {**dict.fromkeys(KEYWORDS), "ngettext": (1, 2)}
        for file, _, message, _, _ in extract_from_dir(folder, methods, keywords=keywords):
            if not file.startswith(OF_CHECKERS):
                said |= {one: file for one in forms_of(message) if PRIVATE.search(PLACEHOLDER.sub("", one))}

    assert {one: file for one, file in said.items() if one not in FOR_PROGRAMS | STATES} == {}
