"""People who sign on a phone with scripts on, with every mishap on their way."""

import io
import json
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Route, expect

from petition.crypto.blind_rsa import PublicKey
from petition.crypto.codes import receipt_words, show
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, read_token, statement_bytes
from tests.browser.script.phones import NOTHING_STORED, Phone, Site
from tests.shared import Place

pytestmark = pytest.mark.browser


def test_a_link_fills_in_the_code_and_leaves_the_address_bar_at_once(
    phone: Phone, site: Site, place: Place, arrived: list[str]
) -> None:
    code = site.code(place)
    phone.come(site.url(place, f"join#k={site.record(place)['fingerprint']}&c={code}"))

    assert phone.page.url == site.url(place, "join")
    expect(phone.page.get_by_label("Your signing code").first).to_have_value(code)
    assert code not in "".join(arrived)


def test_a_second_link_in_the_same_tab_replaces_the_first(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, "join#k=00&c=AAAA"))
    phone.page.evaluate("location.hash = '#k=11&c=BBBB'")

    expect(phone.page.get_by_label("Your signing code").first).to_have_value("BBBB")
    assert "#" not in phone.page.url


def test_a_code_leaves_the_phone_only_when_it_is_sent(
    phone: Phone, site: Site, place: Place, arrived: list[str]
) -> None:
    code = site.code(place)
    phone.come(site.url(place, f"join#k={site.record(place)['fingerprint']}&c={code}"))
    phone.press("Go on")
    phone.expect_told("Nothing has been sent yet.")
    before = list(arrived)
    phone.press("Send my code")
    phone.expect_heading("You can sign now")

    assert code not in "".join(before)
    assert [line.split("/")[-1].split("?")[0] for line in arrived if code in line] == ["tokens"]
    assert site.spent(place) == 1


def test_a_key_that_the_link_does_not_name_stops_everything(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, f"join#k={'0' * 64}&c={site.code(place)}"))
    phone.press("Go on")

    phone.expect_told("another signing key than your link", "Nothing was sent.")
    expect(phone.page.get_by_role("button", name="Send my code")).to_be_hidden()
    assert phone.posts() == []


SHORT = PublicKey(2**2047 + 1, 65537)
EXPONENT = PublicKey(2**3071 + 1, 3)


@pytest.mark.parametrize(
    "lie",
    [
        {"variant": "RSABSSA-SHA384-PSS-Deterministic"},
        {"fingerprint": "0" * 64},
        {"public_key": SHORT.spki(), "fingerprint": SHORT.fingerprint},
        {"public_key": EXPONENT.spki(), "fingerprint": EXPONENT.fingerprint},
    ],
    ids=["another variant", "another fingerprint", "2048 bits", "exponent 3"],
)
def test_a_key_that_is_not_as_it_must_be_stops_everything(
    phone: Phone, site: Site, place: Place, lie: dict[str, Any]
) -> None:
    tell_lies(phone, lie)
    phone.come(site.url(place, "join"))
    phone.page.get_by_label("Your signing code").first.fill(site.code(place))
    phone.press("Go on")

    phone.expect_told("a signing key that is damaged, or not of the kind that it must be", "Nothing was sent.")
    assert phone.posts() == []


def tell_lies(phone: Phone, lie: dict[str, Any]) -> None:
    """A server that changes round.json for this visitor."""
    written = {name: b64url(value) if isinstance(value, bytes) else value for name, value in lie.items()}

    def answer(route: Route) -> None:
        honest = route.fetch()
        route.fulfill(response=honest, json={**honest.json(), **written})

    phone.context.route("**/round.json*", answer)


def test_a_script_signature_is_one_for_python(site: Site, place: Place, joined: Token) -> None:
    record = site.record(place)
    key = PublicKey.from_spki(from_b64url(record["public_key"]))

    assert key.verify(joined.message, joined.signature)
    assert joined.fingerprint == record["fingerprint"]
    assert joined.letter == record["letter"]
    commit = opening(joined.receipt).commit
    assert joined.message[32:] == statement_bytes(place.id, 1, record["text_sha256"], commit)


def test_signing_sends_the_signature_alone_and_shows_the_receipt(
    phone: Phone, site: Site, place: Place, joined: Token, arrived: list[str]
) -> None:
    arrived.clear()
    words = phone.sign()
    [sent] = arrived

    assert words == receipt_words(joined.receipt)
    assert site.campaign.look_up(place.id, joined).state == "kept"
    assert json.loads(sent.partition("? ")[2]) == {
        "message": b64url(joined.message),
        "signature": b64url(joined.signature),
        "appearance": {"step": "counted"},
    }


def test_nothing_is_left_behind(phone: Phone, signed: Token) -> None:
    assert phone.stored() == NOTHING_STORED


def test_the_receipt_can_be_saved_and_printed(phone: Phone, signed: Token) -> None:
    phone.page.evaluate("window.print = () => { document.title = 'printed'; }")
    phone.press("Print")

    assert read_token(json.dumps(phone.download("Save as a file"))) == signed
    expect(phone.page).to_have_title("printed")


def test_a_blinding_factor_is_forgotten_once_it_is_used(phone: Phone, joined: Token) -> None:
    assert set(phone.in_hand()) == {
        "petition", "letter", "letter_id", "round", "fingerprint", "message", "receipt", "signature"
    }  # fmt: skip


def test_signing_later_from_the_saved_file(
    phone: Phone, new_phone: Callable[..., Phone], site: Site, place: Place, joined: Token
) -> None:
    saved = phone.download("Save as a file")
    later = new_phone()
    later.come(site.url(place, "sign"))
    later.choose("The file that you saved", saved)
    later.press("Go on")
    later.expect_heading("Check, then sign")

    assert later.sign() == receipt_words(joined.receipt)
    assert site.campaign.look_up(place.id, joined).state == "kept"


def test_signing_with_what_stands_in_the_file(phone: Phone, site: Site, place: Place) -> None:
    token = site.campaign.tokens(place.id, 1)[0]
    phone.come(site.url(place, "sign"))
    phone.page.get_by_label("Or what stands in it").fill(token.as_text())
    phone.press("Go on")

    assert phone.sign() == receipt_words(token.receipt)
    assert phone.posts() == ["signatures"]


@pytest.mark.parametrize("name", ["round", "message", "receipt", "signature", "fingerprint"])
def test_a_file_that_was_changed_sends_nothing(phone: Phone, site: Site, place: Place, name: str) -> None:
    other = site.campaign.tokens(site.shared.an_open_letter().id, 1)[0]
    members = json.loads(site.campaign.tokens(place.id, 1)[0].as_text())
    members[name] = {"round": 2, "signature": ""}.get(name, json.loads(other.as_text())[name])
    phone.come(site.url(place, "sign"))
    phone.choose("The file that you saved", members)
    phone.press("Go on")

    expect(phone.told()).not_to_be_empty()
    assert phone.posts() == []


def test_what_is_no_file_of_ours_is_named_so(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, "sign"))
    phone.page.get_by_label("Or what stands in it").fill("Dear Sir or Madam")
    phone.press("Go on")

    phone.expect_told("This did not work.", "look whether it is the right one")


def test_a_used_code_says_so_and_stays_in_its_field(phone: Phone, site: Site, place: Place) -> None:
    code = site.code(place)
    site.campaign.token(place.id, code)
    phone.come(site.url(place, "join"))
    phone.exchange(code)

    phone.expect_told("This code has been used.")
    expect(phone.page.get_by_label("Your signing code").first).to_have_value(code)


def test_a_mistyped_code_can_be_mended(phone: Phone, site: Site, place: Place) -> None:
    code = site.code(place)
    phone.come(site.url(place, "join"))
    phone.exchange(code[:-1])
    phone.expect_told("A code has 16 letters and digits")
    phone.page.get_by_label("Your signing code").first.fill(code)
    phone.press("Send my code")

    phone.expect_heading("You can sign now")


def lose_once(phone: Phone, address: str) -> None:
    """The first request there arrives; its answer is lost."""
    lost: list[Route] = []

    def carry(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()
        route.abort("connectionreset")

    phone.context.route(address, carry)


def test_a_lost_answer_costs_no_second_code(phone: Phone, site: Site, place: Place, arrived: list[str]) -> None:
    lose_once(phone, "**/tokens")
    phone.come(site.url(place, "join"))
    phone.exchange(site.code(place))
    phone.expect_told("If the connection broke off, nothing is lost")
    phone.press("Send my code")

    phone.expect_heading("You can sign now")
    assert phone.posts() == ["tokens", "tokens"]
    assert len({line for line in arrived if line.startswith("POST")}) == 1
    assert site.spent(place) == 1


def test_going_on_twice_keeps_the_first_envelope(phone: Phone, site: Site, place: Place) -> None:
    lose_once(phone, "**/tokens")
    phone.come(site.url(place, "join"))
    phone.exchange(site.code(place))
    phone.expect_told("If the connection broke off, nothing is lost")
    phone.page.get_by_label("Your signing code").first.press("Enter")
    phone.expect_told("Nothing has been sent yet.")
    phone.press("Send my code")

    phone.expect_heading("You can sign now")


def test_an_attempt_goes_on_from_its_file_in_another_tab(
    phone: Phone, new_phone: Callable[..., Phone], site: Site, place: Place
) -> None:
    code = site.code(place)
    lose_once(phone, "**/tokens")
    phone.come(site.url(place, "join"))
    phone.page.get_by_label("Your signing code").first.fill(code)
    phone.press("Go on")
    saved = phone.download("Save a file for another try")
    phone.press("Send my code")
    phone.expect_told("If the connection broke off, nothing is lost")
    later = new_phone()
    later.come(site.url(place, "join"))
    later.page.get_by_text("An earlier try was cut off").click()
    later.choose("The file for another try", saved)
    later.exchange(code)
    later.expect_heading("You can sign now")

    assert set(saved) == {
        "petition", "letter", "letter_id", "round", "fingerprint", "message", "receipt", "blinded_message", "inverse"
    }  # fmt: skip
    assert later.sign() == receipt_words(from_b64url(saved["receipt"]))
    assert site.spent(place) == 1


def test_a_lost_answer_to_a_signature_counts_once(phone: Phone, site: Site, place: Place, joined: Token) -> None:
    lose_once(phone, "**/signatures")
    phone.press("Sign the letter")
    phone.expect_told("If the connection broke off, nothing is lost")

    assert phone.sign() == receipt_words(joined.receipt)
    assert site.campaign.look_up(place.id, joined).state == "kept"


def test_an_answer_from_a_broken_proxy_is_no_answer(phone: Phone, site: Site, place: Place) -> None:
    phone.context.route("**/tokens", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=1)
    phone.come(site.url(place, "join"))
    phone.exchange(site.code(place))
    phone.expect_told("This did not work.")
    phone.press("Send my code")

    phone.expect_heading("You can sign now")


def test_where_codes_and_signatures_are_apart_the_token_is_saved(phone: Phone, site: Site) -> None:
    place = site.shared.an_open_letter(timing="apart")
    phone.come(site.url(place, "join"))
    phone.exchange(site.code(place))
    phone.expect_heading("You hold a signature")

    assert read_token(json.dumps(phone.download("Save as a file"))).letter_id == place.id
    expect(phone.page.get_by_role("button", name="Sign the letter")).to_have_count(0)


def test_each_roll_has_its_own_address(phone: Phone, site: Site) -> None:
    place = site.shared.an_open_letter(rolls=("Current workers", "Former workers"))
    roll = site.campaign.entries(place.id)[0]["rolls"][1]["id"]
    code = show(site.campaign.codes(place.id, 1, number=2)[0])
    fingerprint = site.record(place, f"?roll={roll}")["fingerprint"]
    phone.come(site.url(place, f"join?roll={roll}#k={fingerprint}&c={code}"))
    phone.press("Go on")
    phone.press("Send my code")

    phone.expect_heading("You can sign now")
    assert phone.in_hand()["round"] == 2


def test_with_scripts_off_everything_works_as_before(new_phone: Callable[..., Phone], site: Site, place: Place) -> None:
    plain = new_phone(java_script_enabled=False)
    plain.come(site.url(place, "join"))
    expect(plain.page.get_by_text("the site itself wraps and unwraps")).to_be_visible()
    expect(plain.page.get_by_text("Your browser wraps your signature")).to_be_hidden()
    plain.page.get_by_label("Your signing code").first.fill(site.code(place))
    plain.press("Go on")
    plain.press("Go on to sign")
    plain.press("Sign the letter")

    plain.expect_heading("You have signed. This is your receipt.")
    assert plain.posts() == ["join", "sign", "sign"]


def test_an_old_browser_is_told_why_and_signs_without_the_script(phone: Phone, site: Site, place: Place) -> None:
    phone.context.add_init_script("delete window.BigInt")
    phone.come(site.url(place, f"join#c={site.code(place)}"))
    phone.expect_told("Your browser can't do this part itself", "client.py")
    phone.press("Go on")

    phone.expect_heading("You can sign now")
    assert phone.posts() == ["join"]


def test_without_https_the_page_says_why_and_the_code_still_leaves_the_address_bar(
    phone: Phone, site: Site, place: Place
) -> None:
    plain_http = "http://letters.example.org"

    def carry(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(plain_http, site.root)))

    phone.context.route(f"{plain_http}/**", carry)
    phone.root = plain_http
    phone.come(f"{plain_http}{place.hidden}join#c=ABCD")

    phone.expect_told("this address does not begin with https", "client.py")
    assert "#" not in phone.page.url
    expect(phone.page.get_by_text("the site itself wraps and unwraps")).to_be_visible()


def test_a_code_for_other_people_finds_its_way_to_them(phone: Phone, site: Site, arrived: list[str]) -> None:
    place = site.shared.an_open_letter(rolls=("Current workers", "Former workers"))
    [code] = site.campaign.codes(place.id, 1, number=2)
    phone.come(site.url(place, "join"))
    phone.page.get_by_label("Your signing code").first.fill(code)
    phone.press("Go on")
    phone.press("Send my code")
    phone.expect_told("This code is not one of this letter's.")
    del arrived[:]
    phone.page.get_by_role("link", name="Former workers").click()
    expect(phone.page.get_by_label("Your signing code").first).to_have_value(code)

    assert code not in "".join(arrived)
    assert (phone.page.url.partition("?")[2].startswith("roll="), "#" in phone.page.url) == (True, False)
    phone.press("Go on")
    phone.press("Send my code")
    phone.expect_heading("You can sign now")
    phone.press("Sign the letter")
    phone.expect_heading("You have signed. This is your receipt.")


def test_a_printed_receipt_does_not_carry_the_letter_s_address(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, "join"))
    phone.page.get_by_label("Your signing code").first.fill(site.code(place))
    for button in ("Go on", "Send my code", "Sign the letter"):
        phone.press(button)
    phone.expect_heading("You have signed. This is your receipt.")
    written = phone.page.locator(".receipt").inner_text()
    body = phone.page.pdf(display_header_footer=True, margin={"top": "1cm", "bottom": "1cm"})
    [sheet] = pypdf.PdfReader(io.BytesIO(body)).pages
    text = sheet.extract_text()

    assert written.replace("-", "") in "".join(text.split()).replace("-", "")
    assert not [part for part in (site.root, "127.0.0.1", "localhost", place.slug) if part in text]
