"""An upgrade: copies first, whole or not at all, finished by the next start, and undone while that is safe."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect, text

from petition.cli import main
from petition.config import prepare_folders, settings
from petition.database import Databases, place_of
from petition.errors import Conflict
from petition.operations.backup import back_up, read_backup
from petition.operations.copies import NotCopied, folder_of, forget_copies, put_back
from petition.operations.migration import CHAIN_NAMES, head_of, migrate_both, revision_of
from petition.operations.restoring import require_known, restore
from petition.operations.startup import open_secret, require_secrets
from petition.operations.upgrade import CURRENT, OLD, state_of, upgrade
from tests.conftest import START
from tests.upgrades.conftest import Released

pytestmark = pytest.mark.thorough

REVISION = """
import pathlib, time
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    with op.batch_alter_table("{table}", recreate="{recreate}", table_kwargs={{"sqlite_with_rowid": False}}) as batch:
        batch.add_column(sa.Column("extra", sa.Text()))
    if pathlib.Path({pause!r}).exists():
        pathlib.Path({pause!r}).rename({pause!r} + ".reached")
        time.sleep(600)
"""
"""A next revision, which makes a table anew; it stops in the middle if a file is there."""
UPGRADE = """
import sys
from pathlib import Path
from petition.config import settings
from petition.database import Databases
from petition.operations.upgrade import upgrade

found = settings()
upgrade(found, Databases(found.database_url, found.issuer_database_url), scripts=Path(sys.argv[1]))
"""
TABLES = {"petition": "letter", "issuer": "batch"}


@pytest.fixture
def scripts(tmp_path: Path, kind: str) -> Path:
    """Both chains with one revision more than this version has."""
    folder = tmp_path / "migrations"
    shutil.copytree(place_of("migrations"), folder)
    recreate = "always" if kind == "sqlite" else "never"
    for chain, table in TABLES.items():
        pause, head = str(tmp_path / f"pause-{chain}"), head_of(chain)
        revision = REVISION.format(head=head, table=table, pause=pause, recreate=recreate)
        (folder / chain / "versions" / "9999_next.py").write_text(revision)
    return folder


@pytest.fixture
def databases(released: Released) -> Any:
    """A released site, brought to this version, as the next version finds it."""
    opened = released.open()
    upgrade(released.settings, opened, copies=False)
    yield opened
    opened.dispose()


def rows(databases: Databases) -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    for chain in CHAIN_NAMES:
        engine = databases.engine(chain)
        names = [name for name in inspect(engine).get_table_names() if name not in ("migration_lock", "host_lease")]
        with engine.connect() as connection:
            for name in names:
                found[name] = connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
    return found


def revisions(databases: Databases) -> list[str | None]:
    return [revision_of(databases.engine(chain)) for chain in CHAIN_NAMES]


def heads() -> list[str]:
    return [head_of(chain) for chain in CHAIN_NAMES]


def test_a_table_that_is_rewritten_takes_no_other_rows_with_it(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)

    assert state_of(databases, scripts) == CURRENT
    assert rows(databases) == before
    assert before["authorship"] and before["code"]


def test_both_databases_are_copied_before_for_their_owner_alone(
    released: Released, databases: Databases, scripts: Path
) -> None:
    told: list[str] = []
    upgrade(released.settings, databases, scripts=scripts, tell=told.append)
    folder = folder_of(released.settings)

    files = {"sqlite": 3, "postgresql": 2}[databases.petition.dialect.name]
    assert len(list(folder.iterdir())) == files + 1, "and the facts of the upgrade"
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(told) == 2 and "petition rollback" in told[1]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_copy_keeps_no_order_of_writing_and_says_what_the_database_said(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)
    folder = folder_of(released.settings)
    copied = Databases(*(f"sqlite:///{folder}/{chain}.db" for chain in CHAIN_NAMES))
    found, at = rows(copied), revisions(copied)
    copied.dispose()

    assert (found, at) == (before, heads())
    raw = (folder / "petition.db").read_bytes()
    assert raw[36:40] == bytes(4), "no free pages"


def test_an_upgrade_is_undone_while_nothing_was_sealed(released: Released, databases: Databases, scripts: Path) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)
    with databases.petition.begin() as connection:
        connection.execute(text("DELETE FROM working_copy"))
    put_back(released.settings, databases)

    assert (rows(databases), revisions(databases)) == (before, heads())
    assert not folder_of(released.settings).exists()


def test_once_a_log_has_grown_it_is_not_undone(released: Released, databases: Databases, scripts: Path) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    with databases.petition.begin() as connection:
        connection.execute(text("UPDATE log SET size = size + 1 WHERE origin LIKE '%/open/log'"))
    with pytest.raises(Conflict, match="second log"):
        put_back(released.settings, databases)

    assert revisions(databases) == ["9999", "9999"]


def test_copies_that_are_forgotten_leave_nothing(released: Released, databases: Databases, scripts: Path) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    folder, links = folder_of(released.settings), released.settings.data.parent / "links"
    links.mkdir()
    for path in folder.iterdir():
        os.link(path, links / path.name)  # a link to the old file finds zeros in it
    assert forget_copies(released.settings)

    assert not folder.exists()
    assert {path.read_bytes().strip(b"\0") for path in links.iterdir()} == {b""}
    with pytest.raises(Conflict, match="no copy"):
        put_back(released.settings, databases)


@pytest.mark.parametrize("chain", CHAIN_NAMES)
def test_killed_in_the_middle_it_changed_nothing_and_the_next_start_finishes_it(
    released: Released, databases: Databases, scripts: Path, tmp_path: Path, chain: str
) -> None:
    before = rows(databases)
    pause = tmp_path / f"pause-{chain}"
    pause.touch()
    command = [sys.executable, "-c", UPGRADE, str(scripts)]
    child = subprocess.Popen(command, env=os.environ | released.environ, stderr=subprocess.DEVNULL)
    wait_for(pause.with_name(f"{pause.name}.reached"))
    child.send_signal(signal.SIGKILL)
    child.wait()
    left = revisions(databases)
    copies = {path.name: path.read_bytes() for path in folder_of(released.settings).iterdir()}
    assert left == [*["9999"] * CHAIN_NAMES.index(chain), *heads()[CHAIN_NAMES.index(chain) :]]
    assert rows(databases) == before
    assert state_of(databases, scripts) == OLD
    upgrade(released.settings, databases, scripts=scripts)

    assert (revisions(databases), rows(databases)) == (["9999", "9999"], before)
    if chain == "issuer":  # petition.db had been upgraded: the copies must stay those from before
        assert {path.name: path.read_bytes() for path in folder_of(released.settings).iterdir()} == copies
    put_back(released.settings, databases)
    assert (revisions(databases), rows(databases)) == (heads(), before)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.05)


def test_what_cannot_be_copied_is_not_upgraded(
    released: Released, databases: Databases, scripts: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "sqlite":
        folder_of(released.settings).touch()  # a file where the folder would be
    else:
        monkeypatch.setenv("PATH", "/nonexistent")  # without pg_dump
    with pytest.raises(NotCopied, match="--no-copy"):
        upgrade(released.settings, databases, scripts=scripts)
    assert revisions(databases) == heads()
    upgrade(released.settings, databases, scripts=scripts, copies=False)

    assert revisions(databases) == ["9999", "9999"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_where_there_is_no_room_for_a_copy_nothing_is_upgraded(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    databases.dispose()

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [sys.executable, "-c", UPGRADE, str(scripts)]
    environ = os.environ | released.environ
    done = subprocess.run(command, env=environ, preexec_fn=little_room, capture_output=True, text=True, check=False)

    assert "NotCopied" in done.stderr
    assert (revisions(databases), rows(databases)) == (heads(), before)
    assert not folder_of(released.settings).exists()


def test_databases_of_a_newer_version_are_refused(released: Released, databases: Databases, scripts: Path) -> None:
    upgrade(released.settings, databases, scripts=scripts)

    with pytest.raises(Conflict, match="newer version"):
        state_of(databases)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("chain", CHAIN_NAMES)
def test_a_database_that_is_empty_beside_one_in_use_is_refused(
    released: Released, databases: Databases, chain: str
) -> None:
    databases.dispose()
    (released.settings.data / f"{chain}.db").unlink()

    with pytest.raises(Conflict, match="is empty"):
        state_of(released.open())


# Secrets


def test_a_secret_that_does_not_fit_the_databases_is_refused(released: Released, databases: Databases) -> None:
    require_secrets(released.settings, databases, open_secret(released.settings, databases))

    with pytest.raises(Conflict, match="published"):
        require_secrets(released.settings, databases, os.urandom(32))


def test_no_new_secret_is_made_in_the_place_of_a_lost_one(released: Released, databases: Databases) -> None:
    released.settings.secret_file.unlink()
    with pytest.raises(Conflict, match="no master secret"):
        open_secret(released.settings, databases)

    assert not released.settings.secret_file.exists()


def test_a_folder_without_the_secrets_of_open_rounds_is_refused(released: Released, databases: Databases) -> None:
    master = open_secret(released.settings, databases)
    for path in released.settings.rounds_folder.iterdir():
        path.unlink()

    with pytest.raises(Conflict, match="round 1 of open"):
        require_secrets(released.settings, databases, master)


# Commands


def petition(environ: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(main, words, env=environ, prog_name="petition", catch_exceptions=False)


def test_the_commands_say_what_they_did_and_ask_before_they_go_back(released: Released, databases: Databases) -> None:
    again = petition(released.environ, "upgrade")
    asked = petition(released.environ, "rollback")
    none = petition(released.environ, "rollback", "--yes")

    assert (again.exit_code, again.stderr) == (0, "The databases are of this version already.\n")
    assert (asked.exit_code, none.exit_code) == (1, 1)
    assert "--yes" in asked.stderr and "no copy" in none.stderr


def test_where_there_is_no_site_none_is_upgraded(tmp_path: Path) -> None:
    found = petition({"PETITION_DATA": str(tmp_path / "nothing")}, "upgrade")

    assert found.exit_code == 1 and "no site here yet" in found.stderr


# Backups


def test_a_backup_is_restored_by_the_next_version_into_its_own_tables(
    released: Released, databases: Databases, scripts: Path, tmp_path: Path
) -> None:
    master = open_secret(released.settings, databases)
    read = read_backup(back_up(databases, master, moment=START))
    next_site = settings({"PETITION_DATA": str(tmp_path / "next")})
    prepare_folders(next_site)
    empty = Databases(next_site.database_url, next_site.issuer_database_url)
    migrate_both(empty, next_site.data)
    restore(next_site, empty, read, scripts)
    with empty.petition.connect() as connection:
        letters = connection.execute(text("SELECT slug, extra FROM letter ORDER BY slug")).all()

    assert state_of(empty, scripts) == CURRENT
    assert [slug for slug, _ in letters] == ["apart", "closed", "draft", "mail", "open", "published", "withdrawn"]
    assert rows(empty)["entry"] == rows(databases)["entry"]
    empty.dispose()


def test_a_backup_of_a_newer_version_is_refused(released: Released, databases: Databases, scripts: Path) -> None:
    master = open_secret(released.settings, databases)
    read = read_backup(back_up(databases, master, moment=START, program="9.9"))
    newer = replace(read, revisions=dict.fromkeys(CHAIN_NAMES, "9999"))

    with pytest.raises(Conflict, match=r"version 9\.9, which is newer"):
        require_known(newer)
