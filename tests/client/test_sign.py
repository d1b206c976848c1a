"""Signing, against a small honest server and some that are not."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from petition import client
from tests.client.conftest import Run
from tests.client.issuing import (
    CODE,
    LETTER_ID,
    PUBLIC,
    SHORT,
    Issuer,
    Round,
    b64,
    is_valid,
    key_pair,
    raw_sign,
    spoken,
)
from tests.client.logs import log_of
from tests.client.serving import Reply, Web

OTHER = "YQ4TZDWG4HBV59RV"


def members_of(path: str) -> dict[str, object]:
    return dict(json.loads(Path(path).read_text()))


def test_a_code_becomes_a_signature_and_a_receipt(run: Run, letter: str, issuer: Issuer) -> None:
    ran = run("sign", letter, "--code", "oo8j-4ct4 ank7-f24s")

    assert ran.status == 0
    receipt = client.load("receipt.json")
    assert issuer.signatures == {receipt.message: receipt.signature}
    assert issuer.commits() == [client.commitment(receipt.receipt)]
    assert client.receipt_words(receipt.receipt) in ran.out


def test_the_receipt_file_has_the_members_that_are_agreed(run: Run, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--receipt", "mine.json")

    members = members_of("mine.json")
    assert set(members) == {
        "petition",
        "letter",
        "letter_id",
        "round",
        "pin",
        "message",
        "signature",
        "receipt",
    }
    assert members["petition"] == 1
    assert members["letter"] == f"http://{issuer.host}/"
    assert members["letter_id"] == LETTER_ID
    assert members["pin"] == issuer.pin()


def test_files_are_for_the_signer_alone(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.late_fault = lambda seen, reply: Reply(cut=True) if seen.path.endswith("signatures") else reply
    run("sign", letter, "--code", CODE, "--keep-retry")

    files = list(Path().iterdir())
    assert {path.name for path in files} == {"receipt.json", "receipt.retry.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_nothing_but_the_receipt_is_left(run: Run, letter: str) -> None:
    run("sign", letter, "--code", CODE)

    assert [path.name for path in Path().iterdir()] == ["receipt.json"]


def test_a_receipt_does_not_say_where_an_unpublished_letter_is(run: Run, letter: str) -> None:
    run("sign", letter, "--code", CODE)

    assert [path.name for path in Path().iterdir()] == ["receipt.json"]
    assert SHORT not in Path("receipt.json").read_text()


def test_no_file_is_ever_overwritten(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.codes[OTHER] = None
    run("sign", letter, "--code", CODE)
    first = Path("receipt.json").read_text()

    run("sign", letter, "--code", OTHER)

    assert Path("receipt.json").read_text() == first
    assert client.load("receipt-2.json").message in issuer.signatures


def test_a_taken_name_stops_before_anything_is_sent(run: Run, letter: str, web: Web) -> None:
    Path("mine.json").write_text("precious")

    ran = run("sign", letter, "--code", CODE, "--receipt", "mine.json")

    assert (ran.status, web.seen) == (1, [])
    assert Path("mine.json").read_text() == "precious"


def test_a_missing_folder_stops_before_anything_is_sent(run: Run, letter: str, web: Web) -> None:
    ran = run("sign", letter, "--code", CODE, "--receipt", "nowhere/mine.json")

    assert (ran.status, web.seen) == (1, [])
    assert "nowhere" in ran.err


def test_the_code_can_be_typed(run: Run, letter: str, issuer: Issuer) -> None:
    ran = run("sign", letter, "--code", "-", typed="008J-4CT4-ANK7-F24S\n")

    assert (ran.status, len(issuer.signatures)) == (0, 1)


def test_without_a_code_or_a_keyboard_it_is_asked_for(run: Run, letter: str, web: Web) -> None:
    ran = run("sign", letter)

    assert (ran.status, web.seen) == (2, [])
    assert "--code" in ran.err


def test_a_mistyped_code_is_never_sent(run: Run, letter: str, web: Web) -> None:
    ran = run("sign", letter, "--code", "008J-4CT4-ANK7-F24")

    assert (ran.status, web.seen) == (1, [])
    assert "has 15" in ran.said


# Pins


def test_round_pin_and_code_come_from_a_link(run: Run, link: str, web: Web) -> None:
    ran = run("sign", link)

    assert ran.status == 0
    assert "those of your pin" in ran.said
    assert all("#" not in seen.path and CODE not in seen.path for seen in web.seen)


@pytest.mark.parametrize("write", [str, spoken, lambda pin: spoken(pin).lower().replace("-", "")], ids=range(3))
def test_a_pin_is_read_as_people_copy_it(run: Run, letter: str, issuer: Issuer, write: Callable[[str], str]) -> None:
    assert run("sign", letter, "--code", CODE, "--pin", write(issuer.pin())).status == 0


def test_a_wrong_pin_in_the_link_stops_before_anything_is_sent(run: Run, letter: str, web: Web) -> None:
    ran = run("sign", f"{letter}join#p={'A' * 43}&r=1&c={CODE}")

    assert (ran.status, web.posts()) == (1, [])
    assert "another record of round 1 than your link names" in ran.said
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("pin", ["A" * 43, "-" + "A" * 42], ids=["plain", "it begins with a hyphen"])
def test_a_wrong_pin_beside_a_right_one_stops_too(run: Run, link: str, web: Web, pin: str) -> None:
    ran = run("sign", link, "--pin", pin)

    assert (ran.status, web.posts()) == (1, [])
    assert "than --pin names" in ran.said


@pytest.mark.parametrize(
    "pin", ["A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "+", "0" * 31, "U" * 32, "0123456789ABCDEF"]
)
def test_a_pin_that_is_not_whole_is_refused(run: Run, letter: str, web: Web, pin: str) -> None:
    ran = run("sign", letter, "--code", CODE, "--pin", pin)

    assert (ran.status, web.seen) == (2, [])
    assert "is not whole" in ran.said


def test_a_pin_alone_finds_its_round(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    issuer.rounds |= {2: Round("former", "Former", key_pair(3)), 3: Round(key=key_pair(4))}

    ran = run("sign", letter, "--code", CODE, "--pin", spoken(issuer.pin(2)))

    assert ran.status == 0
    assert [seen.path.partition("?")[2] for seen in web.seen if "round.json" in seen.path] == ["round=1", "round=2"]
    assert [lines[2] for lines in issuer.statements()] == ["2"]


def test_a_pin_that_no_round_has_stops(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    issuer.rounds[2] = Round(key=key_pair(3))

    ran = run("sign", letter, "--code", CODE, "--pin", "A" * 43)

    assert (ran.status, web.posts()) == (1, [])
    assert "None of the rounds that the server shows has the pin" in ran.said


def test_without_a_pin_it_says_what_it_could_not_check_and_how_to_get_one(
    run: Run, letter: str, issuer: Issuer
) -> None:
    said = run("sign", letter, "--code", CODE).said

    assert "nothing vouches for this record" in said
    assert "Nobody can check for you whether others get the same one" in said
    assert "on the sheet with your code" in said
    assert spoken(issuer.pin()) in said


def test_without_a_pin_the_public_log_is_compared_and_what_that_leaves_open_is_said(
    run: Run, public: str, issuer: Issuer
) -> None:
    ran = run("sign", public, "--code", CODE)

    assert ran.status == 0
    assert "matches the public log that this server shows you" in ran.said
    assert "Nobody has checked whether it shows the same log to others" in ran.said


def test_a_later_round_is_found_in_a_long_log(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.rounds |= {number: Round(key=key_pair(3)) for number in range(2, 300)}
    issuer.files = log_of(issuer).files

    assert run("sign", letter, "--code", CODE, "--pin", issuer.pin(299)).status == 1  # of the first hundred rounds
    assert run("sign", f"{letter}#r=299&p={issuer.pin(299)}&c={CODE}").status == 0


@pytest.mark.parametrize("size", [2, 255, 256, 257, 512, 600])
def test_a_log_of_any_length_is_compared_by_its_hashes_and_one_part(
    run: Run, letter: str, issuer: Issuer, web: Web, size: int
) -> None:
    issuer.files = log_of(issuer, size).files

    ran = run("sign", letter, "--code", CODE, "--pin", issuer.pin())

    parts = [seen.path.partition("/tile/")[2] for seen in web.seen if "/tile/" in seen.path]
    assert ran.status == 0
    assert "the public log says the same" in ran.said
    assert len(parts) <= 3
    assert parts[-1].startswith("entries/000")


# Rolls


@pytest.fixture
def two_rolls(issuer: Issuer) -> Issuer:
    issuer.rounds |= {
        2: Round("former", "Former workers", key_pair(3)),
        3: Round("former", "Former workers", key_pair(4)),
    }
    return issuer


def test_without_a_pin_it_asks_which_roll(run: Run, letter: str, two_rolls: Issuer) -> None:
    ran = run("sign", letter, "--code", CODE, typed="former\n")

    assert ran.status == 0
    assert "workers (Workers of ACME), former (Former workers)" in ran.said
    assert [lines[2] for lines in two_rolls.statements()] == ["3"]


def test_a_roll_can_be_named_at_once(run: Run, letter: str, two_rolls: Issuer) -> None:
    assert run("sign", letter, "--code", CODE, "--roll", "workers").status == 0
    assert [lines[2] for lines in two_rolls.statements()] == ["1"]


@pytest.mark.parametrize("words", [("--roll", "cooks"), ()], ids=["another", "none"])
def test_without_a_roll_that_exists_nothing_is_sent(
    run: Run, letter: str, two_rolls: Issuer, web: Web, words: tuple[str, ...]
) -> None:
    ran = run("sign", letter, "--code", CODE, *words)

    assert ran.status in (1, 2)
    assert web.posts() == []
    assert "workers" in ran.said


def test_with_one_roll_its_newest_round_is_taken(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.rounds[2] = Round(key=key_pair(3))

    assert run("sign", letter, "--code", CODE).status == 0
    assert [lines[2] for lines in issuer.statements()] == ["2"]


# Codes of older rounds


@pytest.fixture
def three_rounds(issuer: Issuer) -> Issuer:
    """A letter with three rounds, and a code of the first."""
    return issuer.with_newer_rounds()


def test_without_a_pin_a_code_of_an_older_round_is_taken(run: Run, letter: str, three_rounds: Issuer, web: Web) -> None:
    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 0
    assert web.rounds_asked() == [3, 2, 1]
    receipt = client.load("receipt.json")
    assert three_rounds.commits() == [client.commitment(receipt.receipt)]
    assert (receipt.round, b64(receipt.pin)) == (1, three_rounds.pin(1))
    assert all(spoken(three_rounds.pin(number)) in ran.said for number in (1, 2, 3))
    assert [path.name for path in Path().iterdir()] == ["receipt.json"]


def test_only_the_code_joins_what_was_sent_for_several_rounds(
    run: Run, letter: str, three_rounds: Issuer, web: Web
) -> None:
    run("sign", letter, "--code", CODE)

    sent = [seen.members for seen in web.posts() if seen.path.endswith("tokens")]
    assert {frozenset(members) for members in sent} == {frozenset({"code", "round", "blinded_message"})}
    assert len({members["blinded_message"] for members in sent}) == 3
    assert len({seen.connection for seen in web.posts()}) == len(web.posts())


def test_every_record_is_checked_before_the_code_is_sent(run: Run, letter: str, three_rounds: Issuer, web: Web) -> None:
    three_rounds.files = log_of(three_rounds).files
    three_rounds.rounds[1] = Round(key=key_pair(5))

    ran = run("sign", letter, "--code", CODE)

    assert (ran.status, web.posts()) == (1, [])
    assert "another record than its public log shows" in ran.said


def test_a_round_that_takes_no_codes_is_not_asked(run: Run, letter: str, three_rounds: Issuer, web: Web) -> None:
    three_rounds.rounds[2] = Round(key=key_pair(3), issuing=False)

    assert run("sign", letter, "--code", CODE).status == 0
    assert web.rounds_asked() == [3, 1]


def test_of_another_roll_whose_newest_round_was_annulled_the_older_one_is_taken(
    run: Run, letter: str, two_rolls: Issuer, web: Web
) -> None:
    two_rolls.rounds[3] = Round("former", "Former workers", key_pair(4), issuing=False)
    two_rolls.of_round = {CODE: 2}

    assert run("sign", letter, "--code", CODE, "--roll", "former").status == 0
    assert web.rounds_asked() == [2]


def test_a_code_of_none_of_the_rounds_is_refused_as_before(
    run: Run, letter: str, three_rounds: Issuer, web: Web
) -> None:
    ran = run("sign", letter, "--code", OTHER)

    assert (ran.status, web.rounds_asked()) == (1, [3, 2, 1])
    assert "The server says: This code is not known." in ran.said
    assert [path.name for path in Path().iterdir()] == ["receipt.retry.json"]


@pytest.mark.parametrize(
    "no", [Reply.refusal(409, "Used."), Reply.refusal(410, "Over."), Reply.refusal(429, "Wait."), Reply(403, b"<h1>no")]
)
def test_after_any_other_answer_no_other_round_is_asked(
    run: Run, letter: str, three_rounds: Issuer, web: Web, no: Reply
) -> None:
    three_rounds.fault = lambda seen: no if seen.method == "POST" else None

    assert run("sign", letter, "--code", CODE).status == 1
    assert web.rounds_asked() == [3]
    assert client.load("receipt.retry.json").round == 3


@pytest.mark.parametrize("place", ["#r=3", "#r=3&p={pin}", "#p={pin}"])
def test_a_link_that_names_its_round_leads_to_no_other(
    run: Run, letter: str, three_rounds: Issuer, web: Web, place: str
) -> None:
    ran = run("sign", letter + place.format(pin=three_rounds.pin(3)), "--code", CODE)

    assert (ran.status, web.rounds_asked()) == (1, [3])


def test_an_answer_of_an_older_round_that_was_lost_is_asked_for_again(
    run: Run, letter: str, three_rounds: Issuer, web: Web
) -> None:
    three_rounds.late_fault = lambda _, reply: Reply(cut=True) if reply.status == 201 else reply
    run("sign", letter, "--code", CODE)
    three_rounds.late_fault = lambda _, reply: reply

    assert run("sign", letter, "--code", CODE, "--retry", "receipt.retry.json").status == 0
    assert web.rounds_asked() == [3, 2, 1, 1]
    assert len({seen.body for seen in web.posts() if b'"round": 1' in seen.body or b'"round":1' in seen.body}) == 1


def test_a_retry_of_a_round_that_the_code_is_not_of_goes_on_to_the_others(
    run: Run, letter: str, three_rounds: Issuer, web: Web
) -> None:
    three_rounds.fault = lambda seen: Reply(cut=True) if seen.method == "POST" else None
    run("sign", letter, "--code", CODE)
    three_rounds.fault = lambda _: None

    assert run("sign", letter, "--code", CODE, "--retry", "receipt.retry.json").status == 0
    assert web.rounds_asked() == [3, 3, 2, 1]
    assert [path.name for path in Path().iterdir()] == ["receipt.json"]


# Records that no one should accept


@pytest.mark.parametrize(
    "record",
    [
        {"public_key": "AAAA"},
        {"public_key": None},
        {"variant": "RSABSSA-SHA384-PSSZERO-Randomized"},
        {"letter_id": "short"},
        {"letter_id": 5},
        {"round": 0},
        {"round": True},
        {"round": "1"},
        {"round": 10**17},
        {"text_sha256": "AB" * 32},
        {"issuing": False},
        {"signing": False},
    ],
    ids=str,
)
def test_an_unsound_record_stops_before_anything_is_sent(
    run: Run, letter: str, web: Web, issuer: Issuer, record: dict[str, object]
) -> None:
    issuer.record = record

    ran = run("sign", letter, "--code", CODE)

    assert (ran.status, web.posts()) == (1, [])
    assert list(Path().iterdir()) == []


def test_a_weaker_key_stops_before_anything_is_sent(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    issuer.rounds[1] = Round(key=key_pair(9, 2048))

    ran = run("sign", letter, "--code", CODE)

    assert (ran.status, web.posts()) == (1, [])
    assert "3072 bits" in ran.said


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b"<html>"])
def test_a_record_that_cannot_be_read_stops(run: Run, letter: str, web: Web, issuer: Issuer, body: bytes) -> None:
    issuer.fault = lambda _: Reply(200, body)

    ran = run("sign", letter, "--code", CODE)

    assert (ran.status, web.posts()) == (1, [])
    assert "cannot be read" in ran.said


def test_codes_and_signatures_travel_on_connections_of_their_own(run: Run, letter: str, web: Web) -> None:
    run("sign", letter, "--code", CODE)

    assert [seen.path.rpartition("/")[2] for seen in web.seen[-2:]] == ["tokens", "signatures"]
    assert len({seen.connection for seen in web.seen[:-2]}) == 1
    assert len({seen.connection for seen in web.seen}) == 3


def test_every_computer_sends_the_same_headers(run: Run, letter: str, web: Web) -> None:
    run("sign", letter, "--code", CODE)

    everyones = {
        "Host": f"127.0.0.1:{web.port}",
        "User-Agent": "petition-client",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    assert [seen.headers for seen in web.seen if seen.method == "GET"] == [everyones] * 3
    for post in web.posts():
        assert set(post.headers) == {*everyones, "Content-Length", "Content-Type"}
        assert post.headers["Content-Type"] == "application/json"


def test_nothing_ties_the_signature_to_the_code_but_the_receipt(run: Run, letter: str, web: Web) -> None:
    run("sign", letter, "--code", CODE)

    tokens, signatures = (seen.members for seen in web.posts())
    assert not {tokens["code"], tokens["blinded_message"]} & {str(value) for value in signatures.values()}
    receipt = b64(client.load("receipt.json").receipt)
    assert receipt not in str(tokens) + str(signatures)


def test_what_is_revealed_is_said_before_it_is_sent(run: Run, letter: str, issuer: Issuer) -> None:
    said = run("sign", letter, "--code", CODE).said

    places = [said.index(words) for words in ("public record", "your code goes to", "your signature goes to")]
    assert places == sorted(places)
    assert "sign later" in said


def test_a_known_refusal_is_passed_on(run: Run, letter: str, issuer: Issuer) -> None:
    ran = run("sign", letter, "--code", OTHER)

    assert ran.status == 1
    assert "The server says: This code is not known." in ran.said
    assert "--retry receipt.retry.json" in ran.said  # someone in between may have said it for the server
    assert [path.name for path in Path().iterdir()] == ["receipt.retry.json"]


def test_a_servers_words_cannot_paint_the_screen(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.fault = lambda _: Reply.refusal(403, "\x1b[2Jgone\u202e\n" + "x" * 5000)

    ran = run("sign", letter, "--code", CODE)

    assert "\x1b" not in ran.err
    assert "\u202e" not in ran.err
    assert len(ran.err) < 1000


def test_a_name_of_a_file_cannot_paint_the_screen_either(run: Run, letter: str) -> None:
    ran = run("sign", letter, "--token", "gone\x1b[2J.json")

    assert "\x1b" not in ran.out + ran.err


def test_a_blind_signature_by_another_key_is_not_used(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    def sign_falsely(seen: object, reply: Reply) -> Reply:
        if reply.status != 201:
            return reply
        blinded = next(blinded for blinded in issuer.codes.values() if blinded)
        return Reply.of({"blind_signature": b64(raw_sign(key_pair(2), blinded))}, 201)

    issuer.late_fault = sign_falsely
    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 1
    assert "not a signature by the round's key" in ran.said
    assert [path.name for path in Path().iterdir()] == ["receipt.retry.json"]
    assert len(web.posts()) == 1


def test_a_signature_can_be_given_later(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    first = run("sign", letter, "--code", CODE, "--token-only", "later.json")
    assert (first.status, len(web.posts()), issuer.signatures) == (0, 1, {})
    assert "NOT signed yet" in first.said
    assert client.receipt_words(client.load("later.json").receipt) not in first.out

    second = run("sign", letter, "--token", "later.json")

    token = client.load("later.json")
    assert second.status == 0
    assert issuer.signatures == {token.message: token.signature}
    assert client.receipt_words(token.receipt) in second.out


def test_a_saved_signature_is_valid_for_others_too(run: Run, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")

    token = client.load("later.json")
    assert token.signature
    assert is_valid(issuer.key, token.message, token.signature)


def test_the_receipt_can_be_written_beside_the_saved_file(run: Run, letter: str) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    run("sign", letter, "--token", "later.json", "--receipt", "mine.json")

    assert client.load("mine.json") == client.load("later.json")


def test_signing_twice_from_a_file_gives_the_same_answer(run: Run, letter: str, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE)

    again = run("sign", letter, "--token", "receipt.json")

    assert (again.status, len(issuer.signatures)) == (0, 1)


def test_a_saved_file_refuses_a_round_with_another_key(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    issuer.rounds[1] = Round(key=key_pair(2))

    ran = run("sign", letter, "--token", "later.json")

    assert (ran.status, len(web.posts())) == (1, 1)
    assert "than your file names" in ran.said


def test_a_saved_file_refuses_another_letters_address(run: Run, letter: str, web: Web) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    web.seen.clear()

    ran = run("sign", web.url + "/s/ZZZZZZZZZZZZZZZZ/", "--token", "later.json")

    assert (ran.status, web.seen) == (1, [])
    assert "another letter" in ran.said


def test_a_saved_file_knows_its_letter_at_any_address(run: Run, public: str, web: Web) -> None:
    run("sign", public, "--code", CODE, "--token-only", "later.json")
    web.seen.clear()

    assert run("sign", public, "--token", "later.json").status == 0
    assert not [seen.path for seen in web.seen if seen.path.startswith(PUBLIC)]


def test_a_saved_file_finds_its_own_round(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    rounds = [{"round": 1, "roll_id": "workers", "roll": ""}, {"round": 2, "roll_id": "workers", "roll": ""}]
    issuer.record = {"rounds": rounds}
    issuer.rounds[2] = Round(key=key_pair(3))
    web.seen.clear()

    ran = run("sign", letter, "--token", "later.json")

    assert ran.status == 0
    assert [seen.path for seen in web.seen if "round.json" in seen.path] == [SHORT + "round.json?round=1"]


def test_a_saved_file_of_a_round_that_is_not_shown_is_kept(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    issuer.record = {"round": 2}

    ran = run("sign", letter, "--token", "later.json")

    assert (ran.status, len(web.posts())) == (1, 1)
    assert "round 1" in ran.said


@pytest.mark.parametrize(
    "change",
    [
        {"receipt": b64(bytes(16))},
        {"receipt": b64(bytes(15))},
        {"round": 2},
        {"letter_id": LETTER_ID[::-1]},
        {"signature": b64(bytes(384))},
        {"signature": "AAAA"},
        {"message": b64(b"hello")},
        {"message": 5},
        {"petition": 2},
        {"signature": None, "inverse": b64(bytes(384)), "blinded_message": b64(bytes(384))},
    ],
    ids=str,
)
def test_a_changed_file_is_refused(run: Run, letter: str, web: Web, change: dict[str, object]) -> None:
    run("sign", letter, "--code", CODE, "--token-only", "later.json")
    Path("later.json").write_text(json.dumps({**members_of("later.json"), **change}))

    ran = run("sign", letter, "--token", "later.json")

    assert ran.status != 0
    assert len(web.posts()) == 1


def test_a_letter_in_two_steps_does_not_spend_a_code_unasked(run: Run, letter: str, web: Web, issuer: Issuer) -> None:
    issuer.record = {"signing": False, "signing_starts": "2026-11-30T08:00Z"}

    ran = run("sign", letter, "--code", CODE)
    assert (ran.status, web.posts()) == (1, [])
    assert "2026-11-30T08:00Z" in ran.said
    assert "--token-only" in ran.said

    assert run("sign", letter, "--code", CODE, "--token-only", "later.json").status == 0


def test_the_answer_for_programs_stands_alone(run: Run, letter: str, issuer: Issuer) -> None:
    ran = run("sign", letter, "--code", CODE, "--json")

    token = client.load("receipt.json")
    assert ran.result == {
        "ok": True,
        "signed": True,
        "sealed": False,
        "letter": f"http://{issuer.host}/",
        "letter_id": LETTER_ID,
        "round": 1,
        "pin": issuer.pin(),
        "commit": client.commitment(token.receipt),
        "receipt": client.receipt_words(token.receipt),
        "file": "receipt.json",
    }


def test_a_refusal_for_programs_has_its_reason(run: Run, letter: str) -> None:
    ran = run("sign", letter, "--code", OTHER, "--json")

    assert ran.status == 1
    assert ran.result["ok"] is False
    assert ran.result["detail"].startswith("The server says: This code is not known.")


@pytest.mark.parametrize(
    "words",
    [
        ("--appear", "named"),
        ("--appear", "named_at:200"),
        ("--appear", "named_at:0", "--name", "Ana"),
        ("--appear", "loud"),
        ("--appear", "counted", "--group", "role=software"),
        ("--name", "Ana"),
        ("--title", "Engineer"),
        ("--token", "x.json", "--code", CODE),
        ("--token", "x.json", "--paste"),
        ("--token-only", "x.json", "--receipt", "y.json"),
        ("--paste", "--code", CODE),
        ("--key", "0" * 64),
        ("--pin", "12"),
        ("--timeout", "0"),
        ("--host", "a b"),
        ("--proxy", "http://localhost:8080"),
        ("--nonsense",),
    ],
    ids=" ".join,
)
def test_what_does_not_go_together_is_said(run: Run, letter: str, web: Web, words: tuple[str, ...]) -> None:
    code = () if "--code" in words or "--paste" in words else ("--code", CODE)

    ran = run("sign", letter, *words, *code)

    assert (ran.status, web.seen) == (2, [])
    assert ran.err


# A new strip, before its set is public

EARLY = "You can use this code from 2026-11-28 12:00 UTC."


@pytest.mark.parametrize("holds", ["link", "pin"])
def test_a_new_strip_hears_from_when_it_works_and_no_alarm(
    run: Run, letter: str, issuer: Issuer, web: Web, holds: str
) -> None:
    issuer.with_newer_rounds()
    link = issuer.link(web.url, 3)
    new = ("sign", link) if holds == "link" else ("sign", letter, "--code", CODE, "--pin", issuer.pin(3))
    issuer.fault = lambda seen: Reply.refusal(409, EARLY) if seen.path.endswith("round=3") else None

    ran = run(*new)

    assert (ran.status, web.posts()) == (1, [])
    assert EARLY in ran.said
    assert ("None of the sets of codes that work now has the pin" in ran.said) is (holds == "pin")
    assert "Nothing of yours was sent" in ran.said
    assert "STOP" not in ran.said


# By copy and paste


@pytest.fixture
def saved(issuer: Issuer, web: Web) -> Issuer:
    """The page gave two files to save."""
    Path("round.json").write_text(json.dumps(issuer.round_json()))
    Path("letter.md").write_bytes(issuer.text)
    return issuer


def test_a_code_can_be_used_by_copy_and_paste(run: Run, letter: str, web: Web, saved: Issuer) -> None:
    first = run("sign", letter, "--paste", "--retry", "begun.json", typed=saved.pin() + "\n\n")
    assert first.status == 1
    begun = client.load("begun.json")
    assert begun.blinded_message
    assert f"1.{b64(begun.blinded_message)}" in first.out.split()
    assert web.seen == []

    answer = b64(raw_sign(saved.key, begun.blinded_message))
    second = run("sign", letter, "--paste", "--retry", "begun.json", typed=f"{answer[:300]}\n {answer[300:]}\n")

    assert second.status == 0
    assert [seen.path.rpartition("/")[2] for seen in web.seen] == ["signatures"]
    assert len(saved.signatures) == 1


@pytest.mark.parametrize(
    ("spoil", "typed", "said"),
    [
        (lambda issuer: None, "", "not whole"),
        (lambda issuer: None, "A" * 43, "another record of round 1 than your pin names"),
        (lambda issuer: Path("letter.md").write_text("Keep them."), None, "is not the text that you would sign"),
        (lambda issuer: Path("letter.md").unlink(), None, "cannot be read"),
        (lambda issuer: Path("round.json").unlink(), None, "cannot be read"),
        (lambda issuer: Path("round.json").write_text("{}"), None, "kind of signature"),
        (lambda issuer: changed_file(issuer, k=4), None, "another record"),
    ],
)
def test_what_was_saved_from_the_page_is_checked_before_anything_is_shown(
    run: Run, letter: str, web: Web, saved: Issuer, spoil: Callable[[Issuer], object], typed: str | None, said: str
) -> None:
    spoil(saved)

    ran = run("sign", letter, "--paste", typed=(saved.pin() if typed is None else typed) + "\n")

    assert (ran.status != 0, web.seen) == (True, [])
    assert said in ran.said
    assert not [line for line in ran.out.splitlines() if len(line) >= 512]
    assert not list(Path().glob("*retry*"))


@pytest.mark.parametrize("named", [True, False], ids=["by the link", "by the pin alone"])
def test_the_saved_record_of_another_set_is_a_mix_up_and_says_what_to_save(
    run: Run, letter: str, web: Web, saved: Issuer, named: bool
) -> None:
    pin = saved.pin()
    saved.with_newer_rounds()
    Path("set-2.json").write_text(json.dumps(saved.round_json(2)))
    address = saved.link(web.url).partition("&c=")[0] if named else letter

    ran = run("sign", address, "--paste", "--record", "set-2.json", typed=f"{pin}\n")

    assert (ran.status, web.seen) == (1, [])
    assert "is the record of set 2" in ran.said
    assert ("STOP" in ran.said) is not named
    assert ("set-1.json" in ran.said) is named


def changed_file(issuer: Issuer, **members: object) -> None:
    Path("round.json").write_text(json.dumps({**issuer.round_json(), **members}))


def test_other_names_of_the_saved_files_can_be_given(run: Run, link: str, saved: Issuer) -> None:
    Path("round.json").rename("a.json")
    Path("letter.md").rename("b.md")
    words = ("--record", "a.json", "--text", "b.md", "--retry", "begun.json", "--token-only", "later.json")

    ran = run("sign", link.partition("&c=")[0], "--paste", *words, typed="\n")

    assert "paste this into the form" in ran.said
