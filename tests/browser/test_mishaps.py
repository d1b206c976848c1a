"""What goes wrong on the way, with scripts off: each ends on a page that says what is true, and nothing is lost."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from petition.crypto.codes import receipt_words
from tests.browser.script.phones import Phone, Site, a_phone
from tests.shared import Place
from tests.walks import LetterText

pytestmark = pytest.mark.browser
NewPhone = Callable[..., Phone]


@pytest.fixture(scope="module")
def used_phone(chromium: Browser, site: Site) -> Iterator[Phone]:
    """A phone with scripts off, for one visitor after the other: a new one costs as much as what it is used for."""
    made = a_phone(chromium, site.root, java_script_enabled=False)
    yield made
    made.context.close()


@pytest.fixture
def plain(used_phone: Phone) -> Iterator[Phone]:
    """A phone with scripts off on which nothing is left; it may not have complained, or asked another site."""
    yield used_phone
    elsewhere = [one.url for one in used_phone.requests if not one.url.startswith(used_phone.root)]
    used_phone.page.goto("about:blank")
    for tab in used_phone.context.pages:
        if tab is not used_phone.page:
            tab.close()
    used_phone.context.clear_cookies()
    used_phone.requests.clear()
    assert (used_phone.complaints, elsewhere) == ([], [])


def type_code(phone: Phone, code: str) -> None:
    phone.type_code(code)
    phone.press("Continue")


def expect_no_answer(phone: Phone) -> None:
    """The browser's own page for a connection that broke off."""
    phone.page.wait_for_url("chrome-error://chromewebdata/")


def receipt_on(phone: Phone) -> str:
    phone.expect_heading("You signed.")
    return phone.page.locator(".receipt").inner_text()


def sign(phone: Phone) -> str:
    """From the token to the receipt."""
    phone.expect_heading("Check and sign")
    phone.press("Sign anonymously")
    return receipt_on(phone)


def saved(phone: Phone, path: Path) -> Path:
    phone.page.get_by_text("Sign later from another place").click()
    with phone.page.expect_download() as waiting:
        phone.press("Save the file")
    waiting.value.save_as(path)
    return path


def counted(site: Site, place: Place) -> int:
    """How many signatures wait."""
    return site.campaign.seal(place.id).waiting


# The line is cut after the site has done its part, before its answer arrives


def test_sending_the_form_again_after_a_cut_gives_the_token(plain: Phone, site: Site, place: Place) -> None:
    plain.come(site.url(place, "join"))
    with site.answers_lost("POST join"):
        type_code(plain, site.code(place))
        expect_no_answer(plain)
    plain.page.reload()
    sign(plain)

    assert (site.spent(place), counted(site, place)) == (1, 1)


def test_going_back_after_a_cut_and_sending_the_same_code_gives_the_token(
    plain: Phone, site: Site, place: Place
) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    with site.answers_lost("POST join"):
        type_code(plain, code)
        expect_no_answer(plain)
    plain.page.go_back()
    expect(plain.page.get_by_label("Your signing code").first).to_be_visible()
    type_code(plain, code)
    sign(plain)

    assert (site.spent(place), counted(site, place)) == (1, 1)


@pytest.mark.long  # the code is sent once more, as after going back
def test_opening_the_link_again_after_a_cut_gives_the_token(plain: Phone, site: Site, place: Place) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    with site.answers_lost("POST join"):
        type_code(plain, code)
        expect_no_answer(plain)
    again = Phone(plain.context, plain.root)
    again.come(site.url(place, "join"))
    type_code(again, code)
    sign(again)

    assert (site.spent(place), counted(site, place)) == (1, 1)


def test_a_cut_while_signing_counts_once_and_the_receipt_comes_with_the_second_try(
    plain: Phone, site: Site, place: Place
) -> None:
    plain.come(site.url(place, "join"))
    type_code(plain, site.code(place))
    with site.answers_lost("POST sign"):
        plain.press("Sign anonymously")
        expect_no_answer(plain)
    plain.page.reload()
    receipt_on(plain)

    assert counted(site, place) == 1


def test_a_cut_while_withdrawing_withdraws_and_the_second_try_says_so(plain: Phone, site: Site, place: Place) -> None:
    token = site.campaign.sign_all(place.id, 1)[0]
    plain.come(site.url(place, "remove"))
    plain.page.get_by_label("Your receipt").fill(receipt_words(token.receipt))
    plain.press("Continue")
    with site.answers_lost("POST receipt"):
        plain.press("Remove my signature")
        expect_no_answer(plain)
    plain.page.reload()

    plain.expect_heading("Your signature is removed")
    assert counted(site, place) == 0


# Going back, and two tabs


def test_going_back_from_the_token_and_sending_the_code_again_gives_the_same_token(
    plain: Phone, site: Site, place: Place, tmp_path: Path
) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    type_code(plain, code)
    first = saved(plain, tmp_path / "first.json").read_bytes()
    plain.page.go_back()
    expect(plain.page.get_by_label("Your signing code").first).to_be_visible()
    type_code(plain, code)

    assert saved(plain, tmp_path / "second.json").read_bytes() == first
    assert site.spent(place) == 1


def test_once_signed_the_same_phone_and_the_same_code_lead_to_no_receipt(
    plain: Phone, site: Site, place: Place
) -> None:
    """Else the code in the browser's history, with the form in its cache, would lead to the receipt."""
    code = site.code(place)
    plain.come(site.url(place, "join"))
    type_code(plain, code)
    sign(plain)
    plain.come(site.url(place, "join"))
    type_code(plain, code)

    expect(plain.page.get_by_role("alert")).to_contain_text("This code has been used.")
    assert counted(site, place) == 1


def test_a_mistyped_code_before_makes_no_difference(plain: Phone, site: Site, place: Place, tmp_path: Path) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    type_code(plain, code[:-1])
    expect(plain.page.get_by_role("alert")).to_contain_text("A code has 16 characters")
    type_code(plain, code)
    first = saved(plain, tmp_path / "first.json").read_bytes()
    plain.come(site.url(place, "join"))
    type_code(plain, code)

    assert saved(plain, tmp_path / "second.json").read_bytes() == first


def test_two_tabs_with_one_code_give_one_signature(plain: Phone, site: Site, place: Place) -> None:
    code, tabs = site.code(place), [plain, Phone(plain.context, plain.root)]
    for tab in tabs:
        tab.come(site.url(place, "join"))
    for tab in tabs:
        type_code(tab, code)
    first, second = (sign(tab) for tab in tabs)

    assert first == second
    assert (site.spent(place), counted(site, place)) == (1, 1)


# Others, and other times


def test_a_code_that_someone_else_used_says_so_and_what_to_do(plain: Phone, site: Site, place: Place) -> None:
    code = site.code(place)
    site.campaign.token(place.id, code)
    plain.come(site.url(place, "join"))
    type_code(plain, code)

    alert = plain.page.get_by_role("alert")
    expect(alert).to_contain_text("This code has been used.")
    expect(alert).to_contain_text("If not, ask the organizers for a new one.")
    expect(plain.page.get_by_label("Your signing code").first).to_have_value(code)


def test_a_letter_that_closed_meanwhile_says_so_and_keeps_what_was_typed(plain: Phone, site: Site) -> None:
    place = site.shared.a_published_letter()
    code = site.code(place)
    plain.come(site.url(place, "join"))
    site.campaign.close_letter(place.id)
    type_code(plain, code)

    expect(plain.page.get_by_role("alert")).to_contain_text("This letter is closed. It takes no more signatures.")
    expect(plain.page.get_by_label("Your signing code").first).to_have_value(code)
    assert site.spent(place) == 0


@pytest.mark.long  # one that closed before the code was sent says the same
def test_a_letter_that_closed_before_the_last_button_says_so(plain: Phone, site: Site) -> None:
    place = site.shared.a_published_letter()
    plain.come(site.url(place, "join"))
    type_code(plain, site.code(place))
    site.campaign.close_letter(place.id)
    plain.press("Sign anonymously")

    expect(plain.page.get_by_role("alert")).to_contain_text("closed")


def test_a_form_of_the_unpublished_letter_goes_on_after_publication(plain: Phone, site: Site, place: Place) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    site.campaign.publish(place.id)
    type_code(plain, code)
    sign(plain)
    plain.come(site.url(place, "receipt"))

    assert plain.page.url == f"{site.root}{place.public}receipt"
    assert counted(site, place) == 1


def test_a_link_of_the_unpublished_letter_leads_to_the_public_one_with_its_code(
    phone: Phone, site: Site, place: Place
) -> None:
    link = site.link(place)
    code = link.rpartition("c=")[2]
    site.campaign.publish(place.id)
    phone.come(link)

    assert phone.page.url == f"{site.root}{place.public}join"
    expect(phone.page.get_by_label("Your signing code").first).to_have_value(code)


def test_a_code_typed_on_a_phone_and_a_token_carried_to_a_laptop(
    plain: Phone, new_phone: NewPhone, site: Site, place: Place, tmp_path: Path
) -> None:
    plain.come(site.url(place, "join"))
    type_code(plain, site.code(place))
    token = saved(plain, tmp_path / "signing-token.json")
    os.utime(token, (0, 0))  # a file dated 1970
    laptop = new_phone()
    laptop.come(site.url(place, "sign"))
    laptop.page.get_by_label("The file you saved").set_input_files(token)
    laptop.sign()

    assert counted(site, place) == 1


@pytest.mark.parametrize("days", [-1, pytest.param(1, marks=pytest.mark.long)])
def test_a_clock_that_is_wrong_by_a_day_changes_nothing(
    plain: Phone, phone: Phone, site: Site, place: Place, days: int
) -> None:
    code, other = site.code(place), site.code(place)
    site.days_off.append(days)
    phone.context.clock.set_fixed_time(time.time() - days * 86400)
    plain.come(site.url(place, "join"))
    type_code(plain, code)
    plain.expect_heading("Check and sign")
    plain.page.go_back()
    type_code(plain, code)
    sign(plain)
    phone.come(site.url(place, "join"))
    phone.type_code(other)
    phone.sign()
    site.days_off.clear()

    assert (site.spent(place), counted(site, place)) == (2, 2)


DIRECTION = "element => getComputedStyle(element).direction"
RIGHT_TO_LEFT = LetterText(
    title="لن نبني هذا",
    recipient="جو مُستر",
    employer="شركة Example",
    body="عزيزي جو،\n\nنحن **نرفض**.",
    demands=("أوقفوا العمل.",),
    language="fa",
)


def test_a_letter_from_right_to_left_reads_from_the_right_and_is_signed(plain: Phone, site: Site) -> None:
    place = site.shared.a_published_letter(words=RIGHT_TO_LEFT)
    plain.come(f"{site.root}{place.public}")
    flows = [plain.page.locator("article").evaluate(DIRECTION)]
    plain.come(site.url(place, "join"))
    flows.append(plain.page.get_by_role("heading", name=RIGHT_TO_LEFT.title).evaluate(DIRECTION))
    type_code(plain, site.code(place))
    flows.append(plain.page.get_by_text(RIGHT_TO_LEFT.title, exact=True).first.evaluate(DIRECTION))
    plain.press("Sign anonymously")
    receipt_on(plain)

    assert flows == ["rtl", "rtl", "rtl"]


def test_a_code_that_was_used_on_another_phone_says_what_to_do(
    phone: Phone, new_phone: NewPhone, site: Site, place: Place
) -> None:
    link, other = site.link(place), new_phone()
    phone.come(link)
    phone.sign()
    other.come(link)
    other.press("Sign anonymously")

    other.expect_told("This code has been used.", "ask the organizers for a new one")
    assert counted(site, place) == 1
