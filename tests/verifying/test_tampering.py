"""Somebody without the keys changes published files: every byte, every file."""

import pytest

from petition.crypto.notes import checkpoint
from tests.verifying.forger import Forger, root, tile, tiles
from tests.verifying.verdicts import failed, wrongs

pytestmark = pytest.mark.thorough

GUARDED = ["letter.md", "log/vkey", "log/issuer.pem", "log/checkpoint"]
TAMPERED = {"letter.md": "letter", "log/issuer.pem": "issuer", "log/checkpoint": "checkpoint"}


@pytest.fixture(scope="module")
def log(keys):
    """A closed log with something of everything."""
    f = Forger(keys).begin()
    f.open(2)
    f.codes(2, 4)
    f.sign(1, 2, 3)
    f.sign(4, number=2)
    f.seal().withdraw(2)
    f.seal().annul(2)
    f.issued(1, 6)
    f.close()
    return f.seal()


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
    path = tile("entries", 0, len(log.entries))
    for place in range(0, len(files[path]), 11):
        verdict = verdict_of(files | {path: flipped(files[path], place, place % 8)})

        assert failed(verdict) & {"bundles", "root"}, f"byte {place}"
        assert "bundles" in failed(verdict) or "tiles" in failed(verdict)


def test_a_bundle_must_be_exactly_its_entries(log, verdict_of):
    files = log.files()
    path = tile("entries", 0, len(log.entries))
    framed = [len(entry).to_bytes(2, "big") + entry for entry in log.entries]
    bundles = [files[path] + b"\0", files[path] + framed[0], files[path][:-1], b"".join(framed[:-1]), b"", b"\0"]
    bundles += [files[path] + b"\0\0", files[path][:-1] + b"\xff\xff", b"\xff\xff" + files[path]]
    for bundle in bundles:
        verdict = verdict_of(files | {path: bundle})

        assert path in wrongs(verdict)["bundles"]
        assert not {check.check for check in verdict.checks if check.ok} - {"vkey", "checkpoint"}


def test_entries_cannot_change_places_or_be_left_out(log, verdict_of):
    files = log.files()
    for place in range(1, len(log.entries)):
        entries = list(log.entries)
        entries[place - 1 : place + 1] = entries[place - 1 : place + 1][::-1]
        bundles = {path: data for path, data in tiles(entries, []).items() if "entries" in path}

        assert {"root", "tiles"} <= failed(verdict_of(files | bundles))


def test_no_tile_can_change_or_be_missing(forger, verdict_of):
    f = forger().begin(made=0)
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


def test_a_missing_bundle_leaves_nothing_believed(forger, verdict_of):
    f = forger().begin(made=0)
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
    fewer = log.checkpoint(len(log.entries) - 1).encode()
    more = checkpoint(log.origin, len(log.entries) + 1, root(log.leaves()), log.seed).encode()

    assert "bundles" in failed(verdict_of(files | {"log/checkpoint": fewer}))
    assert "bundles" in failed(verdict_of(files | {"log/checkpoint": more}))


def test_a_checkpoint_over_a_huge_log_is_caught_at_once(log, verdict_of):
    huge = checkpoint(log.origin, 10**17, root(log.leaves()), log.seed).encode()

    assert "bundles" in failed(verdict_of(log.files() | {"log/checkpoint": huge}))


def test_a_checkpoint_over_nothing_is_caught(log, verdict_of):
    nothing = checkpoint(log.origin, 0, root([]), log.seed).encode()

    assert wrongs(verdict_of(log.files() | {"log/checkpoint": nothing}))["letter"] == "Entry 0 is not the letter."


def test_another_root_is_caught(log, verdict_of):
    other = checkpoint(log.origin, len(log.entries), bytes(32), log.seed).encode()

    assert failed(verdict_of(log.files() | {"log/checkpoint": other})) == {"root"}


def test_a_checkpoint_of_another_key_or_name_is_caught(log, verdict_of):
    size, top = len(log.entries), root(log.leaves())
    stranger = checkpoint(log.origin, size, top, bytes(32)).encode()
    elsewhere = checkpoint("example.org/letters/other/log", size, top, log.seed).encode()

    assert "is not signed by" in wrongs(verdict_of(log.files() | {"log/checkpoint": stranger}))["checkpoint"]
    assert "checkpoint" in failed(verdict_of(log.files() | {"log/checkpoint": elsewhere}))


def test_nothing_at_all_is_no_letter(verdict_of):
    verdict = verdict_of({"index.html": b"hello"})

    assert failed(verdict) == {check.check for check in verdict.checks}
    assert wrongs(verdict)["checkpoint"] == "log/checkpoint is missing."


@pytest.mark.parametrize("path", ["letter.md", "counts.json", "log/checkpoint", "log/tile/0/000.p/13"])
def test_folders_in_place_of_files_are_caught(log, verdict_of, path):
    files = log.files()
    del files[path]

    assert f"{path} is not a file." in wrongs(verdict_of(files | {f"{path}/x": b""})).values()


def test_files_beyond_all_size_are_not_read(log, verdict_of):
    files = log.files() | {"log/vkey": b"x" * 5000, "log/tile/0/000.p/13": bytes(32 * 13)}

    assert "longer than the 4096 bytes" in wrongs(verdict_of(files))["vkey"]


# An older checkpoint


def test_every_older_checkpoint_is_extended(log, verdict_of):
    for size in range(len(log.entries) + 1):
        assert wrongs(verdict_of(log, since=log.checkpoint(size).encode())) == {}, size


def test_a_rewritten_log_does_not_extend_its_older_checkpoint(log, forger, verdict_of):
    rewritten = forger().begin(made=11)
    rewritten.entries += log.entries[3:]
    older = log.checkpoint(5).encode()

    assert "has been rewritten" in wrongs(verdict_of(rewritten.files(), since=older))["since"]


def test_a_log_may_not_shrink(log, forger, verdict_of):
    shrunk = forger()
    shrunk.entries = log.entries[:3]
    shrunk.rounds = {1: log.rounds[1] | {"signed": 0, "withdrawn": 0, "issued": None}}
    shrunk.round_keys = log.round_keys[:1]

    assert wrongs(verdict_of(shrunk, since=log.checkpoint().encode())) == {
        "since": "The older checkpoint has 13 entries, the newest only 3."
    }


@pytest.mark.parametrize("place", range(0, 180, 9))
def test_an_older_checkpoint_must_itself_be_signed(log, verdict_of, place):
    older = log.checkpoint(5).encode()

    assert failed(verdict_of(log, since=flipped(older, place))) == {"since"}


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"hello", b"\n" * 100])
def test_an_older_checkpoint_may_not_be_garbage(log, verdict_of, garbage):
    assert failed(verdict_of(log, since=garbage)) == {"since"}
