"""A site that shows one visitor something of their own. The script stops before anything of the signer's is sent."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.script.pages import Visitor
from tests.client import hostile
from tests.client.hostile import Hostile, changed, instead, is_get, moved, on_request, slow_body, without
from tests.client.issuing import CODE, LOG_KEY, PUBLIC, SHORT, Issuer, Round, key_pair, spoken
from tests.client.serving import Reply, Seen, Web
from tests.client.test_hostile import republished

pytestmark = pytest.mark.browser


def honest(_: Seen, reply: Reply) -> Reply:
    return reply


def require_all_stopped(visitor: Visitor, liar: Hostile, lies: dict[str, Callable[[], object]], sent: int = 0) -> None:
    """Each lie, one after the other, stops the script with a sentence."""
    for name, lie in lies.items():
        liar.lie = honest
        lie()
        visitor.press()

        assert visitor.told().get_attribute("data-kind") == "stopped", name
        assert visitor.told().inner_text().startswith("["), name
        assert len(visitor.posts()) == sent, name


def records(liar: Hostile) -> dict[str, Callable[[], object]]:
    return {name: lambda lie=lie: liar.alter(lie) for name, lie in hostile.RECORDS.items()}  # type: ignore[misc]


# Someone who holds a pin


LESS_OFTEN = [pytest.param(how, marks=pytest.mark.long) for how in ("typed", "public address", "name")]


@pytest.fixture(params=["link", *LESS_OFTEN])
def holder(request: pytest.FixtureRequest, visitor: Visitor, issuer: Issuer, web: Web) -> Visitor:
    """A visitor with the pin of the honest record, held in one of the possible ways."""
    if request.param == "public address":
        request.getfixturevalue("public")
    is_typed = request.param == "typed"
    fragment = f"c={CODE}" if is_typed else f"p={issuer.pin()}&c={CODE}"
    visitor.open(base=PUBLIC if request.param == "public address" else SHORT, fragment=fragment)
    if is_typed:
        visitor.fill("pin", spoken(issuer.pin()))
    if request.param == "name":
        visitor.page.locator("[value=named]").check()
        visitor.fill("name", "Ana")
    return visitor


def test_a_record_made_for_one_visitor_is_found_out(holder: Visitor, liar: Hostile) -> None:
    require_all_stopped(holder, liar, records(liar))
    liar.lie = honest
    holder.press()

    holder.expect_heading("You signed")


def test_a_saved_token_is_not_shown_to_a_liar(visitor: Visitor, issuer: Issuer, liar: Hostile) -> None:
    visitor.open(fragment=f"r=1&p={issuer.pin()}&c={CODE}")
    visitor.press("later")
    visitor.expect_heading("Sign later")
    token = visitor.download()
    visitor.open("sign")
    visitor.choose("token_file", token)

    require_all_stopped(visitor, liar, records(liar), sent=1)


def test_a_backup_is_not_shown_to_a_liar(visitor: Visitor, issuer: Issuer, liar: Hostile) -> None:
    visitor.open(fragment=f"r=1&p={issuer.pin()}&c={CODE}")
    visitor.press("backup")
    backup = visitor.download()
    visitor.open()
    visitor.fill("code", CODE)
    visitor.choose("backup_file", backup)

    require_all_stopped(visitor, liar, records(liar))


def test_an_attempt_that_broke_off_does_not_go_on_with_a_liar(visitor: Visitor, issuer: Issuer, liar: Hostile) -> None:
    visitor.open(fragment=f"c={CODE}")  # no pin: what was sent first decides
    liar.lie = lambda seen, reply: Reply(500) if seen.path.endswith("/tokens") else reply
    visitor.press()
    visitor.expect_told("[lost]")

    require_all_stopped(visitor, liar, records(liar), sent=1)


# Someone who holds none


def test_a_record_that_is_incomplete_or_malformed_stops_everything(
    visitor: Visitor, issuer: Issuer, liar: Hostile
) -> None:
    def leave_out(name: str) -> None:
        liar.lie = without(name)

    visitor.open(fragment=f"c={CODE}")
    lies: dict[str, Callable[[], object]] = {}
    for name in hostile.MISSING:
        lies[f"no {name}"] = lambda name=name: leave_out(name)  # type: ignore[misc]
    for name, lie in hostile.MALFORMED.items():
        lies[name] = lambda lie=lie: liar.alter(lie)  # type: ignore[misc]

    require_all_stopped(visitor, liar, lies)


def test_the_public_record_finds_a_lie_out(visitor: Visitor, public: Issuer, liar: Hostile) -> None:
    visitor.open(fragment=f"c={CODE}")

    require_all_stopped(visitor, liar, records(liar))


def test_two_answers_that_differ_are_noticed(visitor: Visitor, issuer: Issuer, liar: Hostile) -> None:
    issuer.rounds[2] = Round("former", "Former workers", key_pair(3))
    visitor.open("rolls", fragment=f"c={CODE}")
    visitor.page.locator("[name=roll]").select_option("former")

    def second(lie: dict[str, Any]) -> None:
        liar.lie = on_request(2, "round.json", lambda reply: changed(reply, lie))

    lies = {name: lie for name, lie in hostile.RECORDS.items() if not {"public_key", "roll_id"} & set(lie)}
    require_all_stopped(visitor, liar, {name: lambda lie=lie: second(lie) for name, lie in lies.items()})  # type: ignore[misc]


# Whatever a visitor holds


@pytest.fixture
def ready(visitor: Visitor, public: Issuer) -> Visitor:
    """A visitor with a whole link to a public letter."""
    visitor.open(fragment=f"r=1&p={public.pin()}&c={CODE}")
    return visitor


def test_another_text_a_redirect_and_an_answer_without_end_stop_everything(ready: Visitor, liar: Hostile) -> None:
    replies = {f"{name} to {to}": moved(to) for name in ("round.json", "letter.md") for to in hostile.MOVES.values()}
    replies |= {f"{name} is huge": hostile.HUGE for name in ("round.json", "letter.md", "checkpoint")}
    replies["letter.md is another"] = Reply(200, hostile.OTHER_TEXT)
    replies["letter.md is gone"] = Reply(404)
    for body in (
        b'{"round": ' + b"9" * 400_000 + b"}",
        b"[" * 400_000,
        b'{"a":' * 60_000,
        b"",
        b"[]",
        b"null",
        b"\xff",
    ):
        replies[f"round.json is {body[:9]!r}"] = Reply(200, body)

    def answer(name: str, reply: Reply) -> None:
        liar.lie = instead(name.partition(" ")[0], reply)

    lies = {name: lambda name=name, reply=reply: answer(name, reply) for name, reply in replies.items()}
    require_all_stopped(ready, liar, lies)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tokens", "signatures"])
def test_what_is_sent_is_not_carried_along_by_a_redirect(ready: Visitor, liar: Hostile, name: str) -> None:
    liar.lie = lambda seen, reply: moved("/s/elsewhere/" + name) if seen.path.endswith(name) else reply
    ready.press()
    ready.expect_told("[lost]")

    assert {seen.path for seen in ready.web.posts() if seen.path.endswith(name)} == {SHORT + name}


@pytest.mark.parametrize("name", ["round.json", "letter.md", "tokens"])
def test_nobody_waits_for_a_slow_answer(
    new_visitor: Callable[[], Visitor], public: Issuer, liar: Hostile, name: str
) -> None:
    visitor = new_visitor()
    visitor.page.clock.install()
    visitor.open(fragment=f"r=1&p={public.pin()}&c={CODE}")
    liar.lie = lambda seen, reply: slow_body(reply) if is_get(seen, name) or seen.path.endswith("/" + name) else reply
    with visitor.page.expect_response(lambda response: name in response.url):
        visitor.page.locator("[data-act=sign]").click()
    visitor.page.clock.fast_forward(61_000)

    visitor.expect_told("[lost]")


def test_a_log_of_the_liars_own_is_found_out(ready: Visitor, public: Issuer, liar: Hostile) -> None:
    fakes = {
        "signed by another key": hostile.own_log(public, {}, hostile.OWN_LOG_KEY),
        "another record, signed by another key": hostile.own_log(public, {"k": 4}, hostile.OWN_LOG_KEY),
        "another record, signed by the letter's key": hostile.own_log(public, {"k": 4}, LOG_KEY),
        "another round": hostile.own_log(public, {"round": 7}, LOG_KEY),
    }
    own = hostile.own_log(public, {}, LOG_KEY)
    for name, old, new in (
        ("log/tile/entries/000.p/2", b'"k":3', b'"k":4'),
        ("log/checkpoint", b"\n2\n", b"\n1\n"),
        ("log/checkpoint", b"\n2\n", b"\n99999999\n"),
    ):
        assert old in own[name]
        fakes[f"{name} {new!r}"] = {**own, name: own[name].replace(old, new)}
    fakes["hashes of nothing"] = {**own, "log/tile/0/000.p/2": bytes(64)}
    fakes["an empty part"] = {**own, "log/tile/entries/000.p/2": b""}

    def serve(files: dict[str, bytes]) -> None:
        def answer(seen: Seen, reply: Reply) -> Reply:
            _, is_log, name = seen.path.partition("/log/")
            return Reply(200, files.get("log/" + name, b"")) if is_log else reply

        liar.lie = answer

    require_all_stopped(ready, liar, {name: lambda files=files: serve(files) for name, files in fakes.items()})  # type: ignore[misc]


def test_a_log_of_another_version_is_named(ready: Visitor, public: Issuer) -> None:
    bundle = hostile.own_log(public, {}, LOG_KEY)["log/tile/entries/000.p/2"]
    public.files = republished(bundle.replace(b'"version":2', b'"version":3'))
    ready.press()

    ready.expect_told("[version]")
    assert ready.posts() == []


def test_a_host_that_the_record_does_not_name_gets_nothing(visitor: Visitor, issuer: Issuer, web: Web) -> None:
    visitor.page.goto(f"http://localhost:{web.port}{SHORT}join#r=1&p={issuer.pin()}&c={CODE}")
    visitor.press()

    visitor.expect_told("[moved]")
    assert visitor.posts() == []


def test_words_of_the_site_cannot_turn_the_line_around(ready: Visitor, liar: Hostile) -> None:
    refused = Reply.refusal(403, "\u202egnp.exe\u2066 \x1b[2J<b>no</b>")
    liar.lie = lambda seen, reply: refused if seen.path.endswith("/tokens") else reply
    ready.press()

    expect(ready.told()).to_have_text("gnp.exe   [2J<b>no</b>")
