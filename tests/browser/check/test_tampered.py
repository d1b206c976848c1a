"""The table of tampered letters, for the verification in the browser: it fails the checks that the table names."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page

from tests.browser.check.conftest import VERIFY, Mirror, failed
from tests.verifying.tampered import CASES

pytestmark = pytest.mark.browser

UNKNOWABLE = {
    "an_update_that_only_an_older_checkpoint_shows",
    "a_later_update_that_only_an_older_checkpoint_shows",
    "a_closing_that_an_older_checkpoint_divides",
}
"""What only someone can find who kept an older checkpoint; the page says that it can't."""


@pytest.fixture(scope="module")
def verdicts(mirror: Mirror, page: Page, rsa_keys: list[rsa.RSAPrivateKey]) -> dict[str, Any]:
    """What the browser finds in each tampered letter, by the case's name."""
    names = {mirror.publish(name, case.build(rsa_keys).files()): name for name, case in CASES.items()}
    found = page.evaluate(VERIFY, list(names))
    return {name: found[address] for address, name in names.items()}


def test_the_browser_fails_what_petition_verify_fails(verdicts: dict[str, Any]) -> None:
    checked = {name: case for name, case in CASES.items() if case.check != "version"}
    expected = {name: set() if name in UNKNOWABLE else case.failing for name, case in checked.items()}

    assert {name: failed(verdicts[name]) for name in checked} == expected


def test_the_browser_checks_nothing_of_another_version(verdicts: dict[str, Any]) -> None:
    others = [name for name, case in CASES.items() if case.check == "version"]

    assert [verdicts[name] for name in others] == [{"nothing": "version"}] * 5


def test_only_older_checkpoints_that_a_reader_kept_show_what_the_browser_cannot_know() -> None:
    needs_older = {name for name, case in CASES.items() if "older_checkpoint" in name}

    assert needs_older == UNKNOWABLE
