"""Names in a real browser: locked before they are sent, refused where no list would show them, found in the list."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.script.phones import Phone, Site
from tests.shared import Place

pytestmark = pytest.mark.browser


@pytest.fixture
def place(site: Site) -> Place:
    """An open letter that offers names."""
    return site.shared.an_open_letter(names=("named", "named_at:50"))


def choose(phone: Phone, step: str, name: str, title: str = "") -> None:
    phone.page.get_by_label(step).check()
    phone.page.get_by_label("Name to show").fill(name)
    phone.page.get_by_label("Job title (optional)").fill(title)


def come_to_sign(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, "join"))
    phone.type_code(site.code(place))


def test_a_name_is_locked_by_the_browser_and_shown_with_others(
    new_phone: Callable[..., Phone], site: Site, place: Place
) -> None:
    phone = new_phone()
    come_to_sign(phone, site, place)
    site.arrived.clear()
    choose(phone, "Show my name with the next count update", "Ána Muster", "Operator")
    expect(phone.page.get_by_text("Your name: Ána Muster, Operator")).to_be_visible()
    phone.sign()
    assert any("locked_name" in what for what in site.arrived)
    assert not any("Muster" in what or "Operator" in what for what in site.arrived)

    campaign = site.campaign
    campaign.sign_by_name(place.id, ["Bea", "Carl", "Dora", "Eva", "Finn"])
    campaign.publish(place.id, unlocks="Ana")
    campaign.close_letter(place.id)
    assert "Ána Muster" in campaign.names(place.id)


def test_what_no_list_would_show_is_not_sent(new_phone: Callable[..., Phone], site: Site, place: Place) -> None:
    phone = new_phone()
    come_to_sign(phone, site, place)
    site.arrived.clear()
    for name in ("www.example", "ana@example.com", "12345", "x" * 301):
        choose(phone, "Show my name once 50 people have signed", name)
        expect(phone.told()).to_be_empty()
        phone.page.get_by_role("button", name="Sign this letter").click()

        phone.expect_told("Keep your name and title short")
        expect(phone.page.get_by_label("Name to show")).to_have_attribute("aria-invalid", "true")
    assert not any("signatures" in what for what in site.arrived)


def test_names_are_found_on_their_page_without_asking_the_site(
    new_phone: Callable[..., Phone], site: Site, place: Place
) -> None:
    campaign = site.campaign
    campaign.sign_by_name(place.id, ["Ñusta", "Nuria", "Zoë", "Émile", "Bea", "Carl", "Dora"])
    campaign.publish(place.id, unlocks="Ana")
    campaign.seal(place.id)
    shown = campaign.names(place.id)
    phone = new_phone()
    phone.page.goto(f"{site.root}{place.public}signatures/")
    site.arrived.clear()
    sought = shown[0]
    phone.page.get_by_label("Find a name on this page").fill(sought.lower())

    expect(phone.page.get_by_role("status")).to_have_text("1 found")
    expect(phone.page.locator(".names li:visible")).to_have_text([sought])
    assert [asked for asked in site.arrived if "icon.svg" not in asked] == []  # browsers fetch that when they like
