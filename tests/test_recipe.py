"""docs/check-by-hand.sh, which shares no code with the program: it accepts what is right and nothing else."""

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.orm import Session

from petition.letters.access import public_letter
from petition.letters.states import held_back
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder
from tests.verifying.log_builder import ORIGIN, LogBuilder, pss, sha, spki, write
from tests.walks import Campaign

HERE = Path(__file__).parent
RECIPE = HERE.parent / "docs/check-by-hand.sh"
SAMPLE = HERE / "data/sample-log"
OPENSSL = os.environ.get("OPENSSL", "openssl")
has_openssl = shutil.which(OPENSSL) is not None and subprocess.run(
    [OPENSSL, "version"], capture_output=True, text=True, check=False
).stdout.startswith("OpenSSL 3")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        not has_openssl and "CI" not in os.environ, reason="install OpenSSL 3 to test the recipe that needs it"
    ),
]


def check(folder: Path | str, entry: int | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", RECIPE, str(folder), str(entry)], capture_output=True, text=True, check=False)


def wrongs(ran: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.removeprefix("WRONG  ") for line in ran.stdout.splitlines() if line.startswith("WRONG")]


@pytest.mark.parametrize("entry", [3, 256, *(pytest.param(one, marks=pytest.mark.long) for one in (255, 277))])
def test_signatures_of_the_sample_log_are_valid(entry: int) -> None:
    ran = check(SAMPLE, entry)

    assert ran.returncode == 0, ran.stdout
    assert f"Entry {entry} of 282 is a valid signature" in ran.stdout
    assert (len(re.findall("^ok ", ran.stdout, re.M)), ran.stderr) == (10, "")


@pytest.mark.parametrize("kind", ["sqlite"])
def test_signatures_of_a_folder_that_was_published_are_valid(campaign: Campaign, tmp_path: Path) -> None:
    letter_id = campaign.a_published_letter()
    campaign.sign_all(letter_id, 6)
    campaign.seal(letter_id)
    with Session(campaign.databases.reading) as session:
        letter = public_letter(session, campaign.letter(session, letter_id).slug)
        write_folder(
            session, letter, figures(session, letter, campaign.settings.url), tmp_path / "face", lambda _: None
        )
    signed = [number for number, kind in enumerate(campaign.types(letter_id)) if kind == "signature"]

    assert len(signed) == 6 - held_back(3)
    for number in signed:
        ran = check(tmp_path / "face", number)
        assert ran.returncode == 0, ran.stdout


def flip(place: int) -> Callable[[bytes], bytes]:
    """Another character, or byte, at a place."""
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place:][1:]


def in_entry(member: bytes, number: int = 1) -> Callable[[bytes], bytes]:
    """Another character in the middle of a member, in the bundle's signature of this number."""

    def change(bundle: bytes) -> bytes:
        place = [found.end() for found in re.finditer(b'"%s":"' % member, bundle)][number - 1] + 100
        return bundle[:place] + (b"B" if bundle[place : place + 1] == b"A" else b"A") + bundle[place + 1 :]

    return change


def swap(line: int, text: str) -> Callable[[bytes], bytes]:
    """Another line in a text."""

    def change(data: bytes) -> bytes:
        lines = data.decode().split("\n")
        lines[line] = text
        return "\n".join(lines).encode()

    return change


def another_key(_: bytes) -> bytes:
    der = base64.b64encode(spki(rsa.generate_private_key(65537, 3072))).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n".encode()


def another_log_key(vkey: bytes) -> bytes:
    key = b"\x01" + bytes(range(32))
    name = vkey.decode().split("+")[0]
    number = sha(name.encode(), b"\n", key)[:4].hex()
    return f"{name}+{number}+{base64.b64encode(key).decode()}\n".encode()


TAMPERED = {
    "a signature": ("log/tile/entries/000", in_entry(b"signature"), "entry 3 up to the root"),
    "a message": ("log/tile/entries/000", in_entry(b"message"), "entry 3 up to the root"),
    "a sibling in a tile": ("log/tile/0/000", flip(32 * 2 + 5), "entry 3 up to the root"),
    "another sibling in a tile": ("log/tile/0/000", flip(32 * 255), "entry 3 up to the root"),
    "the own hash in a tile": ("log/tile/0/000", flip(32 * 3), "entry 3 up to the root"),
    "the newest tile": ("log/tile/0/001.p/26", flip(1), "entry 3 up to the root"),
    "a tile above": ("log/tile/1/000.p/1", flip(1), "entry 3 up to the root"),
    "the size": ("log/checkpoint", swap(1, "281"), "not signed with the key"),
    "the root": ("log/checkpoint", swap(2, base64.b64encode(bytes(32)).decode()), "not signed with the key"),
    "the log's name": ("log/checkpoint", swap(0, "example.org/letters/other/log"), "name different logs"),
    "no signature of the log": ("log/checkpoint", swap(4, ""), "not signed with the key"),
    "the log's signature": (
        "log/checkpoint",
        lambda data: data.replace(b"/hSZgc", b"/hSZhc").replace(b"sPhKLclM", b"sPhKLdlM"),
        "not signed with the key",
    ),
    "the log's key": ("log/vkey", another_log_key, "not signed with the key"),
    "the number of the log's key": (
        "log/vkey",
        lambda data: data.replace(b"+b0f84a2d+", b"+b0f84a2e+"),
        "does not have the number",
    ),
    "the round's key": ("log/issuer.pem", another_key, "does not hold the key"),
    "the text": ("letter.md", flip(10), "letter.md is not the text"),
}
AT_ONCE = ("a signature", "the text")
SOME_TAMPERED = [
    pytest.param(*how, id=name, marks=[] if name in AT_ONCE else [pytest.mark.long]) for name, how in TAMPERED.items()
]


@pytest.mark.parametrize(("name", "change", "sentence"), SOME_TAMPERED)
def test_a_tampered_copy_is_found_out(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes], sentence: str
) -> None:
    folder = shutil.copytree(SAMPLE, tmp_path / "copy")
    before = (folder / name).read_bytes()
    (folder / name).write_bytes(change(before))
    ran = check(folder, 3)

    assert (folder / name).read_bytes() != before
    assert ran.returncode == 1, ran.stdout
    assert any(sentence in wrong for wrong in wrongs(ran)), ran.stdout
    assert ran.stdout.endswith("NOT VERIFIED. Do not rely on this entry.\n")


@pytest.mark.parametrize("name", ["log/checkpoint", "log/tile/entries/000", "log/tile/0/000", "letter.md"])
def test_a_missing_file_is_found_out(tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(SAMPLE, tmp_path / "copy")
    (folder / name).unlink()

    assert wrongs(check(folder, 3))[-1] == f"The file {name} cannot be read."


@pytest.fixture(scope="session")
def pair() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(65537, 3072) for _ in range(2)]


@pytest.mark.parametrize(
    "others", [1, 253, *(pytest.param(one, marks=pytest.mark.long) for one in (0, 2, 123, 66_000))]
)
def test_trees_of_every_shape_are_climbed(pair: list[rsa.RSAPrivateKey], tmp_path: Path, others: int) -> None:
    log = LogBuilder(pair).begin()
    entry = log.sign(1)
    for number in range(others):
        log.raw(b"%d" % number)
    last = log.sign(2)
    folder = log.write(tmp_path / "log")

    assert [check(folder, number).returncode for number in (entry, last)] == [0, 0]


def test_a_later_round_is_found_in_the_log(pair: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    log = LogBuilder(pair).begin()
    log.sign(1)
    for number in range(300):
        log.raw(b"%d" % number)
    log.open(2)
    entry = log.sign(2, number=2)
    ran = check(log.write(tmp_path / "log"), entry)

    assert ran.returncode == 0, ran.stdout
    assert "round 2 and its key" in ran.stdout


def statement_of(log: LogBuilder, **changes: str) -> bytes:
    """A message whose statement differs from the right one."""
    right = {"letter": log.letter["letter_id"], "round": "1", "text": log.letter["text_sha256"], "commit": "ab" * 32}
    found = right | changes
    lines = ("petition-signature-v1", *(found[name] for name in right))
    return bytes(32) + "".join(f"{line}\n" for line in lines).encode()


LIES = {
    "for another letter": {"letter": "0" * 26},
    "for another round": {"round": "2"},
    "for another text": {"text": "0" * 64},
    "with a short commit": {"commit": "ab" * 31},
    "with a commit in capitals": {"commit": "AB" * 32},
    "with something after it": {"commit": "ab" * 32 + "\nmore"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_host_that_seals_a_false_statement_is_found_out(
    pair: list[rsa.RSAPrivateKey], tmp_path: Path, lie: dict[str, str]
) -> None:
    log = LogBuilder(pair).begin()
    entry = log.add(**log.signature(1, message=statement_of(log, **lie)))

    assert wrongs(check(log.write(tmp_path / "log"), entry)) == [
        "What was signed is not a statement for this letter, this text and round 1."
    ]


def test_a_host_that_seals_signatures_of_another_key_is_found_out(
    pair: list[rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    log = LogBuilder(pair).begin()
    entry = log.sign(1, key=pair[1])

    assert wrongs(check(log.write(tmp_path / "log"), entry)) == [
        f"The signature in entry {entry} is not valid under this key."
    ]


def test_a_signature_with_another_salt_is_found_out(pair: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    log = LogBuilder(pair).begin()
    signature = pss(pair[0], statement_of(log), 32)
    entry = log.add(**log.signature(1, signature=signature, message=statement_of(log)))

    assert wrongs(check(log.write(tmp_path / "log"), entry)) == [
        f"The signature in entry {entry} is not valid under this key."
    ]


def test_a_weak_key_is_found_out(pair: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65537, 2048)
    log = LogBuilder([weak, *pair]).begin()
    entry = log.sign(1)

    assert wrongs(check(log.write(tmp_path / "log"), entry)) == [
        "It is not an RSA key of 3072 bits with the exponent 65537."
    ]


def test_a_log_that_does_not_name_its_own_key_is_found_out(pair: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    log = LogBuilder(pair).begin(log_key=base64.urlsafe_b64encode(bytes(32)).decode().rstrip("="))
    entry = log.sign(1)

    assert wrongs(check(log.write(tmp_path / "log"), entry)) == [
        "The log's first entry names another key than log/vkey."
    ]


def test_a_name_that_would_write_to_the_terminal_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(SAMPLE, tmp_path / "copy")
    vkey = (folder / "log/vkey").read_bytes()
    (folder / "log/vkey").write_bytes(b"\x1b[2J" + vkey)
    ran = check(folder, 3)

    assert wrongs(ran) == ["The file log/vkey does not name a log."]
    assert "\x1b" not in ran.stdout + ran.stderr


def test_witnesses_may_sign_the_checkpoint_too(pair: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    log = LogBuilder(pair).begin()
    entry = log.sign(1)
    log.cosignatures = f"— witness.example {base64.b64encode(bytes(68)).decode()}\n— {ORIGIN} bm9uc2Vuc2U=\n"

    assert check(log.write(tmp_path / "log"), entry).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Give a folder or an address, and the number of an entry."),
        ([SAMPLE], "Give a folder or an address, and the number of an entry."),
        ([SAMPLE, "three"], "three is not the number of an entry."),
        ([SAMPLE, "-3"], "-3 is not the number of an entry."),
        ([SAMPLE, ""], " is not the number of an entry."),
        (["/no/such/folder", "3"], "There is no folder /no/such/folder."),
        ([SAMPLE, "282"], "The log has 282 entries, from 0 to 281."),
        ([SAMPLE, "281"], 'Entry 281 is not a signature but a "closed". Choose another.'),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str | Path], sentence: str) -> None:
    ran = subprocess.run(["sh", RECIPE, *arguments], capture_output=True, text=True, check=False)

    assert ran.returncode == 2
    assert ran.stderr.splitlines()[0] == sentence


@pytest.mark.parametrize("version", [None, 1, 3])
def test_nothing_is_checked_in_a_log_of_another_version(
    pair: list[rsa.RSAPrivateKey], tmp_path: Path, version: int | None
) -> None:
    log = LogBuilder(pair)
    log.letter["version"] = version
    if version is None:
        del log.letter["version"]
    entry = log.begin().sign(1)
    ran = check(log.write(tmp_path / "log"), entry)

    assert ran.returncode == 3
    assert "another version than 2" in ran.stdout


def test_an_old_openssl_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "openssl"
    write(tmp_path, {"openssl": b"#!/bin/sh\necho LibreSSL 3.3.6\n"})
    old.chmod(0o700)
    environ = {**os.environ, "OPENSSL": str(old)}
    ran = subprocess.run(["sh", RECIPE, SAMPLE, "3"], capture_output=True, text=True, check=False, env=environ)

    assert ran.returncode == 2
    assert "OpenSSL 3 or newer is needed." in ran.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_recipe_is_plain_shell() -> None:
    ran = subprocess.run(["shellcheck", "-s", "sh", RECIPE], capture_output=True, text=True, check=False)

    assert ran.stdout == ""
