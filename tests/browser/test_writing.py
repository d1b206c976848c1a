"""Two organizers write a letter in two browsers at once, with the page's script and without it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Authorship, Letter, SignIn
from petition.letters.text.letter_text import LetterText
from tests.browser.looking import no_sideways_scrolling
from tests.browser.script.phones import Site
from tests.browser.walks import Window, at, press
from tests.shared import Place
from tests.walks import PASSPHRASE, WORDS

pytestmark = pytest.mark.browser
LONG = replace(WORDS, body="First.\n\nSecond.\n\nThird.")
Desks = Callable[..., Page]
KEPT = "Autosaved for you"
SCRIPTS = pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.long)])


@pytest.fixture
def desk(chromium: Browser, site: Site) -> Iterator[Desks]:
    """Hands out browsers in which an organizer is signed in; afterwards none may have asked another site."""
    made: list[Window] = []

    def of(name: str, *, scripts: bool = True, width: int = 1280) -> Page:
        size = {"width": width, "height": 800}
        made.append(Window(chromium, site, viewport=size, java_script_enabled=scripts))
        made[-1].sign_in(name)
        return made[-1].page

    yield of
    for window in made:
        is_open = not window.page.is_closed()
        remembered = window.page.evaluate("localStorage.length + sessionStorage.length") if is_open else 0
        window.context.close()
        assert window.elsewhere() == []
        assert remembered == 0


@pytest.fixture
def place(site: Site) -> Place:
    """A draft on which Ana and Ben work."""
    made = site.shared.a_draft(words=LONG)
    with Session(site.campaign.databases.petition) as session:
        session.add(Authorship(letter_id=made.id, organizer_id=site.shared.ids["Ben"]))
        session.commit()
    return made


def newest(site: Site, place: Place) -> LetterText:
    with Session(site.campaign.databases.reading) as session:
        return text_of(newest_version(session, session.get_one(Letter, place.id)))


def type_body(page: Page, text: str) -> None:
    page.get_by_label("The letter", exact=True).fill(text)


@SCRIPTS
def test_two_organizers_write_at_once_merge_and_decide(desk: Desks, site: Site, place: Place, scripts: bool) -> None:
    ana, ben = desk("Ana", scripts=scripts), desk("Ben", scripts=scripts, width=390)
    for page in (ana, ben):
        page.goto(f"{place.desk}write")

    type_body(ben, "FIRST.\n\nSecond.\n\nThird.")
    press(ben, "Save")
    at(ben, WORDS.title)
    type_body(ana, "First.\n\nSecond.\n\nTHIRD.")
    press(ana, "Save")
    at(ana, "From version 2 to 3")
    expect(ana.get_by_role("status").filter(has_text="Version 3 also has changes by Ben.")).to_be_visible()
    assert newest(site, place).body == "FIRST.\n\nSecond.\n\nTHIRD."

    for page in (ana, ben):
        page.goto(f"{place.desk}write")
    type_body(ben, "FIRST.\n\nBen's.\n\nTHIRD.")
    press(ben, "Save")
    type_body(ana, "FIRST.\n\nAna's.\n\nTHIRD.")
    press(ana, "Save")
    at(ana, "You and Ben changed the same text")
    ana.get_by_role("radio", name="Keep both, mine second").check()
    press(ana, "Merge and save")
    at(ana, WORDS.title)
    assert newest(site, place).body == "FIRST.\n\nBen's.\n\nAna's.\n\nTHIRD."


def test_the_script_previews_and_saves_during_typing(desk: Desks, site: Site, place: Place) -> None:
    ana = desk("Ana")
    ana.goto(f"{place.desk}write")
    type_body(ana, "Typed **without** a press of a button.")
    expect(ana.locator("#preview strong")).to_have_text("without")
    expect(ana.locator("#kept")).to_contain_text(KEPT)
    ana.close(run_before_unload=False)

    again = desk("Ana", scripts=False)
    again.goto(f"{place.desk}write")
    expect(again.get_by_label("The letter", exact=True)).to_have_value("Typed **without** a press of a button.")
    assert newest(site, place) == LONG


def test_the_script_says_what_is_wrong_and_that_someone_saved(desk: Desks, place: Place) -> None:
    ana, ben = desk("Ana"), desk("Ben")
    for page in (ana, ben):
        page.goto(f"{place.desk}write")
    ben.get_by_label("Title", exact=True).first.fill("Ben's title")
    press(ben, "Save")

    ana.get_by_label("Link").first.fill("javascript:alert(1)")
    expect(ana.get_by_role("alert")).to_contain_text("not a web address")
    ana.get_by_label("Link").first.fill("https://example.org/")
    expect(ana.get_by_role("alert")).to_have_count(0)
    expect(ana.locator("#notices")).to_contain_text("Ben saved version 2 while you were writing")


def test_the_script_leaves_the_notices_of_the_page_until_something_is_typed(desk: Desks, place: Place) -> None:
    ana = desk("Ana")
    ana.goto(f"{place.desk}write")
    type_body(ana, "Not saved.")
    expect(ana.locator("#kept")).to_contain_text(KEPT)
    ana.goto(f"{place.desk}write")
    expect(ana.locator("#kept")).to_contain_text(KEPT)
    expect(ana.locator("#preview")).to_contain_text("Not saved.")
    expect(ana.locator("#notices")).to_contain_text("Only you can see these unsaved changes.")

    ana.goto("/organize/letters/new")
    type_body(ana, "Begun.")
    press(ana, "Save")
    expect(ana.locator("#kept")).to_contain_text(KEPT)
    expect(ana.locator("#preview")).to_contain_text("Begun.")
    ana.wait_for_load_state("networkidle")
    expect(ana.locator("#counter")).to_have_text("1 thing to fix")
    expect(ana.get_by_role("alert")).to_contain_text("Give the letter a title.")


def test_the_script_takes_away_the_template_once_something_is_typed(desk: Desks) -> None:
    ben = desk("Ben")
    ben.goto("/organize/letters/new")
    template = ben.get_by_role("link", name="Start from a template")
    expect(template).to_be_visible()
    type_body(ben, "Begun.")
    expect(template).to_have_count(0)
    expect(ben.get_by_role("link", name="Import a file")).to_be_visible()


def test_a_session_that_ends_during_typing_loses_nothing(desk: Desks, site: Site, place: Place) -> None:
    ana = desk("Ana")
    ana.goto(f"{place.desk}write")
    with Session(site.campaign.databases.petition) as session:
        session.query(SignIn).delete()
        session.commit()
    type_body(ana, "Typed for an hour.")
    expect(ana.locator("#kept")).to_contain_text("You're signed out")
    press(ana, "Save")
    at(ana, "Organizer sign-in")
    ana.get_by_label("Your name").fill("Ana")
    ana.get_by_label("Password", exact=True).fill(PASSPHRASE)
    press(ana, "Sign in")
    press(ana, "Send again")
    at(ana, WORDS.title)

    assert newest(site, place).body == "Typed for an hour."


@pytest.mark.parametrize("trouble", ["offline", "busy"])
def test_what_could_not_be_kept_is_reported_and_tried_again(desk: Desks, place: Place, trouble: str) -> None:
    ana = desk("Ana")
    ana.clock.install()
    ana.goto(f"{place.desk}write")
    ana.clock.run_for(1_000)
    expect(ana.locator("#preview .paper")).to_be_visible()
    if trouble == "offline":
        ana.context.set_offline(True)
    else:
        ana.route("**/write", lambda route: route.fulfill(status=503, body="Too many visitors at once"))
    type_body(ana, "Typed in trouble.")
    ana.clock.run_for(1_000)
    expect(ana.locator("#kept")).to_contain_text("Not saved")
    ana.context.set_offline(False)
    ana.unroute_all()
    ana.clock.run_for(10_000)
    expect(ana.locator("#kept")).to_contain_text(KEPT)


@SCRIPTS
def test_a_letter_gets_demands_sources_a_translation_and_opens(
    desk: Desks, site: Site, place: Place, scripts: bool
) -> None:
    ana = desk("Ana", scripts=scripts, width=390)
    ana.goto(f"{place.desk}write")
    press(ana, "Up 2")
    press(ana, "Add another demand")
    ana.get_by_label("Demand 3", exact=True).fill("A third.\nA fourth.")
    ana.get_by_role("group", name="Source 1").get_by_label("Title").fill("A report")
    ana.get_by_role("group", name="Source 1").get_by_label("Link").fill("https://example.org/r")
    type_body(ana, "They knew.[^1]")
    press(ana, "Save")
    ana.goto(f"{place.desk}translations")
    ana.get_by_label("Add a language").select_option(label="Español")
    press(ana, "Translate")
    ana.get_by_label("Title", exact=True).fill("Nos negamos")
    type_body(ana, "Sabían.[^1]")
    press(ana, "Save")
    ana.goto(f"{place.desk}open")
    expect(ana.locator(".obstacles")).to_contain_text("has 0 demands, the official version 4")
    ana.goto(f"{place.desk}translations/es")
    ana.get_by_label("Demand 1", exact=True).fill("a\nb\nc\nd")
    press(ana, "Save")
    ana.goto(f"{place.desk}open")
    press(ana, "Lock the text and start collecting")
    ana.get_by_role("link", name=f"{site.root}/s/").click()
    ana.get_by_role("link", name="Español").click()
    at(ana, "Nos negamos")

    assert newest(site, place).demands == ("Say so in public.", "Stop.", "A third.", "A fourth.")


def test_pages_of_writing_do_not_scroll_sideways_on_a_very_small_screen(desk: Desks, place: Place) -> None:
    ana = desk("Ana", scripts=False, width=320)
    ana.goto(f"{place.desk}write")
    type_body(ana, "First, " + "x" * 300 + "\n\nSecond.")
    press(ana, "Save")
    for path in (
        "write", "history", "differences?before=1&after=2", "differences?before=1&after=2&view=side", "versions/1/",
        "open", "print", "preview", "translations", "translations/ar", "import",
    ):  # fmt: skip
        ana.goto(f"{place.desk}{path}")
        no_sideways_scrolling(ana, path)


def test_the_frame_of_an_editor_is_as_wide_as_the_editor(desk: Desks, place: Place) -> None:
    page = desk("Ana", width=1400)
    for name in ("write", "translations/unsigned/ar"):
        page.goto(f"{place.desk}{name}")
        widths = page.locator("header.site, nav.desk, main").evaluate_all("all => all.map((one) => one.offsetWidth)")

        assert len(set(widths)) == 1, name


def test_an_unsigned_translation_is_autosaved_only_once_something_is_typed(desk: Desks, place: Place) -> None:
    page = desk("Ana")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.goto(f"{place.desk}translations/unsigned/ar")
    expect(page.locator("#kept")).to_have_text("")
    page.get_by_label("Title").fill("نرفض")

    expect(page.locator("#kept")).to_have_text("Autosaved for you; not shared yet.")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("نرفض")
