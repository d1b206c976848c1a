"""docs/hosting.md: every command is run by a test, or stands here with the reason why none can run it."""

import ast
import re

import pytest

from tests.deploy.page import PAGE, commands, labels
from tests.deploy.tools import DEPLOY, ROOT

RUN_BY = {
    "machine": "tests/deploy/test_install.py::test_every_command_of_the_page_works",
    "prompt": "tests/deploy/test_install.py::test_every_command_of_the_page_works",
    "elsewhere": "tests/deploy/test_install.py::test_what_the_page_runs_on_another_computer_works",
    "restore": "tests/deploy/test_install.py::test_a_restored_site_goes_on_from_what_was_published",
    "mirror": "tests/deploy/test_install.py::test_mirrors_are_copied_as_the_page_says",
    "rollback": "tests/deploy/test_install.py::test_a_newer_release_takes_over_and_the_older_one_can_come_back",
    "other-machine": "tests/deploy/test_install.py::test_reached_through_tor_only",
}
"""By label, the test that takes the commands from the page and runs them."""
BY_HAND = {
    "minisign -V": "needs a release; tests/deploy/test_release.py does the same with a release of its own",
    "sha256sum": "needs a release; tests/deploy/test_release.py does the same",
    "tar -xf": "needs a release; tests/deploy/test_packages.py unpacks one",
    "cd petition-": "goes with it",
    "sudo deploy/install.sh --url https://letters.example.org --onion --firewall --recipient AGE-PUBLIC-KEY --certbot":
        "needs Let's Encrypt and a name in the DNS",
    "rsync ROOT@SERVER": "needs a machine that ssh reaches; mirrors are copied with rsync in a test",
}  # fmt: skip


def test_every_block_is_run_by_a_test_or_says_that_none_can() -> None:
    assert labels() == {*RUN_BY, "by-hand"}


@pytest.mark.parametrize("label", sorted(RUN_BY))
def test_the_test_that_runs_a_block_takes_it_from_the_page(label: str) -> None:
    path, name = RUN_BY[label].split("::")
    source = (ROOT / path).read_text("utf-8")
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}

    assert name in functions
    assert f'commands("{label}")' in source
    assert commands(label)


def test_each_command_by_hand_has_its_reason() -> None:
    lines = commands("by-hand")

    assert [line for line in lines if not any(line.startswith(begin) for begin in BY_HAND)] == []
    assert [begin for begin in BY_HAND if not any(line.startswith(begin) for line in lines)] == []


def test_files_and_units_that_the_page_names_exist() -> None:
    units = {path.name for path in (DEPLOY / "systemd").iterdir()}
    for name in re.findall(r"petition-[a-z-]+\.(?:service|timer)", PAGE):
        assert name in units
    script = (DEPLOY / "install.sh").read_text()
    for option in re.findall(r"install\.sh`? .*?(--[a-z]+)", PAGE):
        assert option in script
    for path in re.findall(r"`(/(?:etc|usr|var)/[\w/.-]*[\w])`", PAGE):
        known = script + "".join(file.read_text() for file in (DEPLOY / "systemd").rglob("*") if file.is_file())
        assert path in known or path.startswith("/var/lib/petition/"), path
