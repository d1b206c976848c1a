"""Backups: whole, encrypted, without what must be forgotten; and restores that never make two logs of one."""

import base64
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.addresses import read_address
from petition.cli import main
from petition.config import Settings, prepare_folders, settings
from petition.coordination import rounds
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.tokens import Token
from petition.database import Databases
from petition.errors import BadShape, Conflict, NotFound, Over
from petition.issuing.email_codes import Asked, ask
from petition.issuing.models import Code, IssuingRound, Outbox
from petition.letters.drafting.unsigned_translations import save_unsigned
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.letters.states import CLOSED, PUBLISHED
from petition.letters.text.letter_text import Translation
from petition.operations import log_recovery, restoring
from petition.operations.backup import back_up, decrypt, encrypt, put_file, read_backup
from petition.operations.doctor.checks import Finding, check
from petition.operations.migration import migrate_both
from petition.sealing.log import log_of
from petition.sealing.models import Entry, Log
from petition.signing.models import Answer, ArrivedAnswer, Pending, Sealed, Tombstone, Withdrawal
from petition.verifying import open_source, verify
from tests.conftest import Clock
from tests.publishing.test_folder import publish
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

PASSPHRASE = "five plain words for tests"


@dataclass
class Second:
    """Another machine, empty: where a backup is restored."""

    settings: Settings
    make_key: Callable[[], Any]
    clock: Clock

    def restore(self, plain: bytes) -> Campaign:
        read = read_backup(plain)
        prepare_folders(self.settings)
        databases = Databases(self.settings.database_url, self.settings.issuer_database_url)
        migrate_both(databases, self.settings.data)
        try:
            restoring.restore(self.settings, databases, read)
        finally:
            databases.dispose()
        self.site = Campaign(self.settings, self.clock, self.make_key)
        return self.site


KINDS = ["to the same kind", "to the other kind"]


@pytest.fixture(params=[KINDS[0], pytest.param(KINDS[1], marks=pytest.mark.long)])
def second(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, make_key: Callable[[], Any], clock: Clock
) -> Iterator[Second]:
    """Each kind is restored on itself and on the other."""
    environ = {"PETITION_DATA": str(tmp_path / "second"), "PETITION_URL": "https://letters.example.org"}
    if (kind == "postgresql") == (request.param == "to the same kind"):
        urls = request.getfixturevalue("postgres_templates")("second")
        environ |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
    made = Second(settings(environ), make_key, clock)
    yield made
    if hasattr(made, "site"):
        made.site.close()


@pytest.fixture
def elsewhere(tmp_path: Path, sqlite_templates: Path, make_key: Callable[[], Any], clock: Clock) -> Iterator[Second]:
    """Another machine with SQLite, for what has nothing to do with the kind; its databases are migrated already."""
    environ = {"PETITION_DATA": str(tmp_path / "elsewhere"), "PETITION_URL": "https://letters.example.org"}
    shutil.copytree(sqlite_templates, tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o700)
    made = Second(settings(environ), make_key, clock)
    yield made
    if hasattr(made, "site"):
        made.site.close()


def a_backup(campaign: Campaign) -> bytes:
    """What is in a backup of the site, before it is encrypted."""
    return back_up(campaign.databases, campaign.master, moment=campaign.clock())


def a_busy_letter(campaign: Campaign) -> tuple[str, list[Token]]:
    """Published; three are sealed, one of them withdrawn and waiting, two wait, one of whom took it back."""
    letter = campaign.a_published_letter()
    campaign.tell(letter, "update", text="Thank you.")
    with Session(campaign.databases.petition) as session:
        german = Translation("de", "Nein", "", "Lieber Jo,", ("Aufhören.", "Sagen."))
        save_unsigned(session, session.get_one(Letter, letter), german, based_on="")
        session.commit()
    tokens = campaign.sign_all(letter, 5)
    campaign.seal(letter)
    sealed = {bytes(row.commit).hex() for row in campaign.rows(Sealed, letter)}
    tokens.sort(key=lambda token: campaign.opening(token).commit not in sealed)
    campaign.withdraw(letter, tokens[0])
    campaign.withdraw(letter, tokens[4])
    return letter, tokens


def recover_log(site: Campaign, folder: Path) -> log_recovery.Recovered:
    return log_recovery.recover_log(site.databases, site.master, open_source(str(folder)), moment=site.clock())


def wrongs(site: Campaign) -> list[Finding]:
    """What the doctor finds."""
    return [finding for finding in check(site.settings, site.clock(), deep=True) if finding.level == "wrong"]


def forms(value: bytes) -> list[bytes]:
    """How bytes may be written in a file."""
    return [
        value,
        value.hex().encode(),
        base64.b64encode(value).rstrip(b"=")[:40],
        base64.urlsafe_b64encode(value).rstrip(b"=")[:40],
    ]


@pytest.mark.parametrize("second", KINDS, indirect=True)
def test_a_restored_site_has_what_the_old_one_had(campaign: Campaign, second: Second) -> None:
    letter, _ = a_busy_letter(campaign)
    site = second.restore(a_backup(campaign))

    assert site.entries(letter) == campaign.entries(letter)
    assert site.public_files(letter) == campaign.public_files(letter)
    assert "translations/de/index.html" in site.public_files(letter)
    assert site.master == campaign.master
    for table in (Sealed, Tombstone, Withdrawal):
        assert len(site.rows(table, letter)) == len(campaign.rows(table, letter)) > 0


def test_who_waits_and_what_issues_is_not_in_it(campaign: Campaign) -> None:
    letter, _ = a_busy_letter(campaign)
    plain = a_backup(campaign)
    secret = (campaign.settings.rounds_folder / f"{letter}-1").read_bytes()
    with Session(campaign.databases.issuer) as issuer:
        codes = issuer.scalars(select(Code)).all()
        private = issuer.scalars(select(IssuingRound.private_key)).one()
    waiting = campaign.rows(Pending, letter)
    hidden = [secret, private, *(row.message for row in waiting), *(row.signature for row in waiting)]
    hidden += [bytes(row.commit) for row in waiting] + [bytes(code.mac) for code in codes]

    assert len(waiting) == 1 and len(codes) == 5
    assert [form for value in hidden for form in forms(bytes(value)) if form in plain] == []
    assert campaign.rows(Tombstone, letter)[0].letter_id.encode() in plain


ROLE, SITE = (read_field(label, [("North", None), ("South", None)]) for label in ("Role", "Site"))


def test_answers_that_wait_are_not_in_it(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=(ROLE, SITE))
    tokens = campaign.sign_all(letter, 5, role="north")
    campaign.seal(letter)
    campaign.withdraw(letter, tokens[0])
    campaign.sign_all(letter, 1, role="south", site="south")
    read = read_backup(a_backup(campaign)).rows["petition"]

    assert read.get(ArrivedAnswer.__tablename__) is None
    assert {row["option"].rstrip() for row in read[Answer.__tablename__]} == {"north"}
    assert len(campaign.rows(Answer, letter)) == len(read[Answer.__tablename__]) + 1


def test_its_size_does_not_show_that_someone_came(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=(ROLE, SITE))
    tokens = campaign.tokens(letter, 3)
    before = a_backup(campaign)
    for token in tokens:
        campaign.sign(letter, token, role="south", site="south")
    campaign.withdraw(letter, tokens[0])

    assert len(a_backup(campaign)) == len(before)


def test_rows_stand_in_the_order_of_their_keys(campaign: Campaign) -> None:
    letter, _ = a_busy_letter(campaign)
    read = read_backup(a_backup(campaign))
    rows = [row for row in read.rows["petition"]["sealed"] if row["letter_id"] == letter]
    commits = [from_b64url(row["commit"]) for row in rows]

    assert commits == sorted(commits) and len(commits) == 3


def test_a_spent_token_stays_spent(campaign: Campaign, elsewhere: Second) -> None:
    letter, tokens = a_busy_letter(campaign)
    site = elsewhere.restore(a_backup(campaign))

    for withdrawn in (tokens[0], tokens[4]):
        with pytest.raises(Over):
            site.sign(letter, withdrawn)
    assert site.sign(letter, tokens[1]).sealed


def test_who_waited_can_send_the_saved_token_again(campaign: Campaign, elsewhere: Second) -> None:
    letter, tokens = a_busy_letter(campaign)
    site = elsewhere.restore(a_backup(campaign))
    with pytest.raises(NotFound):
        site.look_up(letter, tokens[3])

    assert not site.sign(letter, tokens[3]).sealed
    assert site.look_up(letter, tokens[3]).state == "kept"


def test_codes_of_before_are_over_and_a_new_round_can_be_opened(campaign: Campaign, elsewhere: Second) -> None:
    letter = campaign.a_published_letter()
    code = campaign.codes(letter, 8)[0]
    site = elsewhere.restore(a_backup(campaign))
    with pytest.raises(Over):
        site.token(letter, code)
    log_recovery.nothing_newer(site.databases, moment=site.clock())
    site.further_round(letter)
    site.sign_all(letter, 5, 2)

    assert site.seal(letter).signatures == 3
    assert [e for e in site.entries(letter) if e["type"] == "issued"] == [
        {"type": "issued", "round": 1, "issued": 8, "key_destroyed": True}
    ]


def test_round_secrets_that_are_still_there_are_destroyed(campaign: Campaign, elsewhere: Second) -> None:
    letter = campaign.a_published_letter()
    prepare_folders(elsewhere.settings)
    left = elsewhere.settings.rounds_folder / f"{letter}-1"
    left.write_bytes((campaign.settings.rounds_folder / f"{letter}-1").read_bytes())
    elsewhere.restore(a_backup(campaign))

    assert not left.exists()


def test_another_master_secret_that_was_there_is_kept_beside(campaign: Campaign, elsewhere: Second) -> None:
    campaign.a_published_letter()
    prepare_folders(elsewhere.settings)
    elsewhere.settings.secret_file.write_bytes(bytes(32))
    elsewhere.settings.secret_file.chmod(0o600)
    elsewhere.restore(a_backup(campaign))

    assert elsewhere.settings.secret_file.read_bytes() == campaign.master
    assert (elsewhere.settings.data / "secret.before-restore").read_bytes() == bytes(32)


def test_nothing_is_sealed_published_or_closed_before_the_host_says_what_was_published(
    campaign: Campaign, second: Second
) -> None:
    letter, unpublished = campaign.a_published_letter(), campaign.an_open_letter()
    tokens = campaign.tokens(letter, 5)
    campaign.sign_all(unpublished, 5)
    campaign.seal(unpublished)
    site = second.restore(a_backup(campaign))
    for token in tokens:
        site.sign(letter, token)
    before = site.entries(letter)
    site.clock.pass_time(days=1)  # type: ignore[attr-defined]
    done = site.tick()

    assert all("held" in what for what in done.values()) and len(done) == 2
    assert site.seal(letter).is_held and site.entries(letter) == before
    with pytest.raises(Conflict, match="on hold"):
        site.publish(unpublished)
    with pytest.raises(Conflict, match="on hold"):
        site.close_letter(letter)


def test_nothing_newer_lets_it_go_on(campaign: Campaign, elsewhere: Second) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.tokens(letter, 5)
    site = elsewhere.restore(a_backup(campaign))
    for token in tokens:
        site.sign(letter, token)
    with pytest.raises(NotFound, match="no-such"):
        log_recovery.nothing_newer(site.databases, ["no-such"], moment=site.clock())

    assert log_recovery.nothing_newer(site.databases, moment=site.clock()) == ["we-refuse-to-build-it"]
    assert site.seal(letter).signatures == 3


def test_the_newest_published_log_is_taken_over_and_grows_on(
    campaign: Campaign, second: Second, clock: Clock, tmp_path: Path
) -> None:
    letter, tokens = a_busy_letter(campaign)
    data = a_backup(campaign)
    clock.pass_time(hours=2)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    clock.pass_time(hours=2)
    rounds.annul_round(campaign.services, letter, 1, "Codes were posted in public.")
    campaign.further_round(letter)
    campaign.sign_all(letter, 5, 2)
    late = campaign.tokens(letter, 5, 2)
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "newest")
    newest = campaign.figures(letter)

    site = second.restore(data)
    assert [finding.area for finding in wrongs(site)] == ["log"]
    taken = recover_log(site, tmp_path / "newest")
    assert wrongs(site) == []
    assert taken.after == newest.log_size > taken.before
    assert site.figures(letter).history == newest.history
    assert site.figures(letter).checkpoint == newest.checkpoint
    assert site.public_files(letter)["counts.json"] == campaign.public_files(letter)["counts.json"]
    with pytest.raises(Over):
        site.sign(letter, tokens[0])

    for token in late:
        site.sign(letter, token)
    assert site.seal(letter).signatures == 3
    publish(site, letter, tmp_path / "after")
    verdict = verify(open_source(str(tmp_path / "after")), since=[newest.checkpoint.encode()])
    assert verdict.ok, [check for check in verdict.checks if not check.ok]


def sign_by_mail(campaign: Campaign, letter: str, *people: int) -> None:
    for code in campaign.mailed_codes(letter, *(f"worker-{person}@example.com" for person in people)):
        campaign.sign(letter, campaign.token(letter, code))


def test_codes_that_were_mailed_since_are_taken_over_and_the_log_goes_on(
    campaign: Campaign, second: Second, clock: Clock, tmp_path: Path
) -> None:
    campaign.services = replace(campaign.services, sends_mail=True)
    letter = campaign.a_published_letter(mail={"workers": ["example.com"]})
    sign_by_mail(campaign, letter, *range(5))
    campaign.seal(letter)
    sign_by_mail(campaign, letter, 5)
    data = a_backup(campaign)
    clock.pass_time(hours=2)
    sign_by_mail(campaign, letter, *range(6, 12))
    campaign.seal(letter)
    publish(campaign, letter, tmp_path / "newest")

    site = second.restore(data)
    recover_log(site, tmp_path / "newest")
    assert wrongs(site) == []
    site.seal(letter)
    assert wrongs(site) == []
    assert [entry["made"] for entry in site.entries(letter) if entry["type"] == "codes"] == [5, 12]
    publish(site, letter, tmp_path / "after")
    verdict = verify(open_source(str(tmp_path / "after")), since=[campaign.figures(letter).checkpoint.encode()])
    assert verdict.ok, [check for check in verdict.checks if not check.ok]


def test_who_exchanged_a_mailed_code_before_the_backup_can_still_sign(campaign: Campaign, elsewhere: Second) -> None:
    campaign.services = replace(campaign.services, sends_mail=True)
    letter = campaign.a_published_letter(mail={"workers": ["example.com"]})
    codes = campaign.mailed_codes(letter, *(f"worker-{person}@example.com" for person in range(6)), "idle@example.com")
    tokens = [campaign.token(letter, code) for code in codes[:6]]
    with Session(campaign.databases.issuer) as issuer:
        asked = Asked(read_address("very.rare@example.com"), "en")
        secrets = campaign.services.secrets
        ask(issuer, secrets, letter, "workers", asked, moment=campaign.clock(), random=os.urandom)
        issuer.commit()
    data = a_backup(campaign)
    site = elsewhere.restore(data)
    log_recovery.nothing_newer(site.databases, moment=site.clock())
    for token in tokens:
        site.sign(letter, token)
    site.seal(letter)

    assert [entry for entry in site.entries(letter) if entry["type"] in ("codes", "issued")] == [
        {"type": "codes", "round": 1, "made": 6, "voided": 0},
        {"type": "issued", "round": 1, "issued": 6, "key_destroyed": True},
    ]
    assert site.types(letter).count("signature") == 4
    assert b'"outbox"' not in data and site.rows(Outbox, letter) == []


def test_a_letter_that_was_published_and_closed_since_is_so_again(
    campaign: Campaign, elsewhere: Second, clock: Clock, tmp_path: Path
) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, 6)
    data = a_backup(campaign)
    campaign.publish(letter)
    campaign.close_letter(letter)
    publish(campaign, letter, tmp_path / "newest")
    site = elsewhere.restore(data)
    assert site.figures(letter).state != PUBLISHED
    recover_log(site, tmp_path / "newest")

    assert site.figures(letter).state == CLOSED
    assert site.figures(letter).count == 6
    assert site.withdraw(letter, tokens[0])
    site.seal(letter)
    publish(site, letter, tmp_path / "after")
    assert verify(open_source(str(tmp_path / "after"))).ok


def test_a_copy_that_is_no_newer_frees_the_log(campaign: Campaign, elsewhere: Second, tmp_path: Path) -> None:
    letter, _ = a_busy_letter(campaign)
    publish(campaign, letter, tmp_path / "face")
    site = elsewhere.restore(a_backup(campaign))
    taken = recover_log(site, tmp_path / "face")

    assert taken.before == taken.after
    assert site.seal(letter).entries > 0


def test_a_fork_is_refused_and_nothing_changes(campaign: Campaign, elsewhere: Second, tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.tokens(letter, 12)
    old = a_backup(campaign)
    for token in tokens[:6]:
        campaign.sign(letter, token)
    campaign.seal(letter)
    forked = elsewhere.restore(old)
    log_recovery.nothing_newer(forked.databases, moment=forked.clock())
    for token in tokens[6:]:
        forked.sign(letter, token)
    forked.seal(letter)
    publish(forked, letter, tmp_path / "fork")
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).is_held = True
        session.commit()
    before = campaign.entries(letter)

    with pytest.raises(Conflict, match="cannot be taken over"):
        recover_log(campaign, tmp_path / "fork")
    assert campaign.entries(letter) == before
    assert campaign.seal(letter).is_held


def test_an_older_copy_and_another_letters_copy_are_refused(
    campaign: Campaign, elsewhere: Second, tmp_path: Path
) -> None:
    letter = campaign.a_published_letter()
    publish(campaign, letter, tmp_path / "old")
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    data = a_backup(campaign)
    other = campaign.a_published_letter()
    publish(campaign, other, tmp_path / "other")
    site = elsewhere.restore(data)

    with pytest.raises(Conflict, match="older than the backup"):
        recover_log(site, tmp_path / "old")
    with pytest.raises(NotFound, match="No letter here"):
        recover_log(site, tmp_path / "other")
    assert site.seal(letter).is_held


def test_a_backup_can_be_made_while_people_sign(campaign: Campaign, elsewhere: Second) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.tokens(letter, 24)
    failures: list[BaseException] = []

    def keep_signing() -> None:
        try:
            for place, token in enumerate(tokens):
                campaign.sign(letter, token)
                if place % 6 == 5:
                    campaign.seal(letter)
        except BaseException as error:
            failures.append(error)

    signing = threading.Thread(target=keep_signing)
    signing.start()
    made = [a_backup(campaign)]
    while signing.is_alive():
        made.append(a_backup(campaign))
    signing.join()

    assert failures == []
    site = elsewhere.restore(made[len(made) // 2])
    figures = site.figures(letter)
    assert len(site.rows(Sealed, letter)) == figures.signatures
    assert len(site.rows(Entry, letter)) == figures.log_size


QUICK = b"""age-encryption.org/v1
-> scrypt /TTO5cb/swgUr6F6KSt6fA 1
65Xf9hzYJLxyb7cAkuqsyyKJws5w/Tw+ESJ9/0pL03c
--- 5T8aXAhd9lbN57kwkIO0MVLotBW0v1N13ueogv5dDNw
""" + bytes.fromhex("aea27cdbe41d02eb13211a693e264e138392aac1a0cc4848b3f989f3140618b43d8f")
"""An age file with ``{}`` for the passphrase of these tests. Its header asks for two rounds of scrypt, so trying one
takes no time; what the program makes takes seconds."""


def test_only_the_passphrase_opens_it(tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(QUICK)
    (tmp_path / "words").write_text("another passphrase\n")
    environ = {"PETITION_DATA": str(tmp_path / "never")}
    arguments = ["restore", str(tmp_path / "backup"), "--passphrase-file", str(tmp_path / "words")]
    answer = CliRunner().invoke(main, arguments, env=environ)

    assert decrypt(QUICK, PASSPHRASE) == b"{}"
    assert answer.exit_code == 1
    assert "the passphrase is another one" in answer.output
    assert not (tmp_path / "never").exists()


def test_no_backup_is_made_without_a_passphrase() -> None:
    with pytest.raises(BadShape, match="passphrase"):
        encrypt(b"{}", "")


@pytest.mark.parametrize("harm", [lambda data: data[:-5], lambda data: b"junk" + data])
def test_a_damaged_file_does_not_open(harm: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BadShape):
        decrypt(harm(QUICK), PASSPHRASE)


@pytest.mark.parametrize("plain", [b"", b"{}", b"[1]\n[2]\n", b"words"])
def test_what_is_no_backup_is_refused(plain: bytes) -> None:
    with pytest.raises(BadShape, match="no backup"):
        read_backup(plain)


def test_a_backup_that_is_refused_leaves_no_secret_in_the_refusal(campaign: Campaign) -> None:
    newer = a_backup(campaign).replace(b'"format":1', b'"format":2')
    with pytest.raises(Conflict, match="newer") as refused:
        read_backup(newer)

    forms = repr(vars(refused.value)) + repr(refused.value) + repr(read_backup(a_backup(campaign)))
    assert b64url(campaign.master) not in forms and repr(campaign.master) not in forms


def test_a_backup_without_its_end_or_with_a_changed_entry_is_refused(campaign: Campaign, elsewhere: Second) -> None:
    letter = campaign.a_published_letter()
    plain = a_backup(campaign)
    entry = base64.urlsafe_b64encode(campaign.rows(Entry, letter)[0].data)[:20]

    with pytest.raises(BadShape, match="no backup"):
        elsewhere.restore(plain[: plain.rindex(b"\n", 0, -1) + 1])
    with pytest.raises(BadShape, match="damaged"):
        elsewhere.restore(plain.replace(entry, b"A" * len(entry)))
    assert elsewhere.restore(plain).entries(letter) == campaign.entries(letter)


def test_a_site_that_is_not_empty_is_not_overwritten(campaign: Campaign) -> None:
    letter, _ = a_busy_letter(campaign)
    read = read_backup(a_backup(campaign))
    secret = campaign.settings.secret_file.read_bytes()
    before = campaign.entries(letter)

    with pytest.raises(Conflict, match="a site here already"):
        restoring.restore(campaign.settings, campaign.databases, read)
    assert campaign.entries(letter) == before
    assert campaign.settings.secret_file.read_bytes() == secret
    assert not any(row.is_held for row in campaign.rows(Log, letter))


def test_a_backup_is_for_its_owner_alone_and_replaces_only_backups(campaign: Campaign, tmp_path: Path) -> None:
    data = b"age-encryption.org/v1"
    put_file(tmp_path / "backup", data)
    put_file(tmp_path / "backup", data)
    (tmp_path / "thesis").write_text("years of work")

    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="something else"):
        put_file(tmp_path / "thesis", data)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_commands_do_the_whole_round_trip(campaign: Campaign, environ: dict[str, str], tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    (tmp_path / "words").write_text(PASSPHRASE + "\n")
    words = ["--passphrase-file", str(tmp_path / "words")]
    there = {"PETITION_DATA": str(tmp_path / "there"), "PETITION_URL": environ["PETITION_URL"]}
    saved = CliRunner().invoke(main, ["backup", str(tmp_path / "backup"), *words], env=environ)
    header = (tmp_path / "backup").read_bytes().split(b"\n")[:2]
    publish(campaign, letter, tmp_path / "face")
    there_env: dict[str, str | None] = {**dict.fromkeys(environ), **there}
    restored = CliRunner().invoke(main, ["restore", str(tmp_path / "backup"), *words], env=there_env)
    held = CliRunner().invoke(main, ["seal", "we-refuse-to-build-it"], env=there_env)
    freed = CliRunner().invoke(main, ["restore", "--since", str(tmp_path / "face")], env=there_env)
    sealed = CliRunner().invoke(main, ["seal", "we-refuse-to-build-it"], env=there_env)

    assert (saved.exit_code, restored.exit_code, freed.exit_code, sealed.exit_code) == (0, 0, 0, 0)
    assert header[0] == b"age-encryption.org/v1" and int(header[1].split()[-1]) >= 14  # takes half a second or more
    assert "held" in restored.output
    assert held.exit_code == 1 and "petition restore --since" in held.output


def test_names_that_are_locked_and_keys_that_are_not_open_yet_are_in_no_backup(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named", "named_at:5"))
    campaign.sign_by_name(letter_id, ["Ana", "Bea", "Carl", "Dora", "Eva", "Finn"], at=5)
    campaign.sign_all(letter_id, 5)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    campaign.announce_names(letter_id, 5)

    rows = read_backup(a_backup(campaign)).rows["petition"]
    assert rows["locked_name"] == rows["arrived_name"] == []
    assert {row["step"]: row["private_key"] is not None for row in rows["names_key"]} == {
        "named": True,
        "named_at:5": False,
    }
    assert len(rows["names_key_copy"]) == 2


@pytest.mark.parametrize("newer", [True, False])
def test_a_name_that_was_taken_back_since_does_not_come_back(
    campaign: Campaign, elsewhere: Second, tmp_path: Path, newer: bool
) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, ["Ana", "Bea", "Carl", "Dora", "Eva", "=Finn"])
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    plain, before = a_backup(campaign), campaign.names(letter_id)
    campaign.withdraw(letter_id, tokens[before[0]])
    campaign.seal(letter_id)
    publish(campaign, letter_id, tmp_path / "folder")

    restored = elsewhere.restore(plain)
    assert restored.names(letter_id) == []
    if newer:
        source = open_source(str(tmp_path / "folder"))
        log_recovery.recover_log(restored.databases, restored.master, source, moment=campaign.clock())
    else:
        log_recovery.nothing_newer(restored.databases, moment=restored.clock())
    assert restored.names(letter_id) == (before[1:] if newer else before)
    assert restored.figures(letter_id).names_shown == len(restored.names(letter_id))
