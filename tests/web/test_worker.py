"""The way of a worker without scripts: join, sign, receipt, check, withdraw, and every mishap on it."""

import io
import json
from typing import Any

import pytest

from petition.coordination import closing, rounds
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


@pytest.fixture
def worker(shared: Shared) -> Visitor:
    return shared.visitor()


def joined(shared: Shared, worker: Visitor, place: Place) -> Page:
    return worker.press(worker.open(f"{place.hidden}join"), "Continue", code=shared.code(place))


def has_signed(shared: Shared, worker: Visitor, place: Place) -> Page:
    return worker.press(joined(shared, worker, place), "Sign anonymously")


def remove(worker: Visitor, place: Place, receipt: str) -> Page:
    """From the page for removing, over its question, to the end."""
    asked = worker.press(worker.open(f"{place.hidden}remove"), "Continue", receipt=receipt)
    return worker.press(asked, "Remove my signature")


def receipt_on(page: Page) -> str:
    return page.text.split('class="receipt"><code>')[1].split("</code>")[0]


def token_on(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.form_with("Save the file").fields["token"])
    return found


def test_a_worker_joins_signs_and_gets_a_receipt(shared: Shared, worker: Visitor, place: Place) -> None:
    letter = worker.open(place.hidden)
    form = worker.follow(letter, "Sign this letter")
    review = worker.press(form, "Continue", code=shared.code(place).lower())
    receipt = worker.press(review, "Sign anonymously")

    assert [page.heading for page in (letter, form, review, receipt)] == [
        "We refuse to build it",
        "We refuse to build it",
        "Check and sign",
        "You signed.",
    ]
    assert shared.campaign.seal(place.id).waiting == 1


@ONCE
def test_before_the_button_the_worker_sees_what_exactly_is_signed(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    review = joined(shared, worker, place)

    assert "Jo Muster, CEO, Example Corp" in review.text
    assert "The total goes up by one. Nothing about you is shown." in review.text
    assert shared.campaign.seal(place.id).waiting == 0


def test_the_same_form_sent_twice_gives_the_same_token(shared: Shared, worker: Visitor, place: Place) -> None:
    form = worker.open(f"{place.hidden}join")
    code = shared.code(place)
    first, second = (worker.press(form, "Continue", code=code) for _ in range(2))

    assert token_on(first) == token_on(second)


def test_a_fresh_form_with_a_used_code_is_refused(shared: Shared, worker: Visitor, place: Place) -> None:
    code = shared.code(place)
    worker.press(worker.open(f"{place.hidden}join"), "Continue", code=code)
    again = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=code)

    assert (again.status, again.heading) == (409, "We refuse to build it")
    assert "This code has been used." in again.text


@ONCE
def test_a_mistyped_code_keeps_what_was_typed_and_the_same_form_goes_on(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    code = shared.code(place)
    refused = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=f"{code[:-1]}<&")

    assert refused.status == 400
    assert refused.form_with("Continue").fields["code"] == f"{code[:-1]}<&"
    assert worker.press(refused, "Continue", code=code).heading == "Check and sign"


@ONCE
@pytest.mark.parametrize("typed", ["", " ", "short", "0" * 16, "U" * 16, "0" * 300])
def test_a_code_that_is_none_is_answered_with_a_sentence(worker: Visitor, place: Place, typed: str) -> None:
    refused = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=typed)

    assert refused.status in (400, 403)
    assert 'role="alert"' in refused.text
    assert refused.form_with("Continue").fields["code"] == typed


@ONCE
def test_the_token_can_be_saved_and_signed_with_later(shared: Shared, worker: Visitor, place: Place) -> None:
    saved = worker.press(joined(shared, worker, place), "Save the file")
    at_home = shared.visitor()
    form = at_home.open(f"{place.hidden}sign")
    file = (io.BytesIO(saved.answer.data), "saved-signature.json")
    review = at_home.press(form, "Continue", token_file=file)

    assert saved.answer.headers["Content-Disposition"] == 'attachment; filename="saved-signature.json"'
    assert at_home.press(review, "Sign anonymously").heading == "You signed."


@ONCE
def test_the_token_file_has_the_members_of_the_protocol_and_does_not_name_a_hidden_letter(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    token = token_on(joined(shared, worker, place))

    members = ["petition", "letter", "letter_id", "round", "pin", "message", "signature", "receipt"]
    assert list(token) == members
    assert (token["petition"], token["letter"]) == (1, "https://letters.example.org/")


@ONCE
def test_the_token_can_be_pasted(shared: Shared, worker: Visitor, place: Place) -> None:
    token = json.dumps(token_on(joined(shared, worker, place)))
    review = worker.press(worker.open(f"{place.hidden}sign"), "Continue", token=token)

    assert review.heading == "Check and sign"


def test_signing_twice_counts_once_and_gives_the_same_receipt(shared: Shared, worker: Visitor, place: Place) -> None:
    review = joined(shared, worker, place)
    first, second = (worker.press(review, "Sign anonymously") for _ in range(2))

    assert receipt_on(first) == receipt_on(second)
    assert shared.campaign.seal(place.id).waiting == 1


@ONCE
def test_a_token_of_another_letter_is_refused_and_kept_in_the_field(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    token = json.dumps(token_on(joined(shared, worker, shared.an_open_letter())))
    refused = worker.press(worker.open(f"{place.hidden}sign"), "Continue", token=token)

    assert refused.status == 403
    assert "This saved signature belongs to another letter." in refused.text
    assert refused.form_with("Continue").fields["token"] == token


@ONCE
@pytest.mark.parametrize("token", ["", "{", "[]", "null", '{"petition": 2}', '{"petition": true}', "x" * 20_000])
def test_what_is_no_token_file_is_answered_with_a_sentence(worker: Visitor, place: Place, token: str) -> None:
    refused = worker.press(worker.open(f"{place.hidden}sign"), "Continue", token=token)

    assert refused.status == 400
    assert "a file from this site" in refused.text


@ONCE
def test_the_receipt_can_be_saved_and_its_file_checks_and_withdraws(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    saved = worker.press(has_signed(shared, worker, place), "Save")
    pages = {"Check": "receipt", "Continue": "remove"}
    checked, asked = (
        worker.press(
            worker.open(place.hidden + path), button, receipt_file=(io.BytesIO(saved.answer.data), "receipt.json")
        )
        for button, path in pages.items()
    )
    removed = worker.press(asked, "Remove my signature")

    assert saved.answer.headers["Content-Disposition"] == 'attachment; filename="receipt.json"'
    assert "A signature, waiting for the next count update" in checked.text
    assert (asked.heading, removed.heading) == ("Remove your signature?", "Your signature is removed")


def test_a_receipt_written_down_by_hand_checks_and_withdraws(shared: Shared, worker: Visitor, place: Place) -> None:
    receipt = receipt_on(has_signed(shared, worker, place)).lower().replace("-", " ")
    form = worker.open(f"{place.hidden}receipt")
    checked = worker.press(form, "Check", receipt=receipt)
    removed = remove(worker, place, receipt)
    after = worker.press(form, "Check", receipt=receipt)

    assert "A signature, waiting for the next count update" in checked.text
    assert "It wasn't counted yet, and it will never show." in removed.text
    assert "A removed signature. It doesn't count." in after.text
    assert shared.campaign.seal(place.id).waiting == 0


@ONCE
def test_withdrawing_twice_gets_the_same_page(shared: Shared, worker: Visitor, place: Place) -> None:
    receipt = receipt_on(has_signed(shared, worker, place))
    first, second = (remove(worker, place, receipt) for _ in range(2))

    assert (first.status, first.text) == (200, second.text)


def test_a_sealed_signature_is_found_in_the_log_once_the_letter_is_public(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    receipt = receipt_on(has_signed(shared, worker, place))
    shared.campaign.sign_all(place.id, 2)
    shared.campaign.publish(place.id)
    shared.campaign.close_letter(place.id)
    checked = worker.press(worker.open(f"{place.public}receipt"), "Check", receipt=receipt)

    assert "A signature, already counted." in checked.text
    assert "of the public record." in checked.text


@ONCE
def test_a_receipt_with_one_wrong_character_is_refused_and_kept_in_the_field(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    receipt = receipt_on(has_signed(shared, worker, place))
    wrong = ("1" if receipt[0] == "0" else "0") + receipt[1:]
    refused = worker.press(worker.open(f"{place.hidden}remove"), "Continue", receipt=wrong)

    assert refused.status == 400
    assert "A character of this receipt is wrong." in refused.text
    assert refused.form_with("Continue").fields["receipt"] == wrong
    assert "<title>Error: Remove my signature" in refused.text
    assert shared.campaign.seal(place.id).waiting == 1


@ONCE
def test_a_receipt_that_signed_nothing_is_not_found(shared: Shared, worker: Visitor, place: Place) -> None:
    receipt = receipt_on(has_signed(shared, worker, shared.an_open_letter()))
    checked = worker.press(worker.open(f"{place.hidden}receipt"), "Check", receipt=receipt)

    assert [checked.status, remove(worker, place, receipt).status] == [404, 404]


@ONCE
def test_only_the_two_buttons_do_anything(shared: Shared, worker: Visitor, place: Place) -> None:
    receipt = receipt_on(has_signed(shared, worker, place))

    assert worker.post(f"{place.hidden}receipt", receipt=receipt, do="burn").status == 400
    assert shared.campaign.seal(place.id).waiting == 1


@ONCE
def test_a_withdrawn_signature_can_not_be_given_again(shared: Shared, worker: Visitor, place: Place) -> None:
    review = joined(shared, worker, place)
    receipt = receipt_on(worker.press(review, "Sign anonymously"))
    remove(worker, place, receipt)
    again = worker.press(review, "Sign anonymously")

    assert again.status == 410
    assert "This signature was removed. You can&#39;t sign with it again." in again.text


@ONCE
def test_joining_a_letter_that_was_closed_meanwhile_is_refused_with_the_reason(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    form = worker.open(f"{place.hidden}join")
    code = shared.code(place)
    shared.campaign.publish(place.id)
    shared.campaign.close_letter(place.id)
    refused = worker.press(form, "Continue", code=code)

    assert refused.status == 410
    assert "This letter is closed. It takes no more signatures." in refused.text


def test_a_signer_of_a_letter_closed_meanwhile_learns_it_and_loses_nothing(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    review = joined(shared, worker, place)
    shared.campaign.publish(place.id)
    shared.campaign.close_letter(place.id)
    refused = worker.press(review, "Sign anonymously")

    assert refused.status == 410
    assert (
        refused.form_with("Sign anonymously").fields["token"].strip()
        == review.form_with("Sign anonymously").fields["token"].strip()
    )


@ONCE
def test_a_signer_of_a_letter_published_meanwhile_notices_nothing(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    review = joined(shared, worker, place)
    shared.campaign.publish(place.id)

    assert worker.press(review, "Sign anonymously").heading == "You signed."


@ONCE
def test_signing_in_an_annulled_round_is_refused_with_the_reason(shared: Shared, worker: Visitor, place: Place) -> None:
    review = joined(shared, worker, place)
    rounds.annul_round(shared.campaign.services, place.id, 1, "Someone copied the sheet.")
    refused = worker.press(review, "Sign anonymously")

    assert refused.status == 410
    assert "Someone copied the sheet." in refused.text


@ONCE
def test_a_withdrawn_letter_takes_nothing_and_says_why_if_it_was_public(
    shared: Shared, worker: Visitor, place: Place
) -> None:
    review = joined(shared, worker, place)
    shared.campaign.publish(place.id)
    closing.withdraw_letter(shared.campaign.services, place.id, "They have stopped.")
    refused = worker.press(review, "Sign anonymously")

    assert refused.status == 410
    assert "They have stopped." in refused.text


def test_where_codes_and_signatures_are_kept_apart_the_worker_saves_now_and_signs_later(
    shared: Shared, worker: Visitor
) -> None:
    place = shared.an_open_letter(timing="apart", issuing_days=1, pause_hours=24)
    ready = worker.press(worker.open(f"{place.hidden}join"), "Use my code", code=shared.code(place))
    token = json.dumps(token_on(ready))
    shared.campaign.tokens(place.id, 5)
    early = worker.post(f"{place.hidden}sign", token=token, confirm="yes")
    for _ in range(2):
        shared.clock.pass_time(days=1, hours=1)
        rounds.end_due_rounds(shared.campaign.services, place.id, moment=shared.clock())
        shared.campaign.seal(place.id)
    late = worker.post(f"{place.hidden}sign", token=token, confirm="yes")

    assert [button for form in ready.forms for button in form.buttons] == ["Save the file"]
    assert (early.status, late.status) == (409, 200)
    assert late.heading == "You signed."


@ONCE
def test_where_several_groups_sign_the_code_alone_says_which_is_meant(shared: Shared, worker: Visitor) -> None:
    place = shared.an_open_letter(rolls=("Current workers", "Former workers"))
    page = worker.open(f"{place.hidden}join")
    [code] = shared.campaign.codes(place.id, 1, number=2)

    assert worker.press(page, "Continue", code=code).heading == "Check and sign"


@pytest.mark.parametrize("name", ["join", "receipt", "remove", "sign", "report", "when"])
def test_in_another_language_links_lead_to_pages_of_the_site_in_that_language(shared: Shared, name: str) -> None:
    letter = shared.a_published_letter(timing="apart")
    page = shared.visitor().open(f"/es{letter.public}{name}")
    found = {address for tag, at, address, _ in page.read.addresses if (tag, at) == ("a", "href")}

    assert {"/es/_site/promises/index.html", "/es/_site/asked/index.html"} <= found
    assert found.isdisjoint({"/", "/_site/promises/index.html", "/_site/asked/index.html"})
    assert ("/es/" in found) == (name in ("join", "sign"))
    assert 'href="/_site/style.css' in page.text
    assert shared.get("/es/_site/promises/index.html").text.count('<html lang="es"') == 1
