"""The table of tampered letters, for the verification in the browser: it fails the checks that the table names."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page

from tests.browser.check.conftest import VERIFY, Mirror, failed, verdicts_of
from tests.browser.firefox import Firefox, firefox, tries
from tests.install_browser import find_firefox
from tests.verifying.tampered import CASES

pytestmark = pytest.mark.browser

UNKNOWABLE = {
    "an_update_that_only_an_older_checkpoint_shows",
    "a_later_update_that_only_an_older_checkpoint_shows",
    "a_closing_that_an_older_checkpoint_divides",
}
"""What only someone can find who kept an older checkpoint; the page says that it can't."""


@pytest.fixture(scope="module")
def verdicts(page: Page, rsa_keys: list[rsa.RSAPrivateKey]) -> dict[str, Any]:
    """What the browser finds in each tampered letter, by the case's name."""
    return verdicts_of(page, {name: case.build(rsa_keys).files() for name, case in CASES.items()})


def test_the_browser_fails_what_petition_verify_fails(verdicts: dict[str, Any]) -> None:
    checked = {name: case for name, case in CASES.items() if case.check != "version"}
    expected = {name: set() if name in UNKNOWABLE else case.failing for name, case in checked.items()}

    assert {name: failed(verdicts[name]) for name in checked} == expected


def test_the_browser_checks_nothing_of_another_version(verdicts: dict[str, Any]) -> None:
    others = [name for name, case in CASES.items() if case.check == "version"]

    assert [verdicts[name] for name in others] == [{"nothing": "version"}] * 5


@pytest.mark.long
def test_firefox_fails_the_same(mirror: Mirror, rsa_keys: list[rsa.RSAPrivateKey], tmp_path: Path) -> None:
    if find_firefox() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Firefox: install the package “firefox-esr”")
    names = {mirror.publish(f"firefox-{name}", case.build(rsa_keys).files()): case for name, case in CASES.items()}
    answer = "document.body.dataset.answer = JSON.stringify(found)"
    module = f"({VERIFY})({json.dumps(list(names))}).then((found) => {{ {answer}; }})"
    with firefox(tmp_path / "firefox") as browser:
        browser.come(f"{mirror.address}/empty.html")
        browser.ask("ExecuteScript", script=ADD_MODULE, args=[module])
        found = verdicts_in(browser)

    assert {names[address].name for address, one in found.items() if one.get("failed") == []} == UNKNOWABLE
    assert [one for one in found.values() if "broken" in one] == []


ADD_MODULE = """const script = document.createElement("script");
script.type = "module";
script.textContent = arguments[0];
document.body.append(script);"""


def verdicts_in(browser: Firefox) -> Any:
    for _ in tries(120):
        answer = browser.ask("ExecuteScript", script="return document.body.dataset.answer", args=[])
        if answer is not None:
            return json.loads(answer)
    raise AssertionError("no verdicts")


def test_only_older_checkpoints_that_a_reader_kept_show_what_the_browser_cannot_know() -> None:
    needs_older = {name for name, case in CASES.items() if "older_checkpoint" in name}

    assert needs_older == UNKNOWABLE
