"""A server that treats one visitor otherwise than all others. Each lie stops the client before anything is sent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client import hostile
from tests.client.conftest import Ran, Run
from tests.client.hostile import Hostile, changed, instead, is_get, moved, on_request, slow_body, without
from tests.client.issuing import CODE, LOG_KEY, PUBLIC, SHORT, Issuer, Round, b64, key_pair, spki_of, spoken
from tests.client.logs import log_of
from tests.client.serving import Reply, Seen, Web, serving

pytestmark = pytest.mark.thorough

FIELDS = [{"id": "role", "label": "Role", "options": [{"id": "software", "label": "Software"}]}]


@pytest.fixture
def issuer() -> Issuer:
    """A letter with a question and with names."""
    keys = {step: b64(spki_of(key_pair(2))) for step in ("named", "named_at:50")}
    return Issuer(record={**hostile.with_fields(FIELDS), "names_keys": keys})


@pytest.fixture
def liar(issuer: Issuer) -> Hostile:
    """In front of the honest server, and honest itself until a test says how to lie."""
    return Hostile(issuer)


@pytest.fixture
def web(issuer: Issuer, liar: Hostile) -> Iterator[Web]:
    with serving(liar) as web:
        issuer.host = f"127.0.0.1:{web.port}"
        yield web


def require_stopped(ran: Ran, web: Web, posts: int = 0) -> None:
    """Nothing was sent beyond what had been, and nothing on the screen moves the cursor."""
    assert ran.status in (1, 2)
    assert len(web.posts()) == posts
    assert all(character.isprintable() or character == "\n" for character in ran.out + ran.err)


# Someone who holds a pin, in each way in which it can be held


def with_link(run: Run, web: Web, pin: str) -> Ran:
    return run("sign", f"{web.url}{SHORT}join#r=1&p={pin}&c={CODE}")


def with_pin_alone(run: Run, web: Web, pin: str) -> Ran:
    return run("sign", web.url + SHORT, "--code", CODE, "--pin", spoken(pin).lower())


def with_public_address(run: Run, web: Web, pin: str) -> Ran:
    return run("sign", web.url + PUBLIC, "--code", CODE, "--pin", pin)


def with_name(run: Run, web: Web, pin: str) -> Ran:
    return run("sign", f"{web.url}{SHORT}#p={pin}&c={CODE}", "--appear", "named", "--name", "Ana")


HOLDING = [with_link, with_pin_alone, with_public_address, with_name]


@pytest.fixture(params=HOLDING, ids=lambda one: one.__name__)
def holder(request: pytest.FixtureRequest, run: Run, web: Web, issuer: Issuer) -> Callable[[], Ran]:
    """Signs with the pin of the honest record."""
    issuer.files = log_of(issuer).files if request.param is with_public_address else {}
    pin = issuer.pin()
    return lambda: request.param(run, web, pin)


def test_an_honest_record_is_accepted(holder: Callable[[], Ran], issuer: Issuer) -> None:
    assert holder().status == 0
    assert len(issuer.signatures) == 1


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_a_record_made_for_one_visitor_is_found_out(
    holder: Callable[[], Ran], liar: Hostile, web: Web, lie: dict[str, Any]
) -> None:
    liar.alter(lie)

    ran = holder()

    require_stopped(ran, web)
    assert "Nothing of yours was sent" in ran.said
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("name", hostile.MISSING)
def test_a_member_that_is_missing_stops_everything(
    holder: Callable[[], Ran], liar: Hostile, web: Web, name: str
) -> None:
    liar.lie = without(name)

    require_stopped(holder(), web)


@pytest.mark.parametrize("lie", hostile.MALFORMED.values(), ids=hostile.MALFORMED)
def test_a_malformed_member_stops_everything(
    holder: Callable[[], Ran], liar: Hostile, web: Web, lie: dict[str, Any]
) -> None:
    liar.alter(lie)

    require_stopped(holder(), web)


def test_another_text_under_the_honest_record_is_found_out(holder: Callable[[], Ran], liar: Hostile, web: Web) -> None:
    liar.lie = instead("letter.md", Reply(200, hostile.OTHER_TEXT))

    ran = holder()

    require_stopped(ran, web)
    assert "is not the text that you would sign" in ran.said


@pytest.mark.parametrize("name", ["round.json", "letter.md", "log/checkpoint"])
@pytest.mark.parametrize("location", hostile.MOVES.values(), ids=hostile.MOVES)
def test_a_redirect_is_never_followed(
    holder: Callable[[], Ran], liar: Hostile, web: Web, name: str, location: str
) -> None:
    liar.lie = instead(name.rpartition("/")[2], moved(location))

    ran = holder()

    require_stopped(ran, web)
    assert "does not follow" in ran.said


@pytest.mark.parametrize("name", ["round.json", "letter.md", "checkpoint"])
def test_an_answer_without_end_is_cut(holder: Callable[[], Ran], liar: Hostile, web: Web, name: str) -> None:
    liar.lie = instead(name, hostile.HUGE)

    ran = holder()

    require_stopped(ran, web)
    assert "too long" in ran.said


@pytest.mark.parametrize("body", [b'{"round": ' + b"9" * 400_000 + b"}", b"[" * 400_000, b'{"a":' * 60_000])
def test_an_answer_that_is_hard_to_read_is_refused(
    holder: Callable[[], Ran], liar: Hostile, web: Web, body: bytes
) -> None:
    liar.lie = instead("round.json", Reply(200, body))

    require_stopped(holder(), web)


@pytest.mark.parametrize("name", ["round.json", "letter.md", "checkpoint"])
@pytest.mark.parametrize("is_head", [True, False], ids=["from the start", "after a while"])
def test_nobody_waits_for_a_slow_answer(run: Run, liar: Hostile, web: Web, link: str, name: str, is_head: bool) -> None:
    liar.lie = lambda seen, reply: (hostile.SLOW_HEAD if is_head else slow_body(reply)) if is_get(seen, name) else reply

    ran = run("sign", link, "--timeout", "1")

    require_stopped(ran, web)
    assert "did not answer in time" in ran.said


def test_a_slow_answer_to_a_code_leaves_the_retry_file(run: Run, liar: Hostile, web: Web, link: str) -> None:
    liar.lie = lambda seen, reply: slow_body(reply) if seen.path.endswith("/tokens") else reply
    ran = run("sign", link, "--timeout", "1")
    liar.lie = lambda _, reply: reply

    assert "--retry receipt.retry.json" in ran.said
    assert run("sign", link, "--retry", "receipt.retry.json").status == 0


@pytest.mark.parametrize("name", ["tokens", "signatures"])
def test_what_is_sent_is_not_carried_along_by_a_redirect(
    run: Run, liar: Hostile, web: Web, link: str, name: str
) -> None:
    liar.lie = lambda seen, reply: moved("/s/elsewhere/" + name) if seen.path.endswith(name) else reply

    ran = run("sign", link)

    assert ran.status == 1
    assert [seen.path for seen in web.posts()][-1] == SHORT + name


# Someone who has signed in part, and comes back with a file


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
@pytest.mark.parametrize("words", [(), ("--appear", "named", "--name", "Ana")], ids=["counted", "named"])
def test_a_saved_token_is_not_shown_to_a_liar(
    run: Run, liar: Hostile, web: Web, link: str, lie: dict[str, Any], words: tuple[str, ...]
) -> None:
    assert run("sign", link, "--token-only", "later.json").status == 0
    liar.alter(lie)

    require_stopped(run("sign", web.url + SHORT, "--token", "later.json", *words), web, posts=1)


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_an_attempt_that_broke_off_is_not_shown_to_a_liar(
    run: Run, liar: Hostile, web: Web, link: str, lie: dict[str, Any]
) -> None:
    liar.lie = lambda seen, reply: Reply(cut=True) if seen.path.endswith("/tokens") else reply
    assert run("sign", link).status == 1
    liar.alter(lie)

    require_stopped(run("sign", web.url + SHORT, "--code", CODE, "--retry", "receipt.retry.json"), web, posts=1)


@pytest.mark.parametrize("command", ["change", "withdraw"])
@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_a_receipt_file_is_not_shown_to_a_liar(
    run: Run, liar: Hostile, web: Web, link: str, lie: dict[str, Any], command: str
) -> None:
    assert run("sign", link).status == 0
    liar.alter(lie)
    words = ("--appear", "named", "--name", "Ana") if command == "change" else ()

    require_stopped(run(command, web.url + SHORT, "--receipt", "receipt.json", *words), web, posts=2)


# A public letter, whose log tells everyone the same


@pytest.fixture
def logged(issuer: Issuer, web: Web) -> Issuer:
    issuer.files = log_of(issuer).files
    return issuer


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_without_a_pin_the_public_log_finds_a_lie_out(
    run: Run, liar: Hostile, logged: Issuer, web: Web, lie: dict[str, Any]
) -> None:
    liar.alter(lie)

    require_stopped(run("sign", web.url + SHORT, "--code", CODE), web)


@pytest.mark.parametrize("words", [(), ("--pin",)], ids=["no pin", "a pin"])
def test_a_log_of_the_liars_own_is_not_signed_by_the_letters_key(
    run: Run, liar: Hostile, logged: Issuer, web: Web, words: tuple[str, ...]
) -> None:
    fake = hostile.own_log(logged, {"k": 4}, hostile.OWN_LOG_KEY)
    liar.lie = serve_log(fake)

    ran = run("sign", web.url + SHORT, "--code", CODE, *words, *([logged.pin()] if words else []))

    require_stopped(ran, web)
    assert "not signed by the log's key" in ran.said


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_a_pin_finds_a_log_out_that_tells_the_same_lie(
    run: Run, liar: Hostile, logged: Issuer, web: Web, lie: dict[str, Any]
) -> None:
    pin = logged.pin()
    fake = hostile.own_log(logged, lie, hostile.OWN_LOG_KEY if "log_key" in lie else LOG_KEY)
    liar.alter(lie)
    tell = liar.lie
    liar.lie = lambda seen, reply: serve_log(fake)(seen, tell(seen, reply))

    require_stopped(run("sign", web.url + SHORT, "--code", CODE, "--pin", pin), web)


def serve_log(files: dict[str, bytes]) -> Callable[[Seen, Reply], Reply]:
    """Serves this log in place of the honest one."""

    def answer(seen: Seen, reply: Reply) -> Reply:
        _, is_log, name = seen.path.partition("/log/")
        return Reply(200, files["log/" + name]) if is_log else reply

    return answer


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("log/tile/0/000.p/2", lambda body: bytes(len(body)), "hashes are not those"),
        ("log/tile/0/000.p/2", lambda body: body[:-1], "hashes are not those"),
        ("log/tile/entries/000.p/2", lambda body: body.replace(b'"k":3', b'"k":4'), "entries are not those"),
        ("log/checkpoint", lambda body: body.replace(b"\n2\n", b"\n1\n"), "not signed"),
        ("log/checkpoint", lambda body: body.replace(b"\n2\n", b"\n99999999\n"), "not signed"),
        ("log/checkpoint", lambda body: b"", "cannot be read"),
    ],
)
def test_a_log_whose_parts_do_not_fit_stops_everything(
    run: Run, logged: Issuer, web: Web, name: str, spoil: Callable[[bytes], bytes], said: str
) -> None:
    logged.files[name] = spoil(logged.files[name])

    ran = run("sign", web.url + SHORT, "--code", CODE)

    require_stopped(ran, web)
    assert said in ran.said


def test_a_log_of_another_version_is_not_compared(run: Run, logged: Issuer, web: Web) -> None:
    logged.files = hostile.own_log(logged, {}, LOG_KEY)
    first = logged.files["log/tile/entries/000.p/2"]
    assert b'"version":2' in first
    logged.files = republished(first.replace(b'"version":2', b'"version":3'))

    ran = run("sign", logged.link(web.url))

    require_stopped(ran, web)
    assert "The log has version 3" in ran.said


def republished(bundle: bytes) -> dict[str, bytes]:
    """The log of these entries, rightly signed."""
    entries = []
    while bundle:
        size = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + size])
        bundle = bundle[2 + size :]
    return hostile.publish(entries, LOG_KEY).files


def test_a_round_that_the_log_does_not_have_is_found_out(run: Run, logged: Issuer, web: Web) -> None:
    logged.rounds[2] = Round(key=key_pair(3))

    ran = run("sign", web.url + SHORT, "--code", CODE)

    require_stopped(ran, web)
    assert "does not have round 2" in ran.said


# Two answers that contradict each other


@pytest.mark.parametrize("lie", hostile.RECORDS.values(), ids=hostile.RECORDS)
def test_two_answers_that_differ_are_noticed_without_a_pin(
    run: Run, liar: Hostile, issuer: Issuer, web: Web, lie: dict[str, Any]
) -> None:
    issuer.rounds[2] = Round("former", "Former workers", key_pair(3))
    liar.lie = on_request(2, "round.json", lambda reply: changed(reply, lie))

    ran = run("sign", web.url + SHORT, "--code", CODE, "--roll", "former")

    if set(lie) <= {"public_key", "roll_id"}:  # these are the round's own: no one can tell, as the client says
        assert "nothing vouches for this record" in ran.said
    else:
        require_stopped(ran, web)


def test_an_address_that_names_another_letter_leads_nowhere(run: Run, liar: Hostile, logged: Issuer, web: Web) -> None:
    liar.lie = on_request(1, "round.json", lambda reply: changed(reply, {"letter_id": hostile.OTHER_ID}))

    ran = run("sign", web.url + PUBLIC, "--code", CODE)

    require_stopped(ran, web)
    assert [seen.path for seen in web.seen] == [PUBLIC + "round.json", "/s/ZZZZZZZZZZZZZZZZ/round.json"]


# Addresses


def test_whatever_the_address_things_are_sent_to_the_letters_own(run: Run, logged: Issuer, web: Web) -> None:
    ran = run("sign", f"{web.url}/es{PUBLIC}join?you=17#p={logged.pin()}&c={CODE}")

    assert ran.status == 0
    assert [seen.path for seen in web.posts()] == [SHORT + "tokens", SHORT + "signatures"]
    assert {seen.path.partition("?")[2] for seen in web.seen} == {"", "round=1"}


def test_the_other_address_is_asked_once_and_by_itself(run: Run, logged: Issuer, web: Web) -> None:
    run("sign", web.url + PUBLIC, "--code", CODE)

    assert [seen.path for seen in web.seen if not seen.path.startswith(SHORT)] == [PUBLIC + "round.json"]
    assert web.seen[0].connection not in {seen.connection for seen in web.seen[1:]}


def test_a_host_that_the_record_does_not_name_gets_nothing(run: Run, issuer: Issuer, web: Web, link: str) -> None:
    elsewhere = link.replace("127.0.0.1", "localhost")

    ran = run("sign", elsewhere)

    require_stopped(ran, web)
    assert "is not a host of this letter" in ran.said
    assert "--host" in ran.said


def test_a_host_that_the_signer_names_gets_what_is_sent(run: Run, issuer: Issuer, web: Web, link: str) -> None:
    moved_to = f"localhost:{web.port}"

    ran = run("sign", link, "--host", moved_to)

    assert ran.status == 0
    assert {seen.headers["Host"] for seen in web.seen} == {moved_to}
    assert f"You named {moved_to} with --host" in ran.said


# Nothing that a server says moves the cursor


ESCAPES = "\x1b]0;x\x07\x1b[2J\u202e\u2066\x9b1m\r\n\t\x00"


@pytest.mark.parametrize(
    "lie",
    [
        hostile.with_fields([{"id": "role", "label": ESCAPES, "options": [{"id": "ops", "label": ESCAPES}]}]),
        {"signing_starts": ESCAPES, "signing": False},
        {"rounds": [{"round": n, "roll_id": roll, "roll": ESCAPES} for n, roll in ((1, "workers"), (2, "b"))]},
        {"letter": ESCAPES},
        {"roll": ESCAPES},
    ],
    ids=lambda lie: " ".join(lie),
)
def test_labels_cannot_paint_the_screen(run: Run, liar: Hostile, web: Web, lie: dict[str, Any]) -> None:
    liar.alter(lie)
    shown = [
        run("sign", web.url + SHORT, "--code", CODE, "--group", "role=ops"),
        run("sign", web.url + SHORT, "--code", CODE, "--group", "level=ops"),
        run("sign", web.url + SHORT, "--code", CODE, typed="x\n"),
    ]

    for ran in shown:
        assert all(character.isprintable() or character == "\n" for character in ran.out + ran.err)


@pytest.mark.parametrize("name", ["round.json", "letter.md", "checkpoint", "tokens", "signatures"])
def test_refusals_cannot_paint_the_screen(run: Run, liar: Hostile, web: Web, link: str, name: str) -> None:
    liar.lie = lambda seen, reply: (
        Reply.refusal(403, ESCAPES + "x" * 5000) if seen.path.partition("?")[0].endswith(name) else reply
    )

    ran = run("sign", link)

    assert ran.status == 1
    assert all(character.isprintable() or character == "\n" for character in ran.out + ran.err)
    assert len(ran.err) < 1500
