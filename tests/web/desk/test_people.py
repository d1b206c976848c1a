"""The people page: links, transfers of access, approvals, as people press its buttons."""

import re

import pytest

from tests.routes import organizers_routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE, Page, Visitor
from tests.walks import PASSPHRASE
from tests.web.words import wrong_texts

pytestmark = ONCE


def as_(shared: Shared, name: str = "Ana") -> Visitor:
    visitor = shared.visitor()
    visitor.press(visitor.open("/organize/sign-in"), "Sign in", name=name, passphrase=PASSPHRASE)
    return visitor


def link_on(page: Page) -> str:
    found = re.search(rf"{SITE}(/organize/join/[\w-]{{32}})", page.text)
    assert found is not None
    return found[1]


def link_to(shared: Shared, place: Place, role: str = "editor") -> str:
    ana = as_(shared)
    return link_on(ana.press(ana.open(f"{place.desk}people"), "Make a one-time link", role=role))


def come(shared: Shared, link: str, name: str) -> tuple[Visitor, Page]:
    visitor = shared.visitor()
    how = {"name": name, "passphrase": PASSPHRASE, "again": PASSPHRASE}
    return visitor, visitor.press(visitor.open(link), "Save and sign in", **how)


def test_a_newcomer_comes_by_a_link_and_writes(shared: Shared) -> None:
    place = shared.a_draft()
    newcomer, page = come(shared, link_to(shared, place), f"New at {place.slug}")
    saved = newcomer.press(newcomer.open(f"{place.desk}write"), "Save", title="Another title")

    assert (page.path, page.status) == (place.desk, 200)
    assert saved.heading == "Another title"


def test_a_link_is_good_for_one_and_is_shown_once(shared: Shared) -> None:
    place = shared.a_draft()
    link = link_to(shared, place)
    come(shared, link, f"First at {place.slug}")

    assert shared.visitor().open(link).status == 410
    assert link not in as_(shared).open(f"{place.desk}people").text


def test_an_organizer_comes_as_they_are_even_if_they_sign_in_first(shared: Shared) -> None:
    place = shared.a_draft()
    ben = shared.visitor()
    offered = ben.open(link_to(shared, place))
    back = ben.press(ben.follow(offered, "Sign in instead"), "Sign in", name="Ben", passphrase=PASSPHRASE)
    page = ben.press(back, "Accept as Ben")

    assert (page.path, page.status) == (place.desk, 200)


def test_what_a_newcomer_typed_is_kept_when_it_is_refused_and_the_link_stays_good(shared: Shared) -> None:
    place = shared.a_draft()
    link = link_to(shared, place)
    visitor = shared.visitor()
    form = visitor.open(link)
    refused = [
        visitor.press(form, "Save and sign in", name="Zed", passphrase="short", again="short"),
        visitor.press(form, "Save and sign in", name="Zed", passphrase=PASSPHRASE, again=PASSPHRASE + "."),
        visitor.press(form, "Save and sign in", name="Ana", passphrase=PASSPHRASE, again=PASSPHRASE),
    ]

    assert [page.status for page in refused] == [400, 400, 409]
    assert [page.form_with("Save and sign in").fields["name"] for page in refused] == ["Zed", "Zed", "Ana"]
    assert visitor.open(link).status == 200


@pytest.mark.thorough
def test_a_commenter_sees_the_letter_and_is_refused_everything_that_editors_do(shared: Shared) -> None:
    place = shared.a_draft()
    visitor, _ = come(shared, link_to(shared, place, "commenter"), f"Carl at {place.slug}")
    sees = [visitor.open(place.desk + page).status for page in ("", "preview", "people", "comments", "history")]
    token = visitor.open(f"{place.desk}people").forms[0].fields["csrf_token"]
    mine = {"people/shown-as", "people/approve", "people/leave", "comments", "comments/1/reply", "comments/1/resolve",
            "comments/1/remove"}  # fmt: skip
    theirs = [
        route.path
        for route in organizers_routes(shared.app, place.slug, "POST")
        if route.path.startswith(place.desk) and route.path.removeprefix(place.desk) not in mine
    ]
    answers = {path: visitor.post(path, csrf_token=token, title="x", body="y").status for path in theirs}

    assert sees == [200] * 5
    assert len(answers) >= 15
    assert set(answers.values()) == {403}, answers


def test_a_commenter_s_page_offers_no_step(shared: Shared) -> None:
    place = shared.a_draft()
    visitor, page = come(shared, link_to(shared, place, "commenter"), f"Dora at {place.slug}")

    assert not {"open", "delete"} & set(page.links.values())
    assert "Invite someone" not in visitor.open(f"{place.desk}people").text


def test_transferred_access_is_gone_for_its_former_holder(shared: Shared) -> None:
    place = shared.a_draft()
    ana = as_(shared)
    link = link_on(ana.press(ana.open(f"{place.desk}people"), "Transfer my access"))
    asked = shared.visitor().open(link)
    came = come(shared, link, f"Heir of {place.slug}")[1]

    assert not wrong_texts(asked.text)
    assert came.status == 200
    assert ana.open(place.desk).status == 404


def test_ending_access_says_that_unused_links_stop_working_and_they_do(shared: Shared) -> None:
    place, name = shared.a_draft(), "Carl, who is removed"
    carl, _ = come(shared, link_to(shared, place), name)
    spare = link_to(shared, place)
    ana = as_(shared)
    asked = ana.follow(ana.open(f"{place.desk}people"), f"End {name}'s access")
    done = ana.press(asked, "End access")

    assert "Unused invitation links stop working." in asked.text
    assert "Access ended." in done.text
    assert carl.open(spare).status == 410


def test_the_last_editor_cannot_leave(shared: Shared) -> None:
    place = shared.a_draft()
    ana = as_(shared)
    page = ana.press(ana.open(f"{place.desk}people/leave"), "Leave this letter")

    assert page.status == 409
    assert "A letter needs an editor" in page.text


def test_missing_approvals_prevent_opening(shared: Shared) -> None:
    place = shared.a_draft()
    ana = as_(shared)
    people = ana.open(f"{place.desk}people")
    form = next(form for form in people.forms if form.action.endswith("people/approvals"))
    ana.post(f"{place.desk}people/approvals", **{**form.fields, "needed": "1"})
    before = ana.open(place.desk)
    ana.press(ana.open(f"{place.desk}people"), "Approve version 1")

    assert "This version has 0 of 1 approvals." in before.text
    assert "of 1 approvals" not in ana.open(place.desk).text


def test_a_link_taken_back_is_of_no_use(shared: Shared) -> None:
    place = shared.a_draft()
    link = link_to(shared, place)
    ana = as_(shared)
    page = ana.open(f"{place.desk}people")
    ana.press(page, "Cancel this link")

    assert not re.search(r"\s,", page.text.partition("Unused links")[2].partition("</ul>")[0])
    assert shared.visitor().open(link).status == 410
