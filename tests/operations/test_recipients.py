"""Backups to public keys: no one on the site's machine can open one, and a check shows that its holder can."""

import json
from pathlib import Path

import pyrage
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update
from sqlalchemy.orm import Session

from petition.cli import main
from petition.errors import BadShape, Refusal
from petition.operations.backup import back_up, read_backup
from petition.operations.recipients import decrypt_with, encrypt_to, new_identity, read_identities, read_recipients
from petition.operations.restore_check import check_restore
from petition.sealing.models import Entry, Log
from tests.walks import Campaign

pytestmark = pytest.mark.thorough
KEYGEN = "# created: 2026-11-27\n# public key: {public}\n{secret}\n"


def run(environ: dict[str, str], *words: str | Path) -> Result:
    return CliRunner().invoke(main, list(map(str, words)), env=environ)


@pytest.fixture
def holder(tmp_path: Path) -> tuple[str, Path]:
    """A recipient elsewhere: the public key, and the file that age-keygen wrote."""
    identity = new_identity()
    file = tmp_path / "key.txt"
    file.write_text(KEYGEN.format(public=identity.to_public(), secret=identity))
    return str(identity.to_public()), file


def test_the_holder_of_the_private_key_restores_what_the_site_cannot_open(
    campaign: Campaign, environ: dict[str, str], holder: tuple[str, Path], tmp_path: Path
) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    public, key = holder
    file = tmp_path / "backup.age"
    made = run(environ, "backup", file, "--recipient", public)
    elsewhere = {"PETITION_DATA": str(tmp_path / "elsewhere"), "PETITION_URL": "https://letters.example.org"}

    without = run(elsewhere, "restore", file)
    other = tmp_path / "other.txt"
    other.write_text(str(new_identity()))
    with_another = run(elsewhere, "restore", file, "--identity-file", other)
    restored = run(elsewhere, "restore", file, "--identity-file", key, "--nothing-newer")

    assert made.exit_code == 0, made.output
    assert (without.exit_code, "--identity-file key.txt" in without.output) == (1, True)
    assert (with_another.exit_code, "it is for other keys" in with_another.output) == (1, True)
    assert restored.exit_code == 0, restored.output
    assert "goes on from the backup" in restored.output


def test_recipients_stand_in_a_file_too(
    campaign: Campaign, environ: dict[str, str], holder: tuple[str, Path], tmp_path: Path
) -> None:
    public, key = holder
    listed = tmp_path / "recipients.txt"
    listed.write_text(f"# ours\n\n{public}\n{new_identity().to_public()}\n")

    made = run(environ, "backup", tmp_path / "backup.age", "--recipients-file", listed)

    assert made.exit_code == 0, made.output
    plain = decrypt_with((tmp_path / "backup.age").read_bytes(), read_identities(key.read_text()))
    assert read_backup(plain).secret == campaign.master


def test_a_check_restores_the_file_and_leaves_nothing(
    campaign: Campaign, environ: dict[str, str], holder: tuple[str, Path], tmp_path: Path
) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    campaign.an_open_letter()
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    file = tmp_path / "b.age"
    checked = run(environ, "backup", file, "--recipient", holder[0], "--check-in", scratch, "--json")

    assert checked.exit_code == 0, checked.output
    # the last two wait for company
    public = {campaign.letter_row(letter).slug: {"ok": True, "count": 4}}
    told = {"file": str(file), "bytes": file.stat().st_size, "checked": {"ok": True, "letters": 2, "public": public}}
    assert json.loads(checked.stdout) == told
    assert "restored and verified" in checked.output
    assert "Restored 2 letters with a log; 1 of them is public." in checked.output
    assert list(scratch.iterdir()) == []


def test_a_check_names_no_letter_that_is_not_public(
    campaign: Campaign, environ: dict[str, str], holder: tuple[str, Path], tmp_path: Path
) -> None:
    """Its words go to the system's log."""
    slug = campaign.letter_row(campaign.an_open_letter()).slug

    checked = run(environ, "backup", tmp_path / "b.age", "--recipient", holder[0], "--check-in", tmp_path)

    assert checked.exit_code == 0, checked.output
    assert slug not in checked.output.replace(str(tmp_path), "")


def test_a_log_that_does_not_fit_its_checkpoint_fails_the_check(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    identity = new_identity()
    with Session(campaign.databases.petition) as session:
        session.execute(update(Entry).where(Entry.letter_id == letter, Entry.number == 0).values(data=b"another"))
        session.commit()
    data = encrypt_to(back_up(campaign.databases, campaign.master, moment=campaign.clock()), [identity.to_public()])

    with pytest.raises(BadShape, match="a log's entries are not those of its checkpoint"):
        check_restore(campaign.settings, data, identity, tmp_path)

    assert list(tmp_path.glob("restored-*")) == []


def test_a_master_secret_that_opens_no_log_fails_the_check(campaign: Campaign, tmp_path: Path) -> None:
    campaign.a_published_letter()
    identity = new_identity()
    data = encrypt_to(back_up(campaign.databases, bytes(32), moment=campaign.clock()), [identity.to_public()])

    with pytest.raises(Refusal, match="does not open the key of a log"):
        check_restore(campaign.settings, data, identity, tmp_path)


def test_a_checkpoint_by_another_key_fails_the_check(campaign: Campaign, tmp_path: Path) -> None:
    """Restoring does not look at signatures; verifying does."""
    letter = campaign.a_published_letter()
    identity = new_identity()
    with Session(campaign.databases.petition) as session:
        log = session.get_one(Log, letter)
        head, _, signature = log.checkpoint.rpartition(" ")
        changed = f"{head} {signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
        session.execute(update(Log).where(Log.letter_id == letter).values(checkpoint=changed))
        session.commit()
    data = encrypt_to(back_up(campaign.databases, campaign.master, moment=campaign.clock()), [identity.to_public()])

    assert not check_restore(campaign.settings, data, identity, tmp_path).ok


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no public key"),
        ("# only a comment\n", "There is no public key"),
        ("age1xxxx", "age1xxxx is no public key of age"),
        ("ssh-ed25519 AAAA", "is no public key of age"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadShape, match=sentence):
        read_recipients(text)


def test_a_private_key_among_the_recipients_is_refused_and_not_repeated() -> None:
    secret = str(new_identity())

    with pytest.raises(BadShape, match="it must not lie on this machine") as refusal:
        read_recipients(secret)

    assert secret not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "age1xxxx\n", "AGE-SECRET-KEY-1XX\n"])
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(BadShape, match="private key"):
        read_identities(text)


def test_a_file_with_a_passphrase_asks_for_it() -> None:
    with pytest.raises(BadShape, match="its passphrase opens it"):
        decrypt_with(bytes(pyrage.passphrase.encrypt(b"x", "y")), [new_identity()])


@pytest.mark.parametrize(
    "words",
    [
        ("--recipient", "age1x", "--passphrase-file", "FILE"),
        ("--passphrase-file", "FILE", "--check-in", "FOLDER"),
    ],
)
def test_ways_that_do_not_go_together_are_refused(
    environ: dict[str, str], holder: tuple[str, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    there = {"FILE": str(holder[1]), "FOLDER": str(tmp_path), "age1x": holder[0]}
    ran = run(environ, "backup", tmp_path / "b.age", *(there.get(word, word) for word in words))

    assert ran.exit_code == 2
    assert not (tmp_path / "b.age").exists()
