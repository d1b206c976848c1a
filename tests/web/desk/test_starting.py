"""Who may start a letter: invited people, or anyone within limits and with the host's approval."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.config import settings
from petition.letters.host_approval import approve_letter
from petition.letters.models import Letter
from tests.visitors import Visitor
from tests.walks import PASSPHRASE, WORDS, Campaign

TYPED = {name: getattr(WORDS, name) for name in ("title", "recipient", "employer", "body", "language")}


@pytest.fixture
def site(environ: dict[str, str], campaign: Campaign) -> Any:
    """Makes the application of a site with more settings."""

    def make(**more: str) -> Any:
        found = settings({**environ, **{f"PETITION_{name}": value for name, value in more.items()}})
        campaign.settings = found
        campaign.services = replace(campaign.services, approve=found.approve, contact=found.contact)
        return campaign.app()

    return make


def come(app: Any, name: str = "Nia") -> tuple[Visitor, Any]:
    visitor = Visitor(app)
    page = visitor.open("/organize/start")
    return visitor, visitor.press(page, "Start writing", name=name, passphrase=PASSPHRASE, again=PASSPHRASE)


def write(visitor: Visitor, **typed: str) -> Any:
    return visitor.press(visitor.open("/organize/letters/new"), "Save", **{**TYPED, **typed})


def test_an_invited_site_says_so_and_whom_to_ask(site: Any) -> None:
    app = site(HOST_NAME="Warehouse Workers United", CONTACT="letters@union.example")
    visitor = Visitor(app)
    page = visitor.follow(visitor.open("/"), "Start a letter")

    assert page.path == "/start/"
    assert "Warehouse Workers United" in page.text and "letters@union.example" in page.text
    assert visitor.open("/organize/start").path == "/start/"
    assert visitor.post("/organize/start", name="x", passphrase=PASSPHRASE, again=PASSPHRASE).status == 400


@pytest.mark.thorough
def test_on_an_open_site_anyone_starts_with_a_name_and_a_password(site: Any, campaign: Campaign) -> None:
    app = site(START="open")
    visitor, page = come(app)
    home = write(visitor)

    assert page.path == "/organize/letters/new"
    assert home.heading == WORDS.title
    with Session(campaign.databases.reading) as session:
        assert session.query(Letter).one().name_steps == ["named_at:50"]


def test_what_was_typed_at_the_start_is_kept_when_it_is_refused(site: Any) -> None:
    visitor = Visitor(site(START="open"))
    page = visitor.press(
        visitor.open("/organize/start"), "Start writing", name="Nia", passphrase="short", again="short"
    )

    assert page.status == 400
    assert page.form_with("Start writing").fields["name"] == "Nia"
    assert 'id="passphrase-error"' in page.text


@pytest.mark.parametrize("length", [101, 500, 5_000])
def test_a_name_that_is_too_long_is_told_at_its_field(site: Any, length: int) -> None:
    visitor = Visitor(site(START="open"))
    name = "N" * length
    page = visitor.press(
        visitor.open("/organize/start"), "Start writing", name=name, passphrase=PASSPHRASE, again=PASSPHRASE
    )

    assert page.status == 400
    assert 'id="name-error"' in page.text and 'id="passphrase-error"' not in page.text
    assert page.text.count("It can have up to 100 characters.") == 2
    assert page.form_with("Start writing").fields["name"] == name


def test_nobody_fills_an_open_site_with_drafts(site: Any) -> None:
    visitor, _ = come(site(START="open"))
    answers = [write(visitor, title=f"Letter {number}").status for number in range(6)]

    assert answers == [200] * 5 + [409]


def test_the_host_of_an_open_site_approves_before_a_letter_is_public(site: Any, campaign: Campaign) -> None:
    visitor, _ = come(site(START="open", CONTACT="host@letters.example"))
    home = write(visitor).path
    visitor.press(visitor.open(f"{home}open"), "Lock the text and start collecting")
    waits = visitor.open(f"{home}publish")
    with Session(campaign.databases.petition) as session:
        approve_letter(session, session.query(Letter).one())
        session.commit()

    assert "must approve the letter first. Write to: host@letters.example" in waits.text
    assert "must approve the letter first" not in visitor.open(f"{home}publish").text


def test_where_the_start_is_approved_another_text_needs_another_look(site: Any, campaign: Campaign) -> None:
    visitor, _ = come(site(START="open", APPROVE="start"))
    home = write(visitor).path
    with Session(campaign.databases.petition) as session:
        approve_letter(session, session.query(Letter).one())
        session.commit()
    approved = visitor.open(f"{home}open").text
    visitor.press(visitor.open(f"{home}write"), "Save", title="Something else")

    assert "must approve the letter first" not in approved
    assert "must approve the letter first" in visitor.open(f"{home}open").text


def test_the_template_fills_the_form_and_saves_nothing(site: Any, campaign: Campaign) -> None:
    visitor, _ = come(site(START="open"))
    fields = visitor.open("/organize/letters/new?from=template").form_with("Save").fields

    assert all(fields[name] for name in ("title", "recipient", "employer", "body", "demands-0", "demands-2"))
    with Session(campaign.databases.reading) as session:
        assert session.query(Letter).all() == []


def test_a_poster_is_for_public_letters(site: Any, campaign: Campaign) -> None:
    app = site()
    private, public = campaign.an_open_letter(slug="private"), campaign.a_published_letter(slug="public")
    desk = campaign.signed_in(app)

    assert private != public
    assert desk.get("/organize/letters/private/poster").status_code == 409
    assert "<svg" in desk.get("/organize/letters/public/poster").text


def test_a_poster_speaks_the_letter_s_language(site: Any, campaign: Campaign) -> None:
    app = site()
    campaign.a_published_letter(slug="carta", words=replace(WORDS, language="es"))
    campaign.a_published_letter(slug="uno", words=replace(WORDS, language="es"), k=1)
    desk = campaign.signed_in(app)
    several, single = (desk.get(f"/organize/letters/{slug}/poster").text for slug in ("carta", "uno"))

    assert '<section class="poster" lang="es" dir="ltr">' in several
    assert f"Carta abierta a {WORDS.recipient}" in several
    assert f"Carta a {WORDS.recipient}" in single
