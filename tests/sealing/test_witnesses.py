"""Witnesses: real ones, over HTTP, that verify what they are sent, and some that are down, slow, or lie."""

import json
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from petition.cli import main
from petition.crypto.merkle import leaf_hash
from petition.crypto.notes import (
    COSIGNATURE,
    WitnessKey,
    body_of,
    cosignature,
    cosigned_message,
    key_id,
    public_of,
    read_checkpoint,
    read_witness_vkey,
    witness_vkey,
)
from petition.errors import BadShape, Conflict, NotFound
from petition.operations.log_recovery import nothing_newer
from petition.sealing import witnesses
from petition.sealing.log import append, consistency, log_of
from petition.sealing.models import Cosigned, Entry
from petition.sealing.witnesses import Answer, add_witness, collect, remove_witness
from petition.verifying import open_source, verify
from tests.merkle_proofs import consistency_proof, verify_consistency
from tests.patience import SECONDS
from tests.publishing.test_folder import publish
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

SEED = bytes(range(32))


@dataclass
class Witness:
    """A witness as the standard has it: it knows logs by their keys, and keeps the newest checkpoint of each."""

    now: Callable[[], float]
    name: str = "witness.example.org"
    seen: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    logs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lie: Callable[[str], tuple[int, str]] | None = None
    address: str = ""

    @property
    def key(self) -> WitnessKey:
        return WitnessKey(self.name, Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw())

    def answer(self, body: str) -> tuple[int, str]:
        self.asked.append(body)
        if self.lie is not None:
            return self.lie(body)
        head, _, note = body.partition("\n\n")
        first, *proof = head.split("\n")
        old, origin = int(first.removeprefix("old ")), note.split("\n")[0]
        if origin not in self.logs:
            return 404, ""
        new = read_checkpoint(note, origin, self.logs[origin])
        size, root = self.seen.get(origin, (0, b""))
        if old != size:
            return 409, f"{size}\n"
        if size and not verify_consistency(size, new.size, root, new.root, [b64decode(line) for line in proof]):
            return 422, ""
        self.seen[origin] = (new.size, new.root)
        return 200, self.line(body_of(note))

    def line(self, body: str, at: int | None = None) -> str:
        moment = int(self.now()) if at is None else at
        signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(cosigned_message(body, moment))
        blob = key_id(self.name, self.key.public, COSIGNATURE) + moment.to_bytes(8, "big") + signature
        return f"\N{EM DASH} {self.name} {b64encode(blob).decode()}\n"


@pytest.fixture
def witness(campaign: Campaign) -> Iterator[Witness]:
    made = Witness(lambda: campaign.clock().timestamp())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = made.answer(sent) if self.path == "/w/add-checkpoint" else (404, "")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made.address = f"http://127.0.0.1:{server.server_address[1]}/w/"
        with Session(campaign.databases.petition) as session:
            add_witness(session, "The union", witness_vkey(made.key), made.address)
            session.commit()
        yield made
        with Session(campaign.databases.petition) as session:
            remove_witness(session, "The union")
            session.commit()
        server.shutdown()


def introduce(campaign: Campaign, witness: Witness, letter: str) -> str:
    """Tell the witness the log's key; returns the log's origin."""
    with Session(campaign.databases.reading) as session:
        log = log_of(session, letter)
        witness.logs[log.origin] = log.public_key
        return log.origin


def ask(campaign: Campaign, letter: str) -> list[Answer]:
    return collect(campaign.databases.petition, [letter], campaign.clock())


def a_known_letter(campaign: Campaign, witness: Witness) -> str:
    letter = campaign.a_published_letter()
    introduce(campaign, witness, letter)
    return letter


def grow(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 5)
    assert campaign.seal(letter).signatures


def note_of(campaign: Campaign, letter: str) -> str:
    return campaign.figures(letter).checkpoint


def test_a_witness_cosigns_and_the_note_carries_it(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    answers = ask(campaign, letter)
    note = note_of(campaign, letter)

    assert [answer.wrong for answer in answers] == [""]
    assert cosignature(body_of(note), note.rpartition("\n\n")[2], witness.key).time == campaign.clock().timestamp()
    with Session(campaign.databases.reading) as session:
        log = log_of(session, letter)
        assert read_checkpoint(note, log.origin, log.public_key).size == log.size


def test_it_gets_a_proof_that_the_log_only_grew(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    for _ in range(3):
        grow(campaign, letter)
        ask(campaign, letter)

    assert len(witness.asked) == 4 and all(body.count("\n") > 6 for body in witness.asked[1:])
    assert witness.seen[introduce(campaign, witness, letter)][0] == campaign.figures(letter).log_size
    assert "witness.example.org" in note_of(campaign, letter)


def test_a_cosigned_letter_verifies_and_names_its_witness_when_asked(
    campaign: Campaign, witness: Witness, tmp_path: Any
) -> None:
    letter = a_known_letter(campaign, witness)
    grow(campaign, letter)
    ask(campaign, letter)
    publish(campaign, letter, tmp_path / "face")

    plain = verify(open_source(str(tmp_path / "face")))
    asked = verify(open_source(str(tmp_path / "face")), witnesses=[witness_vkey(witness.key)])
    assert plain.ok and "witnesses" not in {check.check for check in plain.checks}
    assert asked.ok and "witness.example.org" in next(c.detail for c in asked.checks if c.check == "witnesses")


def test_asked_for_a_witness_that_did_not_cosign_it_does_not_verify(
    campaign: Campaign, witness: Witness, tmp_path: Any
) -> None:
    letter = a_known_letter(campaign, witness)
    publish(campaign, letter, tmp_path / "face")

    verdict = verify(open_source(str(tmp_path / "face")), witnesses=[witness_vkey(witness.key)])
    assert not verdict.ok
    assert [check.check for check in verdict.checks if not check.ok] == ["witnesses"]


def test_an_older_cosignature_is_not_shown_under_a_newer_checkpoint(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    grow(campaign, letter)

    assert "witness.example.org" not in note_of(campaign, letter)


def test_the_edition_rises_so_that_cached_pages_are_made_again(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    before = campaign.figures(letter).edition
    ask(campaign, letter)

    assert campaign.figures(letter).edition == before + 1


def test_before_publication_a_witness_gets_nothing(campaign: Campaign, witness: Witness) -> None:
    letter = campaign.an_open_letter()
    introduce(campaign, witness, letter)
    grow(campaign, letter)

    assert ask(campaign, letter) == []
    assert witness.asked == []


def test_who_has_cosigned_is_not_asked_again(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)

    assert ask(campaign, letter) == []
    assert len(witness.asked) == 1


def test_a_witness_that_knows_more_than_we_remember_is_asked_from_there(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    with Session(campaign.databases.petition) as session:  # a backup may have forgotten it
        session.query(Cosigned).delete()
        session.commit()
    grow(campaign, letter)

    assert [answer.wrong for answer in ask(campaign, letter)] == [""]
    assert witness.asked[-2].startswith("old 0\n")


def test_a_fork_is_refused_and_said(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    origin = introduce(campaign, witness, letter)
    witness.seen[origin] = (witness.seen[origin][0], bytes(32))
    grow(campaign, letter)

    assert "it was shown another log" in ask(campaign, letter)[0].wrong
    assert "witness.example.org" not in note_of(campaign, letter)


def test_a_witness_that_saw_a_longer_log_says_that_the_site_went_back(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    witness.seen[introduce(campaign, witness, letter)] = (500, bytes(32))

    assert "went back in time" in ask(campaign, letter)[0].wrong


def test_a_log_of_which_a_witness_saw_more_is_held(campaign: Campaign, witness: Witness) -> None:
    letter, other = a_known_letter(campaign, witness), a_known_letter(campaign, witness)
    witness.seen[introduce(campaign, witness, letter)] = (500, bytes(32))
    for _ in range(2):
        collect(campaign.databases.petition, [letter, other], campaign.clock())

    with Session(campaign.databases.reading) as session:
        assert [log_of(session, one).is_held for one in (letter, other)] == [True, False]
    campaign.sign_all(letter, 5)
    assert campaign.seal(letter).is_held


def test_a_log_that_grew_meanwhile_is_not_held(campaign: Campaign, witness: Witness) -> None:
    """Another process may have sealed, and asked the witness, after this one read the log."""
    letter = a_known_letter(campaign, witness)

    def grown(_: str) -> tuple[int, str]:
        grow(campaign, letter)
        return 409, f"{campaign.figures(letter).log_size}\n"

    witness.lie = grown
    ask(campaign, letter)

    with Session(campaign.databases.reading) as session:
        assert not log_of(session, letter).is_held


def test_nothing_newer_is_not_said_where_a_witness_saw_more(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    hold(campaign, letter)
    origin = introduce(campaign, witness, letter)
    witness.seen[origin] = (500, bytes(32))

    with pytest.raises(Conflict, match="saw the log of .* at 500 entries"):
        nothing_newer(campaign.databases, [slug_of(campaign, letter)], moment=campaign.clock())
    with Session(campaign.databases.reading) as session:
        assert log_of(session, letter).is_held


def test_nothing_newer_is_said_after_the_witnesses_were_asked_again(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    ask(campaign, letter)
    hold(campaign, letter)
    told: list[str] = []
    freed = nothing_newer(campaign.databases, [slug_of(campaign, letter)], moment=campaign.clock(), tell=told.append)

    assert (len(freed), len(witness.asked), told) == (1, 2, [])


def test_a_witness_that_cannot_be_asked_is_named_and_holds_nothing_up(campaign: Campaign, witness: Witness) -> None:
    letter = a_known_letter(campaign, witness)
    hold(campaign, letter)
    witness.lie = lambda _: (500, "")
    told: list[str] = []
    freed = nothing_newer(campaign.databases, [slug_of(campaign, letter)], moment=campaign.clock(), tell=told.append)

    assert len(freed) == 1
    assert [line.partition(" has not cosigned ")[0] for line in told] == ["The union"]


def slug_of(campaign: Campaign, letter: str) -> str:
    return campaign.letter_row(letter).slug


def hold(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).is_held = True
        session.commit()


def test_a_witness_that_does_not_know_the_log_is_told_what_to_do(campaign: Campaign, witness: Witness) -> None:
    letter = campaign.a_published_letter()

    assert "Send the witness the letter's log/vkey" in ask(campaign, letter)[0].wrong


@pytest.mark.parametrize(
    ("what", "says"),
    [
        (lambda witness, body: (200, ""), "malformed"),
        (lambda witness, body: (200, "\N{EM DASH} witness.example.org AAAA\n"), "malformed"),
        (lambda witness, body: (200, witness.line("another log\n1\nAAAA\n")), "wrong"),
        (lambda witness, body: (200, witness.line(body_of(body.partition("\n\n")[2]), at=1)), "a day away"),
        (lambda witness, body: (200, "x" * 2**20), "cannot be reached"),
        (lambda witness, body: (409, "9" * 400), "another checkpoint"),
        (lambda witness, body: (409, "1\n"), "another checkpoint"),
        (lambda witness, body: (500, ""), "answers 500"),
        (lambda witness, body: (302, ""), "answers 302"),
    ],
)
def test_a_witness_that_lies_changes_nothing(
    campaign: Campaign, witness: Witness, what: Callable[[Witness, str], tuple[int, str]], says: str
) -> None:
    letter = a_known_letter(campaign, witness)
    before = note_of(campaign, letter)
    witness.lie = lambda body: what(witness, body)

    assert says in ask(campaign, letter)[0].wrong
    assert note_of(campaign, letter) == before


def test_one_that_drips_its_answer_is_hung_up_on(
    campaign: Campaign, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "SILENCE", 0.5)
    monkeypatch.setattr(witnesses, "PATIENCE", 1.0)
    letter = a_known_letter(campaign, witness)

    hung_up, waited = threading.Event(), threading.Event()

    def drip(_: str) -> tuple[int, str]:
        if not hung_up.wait(SECONDS):
            waited.set()
        return 200, ""

    witness.lie = drip
    found = ask(campaign, letter)
    hung_up.set()

    assert found[0].wrong
    assert not waited.is_set()


def test_the_commands_add_list_and_remove(campaign: Campaign) -> None:
    found = campaign.settings
    environ = {
        "PETITION_DATA": str(found.data),
        "PETITION_DATABASE_URL": found.database_url,
        "PETITION_ISSUER_DATABASE_URL": found.issuer_database_url,
    }
    vkey = witness_vkey(WitnessKey("newsroom.example", public_of(SEED)))
    run = CliRunner().invoke
    added = run(main, ["witness", "add", "A newsroom", vkey, "--url", "https://newsroom.example/w"], env=environ)
    listed = run(main, ["witness", "list", "--json"], env=environ)
    removed = run(main, ["witness", "remove", "A newsroom"], env=environ)
    again = run(main, ["witness", "remove", "A newsroom"], env=environ)

    assert (added.exit_code, removed.exit_code, again.exit_code) == (0, 0, 1)
    assert json.loads(listed.output) == [{"name": "A newsroom", "vkey": vkey, "url": "https://newsroom.example/w"}]


def test_proofs_from_tiles_are_those_over_all_leaves(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=50)
    with Session(campaign.databases.petition) as session:
        log = log_of(session, letter)
        entries = [{"type": "codes", "round": 1, "made": number, "voided": 0} for number in range(700)]
        append(session, log, entries, SEED)
        leaves = [
            leaf_hash(data) for (data,) in session.query(Entry.data).filter_by(letter_id=letter).order_by(Entry.number)
        ]
        proofs = {old: consistency(session, log, old) for old in (1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 701)}
        session.rollback()

    assert proofs == {old: consistency_proof(old, leaves) for old in proofs}


def test_keys_and_addresses_that_cannot_be_are_refused_with_a_sentence(campaign: Campaign, witness: Witness) -> None:
    good = witness_vkey(WitnessKey("other.example", public_of(bytes([9]) * 32)))
    with Session(campaign.databases.petition) as session:
        with pytest.raises(BadShape, match="no verifier key"):
            add_witness(session, "N", "nonsense", None)
        with pytest.raises(BadShape, match="key id"):
            add_witness(session, "N", re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", good), None)
        with pytest.raises(BadShape, match="https://"):
            add_witness(session, "N", good, "ftp://w.example")
        with pytest.raises(Conflict, match="with this key"):
            add_witness(session, "N", witness_vkey(witness.key), None)
        with pytest.raises(Conflict, match="is a witness The union"):
            add_witness(session, "The union", good, None)
        with pytest.raises(NotFound, match="no witness Nobody"):
            remove_witness(session, "Nobody")


def test_a_logs_own_key_is_no_witness_key(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()

    with pytest.raises(BadShape, match="cosignature/v1"):
        read_witness_vkey(campaign.figures(letter).log_key)
