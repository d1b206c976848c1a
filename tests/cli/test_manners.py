"""Commands start quickly, name a slip of the pen, and end quietly when they are interrupted."""

import os
import pty
import signal
import socket
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.commands import petition
from tests.patience import SECONDS

HEAVY = ("sqlalchemy", "flask", "cryptography", "alembic", "granian", "babel")
"""What takes most of the time to import."""


class Terminal(BytesIO):
    """What was typed at a terminal."""

    def isatty(self) -> bool:
        return True


VERSION = f"""
import sys
from petition.__main__ import start
sys.argv[1:] = ["--version"]
try:
    start()
except SystemExit as end:
    print(end.code, sorted(set(sys.modules) & {set(HEAVY)}))
"""
LIST = """
import sys
from petition.__main__ import start
sys.argv[1:] = ["letter", "list"]
try:
    start()
except SystemExit as end:
    print(end.code, "alembic" in sys.modules)
"""
INTERRUPTED_WHILE_IMPORTING = """
import os, signal, sys

module = sys.argv[1]

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from petition.__main__ import start
sys.argv[1:] = ["verify", "/nowhere"]
start()
"""


def test_the_version_needs_none_of_the_large_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", VERSION], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_command_on_databases_of_this_version_does_not_load_what_upgrades_them(shell: Shell) -> None:
    words = [sys.executable, "-c", LIST]
    done = subprocess.run(words, env={**os.environ, **shell.environ}, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "0 False"


@pytest.mark.parametrize("module", ["click", "petition.cli.refusals", "petition.cli.verify", "petition.verifying"])
def test_interrupted_while_it_loads_it_says_nothing(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_WHILE_IMPORTING, module], capture_output=True, text=True)

    assert done.returncode in (-signal.SIGINT, 130)
    assert done.stdout + done.stderr.strip() == ""


def test_interrupted_at_work_it_says_nothing_and_ends_with_130() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/letters/ours/"
        command = [sys.executable, "-m", "petition", "verify", address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with silent.accept()[0]:
            process.send_signal(signal.SIGINT)
            said, complained = process.communicate(timeout=SECONDS)

    assert (process.returncode, said, complained.strip()) == (130, "", "")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("PETITION_DATABSE_URL", "did you mean PETITION_DATABASE_URL?"),
        ("PETITION_PROXY", "did you mean PETITION_PROXIES?"),
        ("PETITION_ZZZZZZZZ", "petition config"),
    ],
)
def test_a_setting_that_there_is_none_of_is_named_with_the_nearest_one(shell: Shell, name: str, says: str) -> None:
    result = shell("organizer", "list", **{name: "x"})

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"{name}: there is no such setting") and says in result.stderr


@pytest.mark.parametrize("value", ["0", "70000", "0.0.0.0:9464", "192.0.2.1:9464", "port"])
def test_figures_are_for_this_machine_alone(shell: Shell, value: str) -> None:
    result = shell("organizer", "list", PETITION_METRICS=value)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "for example 9464" in result.stderr


def test_the_environment_of_these_tests_holds_no_setting_of_a_site() -> None:
    assert [name for name in os.environ if name.startswith("PETITION_")] == []


def test_a_file_that_is_not_there_is_a_sentence(shell: Shell, tmp_path: Path) -> None:
    result = shell("backup", str(tmp_path / "no/folder/file"), "--passphrase-file", __file__)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    "words",
    [
        "letter open ours",
        "letter publish ours",
        "letter close ours --destroy",
        "letter withdraw ours",
        "letter takedown ours --reason fraud",
        "round end ours 1",
        "round annul ours 1 --reason flooded",
        "codes void ours 1",
        "organizer remove Ana",
        "report remove 1",
        "restore --nothing-newer",
    ],
)
def test_what_cannot_be_undone_is_asked_first_at_a_terminal(shell: Shell, words: str) -> None:
    done = shell(*words.split(), typed=Terminal(b"n\n"))

    assert (done.exit_code, done.stdout) == (1, "")
    assert "This can't be undone. Go on?" in done.stderr and done.stderr.endswith("Nothing was changed.\n")


def test_who_says_yes_at_a_terminal_is_not_asked(shell: Shell) -> None:
    shell.a_letter("ours")
    ours, theirs = pty.openpty()
    done = petition(shell.environ, "letter", "withdraw", "ours", "--yes", stdin=theirs)
    os.close(ours)
    os.close(theirs)

    assert (done.returncode, done.stdout, done.stderr) == (0, "Withdrawn.\n", "")


def test_where_no_one_can_type_a_passphrase_the_options_are_named(shell: Shell, tmp_path: Path) -> None:
    file = str(tmp_path / "backup.age")
    told = petition(shell.environ, "backup", file, stdin=subprocess.DEVNULL, start_new_session=True)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "Give --recipients-file or --passphrase-file.\n"


@pytest.mark.parametrize(
    ("passphrase", "is_warned"),
    [("too short", True), pytest.param("six random words or more", False, marks=pytest.mark.long)],
)
def test_a_short_passphrase_is_taken_with_a_warning(
    shell: Shell, tmp_path: Path, passphrase: str, is_warned: bool
) -> None:
    file = str(tmp_path / "backup.age")
    told = petition(shell.environ, "backup", file, input=f"{passphrase}\n{passphrase}\n", start_new_session=True)

    assert (told.returncode, "This passphrase is short" in told.stderr) == (0, is_warned)


def test_without_a_copy_from_before_an_upgrade_there_is_no_question(shell: Shell) -> None:
    told = shell("rollback", typed=Terminal(b"n\n"))

    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("There is no copy from before an upgrade")
