"""The doctor: a well site is well; each thing that is broken is found, and the sentence says how to mend it."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from petition.addresses import read_address
from petition.cli import main
from petition.config import settings
from petition.coordination import rounds
from petition.issuing.email_codes import Asked, ask
from petition.issuing.models import Batch, IssuingRound
from petition.letters.organizers.names_keys import forget_names_key
from petition.operations.doctor.checks import Finding, check, is_well
from petition.operations.doctor.fonts import check_fonts
from petition.scheduler_record import LastRun, SchedulerRecord
from petition.sealing.log import log_of
from petition.sealing.models import Entry, Log, Tile
from petition.signing.models import Round
from tests.conftest import Clock
from tests.mail_server import Inbox, a_mail_server
from tests.ports import free_port
from tests.walks import RARE, Campaign

pytestmark = pytest.mark.thorough


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 5)
    campaign.seal(made)
    return made


def wrongs(campaign: Campaign, *, deep: bool = False, **more: str) -> list[Finding]:
    found = check(settings({**environ_of(campaign), **more}), campaign.clock(), deep=deep)
    return [finding for finding in found if finding.level == "wrong"]


def environ_of(campaign: Campaign) -> dict[str, str]:
    return {
        "PETITION_DATA": str(campaign.settings.data),
        "PETITION_URL": campaign.settings.url or "",
        "PETITION_DATABASE_URL": campaign.settings.database_url,
        "PETITION_ISSUER_DATABASE_URL": campaign.settings.issuer_database_url,
    }


def sign_another_size(log: Log) -> None:
    log.checkpoint = log.checkpoint.replace(f"\n{log.size}\n", f"\n{log.size + 1}\n")


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    assert found[0].mend
    return found[0]


def test_a_site_at_work_is_well(campaign: Campaign, letter: str) -> None:
    rounds.annul_round(campaign.services, letter, 1, "Codes were posted in public.")
    campaign.further_round(letter)
    campaign.a_draft()

    assert wrongs(campaign, deep=True) == []


def test_characters_without_a_font_are_found_with_the_package_to_install(campaign: Campaign) -> None:
    campaign.a_published_letter(words=RARE, slug="rare")
    found = check(campaign.settings, campaign.clock())
    notes = [one for one in found if one.area == "fonts" and one.what.startswith("rare: ")]

    assert "\U00030001" in only(notes).what
    assert only(notes).mend == "On Debian: apt install fonts-noto-cjk"


def test_a_machine_without_fonts_is_told_which_to_install() -> None:
    found = only(list(check_fonts(of_machine=False)))

    assert (found.level, found.mend) == (
        "note",
        "On Debian: apt install fonts-noto-color-emoji fonts-noto-cjk fonts-noto-core",
    )


def test_postgresql_is_said_to_keep_order_in_its_write_ahead_log(campaign: Campaign, letter: str, kind: str) -> None:
    notes = [finding.what for finding in check(campaign.settings, campaign.clock()) if finding.level == "note"]

    assert any("write-ahead log" in note for note in notes) == (kind == "postgresql")


def test_files_that_others_can_read_are_found(campaign: Campaign, letter: str) -> None:
    for path in (campaign.settings.data, campaign.settings.rounds_folder):
        path.chmod(0o755)
    (campaign.settings.rounds_folder / f"{letter}-1").chmod(0o644)
    found = wrongs(campaign)

    assert sorted(finding.mend.split()[1] for finding in found) == ["600", "700", "700"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_disk_that_can_only_be_read_is_not_taken_for_another_users(
    campaign: Campaign, letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and may(path, mode))
    found = [finding for finding in check(campaign.settings, campaign.clock()) if finding.area == "folders"]

    assert {finding.level for finding in found} == {"wrong"}
    assert all("read-only" in finding.mend for finding in found)


def test_a_master_secret_that_others_can_read_is_found(campaign: Campaign, letter: str) -> None:
    campaign.settings.secret_file.chmod(0o640)

    assert only(wrongs(campaign)).mend == f"chmod 600 {campaign.settings.secret_file}"


def test_a_lost_master_secret_is_found_and_none_is_made(campaign: Campaign, letter: str) -> None:
    campaign.settings.secret_file.unlink()

    assert "no master secret" in only(wrongs(campaign)).what
    assert not campaign.settings.secret_file.exists()


def test_a_changed_master_secret_is_found_with_what_it_means(campaign: Campaign, letter: str) -> None:
    campaign.settings.secret_file.write_bytes(os.urandom(32))
    found = {finding.area: finding for finding in wrongs(campaign)}

    assert set(found) == {"log", "rounds"}
    assert "what is published stays valid" in found["log"].what
    assert "--new-round" in found["rounds"].mend


def test_another_log_key_is_found(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).public_key = bytes(32)
        session.commit()

    assert any("another key" in finding.what for finding in wrongs(campaign))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda s, of: s.query(Entry).filter(Entry.letter_id == of, Entry.number == 3).delete(), "entries of its log"),
        (lambda s, of: s.query(Tile).filter(Tile.letter_id == of).update({"hashes": bytes(6 * 32)}), "another tree"),
        (lambda s, of: s.query(Tile).filter(Tile.letter_id == of).delete(), "tiles of its log"),
        (
            lambda s, of: setattr(log_of(s, of), "checkpoint", log_of(s, of).checkpoint.replace("\n6\n", "\n7\n")),
            "wrong",
        ),
    ],
)
def test_a_damaged_log_is_found(
    campaign: Campaign, letter: str, harm: Callable[[Session, str], object], says: str
) -> None:
    with Session(campaign.databases.petition) as session:
        harm(session, letter)
        session.commit()

    assert says in only(wrongs(campaign)).what


def test_a_changed_entry_is_found_by_looking_deep(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.petition) as session:
        session.query(Entry).filter(Entry.letter_id == letter, Entry.number == 4).update({"data": b"{}"})
        session.commit()

    assert wrongs(campaign) == []
    assert "was changed" in only(wrongs(campaign, deep=True)).what


def test_a_held_log_is_found_with_the_command_that_frees_it(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).is_held = True
        session.commit()

    assert "petition restore --since" in only(wrongs(campaign)).mend


def test_a_round_whose_secret_is_gone_is_found_and_the_next_one_can_be_opened(campaign: Campaign, letter: str) -> None:
    (campaign.settings.rounds_folder / f"{letter}-1").unlink()

    assert "its secret" in only(wrongs(campaign)).what
    campaign.further_round(letter)
    assert wrongs(campaign) == []


def test_a_secret_that_should_be_gone_is_found(campaign: Campaign, letter: str) -> None:
    path = campaign.settings.rounds_folder / f"{letter}-1"
    kept = path.read_bytes()
    rounds.destroy_now(campaign.services, letter)
    path.write_bytes(kept)
    path.chmod(0o600)

    assert only(wrongs(campaign)).mend == f"rm {path}"


def test_a_secret_of_no_round_is_found(campaign: Campaign, letter: str) -> None:
    (campaign.settings.rounds_folder / "left-over").write_bytes(b"")

    assert "belongs to no round" in only(wrongs(campaign)).what


@pytest.mark.parametrize(
    "harm",
    [
        lambda issuer, session, of: issuer.query(Batch).filter(Batch.letter_id == of).update({"made": 2}),
        lambda issuer, session, of: session.query(Round).filter(Round.letter_id == of).update({"issued": 3}),
        lambda issuer, session, of: session.query(Round).filter(Round.letter_id == of).update({"spent": 9}),
    ],
)
def test_databases_of_different_age_are_found(
    campaign: Campaign, letter: str, harm: Callable[[Session, Session, str], object]
) -> None:
    with Session(campaign.databases.petition) as session, Session(campaign.databases.issuer) as issuer:
        harm(issuer, session, letter)
        session.commit()
        issuer.commit()

    assert "from one backup" in only(wrongs(campaign)).mend


def test_a_private_key_that_outlived_its_round_is_found(campaign: Campaign, letter: str) -> None:
    rounds.destroy_now(campaign.services, letter)
    with Session(campaign.databases.issuer) as issuer:
        issuer.query(IssuingRound).filter(IssuingRound.letter_id == letter).update({"private_key": b"key"})
        issuer.commit()

    assert "private key is still stored" in only(wrongs(campaign)).what


def test_a_changed_host_is_said(campaign: Campaign, letter: str) -> None:
    found = only(wrongs(campaign, PETITION_URL="https://elsewhere.example.org"))

    assert "begun at letters.example.org" in found.what


def test_a_clock_that_went_back_is_found(campaign: Campaign, letter: str, clock: Clock) -> None:
    clock.pass_time(days=-400)

    assert only(wrongs(campaign)).area == "clock"


def test_a_clock_in_doubt_is_found_with_what_ends_it(campaign: Campaign, letter: str) -> None:
    SchedulerRecord(campaign.settings.data).doubt_clock()

    found = only(wrongs(campaign))
    assert (found.area, "petition seal" in found.mend) == ("clock", True)


@pytest.mark.parametrize(("hours", "is_overdue"), [(20, False), (22, True)])
def test_an_update_that_is_overdue_is_found(
    campaign: Campaign, letter: str, clock: Clock, hours: float, is_overdue: bool
) -> None:
    SchedulerRecord(campaign.settings.data).write(LastRun(clock()))
    clock.pass_time(hours=hours)

    assert ["count update is overdue" in found.what for found in wrongs(campaign)] == [True] * is_overdue


def test_a_log_that_is_held_is_not_overdue_as_well(campaign: Campaign, letter: str, clock: Clock) -> None:
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).is_held = True
        session.commit()
    clock.pass_time(days=3)

    assert only(wrongs(campaign)).area == "log"


def test_the_remedy_for_a_log_that_is_held_says_which_way_can_never_be_undone(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.petition) as session:
        log_of(session, letter).is_held = True
        session.commit()

    assert only(wrongs(campaign)).mend == (
        "petition restore --since FOLDER-or-URL. Only if it was never published since the backup: petition restore "
        "--nothing-newer --letter we-refuse-to-build-it. A second log of the same letter can't be undone."
    )


def test_it_says_what_the_scheduler_last_did_and_when(campaign: Campaign, letter: str, clock: Clock) -> None:
    record = SchedulerRecord(campaign.settings.data)
    before = said_of_scheduler(campaign)
    record.write(LastRun(clock() + timedelta(hours=1)))
    after = said_of_scheduler(campaign)

    assert before.level == "note"
    assert (after.level, after.what) == (
        "ok",
        "The scheduler last looked at 2026-11-02 10:00 UTC; the newest count update is of 2026-11-02 09:00.",
    )


def test_what_failed_at_the_last_hour_is_found(campaign: Campaign, letter: str, clock: Clock) -> None:
    SchedulerRecord(campaign.settings.data).write(LastRun(clock(), ["witnesses (OSError)"]))

    assert "failed at: witnesses (OSError)" in only(wrongs(campaign)).what


def said_of_scheduler(campaign: Campaign) -> Finding:
    [found] = [one for one in check(campaign.settings, campaign.clock()) if one.area == "scheduler"]
    return found


def test_settings_that_cannot_work_are_found(campaign: Campaign, letter: str) -> None:
    mail = {"PETITION_MAIL": "folder:./mail", "PETITION_MAIL_FROM": "nobody@localhost"}

    assert "PETITION_MAIL_FROM" in only(wrongs(campaign, **mail)).what
    found = wrongs(campaign, PETITION_URL="http://letters.example.org")
    assert "not encrypted" in only(found).what


MAIL_FROM = {"PETITION_MAIL_FROM": "post@letters.example.org"}


def said_of_mail(campaign: Campaign, **more: str) -> list[tuple[str, str]]:
    """Level and sentence of what is found about mail."""
    found = check(settings({**environ_of(campaign), **MAIL_FROM, **more}), campaign.clock())
    return [(finding.level, finding.what) for finding in found if finding.area == "mail"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_without_a_mail_server_it_says_that_codes_go_out_on_paper(campaign: Campaign, letter: str) -> None:
    assert said_of_mail(campaign) == [("ok", "No mail server is set: codes are handed out on paper only.")]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_mail_server_is_greeted_and_takes_no_mail(campaign: Campaign, letter: str) -> None:
    with a_mail_server() as inbox:
        found = said_of_mail(campaign, PETITION_MAIL=inbox.address)

    assert [level for level, _ in found] == ["ok", "note"]
    assert "answers" in found[0][1] and "SMTPUTF8" in found[1][1]
    assert (inbox.hosts, inbox.raw) == ([], [])


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_mail_server_that_is_down_is_found_and_no_password_shown(campaign: Campaign, letter: str) -> None:
    address = f"smtp://ana:secret@127.0.0.1:{free_port()}"
    finding = only(wrongs(campaign, **MAIL_FROM, PETITION_MAIL=address))

    assert "nothing listens at this port. No codes" in finding.what and "PETITION_MAIL" in finding.mend
    assert "secret" not in finding.what + finding.mend


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_why_a_server_cannot_be_used_is_said_in_words(campaign: Campaign, letter: str) -> None:
    found = wrongs(campaign, **MAIL_FROM, PETITION_MAIL="smtp://mail.example.invalid")

    assert "the name mail.example.invalid is unknown" in only(found).what
    campaign.databases.dispose()
    (campaign.settings.data / "issuer.db").write_bytes(b"no database" * 100)
    assert only(wrongs(campaign)).what == "The database of issuer does not answer: file is not a database."


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_one_of_a_kind_is_counted_as_one(campaign: Campaign, letter: str) -> None:
    found = [one.what for one in check(settings({**environ_of(campaign), "PETITION_PROXIES": "1"}), campaign.clock())]

    assert "The site is behind 1 trusted proxy." in found
    assert "we-refuse-to-build-it: issuer and log agree on 1 round." in found


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_mail_that_goes_elsewhere_unencrypted_is_found(campaign: Campaign, letter: str) -> None:
    with a_mail_server(Inbox(host="127.0.0.2"), enable_SMTPUTF8=True) as elsewhere:
        found = wrongs(campaign, **MAIL_FROM, PETITION_MAIL=elsewhere.address)

    assert "unencrypted" in only(found).what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_letter_whose_codes_nobody_can_mail_any_more_is_found(campaign: Campaign) -> None:
    campaign.services = replace(campaign.services, sends_mail=True)
    campaign.an_open_letter(slug="ours", mail={"workers": ["example.com"]})

    assert "ours: its codes go out by email" in only(wrongs(campaign)).what


def test_mail_that_waits_for_too_long_is_found(campaign: Campaign, letter: str, clock: Clock) -> None:
    with Session(campaign.databases.issuer) as issuer:
        asked, secrets = Asked(read_address("ana@example.com"), "en"), campaign.services.secrets
        ask(issuer, secrets, letter, "workers", asked, moment=clock(), random=os.urandom)
        issuer.commit()
    assert wrongs(campaign) == []
    clock.pass_time(hours=2)

    assert "Nothing is sending it" in only(wrongs(campaign)).what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_table_that_counts_its_rows_is_found(campaign: Campaign, letter: str) -> None:
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("CREATE TABLE other AS SELECT * FROM tombstone"))
        connection.execute(text("DROP TABLE tombstone"))
        connection.execute(text("ALTER TABLE other RENAME TO tombstone"))

    assert "tombstone counts its rows" in only(wrongs(campaign)).what


def test_tables_that_are_not_those_of_the_models_are_found_though_the_revision_is_right(
    campaign: Campaign, letter: str
) -> None:
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("ALTER TABLE letter DROP COLUMN contact"))

    assert "letter has no contact" in only(wrongs(campaign)).what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_where_no_site_is_none_is_made(campaign: Campaign, tmp_path: Path) -> None:
    found = check(settings({"PETITION_DATA": str(tmp_path / "nothing")}), campaign.clock())

    assert not is_well(found)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("petition-waiting.db", "put back the one that lay beside it. A backup has no waiting signatures."),
        ("issuer.db", "put back the one that lay beside it. If it is lost, restore both from one backup"),
    ],
)
@pytest.mark.parametrize(
    "words", ["doctor", "seal", "letter list", "backup b.age --passphrase-file p", "run --only scheduler", "upgrade"]
)
def test_a_file_that_was_lost_is_named_and_none_is_made_in_its_place(
    campaign: Campaign, letter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str, words: str
) -> None:
    (tmp_path / "p").write_text("six random words or more than that")
    monkeypatch.chdir(tmp_path)
    campaign.databases.dispose()
    (campaign.settings.data / name).unlink()
    told = CliRunner().invoke(main, words.split(), env=environ_of(campaign))

    assert told.exit_code == 1
    assert f"{campaign.settings.data / name} is missing or empty." in told.output
    assert f"It belongs to petition.db: {remedy}" in told.output
    assert not (campaign.settings.data / name).exists()


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_an_empty_file_in_the_place_of_a_lost_one_is_found(campaign: Campaign, letter: str) -> None:
    campaign.databases.dispose()
    (campaign.settings.data / "issuer.db").write_bytes(b"")

    assert "issuer.db is missing or empty" in only(wrongs(campaign)).what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_database_of_another_version_is_found(campaign: Campaign, letter: str) -> None:
    with campaign.databases.issuer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert "not of this version" in only(wrongs(campaign)).what


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_command_says_all_and_exits_with_one_if_anything_is_wrong(campaign: Campaign, letter: str) -> None:
    CliRunner().invoke(main, ["seal"], env=environ_of(campaign), catch_exceptions=False)  # by the machine's own clock
    well = CliRunner().invoke(main, ["doctor", "--deep", "--json"], env=environ_of(campaign))
    (campaign.settings.rounds_folder / f"{letter}-1").unlink()
    ill = CliRunner().invoke(main, ["doctor"], env=environ_of(campaign))

    assert (well.exit_code, ill.exit_code) == (0, 1), well.output
    assert json.loads(well.output)["ok"]
    assert "WRONG  rounds" in ill.output and "→ " in ill.output


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_copied_back_database_is_found(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    issuer = campaign.settings.data / "issuer.db"
    shutil.copy(issuer, tmp_path / "issuer.db")
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    campaign.databases.dispose()
    shutil.copy(tmp_path / "issuer.db", issuer)

    assert "from one backup" in only(wrongs(campaign)).mend


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_names_that_one_person_or_no_one_can_unlock_are_reported(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(names=("named",))
    one = [finding for finding in check(campaign.settings, campaign.clock()) if finding.area == "names"]
    with Session(campaign.databases.petition) as session:
        forget_names_key(session, letter, campaign.organizer())
        session.commit()
    nobody = [finding for finding in check(campaign.settings, campaign.clock()) if finding.area == "names"]

    assert [finding.level for finding in (*one, *nobody)] == ["note", "wrong"]
