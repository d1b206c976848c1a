"""A letter's life on its home page: what stands in the way, and each step."""

import re

import pytest
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from tests.shared import ONCE, Shared
from tests.visitors import SITE, Page, Visitor
from tests.walks import Words

OPEN, PUBLISH, CLOSE, WITHDRAW, DELETE = (
    "Open the letter for signatures", "Publish the letter", "Close the letter", "Withdraw the letter",
    "Delete the draft",
)  # fmt: skip


@pytest.fixture
def ana(shared: Shared) -> Visitor:
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    return visitor


def buttons(page: Page) -> set[str]:
    return {button for form in page.forms for button in form.buttons} - {"Sign out, Ana"}


@ONCE
def test_an_unfinished_letter_shows_everything_that_stands_in_the_way(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=Words(title="Begun"))
    page = ana.open(place.desk)

    for sentence in ("to whom the letter goes", "which employer this is about", "has no text yet"):
        assert sentence in page.text
    assert buttons(page) == {DELETE}


@ONCE
def test_a_step_that_something_stands_in_the_way_of_is_refused_with_the_same_sentences(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft(words=Words(title="Begun"))
    token = shared.desk().csrf(place.desk)
    refused = ana.post(f"{place.desk}open", csrf_token=token)

    assert refused.status == 409
    assert refused.text.count("The letter has no text yet. Write it.") == 2


@ONCE
@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("draft", {OPEN, DELETE}),
        ("open", {PUBLISH, WITHDRAW}),
        ("published", {CLOSE, WITHDRAW}),
        ("closed", {WITHDRAW}),
    ],
)
def test_each_state_offers_what_may_come_next(shared: Shared, ana: Visitor, state: str, offered: set[str]) -> None:
    make = {"draft": shared.a_draft, "open": shared.an_open_letter}.get(state, shared.a_published_letter)
    place = make()
    if state == "closed":
        shared.campaign.close_letter(place.id)

    assert buttons(ana.open(place.desk)) == offered


def test_opening_shows_the_address_that_only_its_holders_know(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    opened = ana.press(ana.open(place.desk), OPEN)

    assert opened.links[f"{SITE}{place.hidden}"] == f"{SITE}{place.hidden}"
    assert shared.get(place.hidden).status_code == 200


def test_opening_twice_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    draft = ana.open(place.desk)
    ana.press(draft, OPEN)

    assert ana.press(draft, OPEN).status == 409


def test_codes_are_shown_once_with_the_address_to_join(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    sheet = ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="3")
    codes = re.findall(r'class="strip-code">([^<]+)<', sheet.text)
    worker = shared.visitor()
    joined = worker.press(worker.open(f"{place.hidden}join"), "Go on", code=codes[0])

    assert len(set(codes)) == 3
    assert sheet.text.count(f"<span>{SITE}{place.hidden}join</span>") == 3
    assert sheet.text.count(f"{SITE}{place.hidden}join#k=") == 3
    assert joined.heading == "You can sign now"
    assert not [code for code in codes if code in ana.open(f"{place.desk}codes").text]


@ONCE
@pytest.mark.parametrize("count", ["0", "10001", "x", "", "-3", "9" * 5000])
def test_a_wrong_number_of_codes_is_refused_with_a_sentence(shared: Shared, ana: Visitor, count: str) -> None:
    refused = ana.press(ana.open(f"{shared.an_open_letter().desk}codes"), "Make codes", count=count)

    assert refused.status == 400
    assert (
        "Make from 1 to 10,000 codes at a time." in refused.text
        or "Give a number." in refused.text
        or ("Not a valid integer value." in refused.text)
    )


@ONCE
def test_a_draft_has_no_codes(shared: Shared, ana: Visitor) -> None:
    refused = ana.press(ana.open(f"{shared.a_draft().desk}codes"), "Make codes", count="3")

    assert refused.status == 409


@ONCE
def test_the_number_of_used_codes_is_shown_rounded_and_never_under_k(shared: Shared, ana: Visitor) -> None:
    few, many = shared.an_open_letter(k=10), shared.an_open_letter(k=10)
    shared.campaign.sign_all(few.id, 9)
    shared.campaign.sign_all(many.id, 17)
    for place in (few, many):
        shared.campaign.seal(place.id)

    assert "Fewer than 10 are used." in ana.open(f"{few.desk}codes").text
    assert "About 15 are used." in ana.open(f"{many.desk}codes").text


def test_publishing_shows_the_letter_to_everybody(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    before = shared.get(place.public).status_code
    published = ana.press(ana.open(place.desk), PUBLISH)

    assert (before, shared.get(place.public).status_code) == (404, 200)
    assert published.links[f"{SITE}{place.public}"] == f"{SITE}{place.public}"


@ONCE
def test_publishing_waits_for_the_threshold_that_was_chosen(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(threshold=500)
    page = ana.open(place.desk)

    assert "By your own rule 500 must have signed" in page.text
    assert PUBLISH not in buttons(page)


def test_closing_is_announced_a_day_ahead(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    closing = ana.press(ana.open(place.desk), CLOSE)
    counts = shared.get(f"{place.public}counts.json").get_json()

    assert re.search(r"<dt>Closes</dt><dd>\d{4}-\d\d-\d\d \d\d:00 UTC</dd>", closing.text)
    assert (counts["state"], counts["closes"][-4:]) == ("published", ":00Z"[-4:])


@ONCE
def test_closing_at_once_is_refused_while_a_signature_waits(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    shared.campaign.sign_all(place.id, 1)
    refused = ana.press(ana.open(place.desk), CLOSE, now="y")

    assert refused.status == 409
    assert "closing must be announced a day ahead" in refused.text


def test_closing_at_once_works_where_nobody_waits(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    ana.press(ana.open(place.desk), CLOSE, now="y")

    assert shared.get(f"{place.public}counts.json").get_json()["state"] == "closed"


def test_a_public_letter_is_withdrawn_with_a_reason_and_not_without(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    page = ana.open(place.desk)
    refused = ana.press(page, WITHDRAW, reason="")
    ana.press(page, WITHDRAW, reason="They have stopped.")

    assert refused.status == 400
    assert shared.get(place.public).status_code == 410


@ONCE
def test_a_reason_that_can_not_be_shown_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    refused = [ana.press(ana.open(place.desk), WITHDRAW, reason=reason).status for reason in ("x" * 301, "a\u202eb")]

    assert refused == [413, 400]
    assert shared.get(place.public).status_code == 200


def test_deleting_a_draft_leaves_nothing(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    home = ana.press(ana.open(place.desk), DELETE)

    assert home.path == "/organize/"
    assert ana.open(place.desk).status == 404
    with Session(shared.campaign.databases.reading) as session:
        assert session.get(Letter, place.id) is None


@ONCE
def test_an_open_letter_can_not_be_deleted(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    draft = ana.open(place.desk)
    ana.press(draft, OPEN)

    assert ana.press(draft, DELETE).status == 409
    assert shared.get(place.hidden).status_code == 200


@ONCE
def test_looking_at_a_step_does_nothing(shared: Shared, ana: Visitor) -> None:
    """Mail scanners and browsers that look ahead follow links."""
    place = shared.a_draft()
    looked = [ana.open(f"{place.desk}{step}").status for step in ("open", "publish", "close", "withdraw", "delete")]

    assert looked == [405] * 5
    assert OPEN in buttons(ana.open(place.desk))


# Rounds and batches


def test_the_rounds_page_shows_each_round_and_annuls_one_with_a_reason(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(rolls=("Workers", "Former workers"))
    page = ana.open(f"{place.desk}rounds")
    annulled = ana.press(page, "Annul round 1", reason="Somebody copied the sheet.")

    assert "Round 2: Former workers" in page.text
    assert "no, annulled: Somebody copied the sheet." in annulled.text
    assert buttons(annulled) >= {"Annul round 2", "Open a round"}


@ONCE
def test_annulling_without_a_reason_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    refused = ana.press(ana.open(f"{place.desk}rounds"), "Annul round 1", reason=" ")

    assert refused.status == 400
    assert "Annul round 1" in buttons(ana.open(f"{place.desk}rounds"))


@ONCE
def test_another_round_waits_until_the_first_one_no_longer_issues(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    early = ana.press(ana.open(f"{place.desk}rounds"), "Open a round")
    ana.press(ana.open(f"{place.desk}rounds"), "Annul round 1", reason="Copied.")
    late = ana.press(ana.open(f"{place.desk}rounds"), "Open a round")

    assert (early.status, late.status) == (409, 200)
    assert "Round 2" in late.text


def test_a_batch_is_recalled_and_the_page_says_so(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    code = shared.code(place)
    recalled = ana.press(ana.open(f"{place.desk}codes"), "Recall what is unused of batch 1")
    worker = shared.visitor()

    assert "Batch 1 is recalled" in recalled.text
    assert worker.press(worker.open(f"{place.hidden}join"), "Go on", code=code).status == 410


@ONCE
def test_whoever_is_in_danger_destroys_the_keys_while_closing(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    code = shared.code(place)
    ana.press(ana.open(place.desk), CLOSE, destroy="y")
    worker = shared.visitor()

    assert worker.press(worker.open(f"{place.public}join"), "Go on", code=code).status == 410
    assert not shared.campaign.services.secrets.exists(place.id, 1)
