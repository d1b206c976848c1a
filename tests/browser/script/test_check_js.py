"""People who use their receipt on a phone with scripts on: look in the log, take back; and servers that cheat."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from petition.crypto.codes import receipt_words
from petition.crypto.encodings import b64url
from petition.crypto.tokens import Token
from tests.browser.script.phones import NOTHING_STORED, Phone, Site
from tests.shared import Place

pytestmark = pytest.mark.browser
SAMPLE = Path(__file__).parents[2] / "data" / "sample-log"


def as_file(token: Token, **changed: Any) -> dict[str, Any]:
    """The receipt's file, with members changed."""
    return {**json.loads(token.as_text()), **changed}


def check_words(phone: Phone, site: Site, place: Place, token: Token) -> None:
    phone.come(site.url(place, "receipt"))
    phone.page.get_by_label("Your receipt, as you wrote it down").fill(receipt_words(token.receipt))
    phone.press("Check")


def check_file(phone: Phone, site: Site, place: Place, members: dict[str, Any]) -> None:
    phone.come(site.url(place, "receipt"))
    phone.choose("Or its file", members)
    phone.press("Check")


@pytest.fixture
def waiting(site: Site, place: Place) -> Token:
    """A signature that is kept, of a letter that is not public."""
    return site.campaign.sign_all(place.id, 1)[0]


@pytest.fixture
def sealed(site: Site, place: Place, waiting: Token) -> Token:
    """A signature that stands in the public log."""
    site.seal(place, waiting)
    site.campaign.publish(place.id)
    return waiting


def test_before_publication_there_is_no_log_and_the_site_can_be_asked(
    phone: Phone, site: Site, place: Place, waiting: Token, arrived: list[str]
) -> None:
    check_words(phone, site, place, waiting)
    phone.expect_told("This letter has no public log yet")
    assert phone.posts() == []
    phone.press("Ask this site")

    expect(phone.page.get_by_text("It is kept and waits to be counted")).to_be_visible()


def test_what_waits_is_not_in_the_log_and_the_site_can_be_asked(phone: Phone, site: Site, place: Place) -> None:
    site.campaign.publish(place.id)
    waiting = site.campaign.sign_all(place.id, 1)[0]
    check_words(phone, site, place, waiting)

    phone.expect_told("Your signature is not in the log.")
    expect(phone.page.get_by_role("button", name="Ask this site")).to_be_visible()


def test_a_receipt_file_finds_its_signature_byte_for_byte(
    phone: Phone, site: Site, place: Place, sealed: Token
) -> None:
    entry = site.campaign.look_up(place.id, sealed).entry
    check_file(phone, site, place, as_file(sealed))

    phone.expect_told(f"entry {entry} of {len(site.campaign.entries(place.id))}, byte for byte as in your file")


def test_written_words_find_their_signature_and_say_what_they_cannot_show(
    phone: Phone, site: Site, place: Place, sealed: Token
) -> None:
    check_words(phone, site, place, sealed)

    phone.expect_told("has your receipt. Only the receipt could be looked for")


def test_the_site_does_not_learn_whose_signature_is_looked_for(
    phone: Phone, site: Site, place: Place, sealed: Token, arrived: list[str]
) -> None:
    check_file(phone, site, place, as_file(sealed))
    phone.expect_told("Your signature is in the log")

    assert phone.posts() == []
    heard = "\n".join(arrived)
    both = site.campaign.opening(sealed)
    for secret in (b64url(sealed.receipt), receipt_words(sealed.receipt), both.commit, b64url(both.w), b64url(both.a)):
        assert secret not in heard


def test_while_the_log_is_read_the_page_says_so(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    held: list[Route] = []
    phone.context.route("**/log/checkpoint", lambda route: held.append(route))
    check_words(phone, site, place, sealed)
    phone.expect_told("Reading the whole log.")
    for _ in range(500):  # the sentence stands before the request is out
        if not held:
            phone.page.wait_for_timeout(10)
    held[0].continue_()

    phone.expect_told("Your signature is in the log")


def test_nothing_is_left_behind(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    check_file(phone, site, place, as_file(sealed))
    phone.expect_told("Your signature is in the log")

    assert phone.stored() == NOTHING_STORED


def test_someone_who_signed_here_checks_and_takes_back(phone: Phone, site: Site, place: Place, signed: Token) -> None:
    phone.page.get_by_role("link", name="Use the receipt").click()
    phone.page.get_by_label("Your receipt, as you wrote it down").fill(receipt_words(signed.receipt))
    phone.press("Withdraw my signature")
    phone.expect_told("It had not been counted yet, and nothing of it will ever show.")

    assert phone.posts()[-1] == "withdrawals"
    assert site.campaign.look_up(place.id, signed).state == "withdrawn"


def test_withdrawing_sends_the_two_values_and_never_the_receipt(
    phone: Phone, site: Site, place: Place, waiting: Token, arrived: list[str]
) -> None:
    phone.come(site.url(place, "receipt"))
    phone.choose("Or its file", as_file(waiting))
    phone.press("Withdraw my signature")
    phone.expect_told("Your signature is withdrawn.")
    both = site.campaign.opening(waiting)

    [sent] = [line for line in arrived if line.startswith("POST")]
    assert json.loads(sent.partition("? ")[2]) == {"w": b64url(both.w), "a": b64url(both.a)}


def test_a_sealed_signature_is_taken_back_in_public(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    phone.come(site.url(place, "receipt"))
    phone.choose("Or its file", as_file(sealed))
    phone.press("Withdraw my signature")
    phone.expect_told("the next update takes it out of the count")
    site.campaign.seal(place.id)
    back = next(n for n, entry in enumerate(site.campaign.entries(place.id)) if entry["type"] == "withdrawal")
    check_file(phone, site, place, as_file(sealed))

    phone.expect_told("Your signature is in the log", f"It was taken back, as entry {back} says")


def test_a_round_that_was_annulled_is_told_with_its_reason(
    phone: Phone, site: Site, place: Place, sealed: Token
) -> None:
    site.annul(place, "Codes were stolen.")
    check_file(phone, site, place, as_file(sealed))

    phone.expect_told("because the organizers annulled its round: Codes were stolen.")


def test_a_receipt_of_nobody_is_told_so_by_the_site(phone: Phone, site: Site, place: Place) -> None:
    phone.come(site.url(place, "receipt"))
    phone.page.get_by_label("Your receipt, as you wrote it down").fill(receipt_words(bytes(16)))
    phone.press("Withdraw my signature")

    phone.expect_told("there is nothing to take back")


def test_a_slip_of_the_pen_asks_nobody(phone: Phone, site: Site, place: Place, arrived: list[str]) -> None:
    phone.come(site.url(place, "receipt"))
    phone.page.get_by_label("Your receipt, as you wrote it down").fill("0004-1061")
    phone.press("Withdraw my signature")

    phone.expect_told("This is no receipt.")
    assert phone.posts() == []


# Servers that cheat, and files that were changed


def test_a_key_made_for_one_person_alone_is_found_out(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    check_file(phone, site, place, as_file(sealed, fingerprint="0" * 64))

    phone.expect_told("the key that signed for you is not the one that the log shows to everybody")


def test_another_signature_under_the_same_receipt_is_found_out(
    phone: Phone, site: Site, place: Place, sealed: Token
) -> None:
    check_file(phone, site, place, as_file(sealed, signature=b64url(bytes(383) + b"\2")))

    phone.expect_told("a signature with your receipt, but not the one in your file")


def test_another_text_is_found_out(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    text = site.campaign.entries(place.id)[0]["text_sha256"]
    other = sealed.message.replace(text.encode(), b"0" * 64)
    check_file(phone, site, place, as_file(sealed, message=b64url(other)))

    phone.expect_told("you signed another text than the one that is published")


def test_the_file_of_another_letter_is_refused(phone: Phone, site: Site, place: Place, sealed: Token) -> None:
    other = site.campaign.sign_all(site.shared.an_open_letter().id, 1)[0]
    check_file(phone, site, place, as_file(other))

    phone.expect_told("it belongs to another letter")


def test_a_receipt_that_does_not_open_its_file_is_refused(
    phone: Phone, site: Site, place: Place, sealed: Token
) -> None:
    check_file(phone, site, place, as_file(sealed, receipt=b64url(bytes(16))))

    phone.expect_told("somebody changed it")


def change_log(phone: Phone, part: str, change: Callable[[bytes], bytes]) -> None:
    """A server that shows this visitor another log."""

    def answer(route: Route) -> None:
        honest = route.fetch()
        route.fulfill(response=honest, body=change(honest.body()))

    phone.context.route(f"**/log/{part}", answer)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("tile/entries/**", lambda body: body.replace(b'"k":3', b'"k":4')),
        ("tile/entries/**", lambda body: body[:-9]),
        ("tile/entries/**", lambda body: b""),
        ("checkpoint", lambda note: note.replace(b"\n\n", b"\nand more\n\n")),
        ("checkpoint", lambda note: note.split(b"\xe2\x80\x94")[0]),
    ],
    ids=["another entry", "the end cut off", "empty", "another note under the signature", "no signature"],
)
def test_a_log_whose_parts_do_not_fit_is_found_out(
    phone: Phone, site: Site, place: Place, sealed: Token, part: str, change: Callable[[bytes], bytes]
) -> None:
    change_log(phone, part, change)
    check_file(phone, site, place, as_file(sealed))

    phone.expect_told("The parts of the log do not belong together.")


def test_a_log_that_somebody_else_wrote_can_be_read(phone: Phone, site: Site, place: Place) -> None:
    def answer(route: Route) -> None:
        path = SAMPLE / "log" / route.request.url.partition("/log/")[2]
        route.fulfill(body=path.read_bytes()) if path.is_file() else route.fulfill(status=404)

    phone.context.route("**/log/**", answer)
    phone.come(site.url(place, "receipt"))
    phone.page.get_by_label("Your receipt, as you wrote it down").fill((SAMPLE / "receipt.txt").read_text("utf-8"))
    phone.press("Check")

    phone.expect_told("Your signature is in the log: entry", "of 282")
