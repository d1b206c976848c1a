"""The log: entries, tiles, checkpoint, as they grow and as they are served."""

import hashlib
import json
import os
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash, root
from petition.crypto.notes import read_checkpoint, read_vkey
from petition.errors import NotFound
from petition.letters.models import Letter
from petition.publishing.public_files import public_file, tile_names
from petition.sealing.log import append, begin_log, bundle, log_of, log_seed, root_of, tile, verifier_key, widths
from petition.sealing.models import Entry, Log
from tests.walks import Campaign

SIZES = (1, 255, 256, 257, 512, 600)
"""A log is followed through these: around the ends of tiles, and on."""


def entry(number: int) -> dict[str, object]:
    return {"type": "codes", "round": 1, "made": number, "voided": 0}


LEAVES = [leaf_hash(canonical_json(entry(number))) for number in range(max(SIZES))]


@pytest.fixture
def session(campaign: Campaign) -> Iterator[Session]:
    """A session whose log is forgotten at the end."""
    with Session(campaign.databases.petition) as opened:
        yield opened


@pytest.fixture
def log(campaign: Campaign, session: Session) -> Log:
    """An empty log."""
    letter = session.get_one(Letter, campaign.a_draft())
    return begin_log(session, letter, "letters.example.org/letters/x/log", os.urandom(32), campaign.master)


def grow(campaign: Campaign, session: Session, log: Log, size: int) -> None:
    append(session, log, [entry(number) for number in range(log.size, size)], log_seed(log, campaign.master))


def test_every_checkpoint_names_the_root_over_all_entries(campaign: Campaign, session: Session, log: Log) -> None:
    name, key = read_vkey(verifier_key(log))

    for size in SIZES:
        grow(campaign, session, log, size)
        signed = read_checkpoint(log.checkpoint, name, key)
        assert (signed.origin, signed.size, signed.root) == (log.origin, size, root(LEAVES[:size]))
        assert root_of(log) == signed.root


def test_the_same_entries_in_one_sealing_or_in_many_give_the_same_log(
    campaign: Campaign, session: Session, log: Log
) -> None:
    for size in range(250, 265):
        grow(campaign, session, log, size)
    many = [tile(session, log, 0, 0, 256), tile(session, log, 0, 1, 8), tile(session, log, 1, 0, 1), root_of(log)]

    assert many[0] + many[1] == b"".join(LEAVES[:264])
    assert many[2] == root(LEAVES[:256])
    assert many[3] == root(LEAVES[:264])


def test_tiles_hold_the_hashes_of_their_level(campaign: Campaign, session: Session, log: Log) -> None:
    for size in SIZES:
        grow(campaign, session, log, size)
        for level, full, partial in widths(size):
            hashes = LEAVES if level == 0 else [root(LEAVES[at : at + 256]) for at in range(0, size - 255, 256)]
            for number in range(full):
                assert tile(session, log, level, number, 256) == b"".join(hashes[number * 256 : (number + 1) * 256])
            for width in {1, partial} if partial else set():
                assert tile(session, log, level, full, width) == b"".join(hashes[full * 256 : full * 256 + width])


def test_bundles_hold_the_entries_each_after_its_length(campaign: Campaign, session: Session, log: Log) -> None:
    grow(campaign, session, log, 300)

    for number, width in ((0, 256), (0, 1), (0, 200), (1, 44), (1, 1)):
        read = list(entries_in(bundle(session, log, number, width)))
        assert read == [entry(place) for place in range(number * 256, number * 256 + width)]


def entries_in(data: bytes) -> Iterator[dict[str, object]]:
    while data:
        length = int.from_bytes(data[:2], "big")
        yield json.loads(data[2 : 2 + length])
        data = data[2 + length :]


def test_tiles_that_the_log_has_not_reached_are_not_there(campaign: Campaign, session: Session, log: Log) -> None:
    grow(campaign, session, log, 300)

    for number, width in ((0, 0), (0, 257), (0, -1), (1, 45), (1, 256), (2, 1)):
        with pytest.raises(NotFound):
            bundle(session, log, number, width)
        with pytest.raises(NotFound):
            tile(session, log, 0, number, width)
    for level, number, width in ((1, 0, 2), (1, 1, 1), (2, 0, 1), (63, 0, 1)):
        with pytest.raises(NotFound):
            tile(session, log, level, number, width)


def test_appending_reads_no_entry_and_no_tile_left_of_the_edge(campaign: Campaign, session: Session, log: Log) -> None:
    grow(campaign, session, log, 300)
    session.execute(update(Entry).where(Entry.letter_id == log.letter_id).values(data=b"{}"))
    session.expire_all()
    grow(campaign, session, log, 520)

    assert root_of(log) == root(LEAVES[:520])


def test_the_logs_key_is_stored_locked(campaign: Campaign, session: Session) -> None:
    seed = os.urandom(32)
    letter = session.get_one(Letter, campaign.a_draft())
    log = begin_log(session, letter, "x.example/log", seed, campaign.master)

    assert seed not in log.private_key
    assert log_seed(log, campaign.master) == seed
    with pytest.raises(ValueError, match="does not open"):
        log_seed(log, bytes(32))


def test_a_key_that_was_locked_for_one_log_opens_in_no_other(campaign: Campaign, session: Session, log: Log) -> None:
    other = Log(letter_id="0" * 26, origin="x", public_key=log.public_key, private_key=log.private_key)

    with pytest.raises(ValueError, match="does not open"):
        log_seed(other, campaign.master)


def test_a_letter_that_never_opened_has_no_log(campaign: Campaign, session: Session) -> None:
    with pytest.raises(NotFound, match="begins when the letter opens"):
        log_of(session, campaign.a_draft())


# As files


def test_the_names_of_tiles_are_those_of_c2sp() -> None:
    assert tile_names(1) == ["log/tile/entries/000.p/1", "log/tile/0/000.p/1"]
    assert tile_names(256) == ["log/tile/entries/000", "log/tile/0/000", "log/tile/1/000.p/1"]
    assert tile_names(257)[1:2] == ["log/tile/entries/001.p/1"]
    assert {"log/tile/0/x001/234.p/7", "log/tile/0/x001/233", "log/tile/1/004.p/210", "log/tile/2/000.p/4"} <= set(
        tile_names(1234 * 256 + 7)
    )


def test_every_name_that_a_log_lists_is_served_and_sizes_fit(campaign: Campaign, session: Session, log: Log) -> None:
    letter = session.get_one(Letter, log.letter_id)
    for size in SIZES:
        grow(campaign, session, log, size)
        for name in tile_names(size):
            file = public_file(session, letter, None, name)  # type: ignore[arg-type]
            width = int(name.partition(".p/")[2] or 256)
            assert file.is_final
            assert "/entries/" in name or len(file.body) == 32 * width


def test_partial_tiles_of_older_checkpoints_stay_served(campaign: Campaign, session: Session, log: Log) -> None:
    letter = session.get_one(Letter, log.letter_id)
    grow(campaign, session, log, 10)
    older = {name: public_file(session, letter, None, name).body for name in tile_names(10)}  # type: ignore[arg-type]
    grow(campaign, session, log, 300)

    assert older == {name: public_file(session, letter, None, name).body for name in older}  # type: ignore[arg-type]


NO_FILES = (
    "log/tile/0/001",
    "log/tile/0/001.p/45",
    "log/tile/0/000.p/0",
    "log/tile/0/000.p/256",
    "log/tile/0/000.p/01",
    "log/tile/0/000.p/1000",
    "log/tile/0/0",
    "log/tile/0/x000/000",
    "log/tile/0/x001/000",
    "log/tile/entries/002.p/1",
    "log/tile/1/000",
    "log/tile/2/000.p/1",
    "log/tile/99/000.p/1",
    "log/tile/100/000.p/1",
    "log/tile/-1/000.p/1",
    "log/tile/entries/000.p/1/",
    "log/tile/entries/٠٠٠.p/1",
    "log/tile/0/" + "x999/" * 2000 + "999",
    "log/tile/",
    "log/",
    "log/tile/0/000\n",
    "../letter.md",
)


def test_other_names_are_not_there(campaign: Campaign, session: Session, log: Log) -> None:
    grow(campaign, session, log, 300)
    letter = session.get_one(Letter, log.letter_id)

    for name in NO_FILES:
        with pytest.raises(NotFound):
            public_file(session, letter, None, name)  # type: ignore[arg-type]


# From a letter's own life


def test_a_log_begins_with_the_letter_and_its_rounds(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=7, rolls=("Workers", "Contractors"))
    first, *others = campaign.entries(letter)
    with Session(campaign.databases.reading) as session:
        row, log = session.get_one(Letter, letter), log_of(session, letter)

    assert list(first) == sorted(first)
    assert (first["letter_id"], first["text_sha256"], first["title"]) == (letter, row.text_sha256, row.title)
    assert (first["version"], first["k"], first["timing"], first["names_keys"]) == (2, 7, "together", {})
    assert (first["hosts"], first["fields_sha256"]) == (["letters.example.org"], hashlib.sha256(b"[]").hexdigest())
    assert first["log_key"] == b64url(log.public_key)
    assert [roll["name"] for roll in first["rolls"]] == ["Workers", "Contractors"]
    assert [(entry["type"], entry["round"], entry["roll"]) for entry in others] == [
        ("round", 1, first["rolls"][0]["id"]),
        ("round", 2, first["rolls"][1]["id"]),
    ]
    assert set(first["client_sha256"]) == {"client.py", "sign.js"}
    assert log.origin == f"letters.example.org/letters/{row.slug}/log"
    assert letter[:16] not in log.origin + log.checkpoint


def test_every_entry_is_canonical_and_a_log_only_grows(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    seen = []
    for count in (5, 3, 1):
        campaign.sign_all(letter, count)
        campaign.seal(letter)
        with Session(campaign.databases.reading) as session:
            query = select(Entry.data).where(Entry.letter_id == letter).order_by(Entry.number)
            seen.append(list(session.scalars(query)))

    assert all(canonical_json(json.loads(data)) == data for data in seen[-1])
    assert all(later[: len(older)] == older for older, later in pairwise(seen))
