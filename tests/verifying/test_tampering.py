"""Someone without the keys changes published files: every byte, every file."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petition.verifying import NothingChecked
from tests.verifying.campaigns import campaigns, carry_out
from tests.verifying.log_builder import of_everything, root, tile, tiles
from tests.verifying.verdicts import detail, failed, wrongs

pytestmark = pytest.mark.thorough

GUARDED = ["letter.md", "log/vkey", "log/issuer.pem", "log/checkpoint"]
TAMPERED = {"letter.md": "letter", "log/issuer.pem": "issuer", "log/checkpoint": "checkpoint"}


@pytest.fixture(scope="module")
def log(rsa_keys):
    return of_everything(rsa_keys)


def flipped(data: bytes, place: int, bit: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


@pytest.mark.parametrize("path", GUARDED)
def test_no_byte_of_the_small_files_can_change(log, verdict_of, path):
    files = log.files()
    assert wrongs(verdict_of(files)) == {}
    step = 1 if len(files[path]) < 300 else 7
    for place in range(0, len(files[path]), step):
        for bit in (0, 5, 7):
            verdict = verdict_of(files | {path: flipped(files[path], place, bit)})

            assert not verdict.ok, f"bit {bit} of byte {place} of {path}"
            assert TAMPERED.get(path, "vkey") in failed(verdict)


@pytest.mark.parametrize("path", GUARDED)
def test_no_small_file_can_be_cut_lengthened_emptied_or_dropped(log, verdict_of, path):
    files = log.files()
    for changed in (files[path][:-1], files[path] + b"\n", files[path] + b"x", files[path] * 2, b""):
        assert TAMPERED.get(path, "vkey") in failed(verdict_of(files | {path: changed}))
    del files[path]

    assert f"{path} is missing" in wrongs(verdict_of(files)).get(TAMPERED.get(path, "vkey"), "").replace(
        "log/checkpoint", path
    )


@pytest.mark.parametrize("path", ["counts.json", "history.csv"])
def test_counts_and_history_must_be_there(log, verdict_of, path):
    files = log.files()
    del files[path]

    assert list(wrongs(verdict_of(files)).values()) == [f"{path} is missing."]


def test_no_byte_of_the_entries_can_change(log, verdict_of):
    files = log.files()
    path = tile("entries", 0, log.size)
    for place in range(0, len(files[path]), 11):
        verdict = verdict_of(files | {path: flipped(files[path], place, place % 8)})

        assert failed(verdict) & {"bundles", "root"}, f"byte {place}"
        assert "bundles" in failed(verdict) or "tiles" in failed(verdict)


def test_a_bundle_must_be_exactly_its_entries(log, verdict_of):
    files = log.files()
    path = tile("entries", 0, log.size)
    framed = [len(entry).to_bytes(2, "big") + entry for entry in log.entries]
    bundles = [files[path] + b"\0", files[path] + framed[0], files[path][:-1], b"".join(framed[:-1]), b"", b"\0"]
    bundles += [files[path] + b"\0\0", files[path][:-1] + b"\xff\xff", b"\xff\xff" + files[path]]
    for bundle in bundles:
        verdict = verdict_of(files | {path: bundle})

        assert path in wrongs(verdict)["bundles"]
        assert not {check.check for check in verdict.checks if check.ok} - {"vkey", "checkpoint"}


def test_entries_cannot_change_places_or_be_left_out(log, verdict_of):
    files = log.files()
    for place in range(1, log.size):
        entries = list(log.entries)
        entries[place - 1 : place + 1] = entries[place - 1 : place + 1][::-1]
        bundles = {path: data for path, data in tiles(entries, []).items() if "entries" in path}

        assert {"root", "tiles"} <= failed(verdict_of(files | bundles))


def test_no_tile_can_change_or_be_missing(build, verdict_of):
    f = build().begin(made=0)
    for made in range(600):
        f.codes(1, made)
    files = f.files()
    hashes = [path for path in files if "tile/0" in path or "tile/1" in path]
    assert len(hashes) == 4
    for path in hashes:
        for changed in (flipped(files[path], 40 % len(files[path])), files[path][:-32], files[path] + bytes(32), b""):
            verdict = verdict_of(files | {path: changed})

            assert failed(verdict) == {"tiles"}
            assert path in wrongs(verdict)["tiles"]
        verdict = verdict_of({other: data for other, data in files.items() if other != path})

        assert wrongs(verdict) == {"tiles": f"{path} is missing."}


def test_a_missing_bundle_leaves_nothing_believed(build, verdict_of):
    f = build().begin(made=0)
    for made in range(600):
        f.codes(1, made)
    files = f.files()
    del files["log/tile/entries/001"]
    verdict = verdict_of(files)

    assert wrongs(verdict)["bundles"] == "log/tile/entries/001 is missing."
    assert "only 256 entries could be read" in wrongs(verdict)["signatures"]
    assert not {check.check for check in verdict.checks if check.ok} - {"vkey", "checkpoint"}


def test_a_checkpoint_over_fewer_or_more_entries_is_caught(log, verdict_of):
    files = log.files()
    fewer = log.checkpoint(log.size - 1).encode()
    more = log.checkpoint_of(log.size + 1, root(log.leaves())).encode()

    assert "bundles" in failed(verdict_of(files | {"log/checkpoint": fewer}))
    assert "bundles" in failed(verdict_of(files | {"log/checkpoint": more}))


def test_a_checkpoint_over_a_huge_log_is_caught_at_once(log, verdict_of):
    huge = log.checkpoint_of(10**17, root(log.leaves())).encode()

    assert "bundles" in failed(verdict_of(log.files() | {"log/checkpoint": huge}))


def test_a_checkpoint_over_nothing_is_caught(log, verdict_of):
    nothing = log.checkpoint_of(0, root([])).encode()

    assert wrongs(verdict_of(log.files() | {"log/checkpoint": nothing}))["letter"] == "Entry 0 is not the letter."


def test_another_root_is_caught(log, verdict_of):
    other = log.checkpoint_of(log.size, bytes(32)).encode()

    assert failed(verdict_of(log.files() | {"log/checkpoint": other})) == {"root"}


def test_a_checkpoint_of_another_key_or_name_is_caught(log, verdict_of):
    size, top = log.size, root(log.leaves())
    stranger = log.checkpoint_of(size, top, seed=bytes(32)).encode()
    elsewhere = log.checkpoint_of(size, top, origin="example.org/letters/other/log").encode()

    assert "is not signed by" in wrongs(verdict_of(log.files() | {"log/checkpoint": stranger}))["checkpoint"]
    assert "checkpoint" in failed(verdict_of(log.files() | {"log/checkpoint": elsewhere}))


def test_where_no_public_file_is_nothing_is_checked(verdict_of):
    with pytest.raises(NothingChecked, match="could not be fetched, nothing was checked: log/checkpoint is missing"):
        verdict_of({"index.html": b"hello"})


def test_a_single_public_file_is_enough_to_be_checked(log, verdict_of):
    verdict = verdict_of({"letter.md": log.text})

    assert failed(verdict) == {check.check for check in verdict.checks}


@pytest.mark.parametrize("path", ["letter.md", "counts.json", "log/checkpoint", "log/tile/0/000.p/15"])
def test_folders_in_place_of_files_are_caught(log, verdict_of, path):
    files = log.files()
    del files[path]

    assert f"{path} is not a file." in wrongs(verdict_of(files | {f"{path}/x": b""})).values()


def test_files_beyond_all_size_are_not_read(log, verdict_of):
    files = log.files() | {"log/vkey": b"x" * 5000, "log/tile/0/000.p/15": bytes(32 * 15)}

    assert "longer than the 4096 bytes" in wrongs(verdict_of(files))["vkey"]


# Older checkpoints


def test_every_older_checkpoint_is_extended(log, verdict_of):
    outside_batches = [size for size in range(log.size + 1) if not 5 < size < 11]
    older = [log.checkpoint(size).encode() for size in outside_batches]
    verdict = verdict_of(log, since=older)

    assert wrongs(verdict) == {}
    assert "entries: 0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15" in detail(verdict, "since")


def test_one_of_several_older_checkpoints_is_of_another_log(log, build, verdict_of):
    rewritten = build().begin(made=11).checkpoint(3).encode()
    since = [log.checkpoint(1).encode(), rewritten, log.checkpoint(11).encode()]

    assert set(wrongs(verdict_of(log, since=since))) == {"since"}


def test_two_older_checkpoints_of_one_size_are_both_compared(log, verdict_of):
    since = [log.checkpoint(5).encode(), log.checkpoint_of(5, bytes(32)).encode()]

    assert "was rewritten" in wrongs(verdict_of(log, since=since))["since"]


def test_a_rewritten_log_does_not_extend_its_older_checkpoint(log, build, verdict_of):
    rewritten = build().begin(made=11)
    rewritten.entries += log.entries[3:]
    older = log.checkpoint(5).encode()

    assert "was rewritten" in wrongs(verdict_of(rewritten.files(), since=[older]))["since"]


def test_a_log_may_not_shrink(log, build, verdict_of):
    shrunk = build()
    shrunk.entries = log.entries[:3]
    shrunk.rounds = {1: log.rounds[1] | {"signed": 0, "withdrawn": 0, "ended": False}}
    shrunk.round_keys = log.round_keys[:1]

    assert wrongs(verdict_of(shrunk, since=[log.checkpoint().encode()])) == {
        "since": "An older checkpoint has 15 entries, the newest only 3."
    }


@pytest.mark.parametrize("place", range(0, 180, 9))
def test_an_older_checkpoint_must_itself_be_signed(log, verdict_of, place):
    older = log.checkpoint(5).encode()

    assert failed(verdict_of(log, since=[flipped(older, place)])) == {"since"}


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"hello", b"\n" * 100])
def test_an_older_checkpoint_may_not_be_garbage(log, verdict_of, garbage):
    assert failed(verdict_of(log, since=[garbage])) == {"since"}


# Logs of every course, changed and signed anew


def without(log, place):
    del log.entries[place]


def doubled(log, place):
    log.entries.insert(place, log.entries[place])


def exchanged(log, place):
    log.entries[place], log.entries[place - 1] = log.entries[place - 1], log.entries[place]


@settings(max_examples=100)
@given(steps=campaigns(), data=st.data())
def test_no_number_can_be_other_than_the_logs(build, verdict_of, steps, data):
    campaign = build()
    carry_out(campaign, steps)
    counts = campaign.counts()
    member = data.draw(st.sampled_from(["count", "signatures", "withdrawals"]))
    counts[member] += data.draw(st.sampled_from([-1, 1]))
    verdict = verdict_of(campaign.files() | {"counts.json": json.dumps(counts).encode()})

    assert failed(verdict) == {"counts"}


@settings(max_examples=100)
@given(steps=campaigns(), data=st.data())
def test_entries_dropped_or_doubled_and_signed_again_never_count_what_was_not_signed(build, verdict_of, steps, data):
    campaign = build()
    carry_out(campaign, steps)
    older = campaign.checkpoint().encode()
    place = data.draw(st.integers(1, campaign.size - 1))
    change = data.draw(st.sampled_from([without, doubled, exchanged]))
    before = list(campaign.entries)
    change(campaign, place)
    verdict = verdict_of(campaign, since=[older])

    signed = {entry for entry in campaign.entries if b'"type":"signature"' in entry}
    assert verdict.signatures <= len(signed)
    assert ("since" in failed(verdict)) == (campaign.entries[: len(before)] != before)
