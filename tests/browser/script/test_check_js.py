"""Receipts, with scripts on: looking for a signature in the public record, removing it, and sites that cheat."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from petition.crypto.codes import receipt_words
from tests.browser.script.pages import Visitor
from tests.client import hostile
from tests.client.hostile import Hostile
from tests.client.issuing import LETTER_ID, PUBLIC, SHORT, Issuer, b64, key_pair, pin_of, spki_of
from tests.client.logs import SAMPLE, Campaign, sample
from tests.client.serving import Reply, Web

pytestmark = pytest.mark.browser


@pytest.fixture
def campaign() -> Campaign:
    """A letter with one signature that is the visitor's."""
    return Campaign()


def file_of(campaign: Campaign) -> dict[str, Any]:
    """The receipt file of a campaign's own signature."""
    return {
        "petition": 1,
        "letter": "https://example.org/",
        "letter_id": LETTER_ID,
        "round": 1,
        "pin": pin_of(campaign.record),
        "message": b64(campaign.message),
        "signature": b64(campaign.signature),
        "receipt": b64(campaign.receipt),
    }


@pytest.fixture
def mine(campaign: Campaign) -> dict[str, Any]:
    """The receipt file, from before anything was changed."""
    return file_of(campaign)


def publish(issuer: Issuer, campaign: Campaign) -> None:
    issuer.files = campaign.published().files


def check(visitor: Visitor, receipt: dict[str, Any] | str) -> None:
    visitor.open("receipt")
    if isinstance(receipt, str):
        visitor.fill("receipt", receipt)
    else:
        visitor.choose("receipt_file", receipt)
    visitor.press("check")


def test_a_receipt_file_finds_its_signature_byte_for_byte(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    publish(issuer, campaign)
    check(visitor, mine)

    visitor.expect_told("[found] 2 of 3")
    expect(visitor.told()).to_have_attribute("data-kind", "done")


def test_the_file_s_text_can_be_pasted(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    publish(issuer, campaign)
    check(visitor, json.dumps(mine))

    visitor.expect_told("[found] 2 of 3")


def test_written_words_find_their_signature_and_say_what_they_cannot_show(
    visitor: Visitor, issuer: Issuer, campaign: Campaign
) -> None:
    publish(issuer, campaign)
    check(visitor, receipt_words(campaign.receipt))

    visitor.expect_told("[foundwords] 2 of 3")


def test_the_site_does_not_learn_whose_signature_is_looked_for(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any], web: Web
) -> None:
    publish(issuer, campaign)
    check(visitor, mine)
    visitor.expect_told("[found]")

    names = [seen.path.removeprefix(SHORT) for seen in web.seen if "/log/" in seen.path]
    assert names == ["log/checkpoint", "log/tile/entries/000.p/3"]
    assert {seen.body for seen in web.seen} == {b""}


def test_a_log_of_another_program_can_be_read(visitor: Visitor, issuer: Issuer) -> None:
    issuer.files = sample().files
    check(visitor, (SAMPLE / "receipt.txt").read_text("utf-8"))

    visitor.expect_told("[foundwords]", "of 282")


def test_a_large_log_is_read_whole(visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]) -> None:
    campaign.more = [{"type": "codes", "round": 1, "made": number, "voided": 0} for number in range(600)]
    publish(issuer, campaign)
    check(visitor, mine)

    visitor.expect_told("[found] 2 of 603")


def test_before_publication_there_is_nothing_to_search_and_the_site_can_be_asked(
    visitor: Visitor, mine: dict[str, Any]
) -> None:
    check(visitor, mine)

    visitor.expect_told("[unpublished]")
    expect(visitor.page.get_by_text("[ask]")).to_be_visible()


def test_what_is_not_there_yet_is_said(visitor: Visitor, issuer: Issuer, campaign: Campaign) -> None:
    publish(issuer, campaign)
    check(visitor, receipt_words(bytes(16)))

    visitor.expect_told("[missing]")
    expect(visitor.page.get_by_text("[ask]")).to_be_visible()


CLOSED = {"type": "closed", "signatures": 0, "withdrawals": 0, "dropped": 0}


@pytest.mark.parametrize(
    ("has_file", "rounds", "said"),
    [(True, [1], "[missingclosed] 1"), (False, [1, 2], "[missingclosed] 1, 2")],
    ids=["a file", "words"],
)
def test_in_a_closed_letter_a_round_without_signatures_stayed_small_or_is_hidden(
    visitor: Visitor,
    issuer: Issuer,
    campaign: Campaign,
    mine: dict[str, Any],
    has_file: bool,
    rounds: list[int],
    said: str,
) -> None:
    opened = [{**campaign.round, "round": number} for number in rounds[1:]]
    campaign.entry = {"type": "codes", "round": 1, "made": 3, "voided": 0}
    campaign.more = [*opened, CLOSED]
    publish(issuer, campaign)
    check(visitor, mine if has_file else receipt_words(campaign.receipt))

    visitor.expect_told(said)


def test_in_a_closed_letter_a_signature_that_is_missing_among_others_was_left_out(
    visitor: Visitor, issuer: Issuer, campaign: Campaign
) -> None:
    campaign.more = [CLOSED]
    publish(issuer, campaign)
    check(visitor, receipt_words(bytes(16)))

    visitor.expect_told("[leftout]")


ANNULLED = {"type": "annulled", "round": 1, "reason": "Codes were \u202estolen"}


@pytest.mark.parametrize(
    ("ending", "has_file"),
    [
        pytest.param([], False, id="open, words"),
        pytest.param([], True, id="open, a file", marks=pytest.mark.long),
        pytest.param([CLOSED], False, id="closed, words", marks=pytest.mark.long),
        pytest.param([CLOSED], True, id="closed, a file"),
    ],
)
def test_what_waited_in_the_only_set_was_deleted_when_that_was_canceled(
    visitor: Visitor,
    issuer: Issuer,
    campaign: Campaign,
    mine: dict[str, Any],
    ending: list[dict[str, Any]],
    has_file: bool,
) -> None:
    campaign.entry = {"type": "codes", "round": 1, "made": 3, "voided": 0}
    campaign.more = [ANNULLED, *ending]
    publish(issuer, campaign)
    check(visitor, mine if has_file else receipt_words(campaign.receipt))

    expect(visitor.told()).to_have_text("[canceled] 1: Codes were  stolen")


@pytest.mark.parametrize(
    ("signed", "ending", "said"),
    [
        (True, [], "[missing]"),
        (True, [CLOSED], "[leftoutset]"),
        (False, [CLOSED], "[missingclosed] 1"),
    ],
    ids=["open", "closed", "closed with an empty set"],
)
def test_written_words_hear_that_their_set_may_be_the_canceled_one(
    visitor: Visitor,
    issuer: Issuer,
    campaign: Campaign,
    signed: bool,
    ending: list[dict[str, Any]],
    said: str,
) -> None:
    if not signed:
        campaign.entry = {"type": "codes", "round": 1, "made": 3, "voided": 0}
    campaign.more = [{**campaign.round, "round": 2}, {**ANNULLED, "round": 2}, *ending]
    publish(issuer, campaign)
    check(visitor, receipt_words(bytes(16)))

    expect(visitor.told()).to_have_text(f"[canceled] 2: Codes were  stolen [whichset] {said}")


def test_a_file_of_another_set_hears_nothing_of_the_canceled_one(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    campaign.entry = {"type": "codes", "round": 1, "made": 3, "voided": 0}
    campaign.more = [{**campaign.round, "round": 2}, {**ANNULLED, "round": 2}, CLOSED]
    publish(issuer, campaign)
    check(visitor, mine)

    expect(visitor.told()).to_have_text("[missingclosed] 1")


def test_a_log_of_another_version_is_named(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    for version in (1, 3, None, "2"):
        campaign.letter["version"] = version
        publish(issuer, campaign)
        check(visitor, mine)

        visitor.expect_told("[oldlog]")


def test_a_withdrawal_and_an_annulled_round_are_reported(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    campaign.more = [campaign.withdrawal(), {"type": "annulled", "round": 1, "reason": "Codes were \u202estolen."}]
    publish(issuer, campaign)
    check(visitor, mine)

    visitor.expect_told("[found] 2 of 5", "[annulled] Codes were  stolen.", "[takenback] 3")


LIES: list[tuple[str, Callable[[Campaign], object]]] = [
    ("otherbytes", lambda c: c.entry.update(signature=b64(c.signed_by(c.key)))),
    ("otherbytes", lambda c: c.entry.update(extra=1)),
    ("forged", lambda c: c.entry.update(signature=b64(bytes(384)))),
    ("forged", lambda c: c.entry.update(message=b64(bytes(32) + c.statement))),
    ("otherrecord", lambda c: c.entry.update(round=2)),
    ("otherrecord", lambda c: c.more.append(c.round)),
    ("otherrecord", lambda c: c.round.update(round=2)),
    ("otherrecord", lambda c: c.round.update(public_key=b64(spki_of(key_pair(2))))),
    ("otherrecord", lambda c: c.round.update(roll="only-you")),
    ("otherrecord", lambda c: c.letter.update(k=4)),
    ("otherrecord", lambda c: c.letter.update(names_keys={"named": "0" * 64})),
    ("otherrecord", lambda c: c.letter.update(hosts=["evil.example"])),
    ("otherrecord", lambda c: c.letter.pop("hosts")),
    ("twice", lambda c: c.more.append(c.entry)),
    ("file", lambda c: c.letter.update(letter_id=LETTER_ID[::-1])),
    ("othertext", lambda c: c.letter.update(text_sha256="0" * 64)),
    ("notyours", lambda c: c.more.append({**c.withdrawal(), "w": b64(bytes(32))})),
    ("broken", lambda c: c.letter.update(log_key=b64(bytes(32)))),
    ("broken", lambda c: c.letter.update(type="codes")),
]


def test_a_site_that_signs_lies_is_found_out(visitor: Visitor, issuer: Issuer) -> None:
    visitor.open("receipt")
    for number, (said, change) in enumerate(LIES):
        campaign = Campaign()
        mine = file_of(campaign)
        change(campaign)
        publish(issuer, campaign)
        visitor.choose("receipt_file", mine)
        visitor.press("check")

        assert visitor.told().inner_text() == f"[{said}]", number


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "another entry": ("log/tile/entries/000.p/3", lambda body: body.replace(b'"k":3', b'"k":4')),
    "the end cut off": ("log/tile/entries/000.p/3", lambda body: body[:-9]),
    "empty": ("log/tile/entries/000.p/3", lambda body: b""),
    "another note": ("log/checkpoint", lambda note: note.replace(b"\n\n", b"\nand more\n\n")),
    "no signature": ("log/checkpoint", lambda note: note.split(b"\xe2\x80\x94")[0]),
}


def test_a_log_whose_parts_do_not_fit_is_found_out(
    visitor: Visitor, issuer: Issuer, campaign: Campaign, mine: dict[str, Any]
) -> None:
    for damage, (name, change) in DAMAGES.items():
        publish(issuer, campaign)
        issuer.files = {**issuer.files, name: change(issuer.files[name])}
        check(visitor, mine)

        expect(visitor.told()).to_have_attribute("data-kind", "stopped")
        assert visitor.told().inner_text() in ("[broken]", "[log]"), damage


# Removing


def test_removing_asks_once_more_and_sends_two_values(visitor: Visitor, issuer: Issuer, campaign: Campaign) -> None:
    visitor.open("receipt", base=SHORT)
    visitor.fill("receipt", receipt_words(campaign.receipt).lower())
    visitor.press("remove")
    assert visitor.posts() == []
    visitor.press("confirm")
    visitor.expect_told("[removed]")

    w, a = campaign.opened
    assert issuer.withdrawn == [{"w": b64(w), "a": b64(a)}]


def test_a_sealed_signature_is_removed_in_public(visitor: Visitor, issuer: Issuer, campaign: Campaign) -> None:
    issuer.was_sealed = True
    visitor.open("receipt")
    visitor.fill("receipt", receipt_words(campaign.receipt))
    visitor.press("remove")
    visitor.press("confirm")

    visitor.expect_told("[removedsealed]")


def test_once_removed_nothing_is_asked_any_more(visitor: Visitor, campaign: Campaign) -> None:
    visitor.open("receipt")
    visitor.fill("receipt", receipt_words(campaign.receipt))
    visitor.press("remove")
    expect(visitor.page.locator("[data-act=confirm]")).to_be_visible()
    visitor.press("confirm")
    visitor.expect_told("[removed]")

    expect(visitor.page.locator("form :is(button, input):visible")).to_have_count(0)
    expect(visitor.told()).to_be_visible()


def test_a_receipt_in_words_goes_to_the_address_given(
    visitor: Visitor, public: Issuer, campaign: Campaign, web: Web
) -> None:
    visitor.open("receipt", base=PUBLIC)
    visitor.fill("receipt", receipt_words(campaign.receipt))
    visitor.press("remove")
    visitor.press("confirm")
    visitor.expect_told("[removed]")

    assert [seen.path for seen in web.posts()] == [PUBLIC + "withdrawals"]


def test_a_receipt_file_goes_to_the_letter_s_own_address_and_no_liar_gets_it(
    visitor: Visitor, public: Issuer, campaign: Campaign, mine: dict[str, Any], liar: Hostile, web: Web
) -> None:
    visitor.open("receipt", base=PUBLIC)
    visitor.choose("receipt_file", {**mine, "pin": public.pin()})
    visitor.press("remove")
    honest = liar.lie
    for lie in hostile.RECORDS.values():
        liar.alter(lie)
        visitor.press("confirm")
        expect(visitor.told()).to_have_attribute("data-kind", "stopped")
    assert visitor.posts() == []
    liar.lie = honest
    visitor.press("confirm")
    visitor.expect_told("[removed]")

    assert [seen.path for seen in web.posts()] == [SHORT + "withdrawals"]


@pytest.mark.parametrize("act", ["check", "remove"])
def test_a_slip_of_the_pen_asks_nobody(visitor: Visitor, web: Web, act: str) -> None:
    visitor.open("receipt")
    visitor.fill("receipt", "0004-1061")
    web.seen.clear()
    visitor.press(act)

    visitor.expect_told("[words]")
    assert web.seen == []


@pytest.mark.parametrize("act", ["check", "remove"])
def test_a_receipt_with_one_wrong_character_is_told_so(visitor: Visitor, campaign: Campaign, act: str) -> None:
    words = receipt_words(campaign.receipt)
    visitor.open("receipt")
    visitor.fill("receipt", ("1" if words[0] == "0" else "0") + words[1:])
    visitor.press(act)

    visitor.expect_told("[typo]")
    expect(visitor.page.locator("[name=receipt]")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(("number", "said"), [(1, "[canceled] 1: Codes were"), (2, "No such signature.")])
def test_once_the_log_tells_of_a_canceled_set_its_receipts_hear_of_it(
    visitor: Visitor, issuer: Issuer, liar: Hostile, campaign: Campaign, number: int, said: str
) -> None:
    campaign.entry = {**campaign.round, "round": number}
    campaign.more = [{**ANNULLED, "round": number}]
    publish(issuer, campaign)
    liar.lie = lambda seen, reply: Reply.refusal(404, "No such signature.") if seen.method == "POST" else reply
    visitor.open("receipt")
    visitor.fill("receipt", receipt_words(campaign.receipt))
    visitor.press("remove")
    visitor.press("confirm")

    visitor.expect_told(said)


def test_a_refusal_is_passed_on(visitor: Visitor, liar: Hostile, campaign: Campaign) -> None:
    liar.lie = lambda seen, reply: Reply.refusal(404, "No such signature.") if seen.method == "POST" else reply
    visitor.open("receipt")
    visitor.fill("receipt", receipt_words(campaign.receipt))
    visitor.press("remove")
    visitor.press("confirm")

    visitor.expect_told("No such signature.")
