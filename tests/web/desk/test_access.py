"""Organizers' access: one-time links, passphrases, signing in and out."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from sqlalchemy.orm import Session

from petition.letters.organizers import passphrases
from petition.letters.organizers.accounts import add_organizer, reset_organizer
from petition.web.desk.access import OPEN_TO_ALL
from tests.routes import organizers_routes
from tests.shared import ONCE, Shared
from tests.visitors import Visitor
from tests.walks import PASSPHRASE


@pytest.fixture
def visitor(shared: Shared) -> Visitor:
    return shared.visitor()


def link_for(shared: Shared, name: str, again: bool = False) -> str:
    """A one-time link's path."""
    with Session(shared.campaign.databases.petition) as session:
        if again:
            secret = reset_organizer(session, name, moment=shared.clock(), random=os.urandom)
        else:
            secret = add_organizer(session, name, moment=shared.clock(), random=os.urandom)
        session.commit()
    return f"/organize/welcome/{secret}"


def let_in(shared: Shared, visitor: Visitor, name: str) -> None:
    page = visitor.open(link_for(shared, name))
    visitor.press(page, "Save and sign in", passphrase=PASSPHRASE, again=PASSPHRASE)


@ONCE
def test_a_one_time_link_lets_choose_a_passphrase_and_signs_in(shared: Shared, visitor: Visitor) -> None:
    welcome = visitor.open(link_for(shared, "Carla"))
    desk = visitor.press(welcome, "Save and sign in", passphrase=PASSPHRASE, again=PASSPHRASE)

    assert welcome.heading == "Welcome, Carla"
    assert (desk.path, desk.heading) == ("/organize/", "My letters")


def test_a_one_time_link_works_once(shared: Shared, visitor: Visitor) -> None:
    link = link_for(shared, "Dora")
    visitor.press(visitor.open(link), "Save and sign in", passphrase=PASSPHRASE, again=PASSPHRASE)
    again = shared.visitor().open(link)

    assert again.status == 410
    assert "This link was used or is too old." in again.text


@ONCE
def test_looking_at_a_one_time_link_does_not_use_it_up(shared: Shared, visitor: Visitor) -> None:
    """Mail scanners follow links."""
    link = link_for(shared, "Emil")

    assert [shared.visitor().open(link).status for _ in range(3)] == [200, 200, 200]


@ONCE
def test_a_one_time_link_is_good_for_a_week(shared: Shared, visitor: Visitor) -> None:
    link = link_for(shared, "Fadi")
    shared.clock.pass_time(days=6, hours=23)
    before = visitor.open(link).status
    shared.clock.pass_time(hours=2)

    assert (before, visitor.open(link).status) == (200, 410)


@ONCE
@pytest.mark.parametrize(
    ("passphrase", "again", "sentence"),
    [
        ("short", "short", "a password of 12 to 1000 characters"),
        (PASSPHRASE, PASSPHRASE + "r", "The two passwords differ."),
        ("", "", "Enter your password."),
        ("x" * 1001, "x" * 1001, ""),
    ],
)
def test_a_bad_passphrase_is_refused_with_a_sentence_and_the_link_stays_good(
    shared: Shared, visitor: Visitor, passphrase: str, again: str, sentence: str
) -> None:
    link = link_for(shared, f"Gina {len(passphrase)} {len(again)}")
    refused = visitor.press(visitor.open(link), "Save and sign in", passphrase=passphrase, again=again)

    assert refused.status == 400
    assert sentence in refused.text
    assert visitor.open(link).status == 200


@ONCE
def test_signing_in_leads_to_the_desk_and_signing_out_leaves_it(shared: Shared, visitor: Visitor) -> None:
    desk = visitor.press(visitor.open("/organize/sign-in"), "Sign in", name=" Ana ", passphrase=PASSPHRASE)
    left = visitor.press(desk, "Sign out, Ana")

    assert (desk.heading, left.heading) == ("My letters", "Organizer sign-in")
    assert visitor.open("/organize/").heading == "Organizer sign-in"


@ONCE
def test_a_phone_types_a_name_as_its_owner_does(visitor: Visitor) -> None:
    [field] = re.findall(r'<input[^>]* name="name"[^>]*>', visitor.open("/organize/sign-in").text)

    assert 'autocapitalize="none"' in field
    assert 'autocorrect="off"' in field


def test_a_wrong_passphrase_and_an_unknown_name_are_answered_alike(shared: Shared) -> None:
    def refused(name: str) -> tuple[int, str]:
        visitor = shared.visitor()
        form = visitor.open("/organize/sign-in")
        page = visitor.press(form, "Sign in", name=name, passphrase="wrong wrong wrong")
        return page.status, page.text.replace(page.forms[0].fields["csrf_token"], "").replace(f'value="{name}"', "")

    known, unknown = refused("Ana"), refused("Oxana")

    assert known == unknown
    assert known[0] == 403


@ONCE
def test_what_was_typed_as_a_name_is_kept_and_the_passphrase_is_not(visitor: Visitor) -> None:
    refused = visitor.press(visitor.open("/organize/sign-in"), "Sign in", name="Ana", passphrase="wrong passphrase")

    assert refused.form_with("Sign in").fields["name"] == "Ana"
    assert "wrong passphrase" not in refused.text


def test_a_reset_ends_every_sign_in(shared: Shared, visitor: Visitor) -> None:
    let_in(shared, visitor, "Hans")
    before = visitor.open("/organize/").heading
    link_for(shared, "Hans", again=True)

    assert (before, visitor.open("/organize/").heading) == ("My letters", "Organizer sign-in")


@ONCE
def test_the_desk_says_that_organizers_never_see_who_signed(shared: Shared) -> None:
    assert "Organizers never see a signer who did not choose to be seen" in shared.desk().get("/organize/").text


@ONCE
def test_signing_in_leads_back_to_the_page_that_was_asked_for(shared: Shared, visitor: Visitor) -> None:
    place = shared.a_draft()
    asked = visitor.open(f"{place.desk}preview")
    found = visitor.press(asked, "Sign in", name="Ana", passphrase=PASSPHRASE)

    assert found.path == f"{place.desk}preview"


@ONCE
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/organize/", "/letters/x/", "/organize\\@"])
def test_signing_in_leads_nowhere_else(shared: Shared, visitor: Visitor, target: str) -> None:
    form = visitor.open("/organize/sign-in")
    found = visitor.press(form, "Sign in", name="Ana", passphrase=PASSPHRASE, carry_to=target)

    assert found.path == "/organize/"


@ONCE
def test_a_browser_to_be_remembered_is_led_back_to_the_page_that_was_asked_for(
    shared: Shared, visitor: Visitor
) -> None:
    place = shared.a_draft()
    asked = visitor.open(f"{place.desk}people")
    came = visitor.press(asked, "Sign in", name="Ana", passphrase=PASSPHRASE, remember="y")

    assert (came.path, came.heading) == (f"{place.desk}people", "People")


@ONCE
def test_every_page_of_the_organizers_asks_strangers_to_sign_in(shared: Shared) -> None:
    place = shared.a_draft()
    asked = [
        route
        for route in organizers_routes(shared.app, place.slug, "GET")
        if "welcome" not in route.path and "/join/" not in route.path and route.endpoint != "organize.ask_to_start"
    ]
    pages = {route.path: shared.visitor().open(route.path) for route in asked}

    assert len(pages) >= 8
    assert {(page.status, page.heading) for page in pages.values()} == {(200, "Organizer sign-in")}


@ONCE
def test_every_form_of_the_organizers_asks_strangers_to_sign_in(shared: Shared) -> None:
    place = shared.a_draft()
    forms = [route for route in organizers_routes(shared.app, place.slug, "POST") if route.endpoint not in OPEN_TO_ALL]
    pages = {route.path: shared.visitor().post(route.path, title="x") for route in forms}

    assert len(pages) >= 10
    assert {(page.status, page.heading) for page in pages.values()} == {(403, "Organizer sign-in")}


@ONCE
def test_a_link_that_never_was_answers_like_one_that_was_used(shared: Shared, visitor: Visitor) -> None:
    link = link_for(shared, "Ines")
    visitor.press(visitor.open(link), "Save and sign in", passphrase=PASSPHRASE, again=PASSPHRASE)
    used, never = (shared.visitor().open(path) for path in (link, "/organize/welcome/never-was"))

    assert (used.status, used.text) == (never.status, never.text)
    assert urlsplit(link).path not in used.text


@ONCE
def test_no_signature_waits_while_a_passphrase_is_checked(shared: Shared, visitor: Visitor) -> None:
    place = shared.an_open_letter()
    token = shared.campaign.token(place.id, shared.code(place))
    form = visitor.open("/organize/sign-in")
    taken = passphrases.checker.place
    with ThreadPoolExecutor() as pool, taken(), taken():  # no place to check a passphrase is left
        arrives = pool.submit(visitor.press, form, "Sign in", name="Ana", passphrase=PASSPHRASE)
        time.sleep(0.3)
        shared.campaign.sign(place.id, token)
        is_checked = arrives.done()

    assert not is_checked
    assert arrives.result().heading == "My letters"
