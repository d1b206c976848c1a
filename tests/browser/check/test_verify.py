"""The verification in the browser finds what ``petition verify`` finds, in sound letters and in changed ones."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from playwright.sync_api import Page

from petition.verifying import NothingChecked, open_source, verify
from tests.browser.check.conftest import VERIFY, Mirror, failed, verdicts_of
from tests.verifying.campaigns import campaigns, carry_out
from tests.verifying.log_builder import LogBuilder, of_everything, root, tile, write
from tests.verifying.test_tampering import flipped
from tests.verifying.test_valid_logs import VALID

pytestmark = pytest.mark.browser
SAMPLE = Path(__file__).parents[2] / "data" / "sample-log"
NUMBERS = ("count", "signatures", "withdrawals", "size")
Files = Mapping[str, bytes]


@pytest.fixture
def both(page: Page, tmp_path: Path) -> Callable[..., list[tuple[Any, Any]]]:
    """For each letter, given as files: which checks fail in the browser, and which with the command; with numbers."""
    numbers = count()

    def compare(letters: list[Files]) -> list[tuple[Any, Any]]:
        named = {f"letter-{next(numbers)}": files for files in letters}
        found = verdicts_of(page, named)
        return [(in_browser(found[name]), by_command(write(tmp_path / name, named[name]))) for name in named]

    return compare


def in_browser(verdict: dict[str, Any]) -> Any:
    return verdict["nothing"] if "nothing" in verdict else (failed(verdict), *(verdict[name] for name in NUMBERS))


def by_command(folder: Path) -> Any:
    try:
        verdict = verify(open_source(str(folder)), processes=1)
    except NothingChecked as nothing:
        return nothing.check
    return {check.check for check in verdict.checks if not check.ok}, *(getattr(verdict, name) for name in NUMBERS)


@pytest.fixture(scope="module")
def log(rsa_keys: list[rsa.RSAPrivateKey]) -> LogBuilder:
    return of_everything(rsa_keys)


def test_the_sample_letter_has_its_count(verdict_of: Callable[..., dict[str, Any]]) -> None:
    files = {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in SAMPLE.rglob("*") if path.is_file()}
    verdict = verdict_of(files)

    assert failed(verdict) == set()
    assert [verdict[name] for name in NUMBERS] == [271, 274, 3, 282]
    assert verdict["isSigned"] is True


def test_sound_letters_of_every_kind_are_sound(
    both: Callable[..., list[tuple[Any, Any]]], rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    built = []
    for story, options in VALID.values():
        built.append(LogBuilder(rsa_keys, **options))
        story(built[-1])
    found = dict(zip(VALID, both([log.files() for log in built]), strict=True))

    assert {name: one for name, (one, _) in found.items()} == {name: other for name, (_, other) in found.items()}
    assert [name for name, (one, _) in found.items() if one[0]] == []


def changed(files: Files, step: int) -> Iterator[Files]:
    """One byte of one file changed, here and there; files cut, lengthened, emptied and left out."""
    for path, data in files.items():
        for place in range(0, len(data), max(1, len(data) // step)):
            yield {**files, path: flipped(data, place, place % 8)}
        for other in (data[:-1], data + b"\n", data + b"x", b"\xef\xbb\xbf" + data, data * 2, b""):
            yield {**files, path: other}
        yield {other: files[other] for other in files if other != path}


def test_whatever_is_changed_is_refused_by_both_or_by_neither(
    both: Callable[..., list[tuple[Any, Any]]], log: LogBuilder
) -> None:
    assert [(one, other) for one, other in both(list(changed(log.files(), 4))) if bool(one[0]) != bool(other[0])] == []


@pytest.mark.long
def test_whatever_is_changed_anywhere_is_refused_by_both_or_by_neither(
    both: Callable[..., list[tuple[Any, Any]]], log: LogBuilder
) -> None:
    found = both(list(changed(log.files(), 150)))

    assert [(one, other) for one, other in found if bool(one[0]) != bool(other[0])] == []


def test_a_larger_tree_has_its_root_and_no_tile_can_change(build: Callable[..., LogBuilder], both: Any) -> None:
    f = build().begin(made=0)
    for made in range(600):
        f.codes(1, made)
    files = f.files()
    hashes = [path for path in files if "tile/0" in path or "tile/1" in path]
    others = [{**files, path: flipped(files[path], 40 % len(files[path]))} for path in hashes]
    without = [{other: files[other] for other in files if other != path} for path in hashes]
    found = both([files, *others, *without])

    assert [one[0] for one, _ in found] == [set(), *[{"tiles"}] * 8]
    assert all(one == other for one, other in found)


@pytest.mark.long
def test_a_tree_of_three_levels_has_its_root(build: Callable[..., LogBuilder], verdict_of: Any) -> None:
    f = build().begin(made=0)
    for made in range(66_000):
        f.codes(1, made)
    verdict = verdict_of(f)

    assert (failed(verdict), verdict["size"]) == (set(), 66_002)


def test_checkpoints_that_say_anything_are_refused(log: LogBuilder, both: Any) -> None:
    size, top = log.size, root(log.leaves())
    notes = [
        log.checkpoint(size - 1),
        log.checkpoint_of(size + 1, top),
        log.checkpoint_of(10**15, top),
        log.checkpoint_of(10**17, top),
        log.checkpoint_of(0, root([])),
        log.checkpoint_of(size, bytes(32)),
        log.checkpoint_of(size, top, seed=bytes(32)),
        log.checkpoint_of(size, top, origin="example.org/letters/other/log"),
        log.checkpoint().replace("\n\n", "\nextension\n\n"),
    ]
    found = both([log.files() | {"log/checkpoint": note.encode()} for note in notes])

    assert all(one[0] for one, _ in found)
    assert [one[0] for one, _ in found[4:]] == [other[0] for _, other in found[4:]]


def test_what_counts_json_says_twice_or_as_a_fraction_is_refused(log: LogBuilder, both: Any) -> None:
    counts = json.dumps(log.counts())
    texts = [
        counts.replace('"count": 2', '"count": 9, "count": 2', 1),
        counts.replace('"count": 2', '"count": 2.0', 1),
        counts.replace('"count": 2', '"count": 2e0', 1),
        counts.replace('"count": 2', '"count": true', 1),
        counts.replace('"count": 2', '"count": "2"', 1),
        counts.replace('"verification": {', '"verification": [], "other": {'),
        json.dumps(log.counts() | {"groups": [{"a:b": "c:d\\"}, {"é": "1.5e3"}]}),
    ]
    assert counts not in texts
    found = both([log.files() | {"counts.json": text.encode()} for text in texts])

    assert [one[0] for one, _ in found] == [*[{"counts"}] * 6, set()]
    assert all(one == other for one, other in found)


@pytest.mark.long
@settings(max_examples=60)
@given(steps=campaigns())
def test_campaigns_of_every_course_have_the_same_count(build: Any, both: Any, steps: Any) -> None:
    campaign = build()
    carry_out(campaign, steps)
    [(one, other)] = both([campaign.files()])

    assert one == other
    assert one[0] == set()


# What is fetched


def test_where_no_public_file_is_nothing_is_checked(mirror: Mirror, page: Page) -> None:
    address = mirror.publish("nothing-here", {"index.html": b"hello"})

    assert page.evaluate(VERIFY, [address]) == {address: {"nothing": "files"}}


def test_where_the_server_fails_nothing_is_checked(mirror: Mirror, page: Page, log: LogBuilder) -> None:
    failing = ["log/checkpoint", "letter.md", "log/tile/entries/000.p/15", "log/tile/0/000.p/15"]
    addresses = [mirror.publish(f"failing-{number}", log.files()) for number in range(len(failing))]
    mirror.refusing |= {address + path: 503 for address, path in zip(addresses, failing, strict=True)}

    assert page.evaluate(VERIFY, addresses) == dict.fromkeys(addresses, {"nothing": "files"})


def test_a_log_that_grew_meanwhile_has_filled_its_last_tiles(
    mirror: Mirror, page: Page, build: Callable[..., LogBuilder]
) -> None:
    f = build().begin(made=0)
    for made in range(250):
        f.codes(1, made)
    files = {path: data for path, data in f.files().items() if ".p/" not in path}
    for made in range(250, 300):
        f.codes(1, made)
    full = {path: data for path, data in f.files().items() if path in (tile("entries", 0, 256), tile(0, 0, 256))}
    address = mirror.publish("growing", files | full)
    verdict = page.evaluate(VERIFY, [address])[address]

    assert (failed(verdict), verdict["size"]) == (set(), 252)


def test_only_the_letter_s_own_files_are_asked_for(mirror: Mirror, page: Page, log: LogBuilder) -> None:
    address = mirror.publish("own", log.files())
    mirror.asked.clear()
    page.evaluate(VERIFY, [address])

    assert [path for path in mirror.asked if not path.startswith((address, "/_site/"))] == []
