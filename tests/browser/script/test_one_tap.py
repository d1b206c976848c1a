"""Signing in one tap, and everything that can get in its way."""

import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from playwright.sync_api import Dialog, expect

from petition import client
from tests.browser.script.pages import Visitor
from tests.client.issuing import (
    CODE,
    LETTER_ID,
    PUBLIC,
    SHORT,
    Issuer,
    Round,
    b64,
    cut_on,
    from_b64,
    is_valid,
    key_pair,
    spoken,
)
from tests.client.logs import log_of
from tests.client.serving import Reply, Web

pytestmark = pytest.mark.browser
NOTHING_STORED = {"local": {}, "session": {}, "cookie": "", "databases": [], "caches": []}
STORED = """async () => ({local: {...localStorage}, session: {...sessionStorage}, cookie: document.cookie,
databases: await indexedDB.databases(), caches: await caches.keys()})"""


def fragment(issuer: Issuer, number: int = 1) -> str:
    """What stands behind the # of the link on a sheet."""
    return issuer.link("", number).partition("#")[2]


@pytest.fixture
def arrived(visitor: Visitor, issuer: Issuer) -> Visitor:
    """Someone who followed the link on their sheet."""
    visitor.open(fragment=fragment(issuer))
    return visitor


def require_refused(visitor: Visitor, field: str, files: Sequence[dict[str, Any] | str]) -> None:
    """Each file, one after the other, is called none of ours, and is not sent."""
    posts = visitor.posts()
    for file in files:
        visitor.choose(field, file)
        expect(visitor.told()).not_to_contain_text("[file]")
        visitor.press()

        visitor.expect_told("[file]")
        assert visitor.posts() == posts, file


# The whole way


def test_one_tap_leads_from_the_link_to_the_receipt_and_nothing_is_stored(arrived: Visitor, issuer: Issuer) -> None:
    arrived.press()
    arrived.expect_heading("You signed")

    [message] = issuer.signatures
    receipt = client.read_receipt(arrived.filled("words"))
    assert issuer.commits() == [client.commitment(receipt)]
    assert is_valid(issuer.key, message, issuer.signatures[message])
    assert issuer.appearances == [{"step": "counted"}]
    expect(arrived.page.get_by_text("[unpinned]")).to_be_hidden()
    assert arrived.page.evaluate(STORED) == NOTHING_STORED


def test_the_link_leaves_the_address_bar_and_its_code_fills_the_field(arrived: Visitor, web: Web) -> None:
    assert arrived.page.url == web.url + SHORT + "join"
    expect(arrived.page.locator("[name=code]")).to_have_value(CODE)
    expect(arrived.page.get_by_text("[no-pin]")).to_be_hidden()


def test_everything_is_checked_before_the_code_is_sent(arrived: Visitor, web: Web) -> None:
    arrived.press()
    arrived.expect_heading("You signed")

    asked = [seen.path for seen in web.seen if "." not in seen.path.rpartition("/")[2] or "round" in seen.path]
    names = ("join", "round.json?round=1", "log/checkpoint", "tokens", "signatures")
    assert asked[-5:] == [SHORT + name for name in names]
    assert [seen.path for seen in web.seen if CODE.encode() in seen.body or CODE in seen.path] == [SHORT + "tokens"]


def test_what_is_sent_names_nobody_and_no_page(arrived: Visitor, web: Web) -> None:
    arrived.page.context.add_cookies([{"name": "you", "value": "17", "url": web.url}])
    web.seen.clear()
    arrived.press()
    arrived.expect_heading("You signed")

    assert not [seen for seen in web.seen if {"Referer", "Cookie", "If-None-Match"} & set(seen.headers)]
    assert {seen.headers.get("Cache-Control") for seen in web.seen} == {"no-cache"}
    tokens, signatures = (seen.members for seen in web.posts())
    assert set(tokens) == {"code", "round", "blinded_message"}
    assert set(signatures) == {"message", "signature", "appearance"}


def test_the_page_says_how_far_it_is(arrived: Visitor) -> None:
    arrived.page.evaluate(
        """() => { window.said = []; new MutationObserver(() => said.push(byId("told").textContent))
        .observe(byId("told"), { childList: true }); }"""
    )
    arrived.press()
    arrived.expect_heading("You signed")

    assert arrived.page.evaluate("said") == ["[checking]", "[hiding]", "[sending]", "[signing]"]


def test_at_any_other_address_the_letter_s_own_is_used(visitor: Visitor, public: Issuer, web: Web) -> None:
    visitor.open(base=PUBLIC, fragment=fragment(public))
    web.seen.clear()
    visitor.press()
    visitor.expect_heading("You signed")

    assert [seen.path for seen in web.seen if not seen.path.startswith(SHORT)] == [PUBLIC + "round.json"]
    assert {seen.path.partition("?")[2] for seen in web.seen} == {"", "round=1"}


TYPED = ["/s/o123-4567-89ab-cdef/", "/es/s/0123456789ABCDEF/", "/s/%200l23456789ABCDEF/"]


@pytest.mark.parametrize(
    "base", ["/es/s/%20ol23-4567-89ab-cdef/", *(pytest.param(base, marks=pytest.mark.long) for base in TYPED)]
)
def test_an_address_as_it_was_typed_is_understood(visitor: Visitor, issuer: Issuer, web: Web, base: str) -> None:
    visitor.open(base=base, fragment=fragment(issuer))
    web.seen.clear()
    visitor.press()
    visitor.expect_heading("You signed")

    assert {seen.path.rpartition("/")[0] + "/" for seen in web.seen if "/log" not in seen.path} == {SHORT}


# Pins


def test_without_a_pin_the_page_says_so_at_once_and_at_the_end(visitor: Visitor, issuer: Issuer) -> None:
    visitor.open(fragment=f"c={CODE}")
    expect(visitor.page.get_by_text("[no-pin]")).to_be_visible()
    visitor.press()
    visitor.expect_heading("You signed")

    expect(visitor.page.get_by_text("[unpinned]")).to_be_visible()
    assert visitor.filled("pin") == spoken(issuer.pin())


def test_without_a_pin_the_public_record_is_compared(visitor: Visitor, public: Issuer) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.press()
    visitor.expect_heading("You signed")

    expect(visitor.page.get_by_text("[unpinned-log]")).to_be_visible()
    expect(visitor.page.get_by_text("[unpinned]")).to_be_hidden()


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(str, id="as in a link"),
        pytest.param(spoken, id="as on paper", marks=pytest.mark.long),
        pytest.param(lambda pin: spoken(pin).lower().replace("0", "o"), id="in small letters"),
    ],
)
def test_a_pin_can_be_typed(visitor: Visitor, issuer: Issuer, write: Callable[[str], str]) -> None:
    visitor.open()
    visitor.fill("code", CODE)
    visitor.fill("pin", write(issuer.pin()))
    visitor.press()
    visitor.expect_heading("You signed")

    expect(visitor.page.get_by_text("[unpinned]")).to_be_hidden()


@pytest.mark.parametrize("has_link", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_wrong_pin_stops_everything(visitor: Visitor, issuer: Issuer, has_link: bool) -> None:
    visitor.open(fragment=fragment(issuer) if has_link else "")
    visitor.fill("code", CODE)
    for typed, said in (("A" * 43, "[pin]"), ("A" * 42, "[badpin]"), ("0" * 32, "[pin]"), ("0" * 31, "[badpin]")):
        visitor.fill("pin", typed)
        visitor.press()

        visitor.expect_told(said)
        assert visitor.posts() == []


def test_a_pin_alone_finds_its_round(visitor: Visitor, issuer: Issuer, web: Web) -> None:
    issuer.rounds |= {2: Round("former", "Former", key_pair(3)), 3: Round(key=key_pair(4))}
    visitor.open(fragment=f"p={issuer.pin(2)}&c={CODE}")
    visitor.press()
    visitor.expect_heading("You signed")

    assert [seen.path.partition("?")[2] for seen in web.seen if "round.json" in seen.path] == ["round=1", "round=2"]
    assert [lines[2] for lines in issuer.statements()] == ["2"]


@pytest.mark.parametrize("place", ["p={pin}", pytest.param("r=3&p={pin}", marks=pytest.mark.long)])
def test_a_new_strip_hears_from_when_it_works(visitor: Visitor, issuer: Issuer, place: str) -> None:
    issuer.with_newer_rounds()
    early = Reply.refusal(409, "From the next count update.")
    issuer.fault = lambda seen: early if seen.path.endswith("round=3") else None
    visitor.open(fragment=f"{place.format(pin=issuer.pin(3))}&c={CODE}")
    visitor.press()

    visitor.expect_told("From the next count update.")
    assert visitor.posts() == []


def test_a_later_round_is_found_in_a_long_log(visitor: Visitor, issuer: Issuer) -> None:
    issuer.rounds |= {number: Round(key=key_pair(3)) for number in range(2, 300)}
    issuer.files = log_of(issuer).files
    visitor.open(fragment=fragment(issuer, 299))
    visitor.press()

    visitor.expect_heading("You signed")


@pytest.mark.parametrize("size", [pytest.param(256, marks=pytest.mark.long), 600])
def test_a_long_log_is_compared_by_its_hashes_and_one_part(
    visitor: Visitor, issuer: Issuer, web: Web, size: int
) -> None:
    issuer.files = log_of(issuer, size).files
    visitor.open(fragment=fragment(issuer))
    visitor.press()
    visitor.expect_heading("You signed")

    assert len([seen for seen in web.seen if "/tile/" in seen.path]) <= 3


def test_where_several_groups_sign_one_is_asked_for(visitor: Visitor, issuer: Issuer) -> None:
    issuer.rounds |= {number: Round("former", "Former", key_pair(number + 1)) for number in (2, 3)}
    visitor.open("rolls", fragment=f"c={CODE}")
    visitor.press()
    visitor.expect_told("[roll]")
    visitor.page.locator("[name=roll]").select_option("former")
    visitor.press()
    visitor.expect_heading("You signed")

    assert [lines[2] for lines in issuer.statements()] == ["3"]


# Codes of older rounds


@pytest.fixture
def three_rounds(issuer: Issuer) -> Issuer:
    """A letter with three rounds, and a code of the first."""
    return issuer.with_newer_rounds()


def test_without_a_pin_a_code_of_an_older_round_is_taken(visitor: Visitor, three_rounds: Issuer, web: Web) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.page.locator("[value=named]").check()
    visitor.fill("name", "Ana Muster")
    visitor.press()
    visitor.expect_heading("You signed")

    assert web.rounds_asked() == [3, 2, 1]
    assert len({seen.members["blinded_message"] for seen in web.posts() if seen.path.endswith("tokens")}) == 3
    receipt = client.read_receipt(visitor.filled("words"))
    assert three_rounds.commits() == [client.commitment(receipt)]
    assert visitor.filled("pin") == spoken(three_rounds.pin(1))
    [sent] = three_rounds.appearances
    assert (sent["a"], unlocked(sent, "named")) == (b64(client.openings(receipt)[1]), "Ana Muster")


def test_every_record_is_checked_before_the_code_is_sent(visitor: Visitor, three_rounds: Issuer) -> None:
    three_rounds.files = log_of(three_rounds).files
    three_rounds.rounds[1] = Round(key=key_pair(5))
    visitor.open(fragment=f"c={CODE}")
    visitor.press()

    visitor.expect_told("[log]")
    assert visitor.posts() == []


def test_a_round_that_takes_no_codes_is_not_asked(visitor: Visitor, three_rounds: Issuer, web: Web) -> None:
    three_rounds.rounds[2] = Round(key=key_pair(3), issuing=False)
    visitor.open(fragment=f"c={CODE}")
    visitor.press()
    visitor.expect_heading("You signed")

    assert web.rounds_asked() == [3, 1]


def test_of_another_roll_whose_newest_round_was_annulled_the_older_one_is_taken(
    visitor: Visitor, issuer: Issuer, web: Web
) -> None:
    issuer.rounds |= {number: Round("former", "Former", key_pair(number + 1), number == 2) for number in (2, 3)}
    issuer.of_round = {CODE: 2}
    visitor.open("rolls", fragment=f"c={CODE}")
    visitor.page.locator("[name=roll]").select_option("former")
    visitor.press()
    visitor.expect_heading("You signed")

    assert web.rounds_asked() == [2]


def test_a_code_of_none_of_the_rounds_is_refused_and_can_be_mended(
    visitor: Visitor, three_rounds: Issuer, web: Web
) -> None:
    visitor.open(fragment=f"c={'0' * 16}")
    visitor.press()
    visitor.expect_told("This code is not known.")
    assert web.rounds_asked() == [3, 2, 1]
    visitor.fill("code", CODE)
    visitor.press()

    visitor.expect_heading("You signed")


REFUSALS = [Reply.refusal(409, "Used."), Reply.refusal(410, "Over."), Reply.refusal(429, "Wait.")]


def test_after_any_other_answer_no_other_round_is_asked(visitor: Visitor, three_rounds: Issuer, web: Web) -> None:
    visitor.open(fragment=f"c={CODE}")
    for times, no in enumerate([*REFUSALS, Reply(403, b"<h1>no")], 1):
        three_rounds.fault = lambda seen, no=no: no if seen.method == "POST" else None  # type: ignore[misc]
        visitor.press()
        expect(visitor.told()).to_have_attribute("data-kind", "stopped")

        assert web.rounds_asked() == [3] * times


@pytest.mark.parametrize("place", ["r=3", "p={pin}", pytest.param("r=3&p={pin}", marks=pytest.mark.long)])
def test_a_link_that_names_its_round_leads_to_no_other(
    visitor: Visitor, three_rounds: Issuer, web: Web, place: str
) -> None:
    visitor.open(fragment=f"{place.format(pin=three_rounds.pin(3))}&c={CODE}")
    visitor.press()

    visitor.expect_told("This code is not known.")
    assert web.rounds_asked() == [3]


@pytest.mark.parametrize("is_saved", [False, True], ids=["not saved", "saved in between"])
def test_an_answer_of_an_older_round_that_was_lost_is_asked_for_again(
    visitor: Visitor, three_rounds: Issuer, web: Web, is_saved: bool
) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.press("backup")
    three_rounds.late_fault = lambda _, reply: Reply(cut=True) if reply.status == 201 else reply
    visitor.press()
    visitor.expect_told("[lost]")
    if is_saved:
        assert visitor.download()["round"] == 1
    three_rounds.late_fault = lambda _, reply: reply
    visitor.press()
    visitor.expect_heading("You signed")

    asked = [number for number, _ in groupby(web.rounds_asked())]  # browsers ask again by themselves, too
    assert asked == ([3, 2, 1, 3, 2, 1] if is_saved else [3, 2, 1])
    assert len({seen.body for seen in web.posts() if seen.path.endswith("tokens")}) == 3


def test_a_backup_for_a_round_that_the_code_is_not_of_goes_on_to_the_others(
    visitor: Visitor, three_rounds: Issuer, web: Web
) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.press("backup")
    backup = visitor.download()
    visitor.open()
    visitor.fill("code", CODE)
    visitor.choose("backup_file", backup)
    visitor.press()
    visitor.expect_heading("You signed")

    assert web.rounds_asked() == [3, 2, 1]


def test_a_backup_covers_every_round_that_the_code_may_be_of(visitor: Visitor, three_rounds: Issuer, web: Web) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.press("backup")
    backup = visitor.download()
    three_rounds.late_fault = lambda _, reply: Reply(cut=True) if reply.status == 201 else reply
    visitor.press()
    visitor.expect_told("[lost]")
    three_rounds.late_fault = lambda _, reply: reply
    visitor.open()
    visitor.fill("code", CODE)
    visitor.choose("backup_file", backup)
    visitor.press()
    visitor.expect_heading("You signed")

    assert [one["round"] for one in (backup, *backup["others"])] == [3, 2, 1]
    assert client.read_receipt(visitor.filled("words")) == from_b64(backup["others"][1]["receipt"])


CHANGES = {"blinded_message": b64(b"\1" * 384)}, {"inverse": b64(b"\1" * 384)}


@pytest.mark.parametrize("change", [CHANGES[0], pytest.param(CHANGES[1], marks=pytest.mark.long)], ids=list)
def test_a_backup_that_was_changed_for_another_round_costs_no_code(
    visitor: Visitor, three_rounds: Issuer, change: dict[str, str]
) -> None:
    visitor.open(fragment=f"c={CODE}")
    visitor.press("backup")
    backup = visitor.download()
    backup["others"][1] |= change
    visitor.choose("backup_file", backup)
    visitor.press()

    visitor.expect_told("[file]")
    assert three_rounds.codes[CODE] is None


# Codes


def test_a_code_is_checked_as_it_is_typed(visitor: Visitor) -> None:
    visitor.open()
    said = visitor.page.locator("#code-told")
    sentences = {"008J": "[codelength] 4", CODE[:-1] + "U": "[codecharacter] U", CODE: "[codeok]", "": ""}
    for typed, expected in sentences.items():
        visitor.fill("code", typed)
        expect(said).to_have_text(expected)


def test_a_mistyped_code_asks_the_site_nothing(visitor: Visitor, web: Web) -> None:
    visitor.open()
    web.seen.clear()
    for typed in ("", "008J", CODE + "0", CODE[:-1] + "U"):
        visitor.fill("code", typed)
        visitor.press()

        visitor.expect_told("[code")
    assert web.seen == []


def test_a_refused_code_can_be_mended_and_loses_nothing(visitor: Visitor, issuer: Issuer) -> None:
    visitor.open(fragment=fragment(issuer))
    visitor.fill("code", "0" * 16)
    visitor.press()
    visitor.expect_told("This code is not known.")
    visitor.fill("code", CODE)
    visitor.press()

    visitor.expect_heading("You signed")


def test_what_cannot_be_done_now_costs_no_code(arrived: Visitor, issuer: Issuer) -> None:
    for member, said in {"issuing": "[ended]", "signing": "[early]"}.items():
        issuer.record |= {"issuing": True, "signing": True, member: False}
        arrived.press()

        arrived.expect_told(said)
    assert arrived.posts() == []


# Lost lines


def test_a_lost_answer_to_a_code_is_asked_for_again_with_the_same_bytes(
    arrived: Visitor, issuer: Issuer, web: Web
) -> None:
    issuer.late_fault = cut_on("tokens")
    arrived.press()
    arrived.expect_told("[lost]")
    issuer.late_fault = lambda _, reply: reply
    arrived.press()
    arrived.expect_heading("You signed")

    assert len({seen.body for seen in web.posts() if seen.path.endswith("tokens")}) == 1


def test_a_lost_answer_to_a_signature_is_asked_for_again_with_the_same_bytes(
    arrived: Visitor, issuer: Issuer, web: Web
) -> None:
    issuer.late_fault = cut_on("signatures")
    arrived.page.locator("[value=named]").check()
    arrived.fill("name", "Ana Muster")
    arrived.press()
    arrived.expect_told("[lost]")
    issuer.late_fault = lambda _, reply: reply
    arrived.press()
    arrived.expect_heading("You signed")

    assert arrived.posts()[:3] == ["tokens", "signatures", "signatures"]
    assert len({seen.body for seen in web.posts() if seen.path.endswith("signatures")}) == 1
    assert len(issuer.signatures) == 1


@pytest.mark.parametrize("status", [429, 500, pytest.param(502, marks=pytest.mark.long)])
def test_a_site_that_stumbles_is_asked_again(arrived: Visitor, issuer: Issuer, status: int) -> None:
    issuer.late_fault = lambda seen, reply: Reply(status, b"<h1>oops") if seen.path.endswith("tokens") else reply
    arrived.press()
    arrived.expect_told("[lost]")
    issuer.late_fault = lambda _, reply: reply
    arrived.press()

    arrived.expect_heading("You signed")


def test_an_answer_that_is_no_signature_is_not_used(arrived: Visitor, issuer: Issuer) -> None:
    answers = [{}, [], {"blind_signature": "AAAA"}, {"blind_signature": b64(b"\1" * 384)}]
    for times, answer in enumerate(answers, 1):
        no = Reply.of(answer, 201)
        issuer.late_fault = lambda seen, reply, no=no: no if seen.path.endswith("tokens") else reply  # type: ignore[misc]
        arrived.press()
        arrived.expect_told("[lost]" if answer == [] else "[invalid]")

        assert arrived.posts() == ["tokens"] * times


def leave(visitor: Visitor) -> list[str]:
    """Try to close the page: what the browser asks before."""
    asked: list[str] = []

    def hear(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    visitor.page.on("dialog", hear)
    visitor.page.goto("about:blank")
    visitor.page.remove_listener("dialog", hear)
    return asked


def test_leaving_asks_first_once_the_code_is_sent(arrived: Visitor, issuer: Issuer) -> None:
    issuer.late_fault = cut_on("tokens")
    arrived.press()
    arrived.expect_told("[lost]")

    assert leave(arrived) == ["beforeunload"]


def test_leaving_asks_first_while_the_receipt_is_in_no_other_place(arrived: Visitor) -> None:
    arrived.press()
    arrived.expect_heading("You signed")

    assert leave(arrived) == ["beforeunload"]


def test_leaving_asks_nothing_before_the_code_is_sent(arrived: Visitor) -> None:
    arrived.press("backup")
    arrived.expect_told("[backup]")

    assert leave(arrived) == []


@pytest.mark.parametrize("act", ["picture", "print", "save"])
def test_leaving_asks_nothing_once_the_receipt_is_kept(arrived: Visitor, act: str) -> None:
    arrived.press()
    arrived.expect_heading("You signed")
    arrived.page.evaluate("window.print = () => {}")
    if act == "save":
        arrived.download()
    else:
        arrived.press(act)

    assert leave(arrived) == []


# Backups, and signing later


def test_a_backup_sends_nothing_and_is_what_is_sent_then(arrived: Visitor, web: Web) -> None:
    arrived.press("backup")
    arrived.expect_told("[backup]")
    backup = arrived.download()
    assert arrived.posts() == []
    arrived.press()
    arrived.expect_heading("You signed")

    assert web.posts()[0].members["blinded_message"] == backup["blinded_message"]
    assert set(backup) == {
        "petition", "letter", "letter_id", "round", "pin", "message", "receipt", "blinded_message", "inverse"
    }  # fmt: skip


def test_a_backup_goes_on_in_another_browser_with_the_same_code(
    arrived: Visitor, new_visitor: Callable[[], Visitor], issuer: Issuer, web: Web
) -> None:
    arrived.press("backup")
    backup = arrived.download()
    issuer.late_fault = cut_on("tokens")
    arrived.press()
    issuer.late_fault = lambda _, reply: reply
    other = new_visitor()
    other.open()
    other.fill("code", CODE)
    other.choose("backup_file", backup)
    other.press()
    other.expect_heading("You signed")

    assert client.read_receipt(other.filled("words")) == from_b64(backup["receipt"])
    assert len({seen.body for seen in web.posts() if seen.path.endswith("tokens")}) == 1


def test_a_changed_backup_costs_no_code(arrived: Visitor) -> None:
    arrived.press("backup")
    backup = arrived.download()
    arrived.open()
    arrived.fill("code", CODE)

    require_refused(arrived, "backup_file", [{**backup, **change} for change in CHANGES])
    assert arrived.posts() == []


def test_later_gives_a_token_file_and_sends_no_signature(
    arrived: Visitor, new_visitor: Callable[[], Visitor], issuer: Issuer
) -> None:
    arrived.press("later")
    arrived.expect_heading("Sign later")
    token = arrived.download()
    assert arrived.posts() == ["tokens"]
    assert set(token) == {"petition", "letter", "letter_id", "round", "pin", "message", "receipt", "signature"}
    other = new_visitor()
    other.open("sign")
    other.choose("token_file", token)
    other.press()
    other.expect_heading("You signed")

    assert issuer.signatures == {from_b64(token["message"]): from_b64(token["signature"])}
    expect(other.page.get_by_text("[unpinned]")).to_be_hidden()


def test_the_text_of_a_token_file_will_do(arrived: Visitor, issuer: Issuer) -> None:
    arrived.press("later")
    arrived.expect_heading("Sign later")
    token = arrived.download()
    arrived.open("sign")
    arrived.fill("token", json.dumps(token))
    arrived.press()
    arrived.expect_heading("You signed")

    assert issuer.signatures == {from_b64(token["message"]): from_b64(token["signature"])}


def test_the_token_file_is_one_for_the_stand_alone_client(arrived: Visitor, issuer: Issuer) -> None:
    arrived.press("later")
    arrived.expect_heading("Sign later")
    members = arrived.download()

    token = client.Token.read(json.dumps(members).encode(), "token.json")
    assert (token.letter, token.letter_id, b64(token.pin)) == (f"http://{issuer.host}/", LETTER_ID, issuer.pin())


def test_a_letter_in_two_steps_is_signed_later(visitor: Visitor, issuer: Issuer) -> None:
    issuer.record["signing"] = False
    visitor.open(fragment=fragment(issuer))
    visitor.press("later")

    visitor.expect_heading("Sign later")


def saved_token(visitor: Visitor, issuer: Issuer) -> dict[str, object]:
    visitor.open(fragment=fragment(issuer))
    visitor.press("later")
    visitor.expect_heading("Sign later")
    return visitor.download()


def test_a_changed_token_sends_nothing(visitor: Visitor, issuer: Issuer) -> None:
    token = saved_token(visitor, issuer)
    changes: list[dict[str, Any]] = [
        {"receipt": b64(bytes(16))},
        {"receipt": b64(bytes(15))},
        {"round": 2},
        {"letter_id": LETTER_ID[::-1]},
        {"signature": b64(b"\1" * 384)},
        {"signature": "AAAA"},
        {"signature": None},
        {"message": b64(b"hello")},
        {"message": 5},
        {"pin": None},
        {"petition": 2},
    ]
    visitor.open("sign")

    require_refused(visitor, "token_file", [{**token, **change} for change in changes])


def test_a_token_of_another_letter_asks_nobody(visitor: Visitor, issuer: Issuer, web: Web) -> None:
    token = saved_token(visitor, issuer)
    visitor.open("sign", base="/s/ZZZZZZZZZZZZZZZZ/")
    web.seen.clear()
    visitor.choose("token_file", token)
    visitor.press()

    visitor.expect_told("[file]")
    assert web.seen == []


def test_what_is_no_file_of_ours_is_named_so(visitor: Visitor) -> None:
    visitor.open("sign")

    require_refused(visitor, "token_file", ["Dear Sir or Madam", "{}", "[]", "null"])


def test_without_a_file_there_is_nothing_to_sign_with(visitor: Visitor) -> None:
    visitor.open("sign")
    visitor.press()

    visitor.expect_told("[file]")


# What is shown of the signer


def unlocked(appearance: dict[str, object], step: str) -> str:
    """What the holder of the names key reads."""
    name_key = hashlib.sha256(b"petition-name-v1" + from_b64(str(appearance["a"]))).hexdigest()
    label = f"petition-name-v1\n{LETTER_ID}\n{step}\n{name_key}".encode()
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), label)
    return key_pair(2).decrypt(from_b64(str(appearance["locked_name"])), oaep).decode()


def test_a_group_is_sent_by_its_ids(arrived: Visitor, issuer: Issuer) -> None:
    arrived.page.locator("[value=grouped]").check()
    arrived.page.locator("[name=group-role]").select_option("software")
    arrived.press()
    arrived.expect_heading("You signed")

    w, a = client.openings(client.read_receipt(arrived.filled("words")))
    assert issuer.appearances == [
        {
            "step": "grouped",
            "groups": [{"field": "role", "option": "software"}],
            "a": b64(a),
            "w_hash": hashlib.sha256(w).hexdigest(),
        }
    ]


@pytest.mark.parametrize(("step", "at"), [("named", None), ("named_at:50", 50)])
def test_a_name_leaves_the_browser_only_locked(
    arrived: Visitor, issuer: Issuer, web: Web, step: str, at: int | None
) -> None:
    arrived.page.locator(f"[value='{step}']").check()
    arrived.fill("name", "  A\u0301na Muster ")
    arrived.fill("title", "Engineer")
    arrived.press()
    arrived.expect_heading("You signed")
    [sent] = issuer.appearances

    assert (sent["step"], sent.get("at")) == (step.partition(":")[0], at)
    assert unlocked(sent, step) == "\u00c1na Muster\nEngineer"
    assert not any(word in str(web.seen) for word in ("Muster", "Engineer"))


def test_a_name_that_no_list_shows_costs_no_code(arrived: Visitor) -> None:
    said = {
        "": "nameless",
        "12345": "unshown",
        "A\u202egnp": "unshown",
        "a@b.org": "unshown",
        "x" * 301: "unshown",
        "Zo" + "\u0301" * 5: "accents",
    }
    arrived.page.locator("[value=named]").check()
    for name, sentence in said.items():
        arrived.fill("name", name)
        arrived.press()

        arrived.expect_told(f"[{sentence}]")
    assert arrived.posts() == []


def test_a_title_with_too_many_accents_is_refused_at_its_field(arrived: Visitor) -> None:
    arrived.page.locator("[value=named]").check()
    arrived.fill("name", "Zoe")
    arrived.fill("title", "Chef" + "\u0301" * 5)
    arrived.press()

    arrived.expect_told("[titleaccents]")
    expect(arrived.page.locator("[name=title]")).to_have_attribute("aria-invalid", "true")
    assert arrived.posts() == []


def test_what_the_letter_does_not_offer_costs_no_code(arrived: Visitor, issuer: Issuer) -> None:
    issuer.record["names_offered"] = []
    arrived.page.locator("[value=named]").check()
    arrived.fill("name", "Ana")
    arrived.press()
    arrived.expect_told("[offer]")
    arrived.page.locator("[value=grouped]").check()
    arrived.page.locator("[name=group-role]").select_option("cook")
    arrived.press()
    arrived.expect_told("[offer]")

    assert arrived.posts() == []


# The second screen


@pytest.fixture
def signed(arrived: Visitor) -> Visitor:
    arrived.press()
    arrived.expect_heading("You signed")
    return arrived


def test_the_receipt_can_be_saved_and_copied(signed: Visitor) -> None:
    signed.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    saved = signed.download()
    signed.press("copy")

    assert client.receipt_words(from_b64(saved["receipt"])) == signed.filled("words")
    assert "signature" in saved
    signed.expect_told("[copied]")
    assert signed.page.evaluate("navigator.clipboard.readText()") == signed.filled("words")


def test_the_receipt_can_be_shown_as_a_picture(signed: Visitor) -> None:
    signed.press("picture")
    picture = signed.page.locator("#picture")

    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("aria-label", signed.filled("words"))
    colors = picture.evaluate("(one) => new Set(one.getContext('2d').getImageData(0, 0, 720, 160).data).size")
    assert colors > 2


def test_done_leaves_nothing_to_go_back_to(signed: Visitor, web: Web) -> None:
    words = signed.filled("words")
    signed.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed.press("copy")
    signed.page.locator("[data-act=clear]").click()
    signed.page.wait_for_url("**/away")
    signed.page.go_back()

    assert signed.page.url != web.url + SHORT + "join"
    assert words not in signed.page.content()


def test_clearing_a_receipt_that_is_in_no_other_place_asks_once(signed: Visitor) -> None:
    signed.press("clear")
    signed.expect_told("[unsaved]")
    assert signed.filled("words")
    signed.page.locator("[data-act=clear]").click()

    signed.page.wait_for_url("**/away")


def test_a_place_on_the_page_leaves_the_pin_as_it_was(arrived: Visitor, issuer: Issuer) -> None:
    arrived.page.evaluate("location.hash = 'main'")
    arrived.press()
    arrived.expect_heading("You signed")

    assert len(issuer.signatures) == 1
    expect(arrived.page.get_by_text("[unpinned]")).to_be_hidden()


def test_what_is_wrong_is_marked_for_who_hears_the_page(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill("code", "ABCD")
    visitor.press()
    expect(visitor.page).to_have_title("error Page")
    expect(visitor.page.locator("[name=code]")).to_have_attribute("aria-invalid", "true")
    visitor.fill("code", CODE)
    visitor.press()

    expect(visitor.page).to_have_title("Page")


def test_what_was_wrong_is_said_until_the_form_changes(arrived: Visitor) -> None:
    arrived.page.locator("[value=named]").check()
    arrived.press()
    arrived.expect_told("[nameless]")
    arrived.fill("name", "Ana Muster")

    expect(arrived.told()).to_be_empty()
    expect(arrived.page.locator("[name=name]")).not_to_have_attribute("aria-invalid", "true")
    expect(arrived.page).to_have_title("Page")


def test_after_a_cut_what_to_do_stays_when_the_form_changes(arrived: Visitor, issuer: Issuer) -> None:
    issuer.late_fault = cut_on("tokens")
    arrived.press()
    arrived.expect_told("[lost]")
    arrived.fill("name", "Ana Muster")

    arrived.expect_told("[lost]")


# Browsers and pages that cannot


def test_a_page_without_the_form_is_left_alone(visitor: Visitor, web: Web) -> None:
    visitor.open("plain", fragment=f"c={CODE}")

    expect(visitor.page.locator("#code")).to_have_value(CODE)
    assert visitor.page.url == web.url + SHORT + "plain"
    assert visitor.page.locator("html.scripted").count() == 0


NO_SUBTLE = "Object.defineProperty(crypto, 'subtle', { value: undefined })"


@pytest.mark.parametrize("lack", ["delete window.BigInt", NO_SUBTLE])
def test_a_browser_that_cannot_leaves_the_form_to_the_site(
    new_visitor: Callable[[], Visitor], issuer: Issuer, web: Web, lack: str
) -> None:
    visitor = new_visitor()
    visitor.page.add_init_script(lack)
    visitor.open(fragment=fragment(issuer))
    visitor.expect_told("[unable]")
    assert visitor.page.url == web.url + SHORT + "join"
    visitor.page.locator("[data-act=sign]").click()
    visitor.page.wait_for_url("**/join?code")

    assert [seen.path for seen in web.posts()] == [SHORT + "join?code"]
