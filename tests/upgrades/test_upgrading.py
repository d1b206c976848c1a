"""An upgrade: copies first, whole or not at all, finished by the next start, and undone while that is safe."""

import contextlib
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
from petition.operations import copies
from petition.operations.backup import back_up, read_backup
from petition.operations.copies import FACTS, NotCopied, folder_of, forget_copies, put_back
from petition.operations.migration import CHAIN_NAMES, head_of, migrate_both, revision_of
from petition.operations.restoring import require_known, restore
from petition.operations.startup import open_secret, require_secrets
from petition.operations.upgrade import CURRENT, OLD, state_of, upgrade
from tests.conftest import START
from tests.upgrades.conftest import Released

on_both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
"""Each makes copies in its own way, which a power cut interrupts."""
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


@contextlib.contextmanager
def owned_by_a_guest(databases: Databases) -> Iterator[Databases]:
    """The same databases as a user sees them who owns their tables, and not the schema that they are in."""
    urls = []
    for chain in CHAIN_NAMES:
        with databases.engine(chain).begin() as connection:
            if chain == CHAIN_NAMES[0]:
                connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'guest'"))
            connection.execute(text("GRANT ALL ON SCHEMA public TO guest"))
            for name in inspect(connection).get_table_names():
                connection.execute(text(f'ALTER TABLE "{name}" OWNER TO guest'))
        url = databases.engine(chain).url.set(username="guest", password="guest")
        urls.append(url.render_as_string(hide_password=False))
    opened = Databases(*urls)
    yield opened
    opened.dispose()
    for chain in CHAIN_NAMES:
        with databases.engine(chain).begin() as connection:
            connection.execute(text("DROP OWNED BY guest CASCADE"))
    with databases.petition.begin() as connection:
        connection.execute(text("DROP ROLE guest"))


@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_owns_the_tables_and_not_their_schema_goes_back(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)
    with owned_by_a_guest(databases) as theirs:
        put_back(released.settings, theirs)

        assert (rows(theirs), revisions(theirs)) == (before, heads())


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nothing_of_what_came_in_since_is_left_on_the_disk_when_an_upgrade_is_undone(
    released: Released, databases: Databases, scripts: Path
) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    data, links = released.settings.data, released.settings.data.parent / "links"
    links.mkdir()
    for path in data.rglob("*.db"):
        if path.parent.name != "before-upgrade":
            os.link(path, links / path.name)  # a link to the old file finds zeros in it
    put_back(released.settings, databases)

    assert {path.name for path in links.iterdir()} >= {"petition.db", "petition-waiting.db", "issuer.db"}
    assert {path.read_bytes().strip(b"\0") for path in links.iterdir()} == {b""}


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
    assert forget_copies(released.settings, databases)

    assert not folder.exists()
    assert {path.read_bytes().strip(b"\0") for path in links.iterdir()} == {b""}
    with pytest.raises(Conflict, match="no copy"):
        put_back(released.settings, databases)


class Killed(BaseException):
    """Nothing catches it, as nothing catches the end of a process."""


def kill(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, after: int) -> None:
    """End the program when it has called a function so often."""
    calls, real = itertools.count(1), getattr(owner, name)

    def called(*args: Any) -> None:
        real(*args)
        if next(calls) == after:
            raise Killed

    monkeypatch.setattr(owner, name, called)


def list_facts_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """List folders in the order that is worst for copies that are wiped one by one."""
    real = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: sorted(real(folder), key=lambda path: path.name == FACTS))


@pytest.mark.parametrize("after", [1, *(pytest.param(one, marks=pytest.mark.long) for one in (2, 3))])
@pytest.mark.parametrize(("owner", "step"), [(copies, "_overwrite"), (Path, "unlink")])
def test_a_wipe_that_was_cut_off_leaves_nothing_to_go_back_to_and_is_finished_by_the_next(
    released: Released, databases: Databases, scripts: Path, owner: object, step: str, after: int
) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    now = rows(databases)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed):
        list_facts_last(patched)
        kill(patched, owner, step, after)
        forget_copies(released.settings, databases)
    with pytest.raises(Conflict, match="no copy"):
        put_back(released.settings, databases)

    assert (revisions(databases), rows(databases)) == (["9999", "9999"], now)
    assert forget_copies(released.settings, databases)
    assert not folder_of(released.settings).exists()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_going_back_left_beside_the_databases_when_it_was_killed_goes_with_the_copies(
    released: Released, databases: Databases, scripts: Path
) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed):
        kill(patched, copies, "_write", 1)
        put_back(released.settings, databases)
    assert [path.name for path in released.settings.data.rglob(".*.before")] == [".petition.db.before"]
    assert forget_copies(released.settings, databases)

    assert list(released.settings.data.rglob(".*.before")) == []


@pytest.mark.parametrize("after", [1, pytest.param(2, marks=pytest.mark.long)])
def test_going_back_that_was_cut_off_while_it_wiped_the_copies_does_no_harm_when_repeated(
    released: Released, databases: Databases, scripts: Path, after: int
) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Killed):
        list_facts_last(patched)
        kill(patched, copies, "_wipe", after)
        put_back(released.settings, databases)
    with pytest.raises(Conflict, match="no copy"):
        put_back(released.settings, databases)

    assert (revisions(databases), rows(databases)) == (heads(), before)


def change_facts(released: Released, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder_of(released.settings) / FACTS
    facts = json.loads(path.read_bytes())
    change(facts)
    path.write_text(json.dumps(facts))


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("is_deleted", [True, False])
def test_without_each_copy_nothing_is_put_back(
    released: Released, databases: Databases, scripts: Path, is_listed: bool, is_deleted: bool
) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    now = rows(databases)
    if not is_listed:
        change_facts(released, lambda facts: facts.pop("files"))
    for path in set(folder_of(released.settings).iterdir()) - {folder_of(released.settings) / FACTS}:
        data = path.read_bytes()
        path.unlink() if is_deleted else path.write_bytes(bytes(len(data)))
        with pytest.raises(Conflict, match=rf"overwritten: {path.name}\. Nothing was changed"):
            put_back(released.settings, databases)
        path.write_bytes(data)

    assert (revisions(databases), rows(databases)) == (["9999", "9999"], now)


def test_copies_of_a_version_that_did_not_list_them_are_put_back(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    upgrade(released.settings, databases, scripts=scripts)
    change_facts(released, lambda facts: facts.pop("files"))
    put_back(released.settings, databases)

    assert (revisions(databases), rows(databases)) == (heads(), before)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_was_not_there_before_is_empty_afterwards(
    released: Released, databases: Databases, scripts: Path
) -> None:
    upgrade(released.settings, databases, scripts=scripts)
    change_facts(released, lambda facts: facts["files"].remove("petition-waiting.db"))
    (folder_of(released.settings) / "petition-waiting.db").unlink()
    put_back(released.settings, databases)

    assert (released.settings.data / "petition-waiting.db").read_bytes() == b""


@pytest.mark.parametrize("left", [b"", bytes(100), b'{"from": {"pet'], ids=["empty", "zeros", "half"])
def test_facts_that_are_not_whole_are_none_and_the_next_upgrade_makes_new_copies(
    released: Released, databases: Databases, scripts: Path, left: bytes
) -> None:
    before = rows(databases)
    folder_of(released.settings).mkdir()
    (folder_of(released.settings) / FACTS).write_bytes(left)
    with pytest.raises(Conflict, match="no copy"):
        put_back(released.settings, databases)
    upgrade(released.settings, databases, scripts=scripts)
    put_back(released.settings, databases)

    assert (revisions(databases), rows(databases)) == (heads(), before)


@on_both
def test_wherever_the_power_fails_while_copies_are_made_the_next_upgrade_makes_them_anew(
    released: Released, databases: Databases, scripts: Path
) -> None:
    before = rows(databases)
    attempts = itertools.count(1)
    while not is_upgraded(released, databases, scripts, fails_at=next(attempts)):
        assert (revisions(databases), rows(databases)) == (heads(), before)
    assert next(attempts) > 8

    put_back(released.settings, databases)
    assert (revisions(databases), rows(databases)) == (heads(), before)


def is_upgraded(released: Released, databases: Databases, scripts: Path, *, fails_at: int) -> bool:
    """Upgrade, while the power fails the nth time that something is to be kept by the disk; it then keeps nothing."""
    calls, real = itertools.count(1), os.fsync

    def fails(descriptor: int) -> None:
        if next(calls) == fails_at:
            with contextlib.suppress(OSError):  # a folder
                os.truncate(Path(f"/proc/self/fd/{descriptor}").readlink(), 0)
            raise Killed
        real(descriptor)

    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(os, "fsync", fails)
        return upgrade(released.settings, databases, scripts=scripts)
    return False


@on_both
@pytest.mark.parametrize("chain", [pytest.param(CHAIN_NAMES[0], marks=pytest.mark.long), CHAIN_NAMES[1]])
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
    copied = {path.name: path.read_bytes() for path in folder_of(released.settings).iterdir()}
    assert left == [*["9999"] * CHAIN_NAMES.index(chain), *heads()[CHAIN_NAMES.index(chain) :]]
    assert rows(databases) == before
    assert state_of(databases, scripts) == OLD
    upgrade(released.settings, databases, scripts=scripts)

    assert (revisions(databases), rows(databases)) == (["9999", "9999"], before)
    if chain == "issuer":  # petition.db had been upgraded: the copies must stay those from before
        assert {path.name: path.read_bytes() for path in folder_of(released.settings).iterdir()} == copied
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
    now = dict(zip(CHAIN_NAMES, revisions(databases), strict=True))
    copies.make_copies(released.settings, databases, now, {chain: head_of(chain) for chain in CHAIN_NAMES})
    asked = petition(released.environ, "rollback")
    forget_copies(released.settings, databases)
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
