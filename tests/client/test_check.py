"""Looking for one's own signature in the whole log: found when it is there, and every kind of cheating found out."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from petition import client
from tests.client.conftest import Ran, Run
from tests.client.issuing import LETTER_ID, Issuer, b64, from_b64, key_pair, spki_of
from tests.client.logs import BASE, SAMPLE, Campaign, Folder, canonical, entries_of, publish, sample
from tests.client.serving import NOT_FOUND, Reply, Seen, serving

pytestmark = pytest.mark.thorough

WORDS = (SAMPLE / "receipt.txt").read_text().strip()
ROOT = json.loads((SAMPLE / "counts.json").read_text())["verification"]["log"]["root"]


def checked(run: Run, answer: Callable[[Seen], Reply], receipt: str, *more: str) -> Ran:
    with serving(answer) as web:
        return run("check", web.url + BASE, "--receipt", receipt, *more)


def own_entry(folder: Folder) -> tuple[int, dict[str, Any]]:
    commit = client.commitment(client.read_receipt(WORDS))
    for place, entry in enumerate(entries_of(folder)):
        if entry["type"] == "signature" and commit.encode() in from_b64(entry["message"]):
            return place, entry
    raise AssertionError("the sample's receipt is not in it")


def sample_receipt_file() -> str:
    """The receipt file that belongs to the sample's hand-written receipt."""
    first, opened, *_ = entries_of(sample())
    _, entry = own_entry(sample())
    members = {
        "petition": 1,
        "letter": "https://example.org/",
        "letter_id": first["letter_id"],
        "round": 1,
        "pin": pin_in_log(first, opened),
        "message": entry["message"],
        "signature": entry["signature"],
        "receipt": b64(client.read_receipt(WORDS)),
    }
    Path("mine.json").write_text(json.dumps(members))
    return "mine.json"


def pin_in_log(first: dict[str, Any], opened: dict[str, Any]) -> str:
    """The pin of a round, from what the log says to everyone."""
    names = ["fields_sha256", "hosts", "k", "letter_id", "log_key", "names_keys", "text_sha256", "timing"]
    covered = {name: first[name] for name in names} | {name: opened[name] for name in ("public_key", "roll", "round")}
    return b64(hashlib.sha256(b"petition-pin-v1" + canonical(covered)).digest())


def test_a_receipt_file_is_proved_byte_for_byte(run: Run) -> None:
    ran = checked(run, sample(), sample_receipt_file())

    assert ran.status == 0
    assert f"entry {own_entry(sample())[0]} is your signature, byte for byte" in ran.said
    assert f"282 entries, its root is {ROOT}" in ran.said


def test_a_written_receipt_finds_its_commitment_and_says_what_that_leaves_open(run: Run) -> None:
    ran = checked(run, sample(), WORDS)

    assert ran.status == 0
    assert f"entry {own_entry(sample())[0]} has your receipt" in ran.said
    assert "Only the receipt could be looked for" in ran.said


def test_a_receipt_can_be_typed(run: Run) -> None:
    with serving(sample()) as web:
        assert run("check", web.url + BASE, "--receipt", "-", typed=WORDS.lower() + "\n").status == 0


def test_the_server_does_not_learn_what_is_looked_for(run: Run) -> None:
    with serving(sample()) as web:
        run("check", web.url + BASE, "--receipt", sample_receipt_file())

    names = [seen.path.removeprefix(BASE) for seen in web.seen]
    assert names == ["log/checkpoint", "log/vkey", "log/tile/entries/000", "log/tile/entries/001.p/26"]
    assert {seen.body for seen in web.seen} == {b""}
    assert len({seen.connection for seen in web.seen}) == 1


def test_the_answer_for_programs_stands_alone(run: Run) -> None:
    place, _ = own_entry(sample())

    assert checked(run, sample(), sample_receipt_file(), "--json").result == {
        "ok": True,
        "entry": place,
        "commit": client.commitment(client.read_receipt(WORDS)),
        "byte_for_byte": True,
        "annulled": False,
        "withdrawn": False,
        "size": 282,
        "root": ROOT,
    }


def test_every_byte_of_every_entry_is_under_the_root(run: Run) -> None:
    for name, at in [
        ("log/tile/entries/000", 3000),
        ("log/tile/entries/000", 216_387),
        ("log/tile/entries/001.p/26", 50),
    ]:
        folder = sample()
        data = bytearray(folder.files[name])
        data[at] ^= 1
        folder.files[name] = bytes(data)

        assert checked(run, folder, WORDS).status == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("log/checkpoint", b"\n282\n", b"\n281\n", "not signed by the log's key"),
        ("log/checkpoint", b"\n78zET", b"\n78zEU", "not signed by the log's key"),
        ("log/checkpoint", b"log sP", b"log sQ", "not signed by the log's key"),
        ("log/checkpoint", b"log sP", b"log s", "cannot be read"),
        ("log/checkpoint", b"\n\n", b"\n", "cannot be read"),
        ("log/checkpoint", "— ".encode(), b"- ", "not signed by the log's key"),
        ("log/checkpoint", b"example.org/letters/cameras", b"example.org/letters/kameras", "not signed"),
        ("log/vkey", b"+b0f84a2d+", b"+b0f84a2e+", "do not belong together"),
        ("log/vkey", b"Ac3DHFSI", b"Ac3DHFSJ", "do not belong together"),
        ("log/vkey", b"+", b" ", "cannot be read"),
    ],
)
def test_a_changed_checkpoint_or_key_is_found_out(run: Run, name: str, old: bytes, new: bytes, said: str) -> None:
    folder = sample()
    assert old in folder.files[name]
    folder.files[name] = folder.files[name].replace(old, new)

    ran = checked(run, folder, WORDS)

    assert ran.status == 1
    assert said in ran.said


def test_an_older_checkpoint_does_not_fit_newer_parts(run: Run) -> None:
    folder = sample()
    folder.files["log/checkpoint"] = (SAMPLE / "checkpoint.first").read_bytes()

    ran = checked(run, folder, WORDS)

    assert ran.status == (0 if own_entry(sample())[0] < 123 else 1)


def test_a_missing_part_is_said(run: Run) -> None:
    folder = sample()
    del folder.files["log/tile/entries/001.p/26"]

    assert "A part of the log is missing" in checked(run, folder, WORDS).said


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b + b[:900], lambda b: b""])
def test_a_part_of_another_length_is_refused(run: Run, spoil: Callable[[bytes], bytes]) -> None:
    folder = sample()
    folder.files["log/tile/entries/000"] = spoil(folder.files["log/tile/entries/000"])

    assert checked(run, folder, WORDS).status == 1


def test_a_log_key_that_entry_0_does_not_name_is_found_out(run: Run) -> None:
    folder = sample()
    other = publish([canonical(entry) for entry in entries_of(folder)], Campaign().log_key)

    assert "does not name the key" in checked(run, other, WORDS).said


def test_an_unpublished_letter_cannot_be_checked_yet(run: Run) -> None:
    ran = checked(run, lambda _: NOT_FOUND, WORDS)

    assert ran.status == 3
    assert "not published yet" in ran.said
    assert "Until publication nothing can be checked" in ran.said


def test_a_withdrawn_letter_gives_its_reason(run: Run) -> None:
    ran = checked(run, lambda _: Reply.refusal(410, "The organizers took it back."), WORDS)

    assert "The organizers took it back." in ran.said


def test_a_signature_that_is_not_there_yet_is_said_calmly(run: Run) -> None:
    ran = checked(run, sample(), client.receipt_words(bytes(16)))

    assert ran.status == 1
    assert "is not in the log" in ran.said
    assert "STOP" not in ran.said


@pytest.mark.parametrize("version", [3, 1, None, True, "2", 2.0, "\x1b[2J"])
def test_a_log_of_another_version_is_named_and_not_checked(run: Run, version: object) -> None:
    campaign = Campaign()
    campaign.letter["version"] = version

    ran = checked(run, campaign.published(), campaign.receipt_file())

    assert ran.status == 3
    assert "this program knows version 2, so it checked nothing" in ran.said
    assert "\x1b" not in ran.err


def test_a_log_of_the_first_release_is_named_and_not_checked(run: Run) -> None:
    campaign = Campaign()
    del campaign.letter["version"]

    ran = checked(run, campaign.published(), campaign.receipt_file())

    assert ran.status == 3
    assert "The log has version 1;" in ran.said


def closed(campaign: Campaign) -> Campaign:
    """Its letter is closed, and one's own signature is not in the log."""
    del campaign.entry["message"], campaign.entry["signature"]
    campaign.entry |= {"type": "codes", "made": 3, "voided": 0}
    campaign.more = [{"type": "closed", "signatures": 0, "withdrawals": 0, "dropped": 0}]
    return campaign


def test_in_a_closed_letter_a_round_without_signatures_stayed_small_or_was_hidden(run: Run) -> None:
    campaign = Campaign()
    mine = campaign.receipt_file()
    log = closed(campaign).published()

    ran = checked(run, log, mine)

    assert ran.status == 1
    assert "Round 1 has no signature at all: fewer people signed in it than the minimum" in ran.said
    assert "or the server hid it" in ran.said


def test_a_written_receipt_shows_which_rounds_have_no_signature(run: Run) -> None:
    campaign = Campaign()
    second = {**campaign.round, "round": 2}
    closed(campaign).more.insert(0, second)

    ran = checked(run, campaign.published(), client.receipt_words(campaign.receipt))

    assert "Round 1 and 2 has no signature at all" in ran.said
    assert "Your receipt file says whether that was your round" in ran.said


def test_in_a_closed_letter_a_signature_that_is_missing_among_others_is_an_alarm(run: Run) -> None:
    campaign = Campaign()
    campaign.more = [{"type": "closed", "signatures": 1, "withdrawals": 0, "dropped": 0}]

    ran = checked(run, campaign.published(), client.receipt_words(bytes(16)))

    assert ran.status == 1
    assert "the letter is closed. Unless you withdrew it before it was added, the server left it out" in ran.said


ANNULLED = {"type": "annulled", "round": 1, "reason": "Someone copied\nthe codes"}
DELETED = "The organizers canceled set 1 of the codes (Someone copied the codes). What waited in it was deleted."


@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("has_file", [False, True], ids=["words", "a file"])
def test_what_waited_in_the_only_set_was_deleted_when_that_was_canceled(
    run: Run, is_closed: bool, has_file: bool
) -> None:
    campaign = Campaign()
    mine = campaign.receipt_file() if has_file else client.receipt_words(campaign.receipt)
    ending = closed(campaign).more
    campaign.more = [ANNULLED, *(ending if is_closed else [])]

    ran = checked(run, campaign.published(), mine)

    assert ran.status == 1
    assert f"Your signature is not in the log. {DELETED}" in ran.said
    assert "server" not in ran.said
    assert "tomorrow" not in ran.said


def test_a_file_of_another_set_hears_nothing_of_the_canceled_one(run: Run) -> None:
    campaign = Campaign()
    mine = campaign.receipt_file()
    ending = closed(campaign).more
    campaign.more = [{**campaign.round, "round": 2}, {**ANNULLED, "round": 2}, *ending]

    ran = checked(run, campaign.published(), mine)

    assert "Round 1 has no signature at all" in ran.said
    assert "canceled" not in ran.said


def test_a_written_receipt_hears_that_its_set_may_be_the_canceled_one(run: Run) -> None:
    campaign = Campaign()
    campaign.more = [{**campaign.round, "round": 2}, {**ANNULLED, "round": 2}]
    still_open = checked(run, campaign.published(), client.receipt_words(bytes(16)))
    campaign.more.append({"type": "closed", "signatures": 1, "withdrawals": 0, "dropped": 0})
    over = checked(run, campaign.published(), client.receipt_words(bytes(16)))

    for ran in (still_open, over):
        assert f"{DELETED.replace('set 1', 'set 2')} Your receipt file says whether that was your set." in ran.said
        assert "has no signature at all" not in ran.said
    assert "check again tomorrow" in still_open.said
    assert "Unless your set was canceled, or you withdrew it before it was added, the server left it out" in over.said


@pytest.mark.parametrize("number", [None, [1], {}, "1", True])
def test_a_cancellation_of_nothing_is_passed_over(run: Run, number: object) -> None:
    campaign = Campaign()
    campaign.more = [{**ANNULLED, "round": number}]

    assert "canceled" not in checked(run, campaign.published(), client.receipt_words(bytes(16))).said


def test_a_pin_of_ones_own_is_compared_with_the_log(run: Run) -> None:
    campaign = Campaign()
    words = client.receipt_words(campaign.receipt)

    right = checked(run, campaign.published(), words, "--pin", pin_in_log(campaign.letter, campaign.round))
    wrong = checked(run, campaign.published(), words, "--pin", "A" * 43)

    assert (right.status, wrong.status) == (0, 1)
    assert "The log has no round with the pin of --pin" in wrong.said


def test_a_pin_covers_the_same_in_the_record_and_in_the_log() -> None:
    campaign = Campaign()

    assert Issuer().pin() == pin_in_log(campaign.letter, campaign.round)


def test_a_part_that_filled_up_meanwhile_is_used(run: Run) -> None:
    campaign = Campaign()
    small = campaign.published()
    campaign.more = [{"type": "codes", "round": 1, "made": number, "voided": 0} for number in range(300)]
    grown = campaign.published()
    grown.files["log/checkpoint"] = small.files["log/checkpoint"]

    ran = checked(run, grown, campaign.receipt_file(), "--json")

    assert ran.result["size"] == 3


def test_a_large_log_is_read_whole(run: Run) -> None:
    campaign = Campaign()
    campaign.more = [{"type": "codes", "round": 1, "made": number, "voided": 0} for number in range(3000)]

    assert checked(run, campaign.published(), campaign.receipt_file(), "--json").result["size"] == 3003


def test_a_withdrawal_is_reported(run: Run) -> None:
    campaign = Campaign()
    campaign.more = [campaign.withdrawal()]

    ran = checked(run, campaign.published(), campaign.receipt_file())

    assert ran.status == 0
    assert "It was withdrawn, as entry 3 says" in ran.said


def test_an_annulled_round_is_reported(run: Run) -> None:
    campaign = Campaign()
    campaign.more = [{"type": "annulled", "round": 1, "reason": "somebody copied the codes"}]

    ran = checked(run, campaign.published(), campaign.receipt_file())

    assert ran.status == 0
    assert "somebody copied the codes" in ran.said


def test_a_key_made_for_one_person_is_found_out(run: Run) -> None:
    campaign = Campaign()
    mine = campaign.receipt_file()
    campaign.round["public_key"] = b64(spki_of(key_pair(2)))
    campaign.entry["signature"] = b64(campaign.signed_by(key_pair(2)))

    ran = checked(run, campaign.published(), mine)

    assert ran.status == 1
    assert "used a key or a record of its own for you" in ran.said


def lie(change: Callable[[Campaign], object]) -> Any:
    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lie(lambda c: c.entry.update(signature=b64(c.signed_by(c.key)))), "not the one in your file"),
        (lie(lambda c: c.entry.update(signature=b64(bytes(384)))), "not a valid signature"),
        (lie(lambda c: c.entry.update(signature=b64(bytes(5)))), "missing or damaged"),
        (lie(lambda c: c.entry.update(message=b64(bytes(32) + c.statement))), "not a valid signature"),
        (lie(lambda c: c.entry.update(message=b64(b"hello"))), "is not in the form"),
        (lie(lambda c: c.entry.update(extra=1)), "not the one in your file"),
        (lie(lambda c: c.entry.update(round=2)), "not a valid signature"),
        (lie(lambda c: c.more.append(c.round)), "does not have exactly one record"),
        (lie(lambda c: c.round.update(round=2)), "does not have exactly one record"),
        (lie(lambda c: c.letter.update(k=4)), "record of its own for you"),
        (lie(lambda c: c.letter.update(timing="apart")), "record of its own for you"),
        (lie(lambda c: c.letter.update(hosts=["evil.example"])), "record of its own for you"),
        (lie(lambda c: c.letter.update(names_keys={"named": "0" * 64})), "record of its own for you"),
        (lie(lambda c: c.letter.update(fields_sha256="0" * 64)), "record of its own for you"),
        (lie(lambda c: c.round.update(roll="only-you")), "record of its own for you"),
        (lie(lambda c: c.letter.pop("hosts")), "has no hosts"),
        (lie(lambda c: c.round.pop("roll")), "has no roll"),
        (lie(lambda c: c.more.append(c.entry)), "several signatures with your receipt"),
        (lie(lambda c: c.letter.update(letter_id=LETTER_ID[::-1])), "another letter"),
        (lie(lambda c: c.letter.update(text_sha256="0" * 64)), "another text"),
        (lie(lambda c: c.letter.update(type="signature")), "message of an entry is missing"),
        (lie(lambda c: c.letter.update(type="codes")), "does not name the key"),
        (lie(lambda c: c.more.append({**c.withdrawal(), "w": b64(bytes(32))})), "not by your receipt"),
        (lie(lambda c: c.more.append({**c.withdrawal(), "a_hash": "0" * 64})), "not by your receipt"),
    ],
)
def test_a_server_that_signs_lies_is_found_out(run: Run, change: Callable[[Campaign], object], said: str) -> None:
    campaign = Campaign()
    mine = campaign.receipt_file()
    change(campaign)

    ran = checked(run, campaign.published(), mine)

    assert ran.status == 1
    assert said in ran.said


def test_a_forged_entry_does_not_satisfy_a_written_receipt(run: Run) -> None:
    campaign = Campaign()
    campaign.entry["signature"] = b64(bytes(384))

    ran = checked(run, campaign.published(), client.receipt_words(campaign.receipt))

    assert "not a valid signature" in ran.said


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"[]",
        b'{"type": "codes"}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[" * 60_000,
        b"\xff",
        b'{"a":1.50}',
        b'{"a":"\\ud800"}',
    ],
)
def test_an_entry_that_is_not_canonical_is_refused(run: Run, entry: bytes) -> None:
    campaign = Campaign()
    entries = [canonical(members) for members in campaign.entries()]

    assert checked(run, publish([*entries, entry], campaign.log_key), campaign.receipt_file()).status == 1


def test_signatures_of_witnesses_may_stand_beside_the_logs_own(run: Run) -> None:
    folder = sample()
    folder.files["log/checkpoint"] += "— witness.example AAAAAAAA\n".encode()

    assert checked(run, folder, WORDS).status == 0


def test_a_retry_file_is_looked_for_by_its_receipt(run: Run) -> None:
    campaign = Campaign()
    members = json.loads(Path(campaign.receipt_file()).read_text())
    del members["signature"]
    Path("begun.json").write_text(json.dumps(members))

    assert "Only the receipt" in checked(run, campaign.published(), "begun.json").said


@pytest.mark.parametrize("receipt", ["nothing.json", "./nothing", "0411-132Z-F7C6-6XNS-2462-9AAM-SRN", "hello"])
def test_a_receipt_that_cannot_be_read_stops_before_anything_is_asked(run: Run, receipt: str) -> None:
    with serving(sample()) as web:
        ran = run("check", web.url + BASE, "--receipt", receipt)

    assert (ran.status, web.seen) == (1, [])
